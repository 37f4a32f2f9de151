import type { SloStatus } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import type { SloReading } from "../slack/deps.ts";

/** An objective without rules is read over a minute. */
const ALONE_MS = 60_000;

/** An objective over every window that its paging rules look at, the shortest first. */
export function sloReading(view: WorldView, status: SloStatus): SloReading {
  const paging = status.slo.rules.filter(({ severity }) => severity === "page");
  const rules = paging.length > 0 ? paging : status.slo.rules;
  const lengths = new Set(rules.flatMap(({ longMs, shortMs }) => [longMs, shortMs]));
  const windows = [...(lengths.size === 0 ? [ALONE_MS] : lengths)].sort((a, b) => a - b);
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
