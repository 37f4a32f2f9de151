import { assert } from "../assert.ts";
import type { Clock } from "../clock.ts";
import { EVENT_BYTES_MAX, type Store, type StreamName } from "../store/store.ts";
import { ConversationState } from "./conversation.ts";
import { type ConversationEvent, conversationEvent } from "./conversation-events.ts";

/**
 * One conversation on disk. What `append` has resolved for is durable and in `state`; appends of tool calls that run at
 * once go one after another. Errors: `OperationError("version_conflict")` when somebody else writes the conversation.
 */
export class ConversationJournal {
  readonly state = new ConversationState();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #stream: StreamName;
  #version = 0;
  #tail: Promise<void> = Promise.resolve();

  private constructor(store: Store, clock: Clock, stream: StreamName) {
    this.#store = store;
    this.#clock = clock;
    this.#stream = stream;
  }

  static async open(
    store: Store,
    clock: Clock,
    conversationId: string,
  ): Promise<ConversationJournal> {
    const journal = new ConversationJournal(store, clock, `conversation/${conversationId}`);
    for (const stored of await store.read(journal.#stream)) {
      const event = conversationEvent(stored);
      if (event !== undefined) journal.state.apply(event, stored.atMs);
      journal.#version = stored.version;
    }
    return journal;
  }

  /** `make` runs when it is this event's turn, so that ids minted in it are in the order of the journal. */
  append<Event extends ConversationEvent>(make: () => Event): Promise<Event> {
    const done = this.#tail.then(async () => {
      const event = make();
      await this.#write(event);
      return event;
    });
    // A failed write stops the turn through `done`; the tail only orders.
    this.#tail = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #write(event: ConversationEvent): Promise<void> {
    const { type, ...body } = event;
    const atMs = this.#clock.nowMs();
    assert(JSON.stringify(body).length <= EVENT_BYTES_MAX / 2, "an event of a turn is bounded");
    this.#version = await this.#store.append(this.#stream, this.#version, [{ type, atMs, body }]);
    this.state.apply(event, atMs);
  }
}
