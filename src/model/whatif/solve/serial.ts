/**
 * A resource inside a store that only one call has at a time: a lock, a log, a hot row. Nothing tells of it but calls that
 * vary more than their work can; it fills up as load or work grows while processors are idle.
 */
export interface Serial {
  /** Share of calls that need it. */
  readonly share: number;
}

/** Its wait over that with exponential holds: those of statements vary less. */
const EVENNESS = 0.6;
/** Standard deviation over mean that work on a processor, and all other time, may have without it. */
const WORK_CV = 1.15;
const OTHER_CV = 0.45;
const BUSY_MAX = 0.97;
/** Nothing that was seen to be stable is busier than this by so rough a guess. */
const GUESS_MAX = 0.8;

export interface SerialEvidence {
  /** Of calls of one kind, milliseconds squared; NaN: not known. */
  readonly variance: number;
  readonly meanMs: number;
  /** Of that: on processors, with their queue. */
  readonly workMs: number;
  /** Calls a second. */
  readonly rate: number;
}

/** The resource whose waits explain how much calls vary. Undefined: their work explains it. */
export function serialBehind({
  variance,
  meanMs,
  workMs,
  rate,
}: SerialEvidence): Serial | undefined {
  const otherMs = Math.max(0, meanMs - workMs);
  const beyond = variance - (WORK_CV * workMs) ** 2 - (OTHER_CV * otherMs) ** 2;
  const offered = (rate * meanMs) / 1000;
  if (!(beyond > 0.05 * variance) || !(offered > 0)) return undefined;
  // Waiting, with probability share · busy and then EVENNESS · hold / (1 − busy) in the mean, varies by this much.
  const ratio = Math.sqrt((beyond * offered) / 2) / (EVENNESS * meanMs);
  const busy = Math.min(GUESS_MAX, ratio / (1 + ratio));
  return { share: Math.min(1, busy / offered) };
}

/** Mean wait of all calls for it, and how busy it is. */
export function serialWait(
  { share }: Serial,
  { holdMs, rate }: { readonly holdMs: number; readonly rate: number },
): { readonly waitMs: number; readonly busy: number } {
  const busy = (rate * share * holdMs) / 1000;
  const used = Math.min(BUSY_MAX, busy);
  return { waitMs: (share * EVENNESS * holdMs * used) / (1 - used), busy };
}
