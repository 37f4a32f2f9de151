import { assertNever } from "../../assert.ts";
import type { Picture } from "../causes/picture.ts";
import type { EntityId } from "../entity.ts";
import { applyCapacity, type Draft } from "./capacity.ts";
import { type Effect, noEffect, resolveName } from "./effect.ts";
import type { Forecaster } from "./forecast.ts";
import type { Intervention } from "./intervention.ts";
import { applyRepair, restoresPool } from "./repairs.ts";
import { type Change, noChange } from "./solve/change.ts";
import { TRACES_MIN } from "./solve/regime.ts";
import { mendedShare, type Staying, staying } from "./staying.ts";

/** A repair that explains less than this of the trouble is treated as none. */
const REPAIR_MIN = 0.1;
/** A link's own time never shrinks or grows beyond these by what ails it. */
const RATIO = { low: 0.2, high: 500 } as const;

/** Interventions as the solver and the answer understand them. */
export interface Plan {
  readonly effect: Effect;
  readonly change: Change;
}

/** `picture`: where the trouble shows most. */
export function planOf(
  forecaster: Forecaster,
  picture: Picture,
  interventions: readonly Intervention[],
): Plan {
  const effect = noEffect();
  const { problem } = forecaster;
  const draft: Draft = {
    view: picture.view,
    problem,
    now: forecaster.now.steady,
    change: { ...noChange(problem), replicas: new Map() },
    effect,
    resolve: (name) => resolveName(picture, name),
  };
  for (const one of interventions) apply(draft, picture, one);
  for (const [service, factor] of effect.self) {
    const at = forecaster.stationOf(service);
    if (at >= 0) draft.change.demand[at] = (draft.change.demand[at] ?? 1) * factor;
  }
  return { effect, change: repaired(forecaster, picture, draft) };
}

function apply(draft: Draft, picture: Picture, one: Intervention): void {
  switch (one.type) {
    case "none":
      return;
    case "rollback":
    case "restart":
    case "flag":
    case "setting":
    case "limit":
      applyRepair(draft.effect, picture, one);
      return;
    case "pool":
      if (restoresPool(picture, one)) applyRepair(draft.effect, picture, one);
      else applyCapacity(draft, one);
      return;
    case "load":
    case "shed":
    case "scale":
    case "drain":
    case "demand":
    case "timeout":
    case "retries":
      applyCapacity(draft, one);
      return;
  }
  assertNever(one);
}

/** Share of the trouble's time or failures that a repair ends, whichever is more. */
const mended = ({ fixedTime, fixedFailures }: Staying): number =>
  Math.max(fixedTime, fixedFailures);

/** With a repair, requests are as before the trouble, but for the places that stay as they are. */
function repaired(forecaster: Forecaster, picture: Picture, { change, effect }: Draft): Change {
  const { deviates, absent } = picture.stretch;
  if (effect.repaired.size === 0 || absent) return change;
  if (!deviates)
    return forecaster.knowsHealthy ? withStaying(forecaster, picture, change, effect) : change;
  const rest = staying(picture, effect);
  if (mended(rest) <= REPAIR_MIN) return change;
  if (!forecaster.knowsHealthy) {
    effect.missing.push(`at least ${TRACES_MIN} whole requests from before the trouble`);
    return change;
  }
  return {
    ...change,
    plays: "healthy",
    ...stayingAs(forecaster, picture, { rest, effect, change }),
  };
}

/** By station, how much of it stays as it is; by link, how much longer its own time stays. */
function stayingAs(
  forecaster: Forecaster,
  picture: Picture,
  {
    rest,
    effect,
    change,
  }: { readonly rest: Staying; readonly effect: Effect; readonly change: Change },
): Pick<Change, "kept" | "gap"> {
  const { stations } = forecaster.problem;
  const kept = Float64Array.from(stations, ({ id }) =>
    rest.places.has(id) ? 1 - mendedShare(picture, id, effect) : 0,
  );
  const gap = Float64Array.from(change.gap);
  for (const edge of picture.edges.values()) {
    if (!rest.places.has(edge.id)) continue;
    const link = forecaster.linkOf(edge);
    const to = forecaster.stationOf(edge.callee);
    if (to >= 0 && stations[to]?.type === "store") kept[to] = 1;
    if (link >= 0 && Number.isFinite(edge.shift.ratio))
      gap[link] = Math.max(RATIO.low, Math.min(RATIO.high, edge.shift.ratio));
  }
  return { kept, gap };
}

/** No trouble shows, yet what is repaired works otherwise than before: only that goes back. */
function withStaying(
  { problem }: Forecaster,
  picture: Picture,
  change: Change,
  { repaired }: Effect,
): Change {
  const stores = new Set<EntityId>(
    [...picture.edges.values()].flatMap(({ id, callee }) => (repaired.has(id) ? [callee] : [])),
  );
  const kept = Float64Array.from(problem.stations, ({ id, type }) =>
    repaired.has(id) || (type === "store" && stores.has(id)) ? 0 : 1,
  );
  return { ...change, plays: "healthy", kept };
}
