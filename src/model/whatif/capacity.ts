import { assertNever } from "../../assert.ts";
import { type EntityId, entityId, entityName } from "../entity.ts";
import type { WorldView } from "../view.ts";
import { type Effect, guess } from "./effect.ts";
import type { Intervention } from "./intervention.ts";
import type { Problem } from "./problem.ts";
import type { Change } from "./solve/change.ts";
import type { Steady } from "./solve/steady.ts";

/** Load, replicas or work beyond this factor of what was seen is extrapolation. */
const SEEN = 1.3;
/** A replica that is to come keeps its host this busy, for the choice of the next one's host. */
const REPLICA_BUSY = 0.1;

/** What changes load, capacity or a link. */
export type CapacityAct = Extract<
  Intervention,
  {
    readonly type: "load" | "shed" | "scale" | "drain" | "demand" | "pool" | "timeout" | "retries";
  }
>;

/** A change under construction, with what is said of it. */
export interface Draft {
  readonly view: WorldView;
  readonly problem: Problem;
  /** The state as it is. */
  readonly now: Steady;
  readonly change: Change & { readonly replicas: Map<number, readonly number[]> };
  readonly effect: Effect;
  readonly resolve: (name: string) => EntityId | undefined;
}

/** Adds what an intervention does to the draft; what cannot be told goes to `missing`. */
export function applyCapacity(draft: Draft, act: CapacityAct): void {
  draft.effect.shapes = true;
  switch (act.type) {
    case "load":
      applyLoad(draft, act.factor, act.operation);
      return;
    case "shed":
      draft.effect.assumptions.push(
        "figures are of the requests that are still accepted; the shed share is refused",
      );
      applyLoad(draft, 1 - Math.max(0, Math.min(1, act.share)), act.operation);
      return;
    case "scale":
      applyScale(draft, act);
      return;
    case "drain":
      applyDrain(draft, act.entity);
      return;
    case "demand":
      applyDemand(draft, act);
      return;
    case "pool":
    case "timeout":
    case "retries":
      applyLink(draft, act);
      return;
  }
  assertNever(act);
}

function applyLoad(draft: Draft, factor: number, operation: string | undefined): void {
  const { problem, change, effect } = draft;
  let found = false;
  problem.entries.forEach(({ operation: entry }, at) => {
    if (operation !== undefined && !isNamed(entry, operation)) return;
    found = true;
    change.load[at] = (change.load[at] ?? 1) * factor;
  });
  if (!found) effect.missing.push(`no requests of ${operation} were seen`);
  if (factor > SEEN) effect.extrapolates = true;
  effect.falsifiers.push("the request rate does not change as assumed");
  if (factor <= 1) return;
  const unknown = problem.stations.filter(
    ({ type, cores, workers, rate }) =>
      type === "service" && rate > 0 && cores === undefined && workers === undefined,
  );
  if (unknown.length === 0) return;
  const [first] = unknown;
  const others = unknown.length > 1 ? ` and of ${unknown.length - 1} more` : "";
  effect.assumptions.push(
    `what ${first === undefined ? "" : entityName(first.id)}${others} can do at most is not known: taken to be enough`,
  );
  guess(effect);
}

const isNamed = (operation: EntityId, name: string): boolean =>
  operation === name || entityName(operation) === name || operation.endsWith(` ${name}`);

const stationOf = ({ problem, resolve }: Draft, name: string): number => {
  const id = resolve(name);
  const at = problem.stations.findIndex((one) => one.id === id);
  return at >= 0 ? at : problem.stations.findIndex((one) => entityName(one.id) === name);
};

const replicasOf = ({ problem, change }: Draft, station: number): readonly number[] =>
  change.replicas.get(station) ?? problem.stations[station]?.replicas ?? [];

/** The hosts that are least busy, one for each replica that is to come. */
function roomFor({ problem, now }: Draft, count: number, without: ReadonlySet<number>) {
  const busy = problem.hosts.map((_, host) =>
    without.has(host) ? Number.POSITIVE_INFINITY : (now.hostBusy[host] ?? 0),
  );
  return Array.from({ length: count }, () => {
    const least = Math.min(...busy);
    const host = Number.isFinite(least) ? busy.indexOf(least) : -1;
    if (host >= 0) busy[host] = least + REPLICA_BUSY;
    return host;
  });
}

