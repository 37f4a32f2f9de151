import type { Meter } from "../meter.ts";
import type { Store, StoredEvent, StreamName } from "../store/store.ts";
import type { ProposalRecord } from "./contract.ts";
import { applyProposal, foldProposal, isOver } from "./proposal.ts";
import { streamId } from "./stored-event.ts";

/** Events read at once, so that the first use of a long record does not stall the loop. */
const BATCH = 50;
/** Limit: proposals that are over and stay in memory; older ones are read from the store when somebody asks. */
export const PROPOSALS_KEPT_MAX = 500;

export interface IndexedProposal {
  readonly record: ProposalRecord;
  readonly version: number;
}

export const proposalStream = (proposalId: string): StreamName => `proposal/${proposalId}`;

/** Hears of every change of a proposal once, in the order of the record. */
export type OnChange = (after: ProposalRecord, before: ProposalRecord | undefined) => void;

/** Proposals folded in memory. The executor writes to their streams too, so that each use reads what has come since. */
export class ProposalIndex {
  readonly #store: Store;
  readonly #meter: Meter;
  readonly #onChange: OnChange;
  readonly #known = new Map<string, IndexedProposal>();
  #position = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(deps: { readonly store: Store; readonly meter: Meter }, onChange: OnChange) {
    this.#store = deps.store;
    this.#meter = deps.meter;
    this.#onChange = onChange;
  }

  /** In the order of making: all that are not over, and the last that are. */
  async all(): Promise<readonly IndexedProposal[]> {
    await this.#refresh();
    return [...this.#known.values()];
  }

  async find(proposalId: string): Promise<IndexedProposal | undefined> {
    await this.#refresh();
    const known = this.#known.get(proposalId);
    if (known !== undefined) return known;
    const events = await this.#store.read(proposalStream(proposalId));
    const record = foldProposal(events);
    return record === undefined ? undefined : { record, version: events.length };
  }

  /** One reader at a time; a call sees all that was recorded before it. */
  #refresh(): Promise<void> {
    const read = (): Promise<void> => this.#read();
    this.#reading = this.#reading.then(read, read);
    return this.#reading;
  }

  async #read(): Promise<void> {
    for (;;) {
      // biome-ignore lint/performance/noAwaitInLoops: a batch begins where the one before ended
      const events = await this.#store.readCategory("proposal", this.#position, BATCH);
      for (const stored of events) this.#apply(stored);
      if (events.length < BATCH) break;
    }
    this.#forgetOver();
    this.#meter.set("orrery_proposals_in_memory", this.#known.size);
  }

  #apply(stored: StoredEvent): void {
    this.#position = stored.position;
    const id = streamId(stored);
    const before = this.#known.get(id);
    const record = applyProposal(before?.record, stored);
    if (record === undefined) return;
    this.#known.set(id, { record, version: stored.version });
    if (record !== before?.record) this.#onChange(record, before?.record);
  }

  #forgetOver(): void {
    const excess = this.#known.size - PROPOSALS_KEPT_MAX;
    if (excess <= 0) return;
    const over = [...this.#known].filter(([, { record }]) => isOver(record));
    for (const [id] of over.slice(0, excess)) this.#known.delete(id);
  }
}
