import { errorText, isOperationError } from "../errors.ts";
import { incidentEvent, streamId } from "../incident/stored-event.ts";
import type { StoredEvent } from "../store/store.ts";
import type { SlackDeps } from "./deps.ts";
import type { IncidentRoom } from "./incident-room.ts";

const BUCKET = "slack-feed";
/** The executor is another process, so the record is asked; a page is on screen within this and one post. */
const FEED_EVERY_MS = 250;
const BATCH_MAX = 100;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 30_000;

const CATEGORIES = ["incident", "proposal"] as const;
type Category = (typeof CATEGORIES)[number];

export interface IncidentFeed {
  start(): Promise<void>;
  /** Handles what has been recorded since the last time; also for tests. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Follows incidents and proposals in the record and keeps Slack equal to it. The position is kept, so that a restart
 * goes on where it stopped; what was handled but not yet noted is handled again, without a second post.
 */
export function createIncidentFeed(deps: SlackDeps, room: IncidentRoom): IncidentFeed {
  const feed = new Feed(deps, room);
  let stopTimer: () => void = () => undefined;
  return {
    start: async () => {
      await feed.resume();
      stopTimer = deps.clock.every(
        FEED_EVERY_MS,
        () => feed.tick(),
        (error) => deps.log.error("slack_feed_failed", { error: errorText(error) }),
      );
    },
    tick: () => feed.tick(),
    stop: async () => {
      stopTimer();
      await feed.settle();
    },
  };
}

class Feed {
  readonly #deps: SlackDeps;
  readonly #room: IncidentRoom;
  readonly #positions = new Map<Category, number>();
  readonly #investigations = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #notBeforeMs = 0;

  constructor(deps: SlackDeps, room: IncidentRoom) {
    this.#deps = deps;
    this.#room = room;
  }

  tick(): Promise<void> {
    const job = this.#running.then(() => this.#drain());
    const settled = (): void => undefined;
    this.#running = job.then(settled, settled);
    return job;
  }

  /** Investigations that were due when an earlier life ended. */
  async resume(): Promise<void> {
    for (const incidentId of await this.#room.wantedInvestigations()) this.#investigate(incidentId);
  }

  async settle(): Promise<void> {
    await this.#running;
    await Promise.all(this.#investigations);
  }

  async #drain(): Promise<void> {
    if (this.#deps.clock.nowMs() < this.#notBeforeMs) return;
    const batches = await Promise.all(CATEGORIES.map((category) => this.#read(category)));
    const events = batches.flat().sort((a, b) => a.event.position - b.event.position);
    for (const { category, event } of events) {
      // biome-ignore lint/performance/noAwaitInLoops: the order of the record is the order in Slack
      if (!(await this.#handled(category, event))) return;
      this.#positions.set(category, event.position);
      await this.#deps.store.put(BUCKET, category, event.position);
    }
  }

  async #read(
    category: Category,
  ): Promise<readonly { readonly category: Category; readonly event: StoredEvent }[]> {
    const { store } = this.#deps;
    const kept = this.#positions.get(category) ?? (await store.get(BUCKET, category));
    const after = typeof kept === "number" ? kept : 0;
    const events = await store.readCategory(category, after, BATCH_MAX);
    return events.map((event) => ({ category, event }));
  }

  /** `false`: come back later. What Slack refuses for good is counted and passed over: it must not hold up the rest. */
  async #handled(category: Category, event: StoredEvent): Promise<boolean> {
    const { clock, log, meter } = this.#deps;
    try {
      await (category === "incident" ? this.#incident(event) : this.#proposal(event));
      this.#failures = 0;
      return true;
    } catch (error) {
      const isFinal =
        isOperationError(error, "slack_refused") || isOperationError(error, "channel_unknown");
      meter.add("orrery_slack_feed_failures_total", 1, { final: String(isFinal) });
      log.warn("slack_feed_event_failed", {
        stream: event.stream,
        type: event.type,
        error: errorText(error),
      });
      if (isFinal) return true;
      this.#failures += 1;
      const waitMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(this.#failures, 10));
      this.#notBeforeMs = clock.nowMs() + waitMs;
      return false;
    }
  }

  async #incident(stored: StoredEvent): Promise<void> {
    const event = incidentEvent(stored);
    const id = streamId(stored);
    switch (event.type) {
      case "incident-opened":
      case "page-joined":
      case "recovered":
      case "resolved":
        await this.#room.showSummary(id);
        return;
      case "reopened":
        await this.#room.showReopened(id);
        return;
      case "diagnosis-recorded": {
        const isOtherCause = await this.#room.showDiagnosis(id);
        if (event.which !== "first" && !isOtherCause) return;
        await this.#room.wantInvestigation(id, event.diagnosis.asOfMs);
        this.#investigate(id);
        return;
      }
      case "proposal-made":
      case "investigation-started":
      case "investigation-ended":
      case "hypothesis-recorded":
        return;
    }
  }

  /** Runs beside the feed: a page must not wait for the investigation of another. */
  #investigate(incidentId: string): void {
    const job = this.#room.investigate(incidentId).finally(() => this.#investigations.delete(job));
    this.#investigations.add(job);
  }

  async #proposal(stored: StoredEvent): Promise<void> {
    await this.#room.showProposal(streamId(stored));
  }
}
