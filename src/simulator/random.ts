import type { Timing } from "./system-spec.ts";

/** A seeded source of numbers in [0, 1). */
export type Random = () => number;

/** How much a time varies when nothing is said of it: standard deviation over mean. */
const DEFAULT_CV = 0.5;

/** 32 bits of a text (FNV-1a), so that every purpose has a stream of its own. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * One stream of a seed (sfc32). Streams with different labels are independent, so that more draws for one purpose do not
 * shift those of another: two runs with one seed and different interventions see the same arrivals.
 */
export function randomStream(seed: number, label: string): Random {
  let a = hashOf(label);
  let b = seed | 0;
  let c = 0x9e3779b9 ^ Math.floor(seed / 4_294_967_296);
  let counter = 1;
  const next = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    return (mixed >>> 0) / 4_294_967_296;
  };
  for (let warm = 0; warm < 12; warm += 1) next();
  return next;
}

/** A draw with mean 1, so that it can be scaled by what holds at the time of the draw. */
type Draw = () => number;

const one: Draw = () => 1;

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function drawOf(cv: number, random: Random): Draw {
  if (cv <= 0) return one;
  const variance = Math.log(1 + cv * cv);
  const spread = Math.sqrt(variance);
  return () => Math.exp(spread * normal(random) - variance / 2);
}

/** Milliseconds drawn around a mean. */
export interface Sampler {
  readonly meanMs: number;
  draw(): number;
}

export function meanOf(timing: Timing | undefined): number {
  if (timing === undefined) return 0;
  return typeof timing === "number" ? timing : timing.ms;
}

/** Lognormal with the given variation, or exponential where asked. */
export function samplerOf(timing: Timing | undefined, random: Random): Sampler {
  const meanMs = meanOf(timing);
  if (meanMs <= 0) return { meanMs: 0, draw: () => 0 };
  if (typeof timing === "object" && timing.shape === "exponential") {
    return { meanMs, draw: () => -Math.log(1 - random()) * meanMs };
  }
  const draw = drawOf((typeof timing === "object" ? timing.cv : undefined) ?? DEFAULT_CV, random);
  return { meanMs, draw: () => meanMs * draw() };
}
