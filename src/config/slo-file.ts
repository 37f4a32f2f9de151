import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { BurnRateRule, SloDefinition } from "../model/slo/slo.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `60s`, `6m`, `1h`, `3d`, as milliseconds. */
const duration = z.string().transform((text, context) => {
  const match = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text.trim());
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN);
  if (ms > 0) return ms;
  context.addIssue({
    code: "custom",
    message: `"${text.slice(0, 40)}" is no duration: write 500ms, 60s, 6m, 1h or 3d`,
  });
  return z.NEVER;
});

/** Kept seconds and minutes end there (three days). */
const WINDOW_MS_MAX = 3 * 86_400_000;

const rule = z
  .strictObject({
    long: duration,
    short: duration,
    burn_rate: z.number().positive(),
    severity: z.enum(["page", "ticket"]),
  })
  .refine((it) => it.short < it.long, { error: "short must be shorter than long" })
  .refine((it) => it.long <= WINDOW_MS_MAX, { error: "long must be at most 3d" });

const settle = z.strictObject({ effect: duration, observe: duration });

/** SRE workbook, chapter 5, for a 30-day objective: 2 %, 5 % and 10 % of the budget. */
export const DEFAULT_RULES: readonly BurnRateRule[] = [
  { longMs: 3_600_000, shortMs: 300_000, burnRate: 14.4, severity: "page" },
  { longMs: 21_600_000, shortMs: 1_800_000, burnRate: 6, severity: "page" },
  { longMs: 86_400_000, shortMs: 7_200_000, burnRate: 3, severity: "ticket" },
  { longMs: 259_200_000, shortMs: 21_600_000, burnRate: 1, severity: "ticket" },
];
const DEFAULT_ABSENT_MS = 30_000;
/** Instances start, caches warm, then five minutes are looked at. */
const DEFAULT_SETTLE = { effectMs: 180_000, observeMs: 300_000 };
const SLOS_MAX = 200;

const slo = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/, "must be lower-case letters, digits and dashes"),
  description: z.string().max(200).default(""),
  service: z.string().min(1).max(200),
  operation: z.string().min(1).max(200),
  objective: z
    .number()
    .gt(0, "must be a ratio such as 0.99")
    .lt(1, "must be a ratio below 1, such as 0.99"),
  latency_threshold: duration.optional(),
  rules: z.array(rule).min(1).max(8).optional(),
  absent_after: duration.optional(),
  settle: settle.optional(),
  team: z.string().max(100).optional(),
  channel: z.string().max(100).optional(),
});

const file = z.strictObject({ slos: z.array(slo).max(SLOS_MAX) });

const invalid = (what: string, cause?: unknown): OperationError =>
  new OperationError("slo_file_invalid", `The SLO file is not usable: ${what}`, { cause });

/**
 * The objectives of `slo.yaml`. What it leaves out has the SRE workbook's defaults.
 * Errors: `OperationError("slo_file_invalid")` that names the place and the fix.
 */
export function parseSloFile(yaml: string): readonly SloDefinition[] {
  const parsed = file.safeParse(parseYaml(yaml));
  if (!parsed.success) throw invalid(faultText(parsed.error), parsed.error);
  const definitions = parsed.data.slos.map(definitionOf);
  const twice = definitions.find(
    (one, index) => definitions.findIndex((it) => it.id === one.id) < index,
  );
  if (twice !== undefined) throw invalid(`the id "${twice.id}" occurs twice`);
  return definitions;
}

function parseYaml(text: string): unknown {
  try {
    // Aliases are switched off: a small file must not grow into a large one.
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    const line = error instanceof YAMLParseError ? ` (line ${error.linePos?.[0].line ?? "?"})` : "";
    throw invalid(`it is not YAML${line}`, error);
  }
}

function faultText(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it has an unknown form";
  const at = issue.path.length === 0 ? "its top level" : issue.path.join(".");
  return `${at}: ${issue.message}`.slice(0, 300);
}

function definitionOf(it: z.infer<typeof slo>): SloDefinition {
  return {
    id: it.id,
    description: it.description,
    service: it.service,
    operation: it.operation,
    objective: it.objective,
    ...(it.latency_threshold === undefined ? {} : { latencyThresholdMs: it.latency_threshold }),
    rules:
      it.rules?.map((one) => ({
        longMs: one.long,
        shortMs: one.short,
        burnRate: one.burn_rate,
        severity: one.severity,
      })) ?? DEFAULT_RULES,
    absentAfterMs: it.absent_after ?? DEFAULT_ABSENT_MS,
    settle:
      it.settle === undefined
        ? DEFAULT_SETTLE
        : { effectMs: it.settle.effect, observeMs: it.settle.observe },
    ...(it.team === undefined ? {} : { team: it.team }),
    ...(it.channel === undefined ? {} : { channel: it.channel }),
  };
}
