/** What the bot may say unprompted. Everything else edits an existing message. */
export type Utterance =
  | "page"
  | "diagnosis"
  | "investigation"
  | "proposal"
  | "outcome"
  | "update"
  /** The cause that people work on is not the one that is believed now. */
  | "other-cause";

export interface SpeechRecord {
  readonly hushed: boolean;
  /** When something that counts was posted in this incident. */
  readonly spokenMs: readonly number[];
}

/** A new post that is not exempt, at most once in this time … */
const UPDATE_EVERY_MS = 5 * 60_000;
/** … another cause sooner: somebody may be mending the wrong thing … */
const OTHER_CAUSE_EVERY_MS = 60_000;
/** … and at most so often in one incident. */
const UPDATES_MAX = 12;
/** Silence by default: one page, one diagnosis, one investigation; proposals and outcomes are exempt from the count. */
export function mayPost(what: Utterance, record: SpeechRecord, nowMs: number): boolean {
  if (what === "page" || what === "proposal" || what === "outcome") return true;
  if (record.hushed) return false;
  if (what === "diagnosis" || what === "investigation") return true;
  const everyMs = what === "other-cause" ? OTHER_CAUSE_EVERY_MS : UPDATE_EVERY_MS;
  const lastMs = record.spokenMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  return record.spokenMs.length < UPDATES_MAX && nowMs - lastMs >= everyMs;
}
