import type { Problem } from "../problem.ts";
import type { Prepared } from "./prepared.ts";
import { drawAt } from "./random-hash.ts";
import { type Wait, waitAt } from "./wait.ts";

/** Limit: attempts of one call, whatever its retries. */
const ATTEMPTS_MAX = 8;
/** Back-off doubles this often at most. */
const BACKOFF_STEPS_MAX = 4;
/** Waits of one attempt draw their own numbers. */
const DRAW = { accept: 1, pool: 2, again: 3, fatal: 4, rescue: 5 } as const;

/** How exemplars are played: what is different from when they were seen. */
export interface PlayInput {
  /** By station and slice (`station * slices + slice`): factor on own time, and exponent on its spread. */
  readonly factor: Float64Array;
  readonly spread: Float64Array;
  /** By link: patience, attempts allowed, and whether those are others than when the exemplars were seen. */
  readonly timeoutMs: Float64Array;
  readonly attempts: Float64Array;
  readonly isChanged: Uint8Array;
  /** Waits in front of each station and for each link's connection: as they will be, and as they were seen. */
  readonly accept: readonly Wait[];
  readonly acceptSeen: readonly Wait[];
  readonly pool: readonly Wait[];
  readonly poolSeen: readonly Wait[];
  /** By link: factor on the time that its callee does not account for. */
  readonly gap: Float64Array;
  readonly seed: number;
}

/** What came of it, by node and by attempt. Reused from one play to the next. */
export interface Played {
  readonly durationMs: Float64Array;
  readonly failed: Uint8Array;
  /** Time of failed attempts before a call that now succeeds, carried upwards. */
  readonly extraMs: Float64Array;
  readonly attemptMs: Float64Array;
  /** By attempt: how much more than seen it waited for a connection. */
  readonly poolMs: Float64Array;
  readonly attemptFailed: Uint8Array;
  readonly made: Uint8Array;
  /** Attempts beyond those seen, by the node or attempt whose like was taken. */
  readonly borrowed: Float64Array;
}

export function emptyPlay({ program }: Problem): Played {
  const nodes = program.station.length;
  const attempts = program.gapMs.length;
  return {
    durationMs: Float64Array.from(program.durationMs),
    failed: Uint8Array.from(program.failed),
    extraMs: new Float64Array(nodes),
    attemptMs: Float64Array.from(program.gapMs, (gap, at) => {
      const child = program.child[at] ?? -1;
      return gap + (child >= 0 ? (program.durationMs[child] ?? 0) : 0);
    }),
    poolMs: new Float64Array(attempts),
    attemptFailed: Uint8Array.from(program.attemptFailed),
    made: new Uint8Array(attempts).fill(1),
    borrowed: new Float64Array(attempts),
  };
}

/** One attempt's end. */
interface Ended {
  ms: number;
  failed: boolean;
}

/** Plays nodes from the last to the first, so that every callee has been played before its caller. */
export class Player {
  readonly #of: Prepared;
  readonly #input: PlayInput;
  readonly #played: Played;
  readonly #slices: number;
  /** Of the node under way. */
  #slice = 0;
  #factor = 1;
  #extraMs = 0;

  constructor(of: Prepared, input: PlayInput, played: Played) {
    this.#of = of;
    this.#input = input;
    this.#played = played;
    this.#slices = of.problem.slices.length;
  }

