import { median } from "../dynamics/robust.ts";
import { entityName } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { EdgePicture, Picture } from "./picture.ts";

/** Calls of one kind that tell of it, and how much slower they must have become at the mean … */
const CALLS_MIN = 10;
const SLOWER_MIN = 2;
/** … while the fastest of them take as long as ever. */
const SAME_MAX = 1.35;
/** Low durations of one kind of call: what it takes when it need not wait. */
const UNWAITED = 0.1;

/**
 * Calls of one kind of which some take long and the others as long as ever: they wait for something that is not always
 * taken (a lock). A query that became slow is slow each time.
 */
function someWait(picture: Picture, edge: EdgePicture, operation: string): boolean {
  const shift = edge.byOperation.get(operation);
  if (shift === undefined || shift.countIncident < CALLS_MIN || shift.ratio < SLOWER_MIN)
    return false;
  const lowest = (window: Window): number => {
    const own = picture.view
      .edges(window)
      .filter((one) => one.id === edge.id && one.calleeOperation === operation);
    const values = own.map(({ duration }) => duration.quantile(UNWAITED)).filter(Number.isFinite);
    return median(values);
  };
  const [before, after] = [lowest(picture.stretch.healthy), lowest(picture.stretch.incident)];
  return before > 0 && after < SAME_MAX * before;
}

const PENDING = "db.client.connection.pending_requests";
/** Requests that wait for a connection of a replica, at the mean, from which on its pool is too small. */
const PENDING_MIN = 0.3;

/** The caller's own connections to it are all taken, as far as the caller tells. */
function waitsInPool(
  { view, services, stretch }: Picture,
  { caller, callee }: EdgePicture,
): boolean {
  const pool = entityName(callee);
  return [...(services.get(caller)?.instances.keys() ?? [])].some((entity) =>
    view.series({ entity, metric: PENDING, window: stretch.incident }).some((one) => {
      const seen = Array.from(one.values).filter(Number.isFinite);
      const isOfPool = Object.values(one.attributes).map(String).includes(pool);
      return isOfPool && seen.reduce((sum, value) => sum + value, 0) > PENDING_MIN * seen.length;
    }),
  );
}

/** A store lets some calls of a kind wait, and not because the caller has too few connections or is alone with it. */
export function keepsWaiting(
  picture: Picture,
  edge: EdgePicture,
  {
    worst,
    alike,
  }: {
    /** The kind of call that adds most time. */
    readonly worst: string;
    /** Other callers that make the same kind of call. */
    readonly alike: { readonly all: number; readonly hurt: number };
  },
): boolean {
  const isAlone = alike.all > 0 && alike.hurt === 0;
  return !isAlone && someWait(picture, edge, worst) && !waitsInPool(picture, edge);
}
