import { HISTORY_MS } from "../dynamics/stretch.ts";
import { type EntityId, entityType } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import type { WorldView } from "../view.ts";
import { blastRadius } from "./blast-radius.ts";
import { ChangeEvidence, type SuspectChange } from "./change-evidence.ts";
import { DEFAULT_WEIGHTS } from "./default-weights.ts";
import type { Diagnosis, Hypothesis } from "./diagnosis.ts";
import { enumerateSuspects, type Suspects } from "./enumerate.ts";
import { homeOf, type Measured, measureSuspects, sightOf } from "./features.ts";
import { versionContrast } from "./findings.ts";
import { reproducedBy } from "./fix-test.ts";
import { hypothesisOf } from "./hypothesis.ts";
import { addPlaceSuspects } from "./place-suspects.ts";
import { noneUtility, type Ranking, rank } from "./rank.ts";
import { liveScene, type PagedQuery, pagedScene, type Scene } from "./scene.ts";
import type { Suspect } from "./suspect.ts";
import { unmeasured } from "./symptom.ts";
import { addTraffic } from "./traffic.ts";
import type { Sight, Weights } from "./weights.ts";

/** What is asked: an objective, or an operation, or neither (then the worst entry operation); or a recorded page. */
export interface DiagnoseQuery {
  readonly sloId?: string;
  /** Service as people or telemetry name it. */
  readonly service?: string;
  /** Operation as people or telemetry name it: `POST /checkout`. */
  readonly operation?: string;
  /** Instant of interest; the view's last closed bucket when absent. */
  readonly atMs?: number;
  readonly paged?: PagedQuery;
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

/** A scene with every suspect in it measured: what weights are trained on, and what they rank. */
interface Inquiry {
  readonly scene: Scene;
  readonly suspects: Suspects;
  readonly measured: readonly Measured[];
  readonly changes: ChangeEvidence;
  readonly sight: Sight;
}

/** Ranks what may have caused the symptom. Pure; deterministic. */
export function diagnose(view: WorldView, query: DiagnoseQuery): Diagnosis {
  const scene = sceneOf(view, query);
  if ("missing" in scene) return nothingSeen(view, scene.missing, query);
  return diagnosisOf(inquire(scene), query);
}

/** What a question is about, measured. */
export function sceneOf(
  view: WorldView,
  query: DiagnoseQuery,
): Scene | { readonly missing: EntityId | undefined } {
  if (query.paged !== undefined) return pagedScene(view, query.paged);
  const slo = view.slos().find((one) => one.id === query.sloId) ?? sloOf(view, query);
  return liveScene(view, {
    ...query,
    atMs: Math.min(query.atMs ?? view.closedMs, view.closedMs),
    ...(slo === undefined ? {} : { slo }),
  });
}

const NO_SUSPECTS = { silent: [], loadMs: 0, totalMs: 0, totalFailures: 0 } as const;

/** Finds the suspects of a scene and measures them. */
export function inquire(scene: Scene): Inquiry {
  const { picture } = scene;
  const suspects: Suspects =
    picture === undefined ? { suspects: new Map(), ...NO_SUSPECTS } : enumerateSuspects(picture);
  if (picture !== undefined) addTraffic(picture, suspects);
  addPlaceSuspects(scene, suspects.suspects);
  const changes = new ChangeEvidence(scene);
  const measured = measureSuspects({
    scene,
    suspects,
    changesOf: (suspect) => changesFor(scene, changes, suspect),
    versionContrastOf: (suspect) => {
      const known =
        suspect.type === "service" ? picture?.services.get(suspect.root as EntityId) : undefined;
      return known === undefined ? 0 : versionContrast(known);
    },
  });
  return { scene, suspects, measured, changes, sight: sightOf(scene) };
}

/** Weighs what was measured. `weights` in place of the default ones is for training. */
function rankingOf(
  { scene, measured, sight }: Inquiry,
  options: { readonly calibration?: Calibration; readonly weights?: Weights } = {},
): Ranking {
  const weights = options.weights ?? DEFAULT_WEIGHTS[sight];
  return rank(measured, noneUtility(scene, weights), {
    weights,
    ...(options.calibration === undefined ? {} : { calibration: options.calibration }),
  });
}

function diagnosisOf(inquiry: Inquiry, query: DiagnoseQuery): Diagnosis {
  const { scene, suspects, changes } = inquiry;
  const { calibration } = query;
  const ranking = rankingOf(inquiry, calibration === undefined ? {} : { calibration });
  const { healthy, incident } = scene.picture?.stretch ?? {
    healthy: scene.places?.stretches.reference ?? { fromMs: scene.onsetMs, toMs: scene.onsetMs },
    incident: { fromMs: scene.onsetMs, toMs: scene.toMs },
  };
  return {
    asOfMs: scene.view.asOfMs,
    healthy,
    incident,
    symptom: scene.measured.symptom,
    hypotheses: hypothesesOf(scene, ranking),
    noneProbability: ranking.noneProbability,
    uncalibrated: (calibration?.outcomes ?? 0) < OUTCOMES_MIN,
    blastRadius: blastRadius(scene, suspects),
    recentChanges: changes.recent,
    blindSpots: blindSpots(scene),
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

function changesFor(
  scene: Scene,
  changes: ChangeEvidence,
  suspect: Suspect,
): readonly SuspectChange[] {
  if (suspect.type === "traffic" || suspect.root.includes("->")) return [];
  const onsetMs = suspect.onsetMs ?? scene.onsetMs;
  const own = changes.of(suspect.root as EntityId, onsetMs);
  const home = suspect.type === "instance" ? homeOf(scene, suspect) : undefined;
  if (home === undefined || own.length > 0 || entityType(home) !== "service") return own;
  // A change of the whole service explains one sick replica badly.
  return changes.of(home, onsetMs).map((one) => ({ ...one, weight: one.weight * 0.3 }));
}

function hypothesesOf(scene: Scene, ranking: Ranking): readonly Hypothesis[] {
  const { picture, measured } = scene;
  return ranking.ranked.map((ranked, index) => {
    const rival = ranking.ranked[index === 0 ? 1 : 0];
    const isDetailed = index < DETAILED;
    const reproduced =
      isDetailed && picture !== undefined
        ? reproducedBy(picture, ranked.suspect, measured)
        : undefined;
    return hypothesisOf(scene, ranked, {
      isDetailed,
      ...(rival === undefined ? {} : { rival }),
      ...(reproduced === undefined ? {} : { reproduced }),
    });
  });
}

/** A healthy window shorter than this says little of what is normal. */
const HEALTHY_MIN_MS = 60_000;

function blindSpots({ picture, places, map }: Scene): readonly string[] {
  const spots: string[] = [];
  if (picture !== undefined) {
    spots.push(...picture.view.coverage(picture.stretch.incident).notes);
    const { healthy } = picture.stretch;
    if (healthy.toMs - healthy.fromMs < HEALTHY_MIN_MS) {
      spots.push("the healthy window before the onset is shorter than a minute");
    }
    return spots;
  }
  spots.push("there are no traces: who waits for whom is read from the declared structure alone");
  if (map.callees.size === 0) spots.push("nobody told who calls whom");
  if ((places?.shifts.size ?? 0) === 0) spots.push("there are no metrics");
  return spots;
}

function nothingSeen(
  view: WorldView,
  operation: EntityId | undefined,
  query: DiagnoseQuery,
): Diagnosis {
  const known = operation ?? ("operation:unknown" as EntityId);
  const toMs = Math.min(query.atMs ?? view.closedMs, view.closedMs);
  const window: Window = { fromMs: Math.max(view.retainedFromMs, toMs - HISTORY_MS), toMs };
  return {
    asOfMs: view.asOfMs,
    healthy: window,
    incident: window,
    symptom: unmeasured(known, "service:unknown" as EntityId, window.toMs),
    hypotheses: [],
    noneProbability: 1,
    uncalibrated: true,
    blastRadius: { operations: [], services: [], badPerMinute: 0 },
    recentChanges: [],
    blindSpots: ["no request of this operation was seen in the retained history"],
  };
}
