import { CODE, KIND, type SimulatedSpan } from "../../../src/simulator/records.ts";
import { createSimulation } from "../../../src/simulator/simulation.ts";
import type { Outcome } from "./bench-questions.ts";

/** Until queues, pools and replicas are as they will be. */
const WARM_UP_MS = 30_000;
/** A difference between the first and the last third beyond this is a queue that grows. */
const GROWTH = 1.6;
/** That much slower is more than any steady state is. */
const SLOWER = 4;
/** More failures than without the intervention, by overload: no steady state. */
const FAILURES_MORE = 0.05;

/** What requests of one place came to. */
export interface PlaceTruth {
  readonly count: number;
  readonly errorRatio: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly isGrowing: boolean;
}

interface Tally {
  readonly ms: number[];
  readonly atMs: number[];
  errors: number;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);

function quantileOf(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

function truthOf({ ms, atMs, errors }: Tally, fromMs: number, toMs: number): PlaceTruth {
  const sorted = ms.toSorted((a, b) => a - b);
  const third = (toMs - fromMs) / 3;
  const early = ms.filter((_, at) => (atMs[at] ?? 0) < fromMs + third);
  const late = ms.filter((_, at) => (atMs[at] ?? 0) >= toMs - third);
  return {
    count: ms.length,
    errorRatio: errors / Math.max(1, ms.length),
    mean: meanOf(ms),
    p50: quantileOf(sorted, 0.5),
    p95: quantileOf(sorted, 0.95),
    p99: quantileOf(sorted, 0.99),
    isGrowing: meanOf(late) > GROWTH * meanOf(early),
  };
}

/** Places: `SERVICE` and `SERVICE OPERATION`, over all that is served there. */
export type Truths = ReadonlyMap<string, PlaceTruth>;

/** Runs the system as it will be. The same seed gives the same arrivals whatever the intervention. */
export function simulateTruth(
  { spec, load }: Outcome,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): Truths {
  const tallies = new Map<string, Tally>();
  const fromMs = WARM_UP_MS;
  const toMs = WARM_UP_MS + seconds * 1000;
  const note = (place: string, span: SimulatedSpan): void => {
    let tally = tallies.get(place);
    if (tally === undefined) {
      tally = { ms: [], atMs: [], errors: 0 };
      tallies.set(place, tally);
    }
    tally.ms.push(span.endMs - span.startMs);
    tally.atMs.push(span.startMs);
    if (span.status === CODE.error) tally.errors += 1;
  };
  const simulation = createSimulation(
    { ...spec, traceSampling: 1 },
    {
      seed,
      sink: {
        span: (span) => {
          if (span.kind !== KIND.server || span.startMs < fromMs || span.endMs > toMs) return;
          note(span.resource.service, span);
          note(`${span.resource.service} ${span.name}`, span);
        },
      },
    },
  );
  for (const [operation, factor] of Object.entries(load)) {
    simulation.intervene({
      type: "load",
      factor,
      ...(operation === "" ? {} : { operation }),
    });
  }
  simulation.runUntil(toMs);
  return new Map([...tallies].map(([place, tally]) => [place, truthOf(tally, fromMs, toMs)]));
}

/** Whether a place has no steady state any more: its queue grows, or overload fails its requests. */
export function isSaturated(truth: PlaceTruth, none: PlaceTruth | undefined): boolean {
  const before = none ?? truth;
  const fails = truth.errorRatio > before.errorRatio + FAILURES_MORE;
  const slower = truth.mean / before.mean;
  return slower > SLOWER || (slower > 1.5 && (truth.isGrowing || fails));
}
