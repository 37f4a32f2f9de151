/** Good and bad requests of one step of time. */
export interface Tally {
  readonly good: number;
  readonly bad: number;
}

/** How much better two ratios explain the tallies than one, in nats, before a change is believed. */
const EVIDENCE_MIN = 8;
/** A rise of the bad share below this is no trouble, however certain. */
const RISE_MIN = 0.03;
/** Steps of health that part two troubles; 12 buckets are a minute: sooner than that an incident is not recovered either. */
const HEALTHY_STEPS = 12;
/** The newest tallies must still look like the trouble: at least this share of its bad ratio. */
const STILL_ON = 0.3;

/** Log-likelihood of `bad` in `all` at their own ratio (Jeffreys' half a request keeps it finite). */
function logLikelihood(good: number, bad: number): number {
  const ratio = (bad + 0.5) / (good + bad + 1);
  return bad * Math.log(ratio) + good * Math.log(1 - ratio);
}

/**
 * The step at which the share of bad requests rose to what it is now: the split that explains the tallies best as two
 * ratios (likelihood ratio of a single change in a Bernoulli sequence), looked for after the last minute that was as
 * healthy as the time before the first rise: what was over for so long was another trouble. -1: no rise that is still
 * going on. A few bad requests before weigh little against it, so that noise long ago does not move the onset.
 */
export function riseOf(tallies: readonly Tally[], recent: number): number {
  const first = bestRise(tallies, recent);
  if (first < 0) return first;
  const healthy = sumOf(tallies.slice(0, first));
  const gap = lastHealthy(tallies, first, badRatio(healthy));
  if (gap < 0) return first;
  // What was over is not on again before there is evidence of its own.
  const later = bestRise(tallies.slice(gap), recent);
  return later < 0 ? later : gap + later;
}

const badRatio = ({ good, bad }: Tally): number => bad / Math.max(1, good + bad);

const sumOf = (tallies: readonly Tally[]): Tally =>
  tallies.reduce((sum, { good, bad }) => ({ good: sum.good + good, bad: sum.bad + bad }), {
    good: 0,
    bad: 0,
  });

/** Where the last healthy minute after `first` begins: like the time before, and surely unlike the trouble; -1: nowhere. */
function lastHealthy(tallies: readonly Tally[], first: number, healthyRatio: number): number {
  const trouble = badRatio(sumOf(tallies.slice(first)));
  for (let from = tallies.length - HEALTHY_STEPS; from > first; from -= 1) {
    const { good, bad } = sumOf(tallies.slice(from, from + HEALTHY_STEPS));
    const ratio = badRatio({ good, bad });
    const asTrouble = bad * Math.log(trouble) + good * Math.log(1 - Math.min(trouble, 0.999));
    const evidence = logLikelihood(good, bad) - asTrouble;
    if (ratio < healthyRatio + RISE_MIN && ratio < trouble && evidence >= EVIDENCE_MIN) return from;
  }
  return -1;
}

function bestRise(tallies: readonly Tally[], recent: number): number {
  const total = sumOf(tallies);
  const whole = logLikelihood(total.good, total.bad);
  const before = { good: 0, bad: 0 };
  let best = EVIDENCE_MIN;
  let found = -1;
  for (const [index, { good, bad }] of tallies.entries()) {
    const after = { good: total.good - before.good, bad: total.bad - before.bad };
    const ratioBefore = before.bad / Math.max(1, before.good + before.bad);
    const ratioAfter = after.bad / Math.max(1, after.good + after.bad);
    const evidence =
      logLikelihood(before.good, before.bad) + logLikelihood(after.good, after.bad) - whole;
    const isRise = ratioAfter - ratioBefore >= RISE_MIN && before.good > 0;
    if (isRise && evidence > best && isStillOn(tallies, recent, ratioAfter)) {
      best = evidence;
      found = index;
    }
    before.good += good;
    before.bad += bad;
  }
  return found;
}

function isStillOn(tallies: readonly Tally[], recent: number, ratio: number): boolean {
  const last = tallies.filter(({ good, bad }) => good + bad > 0).slice(-recent);
  const bad = last.reduce((sum, one) => sum + one.bad, 0);
  const all = last.reduce((sum, one) => sum + one.good + one.bad, 0);
  return all > 0 && bad / all >= STILL_ON * ratio;
}
