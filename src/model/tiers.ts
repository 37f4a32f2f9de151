import type { Step } from "./quantity.ts";
import { BUCKET_MS } from "./view.ts";

/** What is kept of columns and series in coarser steps, when the buckets themselves are gone. */
export interface TierShape {
  readonly stepMs: Step;
  /** Buckets in one step. */
  readonly buckets: number;
  /** Steps kept. */
  readonly kept: number;
  /** Limit: spans of exemplar traces. */
  readonly exemplarSpansMax: number;
}

const MINUTE_MS = 60_000;
const QUARTER_MS = 900_000;

/** Minutes for a day, quarters of an hour for a fortnight. */
export const MINUTES: TierShape = {
  stepMs: MINUTE_MS,
  buckets: MINUTE_MS / BUCKET_MS,
  kept: 24 * 60,
  exemplarSpansMax: 120_000,
};
export const QUARTERS: TierShape = {
  stepMs: QUARTER_MS,
  buckets: QUARTER_MS / BUCKET_MS,
  kept: 14 * 24 * 4,
  exemplarSpansMax: 60_000,
};
