import { type EdgeId, type EntityId, entityName } from "../entity.ts";
import type { SuspectChange } from "./change-evidence.ts";
import type { Suspects } from "./enumerate.ts";
import type { Scene } from "./scene.ts";
import { type Suspect, suspectWord } from "./suspect.ts";
import type { Feature, Sight } from "./weights.ts";

const IMPACT_FLOOR = 0.01;
const PLACE_IMPACT_FLOOR = 0.02;
const SCORE_CAP = 60;
const ONSET_FADE_MS = 15_000;
/** A level at which something counts as full, and from which on it does. */
const FULL_FROM = 0.88;

export interface Measured {
  readonly suspect: Suspect;
  /** 0 to 1: share of what the hurt requests gained. */
  readonly impact: number;
  readonly changes: readonly SuspectChange[];
  readonly features: Readonly<Record<Feature, number>>;
}

/** What there is to go by in a scene. */
export function sightOf({ picture, map }: Scene): Sight {
  const traced = picture?.traced.incident.count ?? 0;
  if (picture !== undefined && (traced >= 8 || picture.stretch.absent)) return "spans";
  return map.callees.size >= 3 ? "places" : "sparse";
}

function impactShare(suspect: Suspect, all: Suspects, errorWeight: number): number {
  if (suspect.type === "stopped" && all.totalMs + all.totalFailures === 0) return 1;
  const slow = all.totalMs > 0 ? suspect.addedMs / all.totalMs : 0;
  const failed = all.totalFailures > 0 ? suspect.addedFailures / all.totalFailures : 0;
  return Math.min(1, (1 - errorWeight) * slow + errorWeight * failed);
}

/** Requests that do not come in any more are explained by what stopped; the few stragglers' times explain little. */
function impactOf(suspect: Suspect, scene: Scene, all: Suspects): number {
  const isAbsent = scene.picture?.stretch.absent === true;
  if (isAbsent && suspect.type === "stopped") return 1;
  const share = impactShare(suspect, all, scene.measured.errorWeight);
  return isAbsent ? 0.1 * share : share;
}

/** The service (or store) that a suspect is or belongs to, by name. */
export function homeName(scene: Scene, suspect: Suspect): string {
  const word = suspectWord(suspect);
  if (suspect.type === "edge") return word.split("->")[0] ?? word;
  const known = [...(scene.picture?.services.values() ?? [])].find((one) =>
    one.instances.has(suspect.root as EntityId),
  );
  if (known !== undefined) return entityName(known.service);
  return scene.map.ownerOf.get(word) ?? word;
}

/** Names of everything that each name depends on through calls, found once. */
class Below {
  readonly #callees = new Map<string, Set<string>>();
  readonly #found = new Map<string, ReadonlySet<string>>();

  constructor({ map, picture }: Scene) {
    for (const [caller, callees] of map.callees) this.#callees.set(caller, new Set(callees));
    for (const { caller, callee } of picture?.edges.values() ?? []) {
      const name = entityName(caller);
      const known = this.#callees.get(name) ?? new Set();
      known.add(entityName(callee));
      this.#callees.set(name, known);
    }
  }

  of(name: string): ReadonlySet<string> {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const below = new Set<string>();
    const queue = [name];
    for (let caller = queue.pop(); caller !== undefined; caller = queue.pop()) {
      for (const callee of this.#callees.get(caller) ?? []) {
        if (below.has(callee)) continue;
        below.add(callee);
        queue.push(callee);
      }
    }
    this.#found.set(name, below);
    return below;
  }
}

interface Homed {
  readonly suspect: Suspect;
  readonly impact: number;
  readonly home: string;
}

/** 0 to 1: how far a suspect's own time is the wait for another suspect that it depends on. */
function explainedBelow(one: Homed, all: readonly Homed[], below: Below): number {
  if (one.suspect.service === undefined) return 0;
  const callees = below.of(one.home);
  let most = 0;
  for (const other of all) {
    if (other.suspect === one.suspect || other.suspect.score < 4) continue;
    if (other.home === one.home || !callees.has(other.home)) continue;
    const later = (other.suspect.onsetMs ?? 0) - (one.suspect.onsetMs ?? Number.POSITIVE_INFINITY);
    if (later > ONSET_FADE_MS) continue;
    most = Math.max(most, other.impact / (other.impact + one.impact + 0.05));
  }
  return most;
}

function namedBy(scene: Scene, suspect: Suspect): number {
  const { page } = scene;
  if (page === undefined) return 0;
  if (suspect.place?.isPaged === true) return 1;
  const word = suspectWord(suspect);
  if (word === page.entity || scene.places?.paged.includes(word) === true) return 1;
  return word.length >= 4 && page.text.includes(word) ? 0.8 : 0;
}

const logged = (score: number): number => Math.log1p(Math.max(0, Math.min(SCORE_CAP, score)));