  play(): void {
    this.#played.borrowed.fill(0);
    for (let node = this.#of.problem.program.station.length - 1; node >= 0; node -= 1)
      this.#playNode(node);
  }

  #factorOf(node: number): number {
    const { program } = this.#of.problem;
    const station = program.station[node] ?? 0;
    const at = station * this.#slices + this.#slice;
    const factor = this.#input.factor[at] ?? 1;
    const spread = this.#input.spread[at] ?? 1;
    if (spread === 1) return factor;
    // Around the mean of a lognormal with the operation's own spread, so that the mean stays.
    const operation = program.operation[node] ?? 0;
    const variance = this.#of.logVariance[operation] ?? 0;
    const mean = 0.5 * variance * (spread * spread - 1);
    return (
      factor * Math.exp((spread - 1) * ((this.#of.logSelf[node] ?? 0) + 0.5 * variance) - mean)
    );
  }

  #playNode(node: number): void {
    const { program } = this.#of.problem;
    const played = this.#played;
    this.#slice = program.slices[program.trace[node] ?? 0] ?? 0;
    this.#factor = this.#factorOf(node);
    this.#extraMs = 0;
    const wasFailedByCall = this.#of.failedByCall[node] === 1;
    const groups = this.#playGroups(node);
    const { failed } = groups;
    let { ms } = groups;
    const isCut = failed && !wasFailedByCall;
    if (!isCut) ms += (program.tailMs[node] ?? 0) * this.#factor;
    const isRescued = wasFailedByCall && !failed;
    if (isRescued) ms = this.#rescuedMs(node, ms);
    const own = program.failed[node] === 1 && !wasFailedByCall;
    played.durationMs[node] = ms;
    played.failed[node] = failed || own ? 1 : 0;
    played.extraMs[node] = this.#extraMs;
  }

  /** One after another, until one fails. */
  #playGroups(node: number): Ended {
    const { program } = this.#of.problem;
    const ended: Ended = { ms: 0, failed: false };
    const end = program.firstGroup[node + 1] ?? 0;
    for (let group = program.firstGroup[node] ?? 0; group < end; group += 1) {
      if (ended.failed) {
        this.#skip(group);
        continue;
      }
      const longest = this.#playGroup(group);
      ended.ms += (program.leadMs[group] ?? 0) * this.#factor + longest.ms;
      ended.failed = longest.failed;
    }
    return ended;
  }

  /** A request that failed then and would not now goes on as one of its kind that was well. */
  #rescuedMs(node: number, otherwiseMs: number): number {
    const { starts, rows } = this.#of.wellByOperation;
    const operation = this.#of.problem.program.operation[node] ?? 0;
    const from = starts[operation] ?? 0;
    const count = (starts[operation + 1] ?? 0) - from;
    if (count <= 0) return otherwiseMs;
    const pick = Math.floor(drawAt(this.#input.seed, node, DRAW.rescue) * count);
    const model = rows[from + pick] ?? node;
    return (this.#played.durationMs[model] ?? otherwiseMs) + this.#extraMs;
  }

  #skip(group: number): void {
    const { program } = this.#of.problem;
    const from = program.firstAttempt[program.firstChain[group] ?? 0] ?? 0;
    const to = program.firstAttempt[program.firstChain[group + 1] ?? 0] ?? 0;
    this.#played.made.fill(0, from, to);
  }

  #playGroup(group: number): Ended {
    const { program, links } = this.#of.problem;
    const all: Ended = { ms: 0, failed: false };
    const end = program.firstChain[group + 1] ?? 0;
    for (let chain = program.firstChain[group] ?? 0; chain < end; chain += 1) {
      const ended = this.#playChain(chain);
      const ms = (program.offsetMs[chain] ?? 0) * this.#factor + ended.ms;
      if (ms > all.ms) all.ms = ms;
      if (!ended.failed) continue;
      const fatal = links[program.link[chain] ?? -1]?.fatal ?? 1;
      const first = program.firstAttempt[chain] ?? 0;
      if (fatal >= 1 || drawAt(this.#input.seed, first, DRAW.fatal) < fatal) all.failed = true;
    }
    return all;
  }

  /** How many attempts a chain may have. Unless tries are changed, what was seen to fail for good does so. */
  #allowed(chain: number, link: number): number {
    const { program } = this.#of.problem;
    const end = program.firstAttempt[chain + 1] ?? 0;
    const seen = end - (program.firstAttempt[chain] ?? 0);
    if (link < 0) return seen;
    const attempts = this.#input.attempts[link] ?? seen;
    if (this.#input.isChanged[link] === 1) return Math.min(ATTEMPTS_MAX, attempts);
    const gaveUp = program.attemptFailed[end - 1] === 1;
    return gaveUp ? seen : Math.min(ATTEMPTS_MAX, Math.max(seen, attempts));
  }

  #playChain(chain: number): Ended {
    const { program } = this.#of.problem;
    const from = program.firstAttempt[chain] ?? 0;
    const seen = (program.firstAttempt[chain + 1] ?? 0) - from;
    const link = program.link[chain] ?? -1;
    const allowed = this.#allowed(chain, link);
    const ended: Ended = { ms: 0, failed: true };
    let tried = 0;
    let lostMs = 0;
    for (; tried < allowed && ended.failed; tried += 1) {
      const isSeen = tried < seen;
      if (tried > 0) ended.ms += this.#backoff(from, tried, isSeen ? undefined : link);
      lostMs = ended.ms;
      const one = isSeen ? this.#playAttempt(from + tried, link) : this.#borrow(chain, from, tried);
      ended.ms += one.ms;
      ended.failed = one.failed;
    }
    const made = from + Math.min(tried, seen);
    this.#played.made.fill(1, from, made).fill(0, made, from + seen);
    if (!ended.failed) this.#carry(from + Math.min(tried, seen) - 1, tried > seen, lostMs);
    return ended;
  }

  /** `link`: of an attempt that was not seen. */
  #backoff(from: number, tried: number, link: number | undefined): number {
    const { program, links } = this.#of.problem;
    if (link === undefined) return program.backoffMs[from + tried] ?? 0;
    return (links[link]?.backoffMs ?? 0) * 2 ** Math.min(BACKOFF_STEPS_MAX, tried - 1);
  }

  /** Time lost before a success that was not seen to succeed then. */
  #carry(last: number, isBorrowed: boolean, lostMs: number): void {
    const { program } = this.#of.problem;
    if (isBorrowed || program.attemptFailed[last] === 1) this.#extraMs += lostMs;
    const child = program.child[last] ?? -1;
    if (!isBorrowed && child >= 0) this.#extraMs += this.#played.extraMs[child] ?? 0;
  }

