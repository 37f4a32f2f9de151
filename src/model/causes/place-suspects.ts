import { type EntityId, edgeId, entityId, entityName, entityType } from "../entity.ts";
import type { Finding, HypothesisType } from "./diagnosis.ts";
import { placeFindings } from "./place-findings.ts";
import { type PlaceEvidence, placeEvidence } from "./places/place-evidence.ts";
import type { PlacePicture } from "./places/place-picture.ts";
import { instancesApart, placesApart } from "./places/siblings.ts";
import type { Place } from "./places/system-map.ts";
import type { Scene } from "./scene.ts";
import { type Suspect, suspectFor, suspectWord } from "./suspect.ts";

/** Scores below which a place's metrics say nothing against it. */
const SCORE_MIN = 1.5;
/** A rise of the load at the entry that makes it a suspect, and its score. */
const SURGE_MIN = Math.log(1.2);
const SURGE_SCORE_MIN = 2.5;

const TYPES: Readonly<Record<Place["kind"], HypothesisType>> = {
  service: "service",
  instance: "instance",
  host: "host",
  zone: "zone",
  store: "store",
  external: "external",
  queue: "store",
};

function rootOf(place: Place | undefined, name: string): EntityId {
  if (place === undefined) return entityId("external", name);
  const order = ["database", "cache", "queue", "service", "host", "zone", "service.instance"];
  const ids = [...place.ids].sort(
    (a, b) => order.indexOf(entityType(a)) - order.indexOf(entityType(b)),
  );
  return ids[0] ?? entityId("external", name);
}

/** Suspects by the name that people use for them: spans, metrics and logs may know one thing by several ids. */
class ByName {
  readonly #scene: Scene;
  readonly #suspects: Map<string, Suspect>;
  readonly #names = new Map<string, Suspect>();

  constructor(scene: Scene, suspects: Map<string, Suspect>) {
    this.#scene = scene;
    this.#suspects = suspects;
    for (const suspect of suspects.values()) this.#names.set(suspectWord(suspect), suspect);
  }

  get(name: string): Suspect | undefined {
    return this.#names.get(name);
  }

  make(name: string): Suspect {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const [caller, callee] = name.split("->");
    const made =
      callee === undefined || caller === undefined
        ? this.#makePlace(name)
        : suspectFor(
            this.#suspects,
            edgeId(entityId("service", caller), entityId("service", callee)),
            "edge",
          );
    this.#names.set(name, made);
    return made;
  }

  #makePlace(name: string): Suspect {
    const place = this.#scene.map.places.get(name);
    const root = rootOf(place, name);
    return suspectFor(this.#suspects, root, place === undefined ? "external" : TYPES[place.kind]);
  }
}

function isTelling(evidence: PlaceEvidence): boolean {
  const { slowScore, errorScore, gauge, shift } = evidence;
  return (
    slowScore > SCORE_MIN ||
    errorScore > SCORE_MIN ||
    gauge !== undefined ||
    shift.silentSinceMs !== undefined
  );
}

/** An instance without siblings is its service: only one of the two is named. */
function isOnlyOne({ map }: Scene, name: string): boolean {
  const owner = map.ownerOf.get(name);
  return owner !== undefined && (map.instancesOf.get(owner)?.size ?? 0) < 2;
}

function addTraffic(places: PlacePicture, suspects: Map<string, Suspect>, scene: Scene): void {
  const name = places.paged[0];
  const shift = places.pagedTraffic;
  if (name === undefined || shift === undefined) return;
  if (shift.moved < SURGE_MIN || shift.score < SURGE_SCORE_MIN) return;
  const operation = scene.picture?.operation;
  const words = operation === undefined ? "" : entityName(operation);
  const root = entityId(
    "operation",
    words === "" ? `${name} ${scene.page?.operation ?? ""}`.trim() : words,
  );
  const suspect = suspectFor(suspects, root, "traffic");
  suspect.score = Math.max(suspect.score, shift.score);
  suspect.loadRise = shift.moved;
  suspect.supporting.push({
    kind: "traffic",
    text: "requests rose from {{before}} to {{after}}",
    values: {
      before: { value: shift.before, unit: "per_second" },
      after: { value: shift.after, unit: "per_second" },
    },
    traceIds: [],
  });
}

/** Load that grew here together with the load at the entry. */
function noteLoad(places: PlacePicture, suspects: Iterable<Suspect>): void {
  const entry = places.pagedTraffic;
  if (entry === undefined || entry.score < SURGE_SCORE_MIN) return;
  for (const suspect of suspects) {
    const own = suspect.place?.shift.traffic;
    if (own === undefined || suspect.type === "traffic") continue;
    suspect.loadRise = Math.max(suspect.loadRise, Math.min(own.moved, entry.moved));
  }
}

/** A sick replica takes from what its service shows, a sick host from what runs on it. */
function yieldTo(byName: ByName, names: readonly string[], contrast: number): void {
  for (const name of names) {
    const whole = byName.get(name);
    if (whole !== undefined) whole.elsewhere = Math.max(whole.elsewhere, contrast);
  }
}

function setApart(places: PlacePicture, byName: ByName, scene: Scene): void {
  for (const { name, contrast, services } of instancesApart(places)) {
    if (isOnlyOne(scene, name)) continue;
    const suspect = byName.make(name);
    suspect.contrast = Math.max(suspect.contrast, contrast);
    yieldTo(byName, services, contrast);
  }
  for (const { name, contrast, services } of placesApart(places)) {
    if (contrast < 0.15) continue;
    const suspect = byName.make(name);
    suspect.contrast = Math.max(suspect.contrast, contrast);
    const replicas = services.flatMap((one) => [...(places.map.instancesOf.get(one) ?? [])]);
    yieldTo(byName, [...services, ...replicas], 0.7 * contrast);
  }
}

function silence(sinceMs: number): Finding {
  return {
    kind: "absence",
    text: "its metrics stopped at {{since}} while others go on",
    values: { since: { value: sinceMs, unit: "time" } },
    traceIds: [],
  };
}

function addMetrics(scene: Scene, places: PlacePicture, byName: ByName): void {
  for (const evidence of placeEvidence(places)) {
    const { name, shift } = evidence;
    const known = byName.get(name);
    if (known === undefined && (!isTelling(evidence) || isOnlyOne(scene, name))) continue;
    const suspect = byName.make(name);
    suspect.place = evidence;
    suspect.supporting.push(...placeFindings(evidence));
    if (shift.silentSinceMs === undefined) continue;
    suspect.isSilent = true;
    suspect.onsetMs ??= shift.silentSinceMs;
    suspect.supporting.push(silence(shift.silentSinceMs));
  }
}

/** Adds what metrics and logs say to the suspects that spans gave, and the suspects that only they know. */
export function addPlaceSuspects(scene: Scene, suspects: Map<string, Suspect>): void {
  const { places } = scene;
  if (places === undefined) return;
  const byName = new ByName(scene, suspects);
  addMetrics(scene, places, byName);
  for (const [name, logs] of scene.logs) {
    const isLoud = logs.fresh > 0.3 || logs.standing > 0.3 || logs.gone > 1.5;
    if (byName.get(name) === undefined && (!isLoud || isOnlyOne(scene, name))) continue;
    byName.make(name).logs = logs;
  }
  // What a page names is a suspect, however little is known of it.
  for (const name of places.paged) byName.make(name);
  setApart(places, byName, scene);
  addTraffic(places, suspects, scene);
  noteLoad(places, suspects.values());
}
