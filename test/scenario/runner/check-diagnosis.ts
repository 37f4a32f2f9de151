import type { Diagnosis, Hypothesis } from "../../../src/model/causes/diagnosis.ts";
import { type EntityId, entityName } from "../../../src/model/entity.ts";
import { currentIncident, type Performance, timeText, type Verdict } from "./performance.ts";
import type { DiagnosisClause, Expectation } from "./statement.ts";

/** The first diagnosis is there this soon after the page. */
const FIRST_MS = 5_000;
const SHOWN_MAX = 4;

type DiagnosisExpectation = Extract<Expectation, { type: "diagnosis" }>;

/** The clauses against the first diagnosis, or against the newest as soon as it fits. */
export async function checkDiagnosis(
  performance: Performance,
  { clauses, withinMs }: DiagnosisExpectation,
): Verdict {
  const { stage, lastEventMs } = performance;
  const { episodeMs } = await currentIncident(performance);
  if (withinMs === undefined) {
    const untilMs = stage.nowMs + episodeMs + FIRST_MS - stage.clock.nowMs();
    const first = await stage.waitFor(
      async () => (await currentIncident(performance)).firstDiagnosis,
      Math.max(stage.nowMs, untilMs),
    );
    return first === undefined
      ? `no diagnosis ${timeText(FIRST_MS)} after the page`
      : faultOf(first, clauses);
  }
  const untilMs = Math.max(stage.nowMs, lastEventMs + withinMs);
  let fault: string | undefined = "no diagnosis";
  await stage.waitFor(async () => {
    const { diagnosis } = await currentIncident(performance);
    if (diagnosis !== undefined) fault = faultOf(diagnosis, clauses);
    return fault === undefined ? true : undefined;
  }, untilMs);
  return fault === undefined ? undefined : `${fault} (until ${timeText(untilMs)})`;
}

function faultOf(diagnosis: Diagnosis, clauses: readonly DiagnosisClause[]): string | undefined {
  let named: Hypothesis | undefined = diagnosis.hypotheses[0];
  for (const clause of clauses) {
    if (clause.type === "cause") {
      named = diagnosis.hypotheses.slice(0, clause.rankMax).find((one) => isNamed(one, clause));
    }
    const fault = clauseFault(diagnosis, named, clause);
    if (fault !== undefined) return `${fault}; ranked are ${rankingText(diagnosis)}`;
  }
  return undefined;
}

type Cause = Extract<DiagnosisClause, { type: "cause" }>;

function isNamed(hypothesis: Hypothesis, { name, version }: Cause): boolean {
  if (hypothesis.name !== name) return false;
  return (
    version === undefined ||
    hypothesis.changes.some(({ attributes }) => attributes.version === version)
  );
}

function clauseFault(
  diagnosis: Diagnosis,
  named: Hypothesis | undefined,
  clause: DiagnosisClause,
): string | undefined {
  switch (clause.type) {
    case "cause":
      return causeFault(named, clause);
    case "none": {
      const p = diagnosis.noneProbability;
      return p < clause.probabilityMin ? `"none of these" has p = ${p.toFixed(2)}` : undefined;
    }
    case "path": {
      const path = (named?.path ?? []).map(({ entity }) => stepName(entity)).join(" -> ");
      return path === clause.entities.join(" -> ") ? undefined : `the path is ${path || "empty"}`;
    }
    case "change": {
      const changes = (named?.changes ?? []).map(({ summary }) => summary);
      const isFirst = changes[0]?.includes(clause.words) === true;
      return isFirst ? undefined : `its changes are ${changes.join(", ") || "none"}`;
    }
    case "blind-spot": {
      const { blindSpots } = diagnosis;
      const isSaid = blindSpots.some((one) => one.includes(clause.words));
      return isSaid ? undefined : `the blind spots are ${blindSpots.join(", ") || "none"}`;
    }
  }
}

function causeFault(named: Hypothesis | undefined, clause: Cause): string | undefined {
  const cause = clause.version === undefined ? clause.name : `${clause.name}@${clause.version}`;
  if (named === undefined) return `${cause} is not among the first ${clause.rankMax}`;
  return named.probability < clause.probabilityMin
    ? `${cause} has p = ${named.probability.toFixed(2)}`
    : undefined;
}

function stepName(entity: Hypothesis["path"][number]["entity"]): string {
  return entity.includes("->") ? entity : entityName(entity as EntityId);
}

function rankingText({ hypotheses, noneProbability }: Diagnosis): string {
  const shown = hypotheses
    .slice(0, SHOWN_MAX)
    .map(({ name, type, probability }) => `${name} (${type}) ${probability.toFixed(2)}`);
  return [...shown, `none ${noneProbability.toFixed(2)}`].join(", ");
}
