import { type Cause, comparisonIn, type Ranking } from "./tool-data.ts";
import type { EvidenceRow, Look, TranscriptTurn } from "./transcript.ts";
import { cited, value } from "./wording.ts";

/** What kept its own time within this factor has not changed itself. */
const STEADY_FACTOR = 1.3;
const STEADY_ERRORS = 0.02;

/** Causes are named with a type where the name alone would mislead; tools know the operation by its name. */
export function placeOf(cause: Cause): string {
  return cause.cause.replace(/^traffic:/, "");
}

export function isHurt(ranking: Ranking): boolean {
  return ranking.symptom.kind !== "none" && ranking.causes.length > 0;
}

/** Evidence of the causes, in their order. */
export function causeEvidence(look: Look | undefined, cause: Cause): EvidenceRow | undefined {
  return look?.evidence.find((row) => row.kind === "cause" && row.about === cause.cause);
}

/** The comparison of a cause, and whether it shows that the cause has not changed itself. */
export function comparisonOf(
  turn: TranscriptTurn,
  cause: Cause,
): { readonly row: EvidenceRow; readonly isSteady: boolean } | undefined {
  const look = turn.looks.findLast(
    (one) => one.tool === "compare_windows" && one.ok && one.input.about === placeOf(cause),
  );
  const first = comparisonIn(look)?.rows[0];
  const row = look?.evidence[0];
  if (first === undefined || row === undefined) return undefined;
  const { before, after } = first;
  const factor = (after.ownMs ?? Number.NaN) / (before.ownMs ?? Number.NaN);
  const errors = (after.errorRatio ?? 0) - (before.errorRatio ?? 0);
  return { row, isSteady: factor < STEADY_FACTOR && errors < STEADY_ERRORS };
}

/** What has not changed itself, however long its requests take: in its own time, where that was measured. */
export function steadyText(row: EvidenceRow): string {
  const before = value(row, "beforeOwnMs");
  const after = value(row, "afterOwnMs");
  if (before === undefined || after === undefined) return cited(row);
  return `${row.about} takes no longer itself: ${before} before and ${after} since, without what it waits for [${row.id}]`;
}
