import { type EntityId, entityName, entityType } from "../../entity.ts";
import type { EdgeWindow, WorldView } from "../../view.ts";
import type { Link } from "../problem.ts";
import { attributesOf, linkFact } from "./facts.ts";

/** Without a sight of one. */
const BACKOFF_MS = 30;

/** Connections of one replica to a callee as its pool's metrics tell them. */
function poolByMetrics(view: WorldView, caller: EntityId, callee: EntityId): number | undefined {
  const known = new Set(view.metrics(caller).map((one) => one.metric));
  const window = { fromMs: view.closedMs - 120_000, toMs: view.closedMs };
  const attributes = { "db.client.connection.pool.name": entityName(callee) };
  const last = (values: Float64Array): number => values.findLast((one) => !Number.isNaN(one)) ?? 0;
  for (const metric of ["db.client.connection.max", "db.client.connection.count"]) {
    if (!known.has(metric)) continue;
    const byInstance = Map.groupBy(
      view.series({ entity: caller, metric, window, attributes }),
      (one) => one.entity,
    );
    const sizes = [...byInstance.values()].map((series) =>
      series.reduce((sum, one) => sum + last(one.values), 0),
    );
    const size = Math.max(0, ...sizes);
    if (size > 0) return Math.round(size);
  }
  return undefined;
}

/** All links between stations, with what is known of them. */
export function describeLinks(
  view: WorldView,
  edges: readonly EdgeWindow[],
  indexOf: ReadonlyMap<EntityId, number>,
): readonly Link[] {
  const pairs = new Map<string, { caller: EntityId; callee: EntityId }>();
  for (const { id, caller, callee } of edges) pairs.set(id, { caller, callee });
  const links = [...pairs.values()].flatMap(({ caller, callee }): readonly Link[] => {
    const [from, to] = [indexOf.get(caller), indexOf.get(callee)];
    if (from === undefined || to === undefined) return [];
    const facts = attributesOf(view, caller);
    const timeoutMs = linkFact(facts, callee, "timeout_ms");
    const retries = linkFact(facts, callee, "retries");
    const isStore = entityType(callee) === "database";
    const pool =
      poolByMetrics(view, caller, callee) ??
      (isStore ? linkFact(facts, callee, "pool_size") : undefined);
    return [
      {
        from,
        to,
        ...(timeoutMs === undefined || timeoutMs === 0 ? {} : { timeoutMs }),
        ...(retries === undefined ? {} : { retries }),
        backoffMs: BACKOFF_MS,
        ...(pool === undefined || pool === 0 ? {} : { pool }),
        fatal: 1,
      },
    ];
  });
  return withUsual(links);
}

/** Where most are known to lose patience, and how often they try, the others are taken to be like them. */
function withUsual(links: readonly Link[]): readonly Link[] {
  const usual = (of: (link: Link) => number | undefined): number | undefined => {
    const known = links.flatMap((link) => of(link) ?? []).sort((a, b) => a - b);
    return 2 * known.length < links.length ? undefined : known[known.length >> 1];
  };
  const timeoutMs = usual((link) => link.timeoutMs);
  const retries = usual((link) => link.retries);
  return links.map((link) => ({
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
    ...link,
  }));
}
