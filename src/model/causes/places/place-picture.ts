import { median } from "../../dynamics/robust.ts";
import type { Window } from "../../quantity.ts";
import { fitsPage, type PagedKind, type PagedSymptom } from "./paged-symptom.ts";
import { type PlacedSeries, type PlaceSeries, placeSeriesOf } from "./place-series.ts";
import { type PlaceShift, type PlaceSignals, placeShift, placeSignals } from "./place-shift.ts";
import type { Readings } from "./readings.ts";
import { type SignalShift, type Stretches, shiftOfSignal } from "./signal-shift.ts";
import { EVIDENCE_MIN, PAGED_EVIDENCE_MIN, type Rise, riseOf } from "./symptom-onset.ts";
import { placesNamed, reachableFrom, type SystemMap, withGround } from "./system-map.ts";

/** What the pager's signal showed at the places that it named. */
export interface PagedRise {
  readonly place: string;
  readonly kind: "latency" | "errors" | "gauge";
  readonly rise: Rise;
}

/** Metrics of every place, around the trouble. */
export interface PlacePicture {
  readonly map: SystemMap;
  readonly window: Window;
  readonly signals: ReadonlyMap<string, PlaceSignals>;
  readonly shifts: ReadonlyMap<string, PlaceShift>;
  /** Places that the page names; empty when it names none that is known. */
  readonly paged: readonly string[];
  /** Places on which a paged one depends, what those run on, and the paged ones. Everything, when none is paged. */
  readonly reached: ReadonlySet<string>;
  /** What was seen to rise at a paged place, clearest first. */
  readonly rises: readonly PagedRise[];
  readonly stretches: Stretches;
  /** Requests at the first paged place, of the operation that the page names where it names one. */
  readonly pagedTraffic: SignalShift | undefined;
  /** The usual step of the metrics; 0 where there are none. */
  readonly stepMs: number;
}

const LATENCY_FLOOR = 0.06;
const ERROR_FLOOR = 0.004;
/** Without anything that rises, the trouble is taken to have begun so long before it was noticed. */
export const UNSEEN_MS = 180_000;
const UNSEEN_STEPS = 1.6;
/** Evidence of all places together below which they say nothing of when it began. */
const COMMON_MIN = 8;
/** The reference reaches back at most this far, or so many steps: older readings are of other days. */
const REFERENCE_MS = 24 * 3_600_000;

function windowOf({ series, logs }: Readings, toMs: number): Window {
  let fromMs = toMs;
  for (const { timesMs } of [...series, ...logs]) {
    const first = timesMs[0];
    if (first !== undefined && first < fromMs) fromMs = first;
  }
  return { fromMs: Math.max(fromMs, toMs - 3 * REFERENCE_MS), toMs };
}

function signalsOf(
  map: SystemMap,
  series: ReadonlyMap<string, PlaceSeries>,
  window: Window,
): ReadonlyMap<string, PlaceSignals> {
  const signals = new Map<string, PlaceSignals>();
  for (const name of new Set([...series.keys(), ...map.places.keys()])) {
    const instances = [...(map.instancesOf.get(name) ?? [])].flatMap(
      (instance) => series.get(instance) ?? [],
    );
    const found = placeSignals(name, series.get(name), instances, window);
    if (found !== undefined) signals.set(name, found);
  }
  return signals;
}

const trafficOf = (
  signals: PlaceSignals | undefined,
  stretches: Stretches,
): SignalShift | undefined =>
  signals?.traffic === undefined ? undefined : shiftOfSignal(signals.traffic, stretches, "log");

/** Whether a series is of the operation that a page names, by its route and method or by its name. */
function isOf({ series }: PlacedSeries, operation: string): boolean {
  const values = Object.values(series.attributes).map(String);
  if (values.includes(operation)) return true;
  const [method, ...rest] = operation.split(" ");
  return rest.length > 0 && values.includes(rest.join(" ")) && values.includes(method ?? "");
}

function narrowed(place: PlaceSeries, operation: string): PlaceSeries {
  const byKind = [...place.byKind].map(
    ([kind, group]) => [kind, group.filter((one) => isOf(one, operation))] as const,
  );
  return { name: place.name, byKind: new Map(byKind.filter(([, group]) => group.length > 0)) };
}

/** Signals of the operation alone that a page names, at the places that it names. */
function operationSignals(
  paged: readonly string[],
  of: {
    readonly map: SystemMap;
    readonly series: ReadonlyMap<string, PlaceSeries>;
    readonly page: PagedSymptom;
    readonly window: Window;
  },
): ReadonlyMap<string, PlaceSignals> {
  const { map, series, page, window } = of;
  const found = new Map<string, PlaceSignals>();
  if (page.operation === "") return found;
  const narrow = (name: string): readonly PlaceSeries[] => {
    const place = series.get(name);
    return place === undefined ? [] : [narrowed(place, page.operation)];
  };
  for (const name of paged) {
    const instances = [...(map.instancesOf.get(name) ?? [])].flatMap(narrow);
    const signals = placeSignals(name, narrow(name)[0], instances, window);
    if (signals?.latency !== undefined || signals?.traffic !== undefined) found.set(name, signals);
  }
  return found;
}