  #waitDifference(attempt: number, link: number): number {
    const { accept, acceptSeen, pool, poolSeen, seed } = this.#input;
    const to = this.#of.attemptTo[attempt] ?? -1;
    const u = drawAt(seed, attempt, DRAW.accept);
    const v = drawAt(seed, attempt, DRAW.pool);
    let ms = 0;
    const [front, seenFront] = [accept[to], acceptSeen[to]];
    if (front !== undefined && seenFront !== undefined)
      ms += waitAt(front, u) - waitAt(seenFront, u);
    const [before, seenBefore] = [pool[link], poolSeen[link]];
    if (before !== undefined && seenBefore !== undefined) {
      const more = waitAt(before, v) - waitAt(seenBefore, v);
      this.#played.poolMs[attempt] = more;
      ms += more;
    }
    return ms;
  }

  #playAttempt(attempt: number, link: number): Ended {
    const { program } = this.#of.problem;
    const played = this.#played;
    const child = program.child[attempt] ?? -1;
    const gap = program.gapMs[attempt] ?? 0;
    const slow = child >= 0 ? (this.#input.gap[link] ?? 1) : this.#storeFactor(attempt);
    const wait = link < 0 ? 0 : this.#waitDifference(attempt, link);
    let ms = Math.max(0.2 * gap, gap * slow + wait);
    let failed: boolean;
    if (child >= 0) {
      ms += played.durationMs[child] ?? 0;
      // A call that failed although its callee knows of no failure was cut off, or refused: it stays so.
      const wasCut = program.attemptFailed[attempt] === 1 && program.failed[child] === 0;
      failed = wasCut || played.failed[child] === 1;
    } else failed = program.attemptFailed[attempt] === 1;
    const timeoutMs =
      link < 0
        ? Number.POSITIVE_INFINITY
        : (this.#input.timeoutMs[link] ?? Number.POSITIVE_INFINITY);
    if (ms > timeoutMs) {
      ms = timeoutMs;
      failed = true;
    }
    played.attemptMs[attempt] = ms;
    played.attemptFailed[attempt] = failed ? 1 : 0;
    return { ms, failed };
  }

  /** What is called tells nothing of itself: all of the time on the link is its own. */
  #storeFactor(attempt: number): number {
    const to = this.#of.attemptTo[attempt] ?? -1;
    return to < 0 ? 1 : (this.#input.factor[to * this.#slices + this.#slice] ?? 1);
  }

  /** One more attempt than was seen: as another one of its kind went. */
  #borrow(chain: number, from: number, tried: number): Ended {
    const { starts, rows } = this.#of.byCall;
    const call = this.#of.problem.program.call[chain] ?? 0;
    const first = starts[call] ?? 0;
    const count = (starts[call + 1] ?? 0) - first;
    const pick = Math.floor(drawAt(this.#input.seed, from, DRAW.again + 16 * tried) * count);
    const model = rows[first + pick] ?? from;
    this.#played.borrowed[model] = (this.#played.borrowed[model] ?? 0) + 1;
    return {
      ms: this.#played.attemptMs[model] ?? 0,
      failed: this.#played.attemptFailed[model] === 1,
    };
  }
}
