import type { SloStatus } from "../model/slo/slo.ts";
import { BUCKET_MS, type WorldView } from "../model/view.ts";
import type { SloReading } from "../slack/deps.ts";

/** An objective without rules is read over a minute. */
const ALONE_MS = 60_000;

/** An objective over every window that its paging rules look at, the shortest first. */
export function sloReading(view: WorldView, status: SloStatus): SloReading {
  const paging = status.slo.rules.filter(({ severity }) => severity === "page");
  const rules = paging.length > 0 ? paging : status.slo.rules;
  const asked = rules.flatMap(({ longMs, shortMs }) => [longMs, shortMs]);
  // No share is of a longer time than was watched.
  const watchedMs = Math.max(BUCKET_MS, view.closedMs - view.retainedFromMs);
  const lengths = (asked.length === 0 ? [ALONE_MS] : asked).map((ms) => Math.min(ms, watchedMs));
  const windows = [...new Set(lengths)].sort((a, b) => a - b);
  return {
    status,
    windows: windows.map((lengthMs) => {
      const { good, bad } = view.sli(status.slo.id, {
        fromMs: view.closedMs - lengthMs,
        toMs: view.closedMs,
      });
      return good + bad === 0 ? { lengthMs } : { lengthMs, goodRatio: good / (good + bad) };
    }),
  };
}
