import { errorText } from "../errors.ts";
import {
  EXECUTOR_BEAT_EVERY_MS,
  removeRegistration,
  writeRegistration,
} from "../incident/executor-registration.ts";
import type { StoredEvent, StreamName } from "../store/store.ts";
import { Execution, type ExecutionDeps } from "./execution.ts";

/** From the click to the claim takes at most this and the checks. */
const FOLLOW_EVERY_MS = 250;
const BATCH_MAX = 100;
/** Limit: proposals under way at a time; further ones stay in the record until some are over. */
const PENDING_MAX = 1_000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

const BUCKET = "executor";
/** All that was decided up to this position is over, so that a restart reads on from there. */
const CURSOR = "cursor";

export interface Executor {
  /** Registers, then follows the record. Errors: those of the store. */
  start(): Promise<void>;
  /** Deals with what has been approved since the last time; also for tests. */
  tick(): Promise<void>;
  /** Takes on nothing more, and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

interface Pending {
  /** Of its approval. */
  readonly position: number;
  readonly failures: number;
  readonly notBeforeMs: number;
}

/** Follows the approved proposals and carries them out, one at a time: one change to production, then the next. */
export function createExecutor(deps: ExecutionDeps): Executor {
  const follower = new Follower(deps);
  let stopTimers: readonly (() => void)[] = [];
  const beat = (): Promise<void> =>
    writeRegistration(deps.store, {
      id: deps.id,
      actions: deps.target.actions,
      beatMs: deps.clock.nowMs(),
    });
  return {
    start: async () => {
      await beat();
      const failed = (event: string) => (error: unknown) => {
        deps.meter.add("orrery_executor_failures_total", 1, { event });
        deps.log.error(event, { error: errorText(error) });
      };
      stopTimers = [
        deps.clock.every(EXECUTOR_BEAT_EVERY_MS, beat, failed("executor_beat_failed")),
        deps.clock.every(FOLLOW_EVERY_MS, () => follower.tick(), failed("executor_tick_failed")),
      ];
    },
    tick: () => follower.tick(),
    stop: async () => {
      for (const stopTimer of stopTimers) stopTimer();
      await follower.stop();
      await removeRegistration(deps.store);
    },
  };
}

function pauseAfter(failures: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures, 10));
}

class Follower {
  readonly #deps: ExecutionDeps;
  readonly #execution: Execution;
  readonly #pending = new Map<StreamName, Pending>();
  #position: number | undefined;
  #cursor = 0;
  /** Undefined while the first reading is not through. */
  #bootPosition: number | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopping = false;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(deps: ExecutionDeps) {
    this.#deps = deps;
    this.#execution = new Execution(deps);
  }

  tick(): Promise<void> {
    const job = this.#running.then(() => this.#tick());
    const settled = (): void => undefined;
    this.#running = job.then(settled, settled);
    return job;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #tick(): Promise<void> {
    const { clock } = this.#deps;
    if (this.#isStopping || clock.nowMs() < this.#notBeforeMs) return;
    const position = await this.#readOrWait();
    for (const [stream, pending] of this.#pending) {
      if (this.#isStopping) return;
      // biome-ignore lint/performance/noAwaitInLoops: one change to production at a time
      await this.#deal(stream, pending);
    }
    await this.#keepCursor(position);
  }

  /** A record that cannot be read is asked less and less often. */
  async #readOrWait(): Promise<number> {
    try {
      const position = await this.#read();
      this.#failures = 0;
      return position;
    } catch (error) {
      this.#notBeforeMs = this.#deps.clock.nowMs() + pauseAfter(this.#failures);
      this.#failures += 1;
      throw error;
    }
  }

  /** Takes up what was approved since the last time. Answers how far it has read. */
  async #read(): Promise<number> {
    const { store } = this.#deps;
    let position = this.#position ?? (await this.#savedCursor());
    for (let isMore = true; isMore && this.#pending.size < PENDING_MAX; ) {
      // biome-ignore lint/performance/noAwaitInLoops: a batch begins where the one before ended
      const events = await store.readCategory("proposal", position, BATCH_MAX);
      for (const event of events) this.#take(event);
      position = events.at(-1)?.position ?? position;
      this.#position = position;
      isMore = events.length === BATCH_MAX;
      if (!isMore) this.#bootPosition ??= position;
    }
    return position;
  }

  async #savedCursor(): Promise<number> {
    const saved = await this.#deps.store.get(BUCKET, CURSOR);
    this.#cursor = typeof saved === "number" ? saved : 0;
    return this.#cursor;
  }

  #take({ type, stream, position }: StoredEvent): void {
    if (type !== "proposal-approved") return;
    if (!this.#pending.has(stream))
      this.#pending.set(stream, { position, failures: 0, notBeforeMs: 0 });
  }

  async #deal(stream: StreamName, pending: Pending): Promise<void> {
    const { clock, log, meter } = this.#deps;
    if (clock.nowMs() < pending.notBeforeMs) return;
    const again = (failures: number): void => {
      const notBeforeMs = clock.nowMs() + pauseAfter(failures);
      this.#pending.set(stream, { ...pending, failures, notBeforeMs });
    };
    try {
      const dealt = await this.#execution.deal(stream, this.#bootPosition ?? 0);
      if (dealt === "over") this.#pending.delete(stream);
      else again(pending.failures);
    } catch (error) {
      meter.add("orrery_executor_failures_total", 1, { event: "executor_proposal_failed" });
      log.error("executor_proposal_failed", { stream, error: errorText(error) });
      again(pending.failures + 1);
    }
  }

  async #keepCursor(readPosition: number): Promise<void> {
    const oldest = Math.min(...[...this.#pending.values()].map(({ position }) => position));
    const cursor = Math.min(readPosition, oldest - 1);
    if (cursor === this.#cursor) return;
    await this.#deps.store.put(BUCKET, CURSOR, cursor);
    this.#cursor = cursor;
  }
}
