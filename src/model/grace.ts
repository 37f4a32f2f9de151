import type { Sender } from "./site.ts";
import { BUCKET_GRACE_MS } from "./view.ts";

/** However slow its senders are, a bucket waits no longer than this: a diagnosis must not. */
const GRACE_MAX_MS = 10_000;
const STEP_MS = 2_500;
const STEPS = GRACE_MAX_MS / STEP_MS;
/** More than this share of a sender's spans beyond the grace, and the grace grows. */
const LATE_SHARE_MAX = 0.02;
/** A handful of slow spans is chance. */
const SLOW_SPANS_MIN = 5;
/** Each close, what was seen weighs less: half after half a minute. */
const KEPT_A_CLOSE = 0.9;

/**
 * How long a bucket waits for its spans after its end. A process that is starved of CPU sends its spans seconds late, and
 * those are the ones that matter: when a sender's spans would keep missing their buckets, all buckets wait longer.
 */
export class Grace {
  /** Spans that needed more than the least grace, by how much more. */
  readonly #slow = new Map<Sender, Float64Array>();
  #ms = BUCKET_GRACE_MS;

  get ms(): number {
    return this.#ms;
  }

  /** Notes a span that came `delayMs` after the end of its bucket. */
  note(sender: Sender, delayMs: number): void {
    sender.recentSpans += 1;
    if (delayMs <= BUCKET_GRACE_MS || delayMs > GRACE_MAX_MS) return;
    let steps = this.#slow.get(sender);
    if (steps === undefined) {
      steps = new Float64Array(STEPS + 1);
      this.#slow.set(sender, steps);
    }
    const step = Math.ceil(delayMs / STEP_MS);
    steps[step] = (steps[step] ?? 0) + 1;
  }

  /** Decides anew. Contract: once for each bucket, with every sender heard in it. */
  close(senders: Iterable<Sender>): void {
    let ms = BUCKET_GRACE_MS;
    for (const [sender, steps] of this.#slow) {
      ms = Math.max(ms, neededMs(steps, sender.recentSpans));
      for (let step = 0; step <= STEPS; step += 1) steps[step] = (steps[step] ?? 0) * KEPT_A_CLOSE;
      if (steps.every((count) => count < 0.5)) this.#slow.delete(sender);
    }
    for (const sender of senders) sender.recentSpans *= KEPT_A_CLOSE;
    this.#ms = ms;
  }
}

/** The least grace that keeps all but `LATE_SHARE_MAX` of a sender's spans. */
function neededMs(steps: Float64Array, all: number): number {
  const slow = steps.reduce((sum, count) => sum + count, 0);
  const bearable = Math.max(SLOW_SPANS_MIN, LATE_SHARE_MAX * all);
  let beyond = slow;
  for (let step = 1; step < STEPS; step += 1) {
    beyond -= steps[step] ?? 0;
    if (slow >= bearable && beyond < bearable) return step * STEP_MS;
  }
  return slow >= bearable ? GRACE_MAX_MS : BUCKET_GRACE_MS;
}
