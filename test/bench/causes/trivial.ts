import type { Answer } from "../../../src/cases/answer.ts";
import { median, spread } from "../../../src/model/dynamics/robust.ts";
import { KIND } from "../../../src/simulator/records.ts";
import type { IncidentRun } from "./incident-run.ts";

/** A change older than this is nobody's suspect. */
const FRESH_MS = 15 * 60_000;
const RECENT_MS = 60_000;
const BUCKET_MS = 5_000;
/** Below this a service counts as normal. */
const SIGMA_MIN = 3;
/** What a rule of thumb claims: it knows no better. */
const CLAIMED = 0.6;
const NAMES_MAX = 5;

type Said = Pick<Answer, "ranking" | "change">;

/** Blames what was changed last. */
export function latestChange(run: IncidentRun, cutMs: number): Said {
  const fresh = run.changes
    .filter(({ timeMs }) => timeMs <= cutMs && timeMs > cutMs - FRESH_MS)
    .toReversed();
  const names = [...new Set(fresh.map(({ entity }) => entity))].slice(0, NAMES_MAX);
  return {
    ranking: names.map((entity, at) => ({ entity, p: at === 0 ? CLAIMED : 0.4 / NAMES_MAX / at })),
    change: fresh[0]?.id ?? null,
  };
}

/** Mean durations of a service's requests by bucket, before and in the newest minute. */
interface Means {
  readonly before: number[];
  readonly recent: number[];
}

function meansOf(run: IncidentRun, cutMs: number): ReadonlyMap<string, Means> {
  const cells = new Map<string, Map<number, { sum: number; count: number }>>();
  for (const { resource, kind, startMs, endMs } of run.spans) {
    if (kind !== KIND.server || endMs > cutMs) continue;
    const buckets =
      cells.get(resource.service) ?? new Map<number, { sum: number; count: number }>();
    cells.set(resource.service, buckets);
    const bucket = Math.floor(endMs / BUCKET_MS);
    const cell = buckets.get(bucket) ?? { sum: 0, count: 0 };
    buckets.set(bucket, { sum: cell.sum + endMs - startMs, count: cell.count + 1 });
  }
  return new Map(
    [...cells].map(([service, buckets]) => {
      const means: Means = { before: [], recent: [] };
      for (const [bucket, { sum, count }] of buckets) {
        const isRecent = bucket * BUCKET_MS > cutMs - RECENT_MS;
        (isRecent ? means.recent : means.before).push(sum / count);
      }
      return [service, means];
    }),
  );
}

/** Blames the service whose requests take most (robust) standard deviations longer than they did. */
export function mostDeviating(run: IncidentRun, cutMs: number): Said {
  const scored = [...meansOf(run, cutMs)].map(([entity, { before, recent }]) => {
    if (before.length === 0 || recent.length === 0) return { entity, score: 0 };
    const usual = median(before);
    return { entity, score: (median(recent) - usual) / (spread(before, usual) + 0.1) };
  });
  const strange = scored
    .filter(({ score }) => score > SIGMA_MIN)
    .sort((a, b) => b.score - a.score)
    .slice(0, NAMES_MAX);
  return {
    ranking: strange.map(({ entity }, at) => ({
      entity,
      p: at === 0 ? CLAIMED : 0.4 / NAMES_MAX / at,
    })),
  };
}
