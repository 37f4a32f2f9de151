import { z } from "zod";
import type { Store } from "../store/store.ts";

const BUCKET = "executor";
const KEY = "registration";

/** The executor says this often that it lives. */
export const EXECUTOR_BEAT_EVERY_MS = 2_000;
/** A proposal counts as executable while the last beat is younger than this. */
export const EXECUTOR_ALIVE_MAX_MS = 10_000;

const registrationSchema = z.object({
  id: z.string().min(1).max(200),
  actions: z.array(z.string().max(100)).max(100),
  beatMs: z.number(),
});

/** The executor's word that it is there, and what it can do. */
export interface ExecutorRegistration {
  readonly id: string;
  /** Of another version, perhaps: a type that this one does not know is no type of action. */
  readonly actions: readonly string[];
  readonly beatMs: number;
}

/** The executor that is alive at `nowMs`; undefined when there is none: what is proposed then is done by hand. */
export async function readRegistration(
  store: Pick<Store, "get">,
  nowMs: number,
): Promise<ExecutorRegistration | undefined> {
  const parsed = registrationSchema.safeParse(await store.get(BUCKET, KEY));
  if (!parsed.success) return undefined;
  return Math.abs(nowMs - parsed.data.beatMs) < EXECUTOR_ALIVE_MAX_MS ? parsed.data : undefined;
}

/** One beat; for the executor alone. */
export async function writeRegistration(
  store: Pick<Store, "put">,
  registration: ExecutorRegistration,
): Promise<void> {
  await store.put(BUCKET, KEY, registration);
}

/** The executor goes, and says so. */
export async function removeRegistration(store: Pick<Store, "remove">): Promise<void> {
  await store.remove(BUCKET, KEY);
}
