import { z } from "zod";
import type { Meter } from "../meter.ts";
import type { ChangeRecord } from "../model/signal.ts";
import type { Store } from "../store/store.ts";

/** Bucket of the store that holds acknowledged changes by their id. */
export const CHANGE_INBOX = "change-inbox";

/** Changes that were answered for must not be lost: they are on disk before the answer. */
export interface ChangeIntake {
  /**
   * Persists the records and returns those that were new. When the store fails it rejects, nothing is answered for,
   * and the sender may repeat itself: what was persisted then counts as a repeat, but comes back from `recover`.
   */
  accept(records: readonly ChangeRecord[]): Promise<readonly ChangeRecord[]>;
  /** The persisted changes of `sinceMs` and later, oldest first, for the model at boot. Older ones are removed. */
  recover(sinceMs: number): Promise<readonly ChangeRecord[]>;
}

const record = z.object({
  id: z.string(),
  timeMs: z.number(),
  kind: z.enum(["deploy", "config", "flag", "scale", "restart", "commit", "limit", "other"]),
  entity: z.string(),
  summary: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
}) satisfies z.ZodType<ChangeRecord>;

export function createChangeIntake(options: {
  readonly store: Pick<Store, "insertIfAbsent" | "list" | "remove">;
  readonly meter: Meter;
}): ChangeIntake {
  const { store, meter } = options;
  return {
    accept: async (records) => {
      const isNew = await Promise.all(
        records.map((change) => store.insertIfAbsent(CHANGE_INBOX, change.id, change)),
      );
      const added = records.filter((_, index) => isNew[index] === true);
      meter.add("orrery_changes_repeated_total", records.length - added.length);
      return added;
    },
    recover: async (sinceMs) => {
      const kept: ChangeRecord[] = [];
      const removed: string[] = [];
      for (const { key, value } of await store.list(CHANGE_INBOX)) {
        const parsed = record.safeParse(value);
        if (!parsed.success) meter.add("orrery_changes_unreadable_total");
        else if (parsed.data.timeMs >= sinceMs) kept.push(parsed.data);
        else removed.push(key);
      }
      await Promise.all(removed.map((key) => store.remove(CHANGE_INBOX, key)));
      return kept.sort((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1));
    },
  };
}
