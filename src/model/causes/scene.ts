import { indexRange, seconds } from "../dynamics/columns.ts";
import { HISTORY_MS } from "../dynamics/stretch.ts";
import type { EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import { BUCKET_MS, type EntryWindow, type WorldView } from "../view.ts";
import type { Symptom } from "./diagnosis.ts";
import { type Picture, type PictureOptions, pictureOf } from "./picture.ts";
import { entryRises } from "./places/entry-rise.ts";
import { fitsPage, type PagedSymptom } from "./places/paged-symptom.ts";
import {
  type PagedRise,
  type PlacePicture,
  placePictureOf,
  UNSEEN_MS,
} from "./places/place-picture.ts";
import type { Readings } from "./places/readings.ts";
import { placesNamed, type SystemMap, systemMapOf } from "./places/system-map.ts";
import { type MeasuredSymptom, operationAsked, symptomOf, unmeasured } from "./symptom.ts";
import { type LogEvidence, logEvidence } from "./text/log-evidence.ts";

/** A page with everything that was recorded around it, where a live model has only its columns. */
export interface PagedQuery {
  readonly page: PagedSymptom;
  readonly readings: Readings;
}

/** All that a ranking looks at: spans, metrics and logs around one symptom, as far as there are any. */
export interface Scene {
  readonly view: WorldView;
  readonly map: SystemMap;
  readonly picture?: Picture;
  readonly places?: PlacePicture;
  readonly logs: ReadonlyMap<string, LogEvidence>;
  readonly page?: PagedSymptom;
  readonly measured: MeasuredSymptom;
  readonly onsetMs: number;
  readonly toMs: number;
  /** How far an onset may be off: the step of what it was read from. */
  readonly slackMs: number;
  /** How clearly the symptom rose; 0: it did not. */
  readonly evidence: number;
}

/** Clocks, bucket edges and roll-outs let a cause appear this much after its effect. */
const SLACK_MS = 12_000;

/** Entry operations that a page is about: the one it names, else those of its service, else all. */
function operationsPaged(
  entries: readonly EntryWindow[],
  page: PagedSymptom,
  map: SystemMap,
): readonly EntryWindow[] {
  const names = new Set<string>(placesNamed(map, page.entity).flatMap(({ ids }) => ids));
  const own = entries.filter(({ service }) => names.has(service));
  const pool = own.length > 0 ? own : entries;
  const exact = pool.filter(({ operation }) => operation.endsWith(` ${page.operation}`));
  return page.operation !== "" && exact.length > 0 ? exact : pool;
}

const clearest = (rises: readonly PagedRise[], page: PagedSymptom): PagedRise | undefined =>
  [...rises].sort(
    (a, b) =>
      Number(fitsPage(b.kind, page.kind)) - Number(fitsPage(a.kind, page.kind)) ||
      b.rise.evidence - a.rise.evidence,
  )[0];

/** A stretch without any span is a gap of the record when so many were to be expected in it: e^-9 is one in 8,000. */
const MISSED_MIN = 9;
const GAP_BUCKETS = 4;

/** Seconds of a window in which spans were recorded: a record may have gaps, or end before its case does. */
function coverageOf(entries: readonly EntryWindow[]): (window: Window) => number {
  const first = entries[0];
  if (first === undefined) return seconds;
  const total = new Float64Array(first.length);
  for (const { count } of entries) {
    for (let at = 0; at < total.length; at += 1) total[at] = (total[at] ?? 0) + (count[at] ?? 0);
  }
  const perBucket = total.reduce((sum, count) => sum + count, 0) / Math.max(1, total.length);
  const covered = new Uint8Array(first.length).fill(1);
  for (let at = 0, gap = 0; at <= total.length; at += 1) {
    if (at < total.length && total[at] === 0) gap += 1;
    else {
      if (gap >= GAP_BUCKETS && gap * perBucket >= MISSED_MIN) covered.fill(0, at - gap, at);
      gap = 0;
    }
  }
  return (window) => {
    const { from, to } = indexRange(first, window);
    let buckets = 0;
    for (let at = from; at < to; at += 1) buckets += covered[at] ?? 0;
    return (buckets * BUCKET_MS) / 1000;
  };
}

/** So many seconds of spans must lie before the trouble, for it to be compared with something. */
const COMPARED_MIN_S = 20;

/** The earliest beginning that spans can tell anything of; none is too early where there are no spans. */
function comparableFrom(
  entries: readonly EntryWindow[],
  covered: (window: Window) => number,
): number {
  const first = entries[0];
  if (first === undefined) return Number.NEGATIVE_INFINITY;
  const at = first.count.findIndex((_, index) => {
    const toMs = first.fromMs + (index + 1) * BUCKET_MS;
    return covered({ fromMs: first.fromMs, toMs }) >= COMPARED_MIN_S;
  });
  return at < 0 ? Number.NEGATIVE_INFINITY : first.fromMs + (at + 1) * BUCKET_MS;
}

/** A guess at the beginning that lies before what can be compared is replaced by a usual one: soon before it was noticed. */
function laterOf(
  guessMs: number,
  { comparable, noticedMs }: { readonly comparable: number; readonly noticedMs: number },
): number {
  return guessMs >= comparable ? guessMs : Math.max(comparable, noticedMs - UNSEEN_MS);
}

const busiest = (entries: readonly EntryWindow[]): EntryWindow | undefined =>
  entries.reduce<EntryWindow | undefined>(
    (best, one) => (best === undefined || one.duration.count > best.duration.count ? one : best),
    undefined,
  );

/** What a page tells of, measured: by metrics where they show it, by spans where those show it better. */
export function pagedScene(view: WorldView, { page, readings }: PagedQuery): Scene {
  const map = systemMapOf(view);
  const toMs = view.asOfMs;
  const history = {
    fromMs: Math.max(view.retainedFromMs, view.closedMs - HISTORY_MS),
    toMs: view.closedMs,
  };
  const entries = history.toMs > history.fromMs ? view.entries(history) : [];
  const asked = operationsPaged(entries, page, map);
  const seen = entryRises(asked, page);
  const metered = placePictureOf({ map, readings, page, toMs });
  const covered = coverageOf(entries);
  const comparable = comparableFrom(entries, covered);
  const best = clearest(
    [...metered.rises, ...seen].filter(({ rise }) => rise.onsetMs >= comparable),
    page,
  );
  const onsetMs =
    best?.rise.onsetMs ??
    laterOf(metered.stretches.incident.fromMs, {
      comparable,
      noticedMs: page.detectedMs,
    });
  const isSame = onsetMs === metered.stretches.incident.fromMs;
  const places = isSame ? metered : placePictureOf({ map, readings, page, toMs, onsetMs });
  const lead = busiest(asked);
  const evidence = best?.rise.evidence ?? 0;
  const picture =
    lead === undefined
      ? undefined
      : pictureOf(view, lead.operation, {
          atMs: view.closedMs,
          since: { onsetMs, deviates: evidence > 0, coveredSeconds: covered },
          operations: new Set(asked.map(({ operation }) => operation)),
        });
  const measured = pagedSymptom({ page, picture, best, onsetMs, places });
  return {
    view,
    map,
    ...(picture === undefined ? {} : { picture }),
    places,
    logs: logEvidence(readings.logs, map, places.stretches),
    page,
    measured,
    onsetMs,
    toMs,
    slackMs: Math.max(SLACK_MS, places.stepMs),
    evidence,
  };
}

function pagedSymptom(of: {
  readonly page: PagedSymptom;
  readonly picture: Picture | undefined;
  readonly best: PagedRise | undefined;
  readonly onsetMs: number;
  readonly places: PlacePicture;
}): MeasuredSymptom {
  const { page, picture, best, onsetMs, places } = of;
  const kind = best === undefined ? "none" : best.kind === "errors" ? "errors" : "latency";
  const named = places.paged[0] ?? page.entity;
  const known = picture === undefined ? undefined : symptomOf(picture);
  const base: Symptom =
    known?.symptom ??
    unmeasured(
      `operation:${named} ${page.operation}`.trim() as EntityId,
      `service:${named}` as EntityId,
      onsetMs,
    );
  const failing = page.kind === "errors" || kind === "errors";
  const measuredWeight = known?.errorWeight ?? (failing ? 1 : 0);
  return {
    symptom: { ...base, kind, onsetMs },
    errorWeight: kind === "errors" ? Math.max(0.6, measuredWeight) : Math.min(0.4, measuredWeight),
    healthyMeanMs: known?.healthyMeanMs ?? Number.NaN,
    meanMs: known?.meanMs ?? Number.NaN,
  };
}

/** The symptom of an objective or an operation, in the live model. Undefined: no request of it was seen. */
export function liveScene(
  view: WorldView,
  asked: {
    readonly service?: string;
    readonly operation?: string;
    readonly slo?: SloDefinition;
    readonly atMs: number;
  },
): Scene | { readonly missing: EntityId | undefined } {
  const window = {
    fromMs: Math.max(view.retainedFromMs, asked.atMs - HISTORY_MS),
    toMs: asked.atMs,
  };
  const operation = operationAsked(view, asked, window);
  const options: PictureOptions = {
    atMs: asked.atMs,
    ...(asked.slo === undefined ? {} : { slo: asked.slo }),
  };
  const picture = operation === undefined ? undefined : pictureOf(view, operation, options);
  if (picture === undefined) return { missing: operation };
  const { stretch } = picture;
  return {
    view,
    map: systemMapOf(view),
    picture,
    logs: new Map(),
    measured: symptomOf(picture),
    onsetMs: stretch.onsetMs,
    toMs: stretch.incident.toMs,
    slackMs: SLACK_MS,
    evidence: stretch.deviates || stretch.absent ? 10 : 0,
  };
}
