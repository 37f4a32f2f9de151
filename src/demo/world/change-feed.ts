import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** An event as a deploy pipeline posts it. */
export interface ChangeEvent {
  readonly id: string;
  readonly timeMs: number;
  readonly kind: "deploy" | "config" | "flag" | "scale" | "restart" | "limit";
  readonly entity: string;
  readonly summary: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

const ATTEMPTS_MAX = 5;
const ATTEMPT_TIMEOUT_MS = 2_000;
/** Limit: events kept for `GET /ops/state` and the injector. */
const EVENTS_MAX = 200;

/** Tells whoever watches the system what was done to it, in order, and remembers it. */
export class ChangeFeed {
  readonly #endpoint: string;
  readonly #log: Log;
  readonly #events: ChangeEvent[] = [];
  #number = 0;
  #posting: Promise<void> = Promise.resolve();

  constructor(endpoint: string, log: Log) {
    this.#endpoint = endpoint;
    this.#log = log;
  }

  get events(): readonly ChangeEvent[] {
    return this.#events;
  }

  /** Returns at once: an operation does not wait for those who watch. */
  post(event: Omit<ChangeEvent, "id">): ChangeEvent {
    this.#number += 1;
    const complete: ChangeEvent = {
      id: `chg-${event.timeMs.toString(36)}-${this.#number}`,
      ...event,
    };
    this.#events.push(complete);
    if (this.#events.length > EVENTS_MAX) this.#events.shift();
    this.#posting = this.#posting.then(() => this.#deliver(complete));
    return complete;
  }

  async #deliver(event: ChangeEvent): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      try {
        const response = await fetch(this.#endpoint, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(event),
          signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
        });
        await response.arrayBuffer();
        if (response.ok) return;
        this.#log.warn("change_refused", { id: event.id, status: response.status });
        if (response.status < 500 && response.status !== 429) return;
      } catch (error) {
        this.#log.warn("change_not_posted", { id: event.id, error: errorText(error) });
      }
      await sleep(200 * attempt);
    }
  }
}
