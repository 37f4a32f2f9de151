import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store/store.ts";

const BUCKET = "slack-inbox";
/** Slack gives up after the third retry, some six minutes; a day covers a long stop of ours. */
const KEPT_MS = 24 * 3_600_000;

type Body = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Body => typeof value === "object" && value !== null;
const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), value);

/**
 * What makes a delivery one of its kind. Events carry an id that a redelivery repeats; clicks, commands and views carry
 * none, so theirs is a digest of what a redelivery repeats.
 */
export function deliveryKey(body: unknown): string | undefined {
  const eventId = field(body, "event_id");
  if (typeof eventId === "string" && eventId !== "") return `event:${eventId}`;
  const actions = field(body, "actions");
  const action = Array.isArray(actions) ? actions[0] : undefined;
  const parts = [
    field(body, "type") ?? field(body, "command"),
    field(body, "team", "id") ?? field(body, "team_id"),
    field(body, "user", "id") ?? field(body, "user_id"),
    field(body, "trigger_id"),
    field(action, "action_ts"),
    field(action, "block_id"),
    field(action, "action_id"),
  ].map((part) => (typeof part === "string" ? part : ""));
  if ((parts[3] ?? "") === "" && (parts[4] ?? "") === "") return undefined;
  return `digest:${createHash("sha256").update(parts.join("|")).digest("hex")}`;
}

export interface Inbox {
  /** Durable before it answers. `false`: this delivery was seen before, perhaps before a restart. */
  isNew(body: unknown): Promise<boolean>;
  /** Forgets what no redelivery can reach any more. */
  sweep(): Promise<void>;
}

export function createInbox(store: Store, clock: Clock, meter: Meter): Inbox {
  return {
    isNew: async (body) => {
      const key = deliveryKey(body);
      if (key === undefined) return true;
      const isNew = await store.insertIfAbsent(BUCKET, key, { atMs: clock.nowMs() });
      if (!isNew) meter.add("orrery_slack_duplicates_total");
      return isNew;
    },
    sweep: async () => {
      const beforeMs = clock.nowMs() - KEPT_MS;
      const old = (await store.list(BUCKET)).filter(({ value }) => {
        const atMs = field(value, "atMs");
        return typeof atMs !== "number" || atMs < beforeMs;
      });
      for (const { key } of old) {
        // biome-ignore lint/performance/noAwaitInLoops: one writer, in no hurry
        await store.remove(BUCKET, key);
      }
    },
  };
}
