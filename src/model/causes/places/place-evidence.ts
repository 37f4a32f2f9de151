import type { PlacePicture } from "./place-picture.ts";
import type { GaugeShift, PlaceShift } from "./place-shift.ts";

/** What a place's own metrics say against it, after what its callees explain is taken off. */
export interface PlaceEvidence {
  readonly name: string;
  readonly shift: PlaceShift;
  /** Added time that no callee explains, its share of what the symptom gained, and its standard score. */
  readonly ownMs: number;
  readonly slowImpact: number;
  readonly slowScore: number;
  /** Added failures that no callee explains, alike. */
  readonly ownErrors: number;
  readonly errorImpact: number;
  readonly errorScore: number;
  /** The gauge that is worst, of those that fill up, run out or count restarts. */
  readonly gauge: GaugeShift | undefined;
  readonly isReached: boolean;
  readonly isPaged: boolean;
}

/** One request makes at most so many calls that count: beyond, the counts are of different things. */
const CALLS_MAX = 1.5;
/** A level of what is full at which it is in trouble, whatever it was before. */
const FULL_MIN = 0.9;

const added = (shift: PlaceShift | undefined): number => {
  const ms = shift?.latency?.addedMs ?? 0;
  return Number.isFinite(ms) && (shift?.latency?.shift.score ?? 0) > 1 ? Math.max(0, ms) : 0;
};
const failed = (shift: PlaceShift | undefined): number => {
  const { errors } = shift ?? {};
  if (errors === undefined || !errors.isShare || errors.shift.score < 1) return 0;
  return Math.max(0, errors.shift.moved);
};

/** Calls that one request of a caller makes; 1 where requests are not counted alike. */
function callsOf(caller: PlaceShift | undefined, callee: PlaceShift | undefined): number {
  const [of, to] = [caller?.requests, callee?.requests];
  if (of === undefined || to === undefined || of <= 0) return 1;
  return Math.min(CALLS_MAX, to / of);
}

/** What the callees of a place added to it. */
function explained(
  picture: PlacePicture,
  name: string,
  part: (shift: PlaceShift | undefined) => number,
): number {
  const own = picture.shifts.get(name);
  let sum = 0;
  for (const callee of picture.map.callees.get(name) ?? []) {
    const theirs = picture.shifts.get(callee);
    sum += part(theirs) * callsOf(own, theirs);
  }
  return sum;
}

const share = (own: number, symptom: number, visits: number): number =>
  symptom > 0 ? Math.min(1, (own * visits) / symptom) : 0;

const isTelling = ({ kind, level, badness }: GaugeShift): boolean => {
  if (kind === "other" || kind === "traffic") return badness > 6;
  return badness > 2 || (kind === "resource" && (level ?? 0) >= FULL_MIN);
};

/** What the symptom gained: at the paged places, else at the place that gained most. */
function symptomOf(picture: PlacePicture, part: (shift: PlaceShift | undefined) => number): number {
  const paged = picture.paged.map((name) => part(picture.shifts.get(name)));
  const most = Math.max(0, ...paged);
  return most > 0 ? most : Math.max(0, ...Array.from(picture.shifts.values(), part));
}

/** Evidence for every place that has metrics. */
export function placeEvidence(picture: PlacePicture): readonly PlaceEvidence[] {
  const symptomMs = symptomOf(picture, added);
  const symptomErrors = symptomOf(picture, failed);
  const paged = new Set(picture.paged);
  const entry = picture.shifts.get(picture.paged[0] ?? "");
  return Array.from(picture.shifts, ([name, shift]) => {
    const isPaged = paged.has(name);
    const visits = isPaged ? 1 : callsOf(entry, shift);
    const [allMs, allErrors] = [added(shift), failed(shift)];
    const ownMs = Math.max(0, allMs - explained(picture, name, added));
    const ownErrors = Math.max(0, allErrors - explained(picture, name, failed));
    const { latency, errors } = shift;
    return {
      name,
      shift,
      ownMs,
      slowImpact: share(ownMs, symptomMs, visits),
      slowScore: allMs > 0 ? ((latency?.shift.score ?? 0) * ownMs) / allMs : 0,
      ownErrors,
      errorImpact: share(ownErrors, symptomErrors, visits),
      errorScore: allErrors > 0 ? ((errors?.shift.score ?? 0) * ownErrors) / allErrors : 0,
      gauge: shift.gauges.find(isTelling),
      // A link is reached when its caller is.
      isReached: picture.reached.has(name.split("->")[0] ?? name),
      isPaged,
    };
  });
}
