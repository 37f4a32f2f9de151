import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { OperationError } from "../errors.ts";

/** What the responder knew. */
interface CasePage {
  readonly title: string;
  readonly detail: string;
  /** As the pager named it; "" when it named nothing. */
  readonly entity: string;
  readonly signal: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface CaseHead {
  readonly id: string;
  readonly system: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly detectedMs: number;
  readonly page: CasePage;
  /** Share of traces that was kept, consistently by trace id: rates from spans are divided by it. */
  readonly traceSampling: number;
}

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const share = z.number().positive().max(1);
const text = z.string().catch("");
const labels = z
  .record(z.string(), z.unknown())
  .transform((held) =>
    Object.fromEntries(Object.entries(held).map(([key, value]) => [key, String(value)])),
  )
  .catch({});

const head = z.object({
  id: z.string().min(1).optional(),
  system: text,
  from: time.optional().catch(undefined),
  to: time.optional().catch(undefined),
  detected_at: time,
  page: z
    .object({ title: text, detail: text, entity: text, signal: text, labels })
    .catch({ title: "", detail: "", entity: "", signal: "", labels: {} }),
  trace_sampling: share.optional().catch(undefined),
  sampling: z.object({ traces: share.optional() }).optional().catch(undefined),
});

/** Reads `case.json`. Errors: `OperationError("case_invalid")` that names the folder and what is wrong. */
export function readCaseHead(folder: string): CaseHead {
  const path = join(folder, "case.json");
  const parsed = parse(path);
  const detectedMs = parsed.detected_at;
  return {
    id: parsed.id ?? basename(folder),
    system: parsed.system,
    fromMs: parsed.from ?? 0,
    toMs: parsed.to ?? detectedMs,
    detectedMs,
    page: parsed.page,
    traceSampling: parsed.trace_sampling ?? parsed.sampling?.traces ?? 1,
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue?.path.join(".") || "its top level"}: ${issue?.message ?? "unknown form"}`;
  }
  return error instanceof Error ? error.message : String(error);
}

const invalid = (path: string, cause: unknown): OperationError =>
  new OperationError("case_invalid", `${path} is not a case: ${reasonOf(cause)}`, { cause });

function parse(path: string): z.infer<typeof head> {
  try {
    return head.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw invalid(path, error);
  }
}
