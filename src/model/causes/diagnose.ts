import { seconds, sumIn } from "../dynamics/columns.ts";
import { HISTORY_MS } from "../dynamics/stretch.ts";
import type { EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import type { WorldView } from "../view.ts";
import { recentChanges, suspectChanges } from "./change-evidence.ts";
import type { Diagnosis, Hypothesis } from "./diagnosis.ts";
import { enumerateSuspects, type Suspect, type Suspects } from "./enumerate.ts";
import { versionContrast } from "./findings.ts";
import { reproducedBy } from "./fix-test.ts";
import { hypothesisOf } from "./hypothesis.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { homeOf, type Ranking, rank } from "./rank.ts";
import {
  healthOf,
  type MeasuredSymptom,
  operationAsked,
  slowThresholdMs,
  symptomOf,
} from "./symptom.ts";

/** What is asked: an objective, or an operation, or neither (then the worst entry operation). */
export interface DiagnoseQuery {
  readonly sloId?: string;
  /** Service as people or telemetry name it. */
  readonly service?: string;
  /** Operation as people or telemetry name it: `POST /checkout`. */
  readonly operation?: string;
  /** Instant of interest; the view's last closed bucket when absent. */
  readonly atMs?: number;
  readonly calibration?: Calibration;
}

/** What settled incidents on this system say about our probabilities. */
export interface Calibration {
  /** Divides scores: above 1 flattens. */
  readonly temperature: number;
  readonly outcomes: number;
}

/** Outcomes from which on the probabilities count as calibrated on this system. */
const OUTCOMES_MIN = 20;
/** Leading hypotheses that get traces, logs, resources and the fix test. */
const DETAILED = 3;

/** Ranks what may have caused the symptom. Pure; deterministic. */
export function diagnose(view: WorldView, query: DiagnoseQuery): Diagnosis {
  const atMs = Math.min(query.atMs ?? view.closedMs, view.closedMs);
  const window = { fromMs: Math.max(view.retainedFromMs, atMs - HISTORY_MS), toMs: atMs };
  const slo = view.slos().find((one) => one.id === query.sloId) ?? sloOf(view, query);
  const operation = operationAsked(
    view,
    { ...query, ...(slo === undefined ? {} : { slo }) },
    window,
  );
  const picture =
    operation === undefined
      ? undefined
      : pictureOf(view, operation, { atMs, ...(slo === undefined ? {} : { slo }) });
  if (picture === undefined) return nothingSeen(view, window, operation);
  const measured = symptomOf(picture);
  const suspects = enumerateSuspects(picture);
  addTraffic(picture, suspects);
  const ranking = rank({
    picture,
    suspects,
    measured,
    changesOf: (suspect) => changesFor(picture, suspect),
    versionContrastOf: (suspect) => {
      const known =
        suspect.type === "service" ? picture.services.get(suspect.root as EntityId) : undefined;
      return known === undefined ? 0 : versionContrast(known);
    },
    ...(query.calibration === undefined ? {} : { calibration: query.calibration }),
  });
  return {
    asOfMs: view.asOfMs,
    healthy: picture.stretch.healthy,
    incident: picture.stretch.incident,
    symptom: measured.symptom,
    hypotheses: hypothesesOf(picture, measured, ranking),
    noneProbability: ranking.noneProbability,
    uncalibrated: (query.calibration?.outcomes ?? 0) < OUTCOMES_MIN,
    blastRadius: blastRadius(picture, suspects),
    recentChanges: recentChanges(picture),
    blindSpots: blindSpots(picture),
  };
}

/** The objective of the operation asked for; without a question, of the worst objective. */
function sloOf(view: WorldView, query: DiagnoseQuery): SloDefinition | undefined {
  const fits = view
    .slos()
    .filter(
      (slo) =>
        (query.service === undefined || slo.service === query.service) &&
        (query.operation === undefined || query.operation.endsWith(slo.operation)),
    );
  const badness = (slo: SloDefinition): number => {
    const status = view.sloStatus(slo.id);
    if (status?.state === "absent") return 3;
    return (status?.state === "burning" ? 1 : 0) + 1 - (status?.sli.ratio ?? 1);
  };
  return [...fits].sort((a, b) => badness(b) - badness(a))[0];
}

function changesFor(picture: Picture, suspect: Suspect): ReturnType<typeof suspectChanges> {
  const onsetMs = suspect.onsetMs ?? picture.stretch.onsetMs;
  const own = suspectChanges(picture, suspect.root as EntityId, onsetMs);
  const home = suspect.type === "instance" ? homeOf(picture, suspect) : undefined;
  if (home === undefined || own.length > 0) return own;
  // A change of the whole service explains one sick replica badly.
  return suspectChanges(picture, home, onsetMs).map((one) => ({
    ...one,
    weight: one.weight * 0.3,
  }));
}

/** More requests at the entry, and time that their number explains. */
function addTraffic(picture: Picture, all: Suspects): void {
  const { entryHealthy, entryIncident, stretch } = picture;
  if (entryHealthy === undefined || entryIncident === undefined) return;
  const before =
    sumIn(entryHealthy, entryHealthy.count, stretch.healthy) / seconds(stretch.healthy);
  const after =
    sumIn(entryIncident, entryIncident.count, stretch.incident) / seconds(stretch.incident);
  if (!(after > 1.25 * before) || all.loadMs <= 0) return;
  const root = picture.operation;
  const name = root.slice(root.indexOf(":") + 1);
  all.suspects.set(root, {
    type: "traffic",
    root,
    name: `traffic:${name}`,
    addedMs: all.loadMs,
    addedFailures: 0,
    score: Math.min(40, ((after - before) / Math.sqrt(before + 0.1)) * 3),
    onsetMs: stretch.onsetMs,
    contrast: 0.3,
    supporting: [
      {
        kind: "traffic",
        text: `requests rose from {{before}} to {{after}}`,
        values: {
          before: { value: before, unit: "per_second" },
          after: { value: after, unit: "per_second" },
        },
        traceIds: [],
      },
    ],
    opposing: [],
  });
}

function hypothesesOf(
  picture: Picture,
  measured: MeasuredSymptom,
  ranking: Ranking,
): readonly Hypothesis[] {
  return ranking.ranked.map((ranked, index) => {
    const rival = ranking.ranked[index === 0 ? 1 : 0];
    const reproduced =
      index < DETAILED ? reproducedBy(picture, ranked.suspect, measured) : undefined;
    return hypothesisOf(picture, ranked, {
      measured,
      detailed: index < DETAILED,
      ...(rival === undefined ? {} : { rival }),
      ...(reproduced === undefined ? {} : { reproduced }),
    });
  });
}

function blastRadius(picture: Picture, all: Suspects): Diagnosis["blastRadius"] {
  const { stretch } = picture;
  let badPerMinute = 0;
  const operations = picture.entries.flatMap(({ healthy, incident }) => {
    const slo = picture.view
      .slos()
      .find((one) => incident.operation.endsWith(`${one.service} ${one.operation}`));
    const slowMs = slowThresholdMs(slo, healthy);
    const before = healthOf(healthy, stretch.healthy, slowMs);
    const after = healthOf(incident, stretch.incident, slowMs);
    const requestRate = after.requests / seconds(stretch.incident);
    if (after.badRatio - before.badRatio < 0.02) return [];
    badPerMinute += after.badRatio * requestRate * 60;
    return [{ operation: incident.operation, badRatio: after.badRatio, requestRate }];
  });
  const services = [...picture.services.values()]
    .filter((one) => one.shift.score > 4 && one.shift.ratio > 1.3)
    .map((one) => one.service);
  const silent = all.silent.map((one) => one.service);
  return { operations, services: [...new Set([...services, ...silent])], badPerMinute };
}

function blindSpots(picture: Picture): readonly string[] {
  const coverage = picture.view.coverage(picture.stretch.incident);
  const spots = [...coverage.notes];
  const { healthy } = picture.stretch;
  if (healthy.toMs - healthy.fromMs < 60_000) {
    spots.push("the healthy window before the onset is shorter than a minute");
  }
  return spots;
}

function nothingSeen(view: WorldView, window: Window, operation: EntityId | undefined): Diagnosis {
  const known = operation ?? ("operation:unknown" as EntityId);
  return {
    asOfMs: view.asOfMs,
    healthy: window,
    incident: window,
    symptom: {
      operation: known,
      service: "service:unknown" as EntityId,
      kind: "none",
      onsetMs: window.toMs,
      badRatio: 0,
      errorRatio: 0,
      requestRate: 0,
      p95Ms: 0,
      healthyP95Ms: 0,
      healthyBadRatio: 0,
    },
    hypotheses: [],
    noneProbability: 1,
    uncalibrated: true,
    blastRadius: { operations: [], services: [], badPerMinute: 0 },
    recentChanges: [],
    blindSpots: ["no request of this operation was seen in the retained history"],
  };
}
