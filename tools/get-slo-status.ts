import { z } from "zod";
import type { SloDefinition, SloStatus } from "../src/model/slo/slo.ts";
import type { WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities, refuse, rounded } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { nameText } from "./untrusted.ts";

/** Limit: objectives of one answer. */
const SLOS_MAX = 8;

const sloRowSchema = z.object({
  id: z.string(),
  operation: z.string(),
  objective: z.number(),
  state: z.enum(["ok", "burning", "absent", "no-data"]),
  /** The window of `badRatio`, `errors` and `slow`. */
  overSeconds: z.number(),
  badRatio: z.number().nullable(),
  /** How it is kept: `recovered`: met now, missed within `overSeconds`. `silent`: no request. */
  standing: z.enum([
    "met",
    "recovered",
    "begins",
    "missed",
    "silent",
    "burning",
    "absent",
    "no-data",
  ]),
  errors: z.number(),
  slow: z.number(),
  burnRate: z.number().nullable(),
  lastSample: z.string().nullable(),
});

const severity = (status: SloStatus): number =>
  ({ absent: 3, burning: 2, "no-data": 1, ok: 0 })[status.state];

/** Objectives with their state, worst first. */
export function sloStatuses(view: WorldView): readonly SloStatus[] {
  return view
    .slos()
    .flatMap((slo) => view.sloStatus(slo.id) ?? [])
    .sort((a, b) => severity(b) - severity(a) || a.sli.ratio - b.sli.ratio);
}

/** Exact where it matters: one bad request in ten thousand is not lost in `1 - ratio`. */
const badRatioOf = ({ sli }: SloStatus): number =>
  sli.good + sli.bad === 0 ? 0 : sli.bad / (sli.good + sli.bad);

/** The objective that a text names: by its id, or by its operation. */
export function sloNamed(view: WorldView, text: string): SloDefinition | undefined {
  const wanted = text.trim();
  const slos = view.slos();
  return (
    slos.find((slo) => slo.id === wanted || nameText(slo.id) === wanted) ??
    slos.find((slo) => [slo.operation, `${slo.service} ${slo.operation}`].includes(wanted))
  );
}

/** What is counted over: the long window of the rule that fires, else the shortest of them. */
function overMsOf({ burnRates }: SloStatus): number {
  const firing = burnRates.find((burn) => burn.firing);
  const shortest = Math.min(...burnRates.map(({ rule }) => rule.longMs));
  return firing?.rule.longMs ?? (Number.isFinite(shortest) ? shortest : 60_000);
}

const worstBurn = (status: SloStatus): number | undefined =>
  status.burnRates.length === 0
    ? undefined
    : Math.max(...status.burnRates.map((burn) => Math.min(burn.long, burn.short)));

function sloRow(view: WorldView, status: SloStatus): z.infer<typeof sloRowSchema> {
  return {
    id: nameText(status.slo.id),
    operation: nameText(`${status.slo.service} ${status.slo.operation}`),
    objective: status.slo.objective,
    state: status.state,
    overSeconds: overMsOf(status) / 1000,
    badRatio: rounded(badRatioOf(status)),
    standing: standingOf(view, status),
    errors: status.sli.errors,
    slow: status.sli.slow,
    burnRate: rounded(worstBurn(status)),
    lastSample: status.lastSampleMs === undefined ? null : isoTime(status.lastSampleMs),
  };
}

type Standing = z.infer<typeof sloRowSchema>["standing"];

const BAD = "{{badRatio}} of requests were bad in the last {{over}}";
const BAD_NOW = "{{recentBadRatio}} of requests were bad in the last {{recentOver}}";