function risesAt(
  name: string,
  signals: PlaceSignals,
  at: { readonly detectedMs: number; readonly pagedKind?: PagedKind },
): readonly PagedRise[] {
  const { detectedMs, pagedKind } = at;
  const least = (kind: PagedRise["kind"]): number =>
    pagedKind !== undefined && fitsPage(kind, pagedKind) ? PAGED_EVIDENCE_MIN : EVIDENCE_MIN;
  const rises: PagedRise[] = [];
  const note = (kind: PagedRise["kind"], rise: Rise | undefined): void => {
    if (rise !== undefined) rises.push({ place: name, kind, rise });
  };
  if (signals.latency !== undefined) {
    note(
      "latency",
      riseOf(signals.latency.ratio, detectedMs, {
        floor: LATENCY_FLOOR,
        evidenceMin: least("latency"),
      }),
    );
  }
  for (const { values } of signals.errors) {
    note(
      "errors",
      riseOf(values, detectedMs, { floor: ERROR_FLOOR, evidenceMin: least("errors") }),
    );
  }
  return rises;
}

/** The rises that the page speaks of first, then by evidence. */
function pageRises(
  names: readonly string[],
  signals: ReadonlyMap<string, PlaceSignals>,
  page: PagedSymptom,
): readonly PagedRise[] {
  const all = names.flatMap((name) => {
    const own = signals.get(name);
    return own === undefined
      ? []
      : risesAt(name, own, { detectedMs: page.detectedMs, pagedKind: page.kind });
  });
  const fits = ({ kind }: PagedRise): number => (fitsPage(kind, page.kind) ? 1 : 0);
  return [...all].sort((a, b) => fits(b) - fits(a) || b.rise.evidence - a.rise.evidence);
}

/** When most of what clearly rises rose, of the places asked for: for pages whose own signal shows nothing. */
function commonOnsetMs(
  signals: ReadonlyMap<string, PlaceSignals>,
  among: ReadonlySet<string>,
  detectedMs: number,
): number | undefined {
  const rises = [...signals]
    .filter(([name]) => among.has(name))
    .flatMap(([name, own]) => risesAt(name, own, { detectedMs }))
    .sort((a, b) => a.rise.onsetMs - b.rise.onsetMs);
  const weight = ({ rise }: PagedRise): number => rise.evidence ** 2;
  const total = rises.reduce((sum, one) => sum + weight(one), 0);
  if (total < COMMON_MIN ** 2) return undefined;
  let passed = 0;
  for (const one of rises) {
    passed += weight(one);
    if (passed >= total / 2) return one.rise.onsetMs;
  }
  return undefined;
}

/** When trouble that shows nowhere is taken to have begun. */
const unseenOnsetMs = (stepMs: number, detectedMs: number): number =>
  detectedMs - Math.max(UNSEEN_MS, UNSEEN_STEPS * stepMs);

function usualStepMs(signals: ReadonlyMap<string, PlaceSignals>): number {
  const stepMs = median(Array.from(signals.values(), ({ grid }) => grid.stepMs));
  return Number.isFinite(stepMs) ? stepMs : 0;
}

export interface PlacePictureInput {
  readonly map: SystemMap;
  readonly readings: Readings;
  readonly page: PagedSymptom;
  readonly toMs: number;
  /** When it began, where spans tell it better. */
  readonly onsetMs?: number;
}

/** Measures every place's metrics around the trouble that a page tells of. */
export function placePictureOf(input: PlacePictureInput): PlacePicture {
  const { map, readings, page, toMs } = input;
  const window = windowOf(readings, toMs);
  const series = placeSeriesOf(readings, map);
  const signals = signalsOf(map, series, window);
  const paged = page.entity === "" ? [] : placesNamed(map, page.entity).map(({ name }) => name);
  const asked = operationSignals(paged, { map, series, page, window });
  const rises = pageRises(paged, new Map([...signals, ...asked]), page);
  const everything = new Set([...map.places.keys(), ...signals.keys()]);
  const reached = paged.length === 0 ? everything : reachableFrom(map, paged);
  const stepMs = usualStepMs(signals);
  const onsetMs =
    input.onsetMs ??
    rises[0]?.rise.onsetMs ??
    commonOnsetMs(signals, reached, page.detectedMs) ??
    unseenOnsetMs(stepMs, page.detectedMs);
  const stretches = {
    reference: { fromMs: Math.max(window.fromMs, onsetMs - REFERENCE_MS), toMs: onsetMs },
    incident: { fromMs: onsetMs, toMs },
  };
  const newestMs = Math.max(...Array.from(signals.values(), ({ lastMs }) => lastMs));
  const shifts = new Map(
    [...signals].map(
      ([name, own]) => [name, placeShift(own, { window, newestMs }, stretches)] as const,
    ),
  );
  return {
    map,
    window,
    signals,
    shifts,
    paged,
    reached: withGround(map, reached),
    rises,
    stretches,
    pagedTraffic: trafficOf(asked.get(paged[0] ?? "") ?? signals.get(paged[0] ?? ""), stretches),
    stepMs,
  };
}