function applyScale(
  draft: Draft,
  { entity, replicas }: { readonly entity: string; readonly replicas: number },
): void {
  const { problem, change, effect } = draft;
  const at = stationOf(draft, entity);
  const station = problem.stations[at];
  if (station === undefined) {
    effect.missing.push(`no service ${entity} with traffic was seen`);
    return;
  }
  const name = entityName(station.id);
  const isPooled = problem.links.some(({ from, pool }) => from === at && pool !== undefined);
  const hasCores = station.cores !== undefined && station.cpu.some((one) => one > 0);
  if (station.workers === undefined && !hasCores && !isPooled) {
    effect.missing.push(`how many requests one replica of ${name} works on at once`);
    return;
  }
  const now = replicasOf(draft, at);
  const more = roomFor(draft, Math.max(0, replicas - now.length), new Set());
  change.replicas.set(at, [...now.slice(0, replicas), ...more]);
  effect.assumptions.push("requests spread evenly over replicas, and new replicas are warm");
  effect.falsifiers.push(
    replicas < now.length
      ? `busy share of ${name} does not rise as it loses replicas`
      : `busy share of ${name} does not fall as it gets replicas`,
  );
  if (replicas < now.length) effect.extrapolates = true;
}

/** A host, or all hosts of a zone. */
function hostsOf({ view, problem }: Draft, place: EntityId): ReadonlySet<number> {
  const inside = view.relations({ type: "hosted_in", to: place }).map((relation) => relation.from);
  const ids = new Set<EntityId>([place, ...inside]);
  return new Set(problem.hosts.flatMap(({ id }, at) => (ids.has(id) ? [at] : [])));
}

function applyDrain(draft: Draft, name: string): void {
  const { view, problem, change, effect } = draft;
  const place = draft.resolve(name) ?? entityId("host", name);
  const drained = hostsOf(draft, place);
  if (drained.size === 0) {
    effect.missing.push(`no host or zone called ${name} was seen`);
    return;
  }
  problem.stations.forEach((station, at) => {
    const now = replicasOf(draft, at);
    const left = now.filter((host) => !drained.has(host));
    if (left.length === now.length) return;
    const moved = left.length === 0 ? roomFor(draft, 1, drained) : left;
    if (left.length === 0 && moved[0] === -1)
      effect.missing.push(`${entityName(station.id)} has no replica elsewhere`);
    change.replicas.set(at, moved);
    const isKnown = station.workers !== undefined || station.cores !== undefined;
    if (!isKnown || left.length === 0) guess(effect);
  });
  for (const host of drained) {
    const id = problem.hosts[host]?.id;
    if (id === undefined) continue;
    for (const { from } of view.relations({ type: "runs_on", to: id })) effect.repaired.add(from);
  }
  effect.assumptions.push(
    "drained replicas are not started elsewhere, but for a service that has no other",
  );
}

function applyDemand(
  draft: Draft,
  { entity, factor }: { readonly entity: string; readonly factor: number },
): void {
  const { change, effect } = draft;
  const at = stationOf(draft, entity);
  if (at < 0) {
    effect.missing.push(`no service ${entity} with traffic was seen`);
    return;
  }
  change.demand[at] = (change.demand[at] ?? 1) * factor;
  if (Math.abs(Math.log(Math.max(0.01, factor))) > Math.log(SEEN)) effect.extrapolates = true;
}

function applyLink(
  draft: Draft,
  act: Extract<CapacityAct, { readonly type: "pool" | "timeout" | "retries" }>,
): void {
  const { problem, change, effect } = draft;
  const [from, to] = [stationOf(draft, act.from), stationOf(draft, act.to)];
  const link = problem.links.findIndex((one) => one.from === from && one.to === to);
  if (link < 0) {
    effect.missing.push(`no calls of ${act.from} to ${act.to} were seen`);
    return;
  }
  effect.extrapolates = true;
  switch (act.type) {
    case "pool":
      change.pool[link] = act.size;
      effect.assumptions.push(`a call of ${act.from} to ${act.to} waits while its pool is in use`);
      return;
    case "timeout":
      change.timeoutMs[link] = act.ms;
      effect.assumptions.push("a call that is cut off fails, and its request with it");
      return;
    case "retries":
      change.attempts[link] = 1 + Math.max(0, act.count);
      effect.assumptions.push("attempts that are not made are as slow as those that were");
      return;
  }
  assertNever(act);
}
