import { z } from "zod";
import { actionTitle } from "../src/incident/action.ts";
import type { Outcome } from "../src/incident/events.ts";
import type { Quantity, Unit } from "../src/model/quantity.ts";
import { answer, firstOf, isoTime, quantities, rounded } from "./answer.ts";
import { defineTool, type EvidenceDraft, type LedgerEntry } from "./define-tool.ts";
import { placeName } from "./named-entity.ts";
import { clauseText, nameText, untrustedText } from "./untrusted.ts";

/** Limits of one answer: proposals, newest first, statistics of one outcome, and kinds of action with a record. */
const PROPOSALS_MAX = 5;
const STATISTICS_MAX = 3;
const TYPES_MAX = 8;
const TYPES_CITED_MAX = 3;

const input = z.strictObject({
  scope: z
    .enum(["incident", "all"])
    .default("incident")
    .describe("This incident's proposals, or those of all incidents."),
});
const recordSchema = z.object({
  action: z.string(),
  settled: z.number(),
  inside: z.number(),
  outside: z.number(),
  /** Of actions that were proposed without a number. */
  recoveredUnpredicted: z.number(),
  notRecoveredUnpredicted: z.number(),
  void: z.number(),
});
const output = z.object({
  proposals: z.array(
    z.object({
      proposalId: z.string(),
      action: z.string(),
      state: z.string(),
      made: z.string(),
      grade: z.string(),
      detail: z.string().optional(),
      verdict: z.string().nullable(),
      note: z.string().optional(),
      observed: z.array(
        z.object({
          operation: z.string(),
          statistic: z.string(),
          unit: z.string(),
          value: z.number().nullable(),
          low: z.number().nullable(),
          high: z.number().nullable(),
          inside: z.boolean().nullable(),
        }),
      ),
    }),
  ),
  trackRecord: z.array(recordSchema),
});

type TypeRecord = z.infer<typeof recordSchema>;

const verdictOf = (entry: LedgerEntry): string | undefined =>
  entry.outcome?.verdict ?? entry.verdict;

/** How the settled predictions of each kind of action have fared, most settled first. */
function trackRecordOf(entries: readonly LedgerEntry[]): readonly TypeRecord[] {
  const settled = entries.filter((entry) => verdictOf(entry) !== undefined);
  const groups = Map.groupBy(settled, (entry) => entry.proposal.action.type);
  return [...groups]
    .map(([action, group]): TypeRecord => {
      const count = (verdict: Outcome["verdict"]): number =>
        group.filter((entry) => verdictOf(entry) === verdict).length;
      return {
        action,
        settled: group.length,
        inside: count("inside"),
        outside: count("outside"),
        recoveredUnpredicted: count("recovered"),
        notRecoveredUnpredicted: count("not-recovered"),
        void: count("void"),
      };
    })
    .sort((a, b) => b.settled - a.settled || (a.action < b.action ? -1 : 1));
}

type Observed = Outcome["observed"][number];

const UNITS: Readonly<Record<string, Unit>> = {
  ms: "ms",
  ratio: "ratio",
  per_second: "per_second",
};

const shownStatistics = (outcome: Outcome | undefined): readonly Observed[] => {
  const observed = outcome?.observed ?? [];
  const telling = observed.filter((one) => /^(?:p95|bad_ratio|error_ratio)$/.test(one.statistic));
  return (telling.length > 0 ? telling : observed).slice(0, STATISTICS_MAX);
};

function proposalRow(entry: LedgerEntry): z.infer<typeof output>["proposals"][number] {
  const { proposal, outcome, detail } = entry;
  return {
    proposalId: nameText(proposal.id),
    action: clauseText(actionTitle(proposal.action)),
    state: nameText(entry.state),
    made: isoTime(proposal.madeMs),
    grade: proposal.prediction.grade,
    ...(detail === undefined || detail === "" ? {} : { detail: untrustedText(detail) }),
    verdict: verdictOf(entry) ?? null,
    ...(outcome === undefined || outcome.note === "" ? {} : { note: clauseText(outcome.note) }),
    observed: shownStatistics(outcome).map((one) => ({
      operation: placeName(one.operation),
      statistic: nameText(one.statistic),
      unit: nameText(one.unit),
      value: rounded(one.value),
      low: rounded(one.predicted?.low),
      high: rounded(one.predicted?.high),
      inside: one.inside ?? null,
    })),
  };
}

/** `observedP95`, `p95`, `p95Low`, `p95High`, and so on for the other statistics. */
function observedValues(one: Observed): Record<string, Quantity> {
  const key = one.statistic.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const unit = UNITS[one.unit] ?? "none";
  return quantities(unit, {
    [`observed${key.slice(0, 1).toUpperCase()}${key.slice(1)}`]: one.value,
    [key]: one.predicted?.median,
    [`${key}Low`]: one.predicted?.low,
    [`${key}High`]: one.predicted?.high,
  });
}

const VERDICTS: Readonly<Record<string, string>> = {
  inside: "the prediction held",
  outside: "the prediction did not hold",
  recovered: "the objective recovered",
  "not-recovered": "the objective did not recover",
  void: "the prediction cannot be judged",
};

function outcomeEvidence(entry: LedgerEntry): EvidenceDraft {
  const { proposal, outcome } = entry;
  const title = clauseText(actionTitle(proposal.action));
  const verdict = verdictOf(entry);
  const state = nameText(entry.state);
  const [lead] = shownStatistics(outcome);
  const about = lead === undefined ? title : placeName(lead.operation);
  const said = verdict === undefined ? `is ${state}` : `was ${state}: ${VERDICTS[verdict] ?? ""}`;
  return {
    kind: "outcome",
    about,
    text: `"${title}" ${said}`,
    values: {
      ...Object.assign({}, ...shownStatistics(outcome).map(observedValues)),
      ...quantities("time", { made: proposal.madeMs, settled: outcome?.settledMs }),
      state,
      ...(verdict === undefined ? {} : { verdict }),
      proposalId: nameText(proposal.id),
    },
  };
}

function recordEvidence({ action, ...counts }: TypeRecord): EvidenceDraft {
  return {
    kind: "outcome",
    about: `${action} actions`,
    text: `of {{settled}} settled ${action} actions, predictions held in {{inside}} and failed in {{outside}}`,
    values: quantities("count", counts),
  };
}

export const checkOutcome = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "check_outcome",
  description:
    "What became of proposals: state, approval, whether the prediction held (observed against its interval), and the track record of each kind of action. Look here before proposing again.",
  input,
  output,
  effect: "read",
  timeoutMs: 3_000,
  title: ({ scope }) => (scope === "all" ? "Checking all outcomes" : "Checking the outcome"),
  async run(context, { scope }) {
    const { incidentId } = context;
    const all = await context.ledger();
    const asked =
      scope === "all" || incidentId === undefined ? all : await context.ledger(incidentId);
    const newest = asked.toSorted((a, b) => b.proposal.madeMs - a.proposal.madeMs);
    const shown = firstOf(newest, PROPOSALS_MAX, "proposals");
    const record = firstOf(trackRecordOf(all), TYPES_MAX, "kinds of action");
    const notes = scope === "incident" && incidentId === undefined ? ["of all incidents"] : [];
    return answer(
      { proposals: shown.kept.map(proposalRow), trackRecord: [...record.kept] },
      [
        ...shown.kept.map(outcomeEvidence),
        ...record.kept.slice(0, TYPES_CITED_MAX).map(recordEvidence),
      ],
      [...notes, ...shown.notes, ...record.notes],
    );
  },
});
