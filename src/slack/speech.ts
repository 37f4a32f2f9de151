import type { Diagnosis } from "../model/causes/diagnosis.ts";

/** What the bot may say unprompted. Everything else edits an existing message. */
export type Utterance = "page" | "diagnosis" | "investigation" | "proposal" | "outcome" | "update";

export interface SpeechRecord {
  readonly hushed: boolean;
  /** When something that counts was posted in this incident. */
  readonly spokenMs: readonly number[];
}

/** A new post that is not exempt, at most once in this time … */
export const UPDATE_EVERY_MS = 5 * 60_000;
/** … and at most so often in one incident. */
export const UPDATES_MAX = 12;
/** A cause whose probability moves by this much is news. */
const PROBABILITY_MOVED = 0.25;

/** Silence by default: one page, one diagnosis, one investigation; proposals and outcomes are exempt from the count. */
export function mayPost(what: Utterance, record: SpeechRecord, nowMs: number): boolean {
  if (what === "page" || what === "proposal" || what === "outcome") return true;
  if (record.hushed) return false;
  if (what === "diagnosis" || what === "investigation") return true;
  const lastMs = record.spokenMs.at(-1) ?? Number.NEGATIVE_INFINITY;
  return record.spokenMs.length < UPDATES_MAX && nowMs - lastMs >= UPDATE_EVERY_MS;
}

/** The first cause, as far as news of it is concerned. */
export interface Top {
  readonly root: string;
  readonly probability: number;
}

export function topOf(diagnosis: Diagnosis): Top {
  const [first] = diagnosis.hypotheses;
  return first === undefined || first.probability < diagnosis.noneProbability
    ? { root: "", probability: diagnosis.noneProbability }
    : { root: first.root, probability: first.probability };
}

/** Whether the diagnosis has changed so much that people should hear of it. */
export function isNews(before: Top | undefined, after: Top): boolean {
  if (before === undefined) return true;
  return (
    before.root !== after.root ||
    Math.abs(before.probability - after.probability) >= PROBABILITY_MOVED
  );
}
