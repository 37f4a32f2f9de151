import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { Store } from "../store/store.ts";

const BUCKET = "slack-incident";
/** Attempts of one change when another writer is in the way. */
const CHANGE_ATTEMPTS_MAX = 5;

const recordSchema = z.object({
  hushed: z.boolean(),
  spokenMs: z.array(z.number()),
  /** The cause that people were last told of. */
  top: z
    .object({
      root: z.string(),
      title: z.string().optional(),
      change: z.string().optional(),
      probability: z.number(),
    })
    .optional(),
  /** `wanted`: due, and begun again after a restart; `begun`: the turn itself is durable. */
  investigation: z.enum(["wanted", "begun"]).optional(),
  /** Investigations that have been due so far, and the instant of the diagnosis that asked for the last. */
  rounds: z.number().default(0),
  roundMs: z.number().optional(),
});

/** What the bot has said in an incident, and still has to do. */
export type RoomRecord = z.infer<typeof recordSchema>;
const EMPTY_RECORD: RoomRecord = { hushed: false, spokenMs: [], rounds: 0 };

export class RoomRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async read(incidentId: string): Promise<RoomRecord> {
    const parsed = recordSchema.safeParse(await this.#store.get(BUCKET, incidentId));
    return parsed.success ? parsed.data : EMPTY_RECORD;
  }

  /** Incidents whose investigation is due and has not begun. */
  async wanted(): Promise<readonly string[]> {
    const rows = await this.#store.list(BUCKET);
    return rows.flatMap(({ key, value }) => {
      const parsed = recordSchema.safeParse(value);
      return parsed.success && parsed.data.investigation === "wanted" ? [key] : [];
    });
  }

  /** Compare-and-set: the feed and a click may change the same record at once. Errors: `record_contended`. */
  async change(incidentId: string, next: (old: RoomRecord) => RoomRecord): Promise<void> {
    await this.#store.insertIfAbsent(BUCKET, incidentId, EMPTY_RECORD);
    for (let tried = 0; tried < CHANGE_ATTEMPTS_MAX; tried++) {
      // biome-ignore lint/performance/noAwaitInLoops: a retry reads what the winner wrote
      const old = await this.#store.get(BUCKET, incidentId);
      const parsed = recordSchema.safeParse(old);
      const base = parsed.success ? parsed.data : EMPTY_RECORD;
      if (await this.#store.compareAndSet(BUCKET, incidentId, old, next(base))) return;
    }
    throw new OperationError(
      "record_contended",
      `the record of ${incidentId} keeps changing; try again`,
    );
  }
}