/** Nothing fires while the budget burns slowly, or has only begun to burn fast: that is no objective kept. */
const STANDING_TEXT: Readonly<Record<Standing, string>> = {
  met: `keeps its objective: ${BAD}`,
  recovered: `has recovered: ${BAD_NOW}, {{badRatio}} in the last {{over}}`,
  begins: `has begun to miss its objective: ${BAD_NOW}, {{badRatio}} in the last {{over}}`,
  missed: `does not page, but misses its objective: ${BAD}`,
  silent: "had no requests in the last {{over}}",
  burning: `is burning its error budget: ${BAD}`,
  absent: "has lost its traffic; the last request was seen at {{lastSample}}",
  "no-data": "has never been seen in the telemetry",
};

interface Recent {
  readonly overMs: number;
  /** Undefined: no request. */
  readonly badRatio?: number;
}

/** The shortest window that a rule looks at: how it is just now. */
function recentOf(view: WorldView, { slo, burnRates }: SloStatus): Recent {
  const shortest = Math.min(...burnRates.map(({ rule }) => rule.shortMs));
  const overMs = Number.isFinite(shortest) ? shortest : 60_000;
  const { good, bad } = view.sli(slo.id, { fromMs: view.closedMs - overMs, toMs: view.closedMs });
  return good + bad === 0 ? { overMs } : { overMs, badRatio: bad / (good + bad) };
}

/** How an objective is kept, over both the time that its rules count and the last of it. */
export function standingOf(view: WorldView, status: SloStatus): Standing {
  if (status.state !== "ok") return status.state;
  if (status.sli.good + status.sli.bad === 0) return "silent";
  const allowed = 1 - status.slo.objective;
  const isMissed = badRatioOf(status) > allowed;
  const { badRatio } = recentOf(view, status);
  if (badRatio === undefined) return isMissed ? "missed" : "met";
  if (badRatio > allowed) return isMissed ? "missed" : "begins";
  return isMissed ? "recovered" : "met";
}

export function sloEvidence(view: WorldView, status: SloStatus): EvidenceDraft {
  const operation = nameText(status.slo.operation);
  const recent = recentOf(view, status);
  const burnRate = worstBurn(status);
  return {
    kind: "slo",
    about: operation,
    text: `${operation} ${STANDING_TEXT[standingOf(view, status)]}`,
    values: {
      ...quantities("ratio", {
        badRatio: badRatioOf(status),
        recentBadRatio: recent.badRatio,
        objective: status.slo.objective,
      }),
      ...quantities("ms", { over: overMsOf(status), recentOver: recent.overMs }),
      ...quantities("factor", { burnRate }),
      ...quantities("count", { errors: status.sli.errors, slow: status.sli.slow }),
      ...quantities("time", { lastSample: status.lastSampleMs, asOf: view.asOfMs }),
    },
  };
}

const input = z.strictObject({
  slo: z.string().max(100).optional().describe("SLO id or operation; default all, worst first."),
  at: atSchema,
});
const output = z.object({ asOf: z.string(), slos: z.array(sloRowSchema) });

export const getSloStatus = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "get_slo_status",
  description:
    "State of the service level objectives: ok, burning, absent (traffic vanished) or no-data, with the share of bad requests, errors, slow requests and burn rate. Start here when paged.",
  input,
  output,
  effect: "read",
  timeoutMs: 2_000,
  title: ({ slo }) => (slo === undefined ? "Reading the objectives" : `Reading ${nameText(slo)}`),
  run(context, { slo, at }) {
    const found = viewAtInstant(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const all = sloStatuses(view);
    const named = slo === undefined ? undefined : sloNamed(view, slo);
    const asked = slo === undefined ? all : all.filter((one) => one.slo.id === named?.id);
    if (slo !== undefined && asked.length === 0) {
      const ids = all.map((one) => nameText(one.slo.id));
      return refuse("slo_unknown", `There is no objective ${nameText(slo)}.`, ids);
    }
    const { kept, notes } = firstOf(asked, SLOS_MAX, "objectives");
    return answer(
      { asOf: isoTime(view.asOfMs), slos: kept.map((one) => sloRow(view, one)) },
      kept.map((one) => sloEvidence(view, one)),
      all.length === 0 ? ["no objectives are defined: add them to slo.yaml"] : notes,
    );
  },
});