function placeFeatures(
  { place }: Suspect,
  errorWeight: number,
): Pick<Record<Feature, number>, "placeImpact" | "placeScore" | "gauge" | "full" | "unreached"> {
  if (place === undefined)
    return { placeImpact: 0, placeScore: 0, gauge: 0, full: 0, unreached: 0 };
  const impact = (1 - errorWeight) * place.slowImpact + errorWeight * place.errorImpact;
  const score = (1 - errorWeight) * place.slowScore + errorWeight * place.errorScore;
  const { gauge } = place;
  const level = gauge?.kind === "resource" ? (gauge.level ?? 0) : 0;
  return {
    placeImpact: Math.log((PLACE_IMPACT_FLOOR + impact) / PLACE_IMPACT_FLOOR),
    placeScore: logged(score),
    gauge: gauge === undefined ? 0 : logged(gauge.badness),
    full: Math.max(0, Math.min(1, (level - FULL_FROM) / (1 - FULL_FROM))),
    unreached: place.isReached ? 0 : 1,
  };
}

function earliness(suspect: Suspect, firstMs: number): number {
  if (suspect.onsetMs === undefined) return 0;
  return Math.max(0, 1 - Math.max(0, suspect.onsetMs - firstMs) / ONSET_FADE_MS);
}

export interface FeatureInput {
  readonly scene: Scene;
  readonly suspects: Suspects;
  readonly changesOf: (suspect: Suspect) => readonly SuspectChange[];
  /** 1: the new version alone is sick, -1: both alike. */
  readonly versionContrastOf: (suspect: Suspect) => number;
}

/** Measures every suspect. */
export function measureSuspects(input: FeatureInput): readonly Measured[] {
  const { scene, suspects } = input;
  const below = new Below(scene);
  const sees = scene.picture !== undefined;
  const homed = [...suspects.suspects.values()].map((suspect) => ({
    suspect,
    impact: sees ? impactOf(suspect, scene, suspects) : 0,
    home: homeName(scene, suspect),
  }));
  const onsets = homed.flatMap(({ impact, suspect }) =>
    impact > 0.1 && suspect.onsetMs !== undefined ? [suspect.onsetMs] : [],
  );
  const firstMs = onsets.length === 0 ? scene.onsetMs : Math.min(...onsets);
  return homed.map((one) => {
    const changes = input.changesOf(one.suspect);
    const features = featuresOf(input, one.suspect, {
      impact: one.impact,
      firstMs,
      changeWeight: changes[0]?.weight ?? 0,
      explainedBelow: explainedBelow(one, homed, below),
    });
    return { suspect: one.suspect, impact: one.impact, changes, features };
  });
}

interface Context {
  readonly impact: number;
  /** When the first of all suspects with an impact deviated. */
  readonly firstMs: number;
  readonly changeWeight: number;
  readonly explainedBelow: number;
}

function featuresOf(
  { scene, versionContrastOf }: FeatureInput,
  suspect: Suspect,
  { impact, firstMs, changeWeight, explainedBelow: below }: Context,
): Readonly<Record<Feature, number>> {
  const sees = scene.picture !== undefined;
  const alike = versionContrastOf(suspect);
  const place = placeFeatures(suspect, scene.measured.errorWeight);
  const isFelt = impact > 0.02 || place.placeImpact > 0.7 || !sees;
  const isTraffic = suspect.type === "traffic";
  return {
    impact: sees ? Math.log(IMPACT_FLOOR + impact) : 0,
    score: logged(suspect.score),
    onset: earliness(suspect, firstMs),
    change: changeWeight * (isFelt ? 1 : 0.3),
    contrast: Math.max(suspect.contrast, alike > 0 ? 0.7 : 0),
    explainedBelow: below,
    versionAlike: alike < 0 ? 1 : 0,
    masked: Math.sqrt(Math.min(1, suspect.maskedFailures)),
    ...place,
    named: namedBy(scene, suspect),
    logFresh: suspect.logs?.fresh ?? 0,
    logStanding: suspect.logs?.standing ?? 0,
    logGone: suspect.logs?.gone ?? 0,
    silent: suspect.isSilent ? 1 : 0,
    surge: isTraffic ? suspect.loadRise : 0,
    loaded: isTraffic ? 0 : suspect.loadRise,
    elsewhere: suspect.elsewhere,
  };
}

/** For callers that know entities: the service that a suspect is or belongs to. */
export function homeOf(scene: Scene, suspect: Suspect): EntityId | undefined {
  const { picture } = scene;
  if (suspect.type === "edge") return picture?.edges.get(suspect.root as EdgeId)?.caller;
  const root = suspect.root as EntityId;
  const owner = [...(picture?.services.values() ?? [])].find((one) => one.instances.has(root));
  return owner?.service ?? root;
}
