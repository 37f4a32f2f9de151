import { entityType } from "../entity.ts";
import type { Shift } from "./measure.ts";
import type { EdgePicture, Picture } from "./picture.ts";
import { keepsWaiting } from "./waits.ts";

/** Whose doing a deviation of a link is: shares that sum to 1. */
export interface EdgeSplit {
  readonly caller: number;
  readonly callee: number;
  readonly edge: number;
  readonly reason:
    | "other-callers-normal"
    | "all-callers-hurt"
    | "one-query"
    | "pool-wait"
    | "more-calls"
    | "one-caller-instance"
    | "caller-starved"
    | "callee-slow"
    | "callee-silent"
    | "callee-normal"
    | "some-wait"
    | "only-caller";
}

/** Calls in the incident below which a link proves nothing about its ends. */
const CALLS_MIN = 10;
const POOL_WAIT = /\b(connect|acquire|checkout|pool|getconnection)\b|pool[.-]connect/i;

export function isHurt(shift: Shift): boolean {
  return (
    (shift.score > 3 && shift.ratio > 1.25) || (shift.errorScore > 4 && errorRise(shift) > 0.01)
  );
}

export function errorRise(shift: Shift): number {
  return shift.errorIncident - shift.errorHealthy;
}

const enough = (shift: Shift): boolean => shift.countIncident >= CALLS_MIN;

/** The share of calls whose operation is unhurt, and the operation that adds most time. */
function byQuery(edge: EdgePicture): { unhurt: number; worst: string; worstShare: number } {
  let unhurt = 0;
  let all = 0;
  let added = 0;
  let worst = "";
  let most = 0;
  for (const [name, shift] of edge.byOperation) {
    all += shift.countIncident;
    if (!isHurt(shift)) unhurt += shift.countIncident;
    const fresh = !Number.isFinite(shift.meanHealthyMs);
    const extra =
      shift.countIncident * Math.max(0, fresh ? 0 : shift.meanIncidentMs - shift.meanHealthyMs);
    added += extra;
    if (extra > most) {
      most = extra;
      worst = name;
    }
  }
  return {
    unhurt: all > 0 ? unhurt / all : 0,
    worst,
    worstShare: added > 0 ? most / added : 0,
  };
}

function oneCallerInstance(edge: EdgePicture): boolean {
  const known = [...edge.byCallerInstance.values()].filter(enough);
  const hurt = known.filter(isHurt);
  return known.length >= 2 && hurt.length > 0 && hurt.length <= known.length / 2;
}

/** Everything that the caller sends out, and its own work, became slow: it lacks CPU or its loop is blocked. */
function callerStarved(picture: Picture, edge: EdgePicture): boolean {
  const own = picture.services.get(edge.caller)?.shift;
  const outgoing = [...picture.edges.values()].filter(
    (one) => one.caller === edge.caller && enough(one.shift),
  );
  const hurt = outgoing.filter((one) => isHurt(one.shift)).length;
  return outgoing.length >= 2 && hurt === outgoing.length && own !== undefined && own.ratio > 1.5;
}

function otherCallers(
  picture: Picture,
  edge: EdgePicture,
  shiftIn: (other: EdgePicture) => Shift | undefined = ({ shift }) => shift,
): { all: number; hurt: number } {
  const others = [...picture.edges.values()]
    .filter((one) => one.callee === edge.callee && one.caller !== edge.caller)
    .flatMap((one) => shiftIn(one) ?? [])
    .filter(enough);
  return { all: others.length, hurt: others.filter(isHurt).length };
}

function splitOutside(picture: Picture, edge: EdgePicture): EdgeSplit {
  const others = otherCallers(picture, edge);
  const query = byQuery(edge);
  const external = entityType(edge.callee) === "external";
  if (
    edge.shift.ratio < 1.25 &&
    edge.callsIncident > 1.3 * edge.callsHealthy &&
    edge.retryIncident < 0.1
  ) {
    return { caller: 0.85, callee: 0.1, edge: 0.05, reason: "more-calls" };
  }
  if (!external && POOL_WAIT.test(query.worst) && query.worstShare > 0.6) {
    return { caller: 0.75, callee: 0.2, edge: 0.05, reason: "pool-wait" };
  }
  const alike = otherCallers(picture, edge, (other) => other.byOperation.get(query.worst));
  if (!external && keepsWaiting(picture, edge, { worst: query.worst, alike })) {
    return { caller: 0.22, callee: 0.7, edge: 0.08, reason: "some-wait" };
  }
  if (others.all > 0 && others.hurt === 0) {
    return { caller: 0.78, callee: 0.07, edge: 0.15, reason: "other-callers-normal" };
  }
  if (others.all > 0 && others.hurt >= others.all / 2) {
    return { caller: 0.05, callee: 0.9, edge: 0.05, reason: "all-callers-hurt" };
  }
  if (oneCallerInstance(edge)) {
    return { caller: 0.85, callee: 0.05, edge: 0.1, reason: "one-caller-instance" };
  }
  if (callerStarved(picture, edge)) {
    return { caller: 0.75, callee: 0.2, edge: 0.05, reason: "caller-starved" };
  }
  if (!external && query.unhurt > 0.2) {
    return { caller: 0.62, callee: 0.3, edge: 0.08, reason: "one-query" };
  }
  return external
    ? { caller: 0.08, callee: 0.84, edge: 0.08, reason: "only-caller" }
    : { caller: 0.35, callee: 0.53, edge: 0.12, reason: "only-caller" };
}

const isBusier = ({ rateHealthy, rateIncident }: Shift): boolean =>
  rateIncident > 1.2 * rateHealthy;

function splitInside(picture: Picture, edge: EdgePicture): EdgeSplit {
  const others = otherCallers(picture, edge);
  const callee = picture.services.get(edge.callee)?.shift;
  if (callee !== undefined && callee.score > 3 && callee.ratio > 1.3) {
    return { caller: 0.05, callee: 0.85, edge: 0.1, reason: "callee-slow" };
  }
  if (others.all > 0 && others.hurt >= others.all / 2) {
    return { caller: 0.03, callee: 0.9, edge: 0.07, reason: "all-callers-hurt" };
  }
  if (callerStarved(picture, edge)) {
    return { caller: 0.75, callee: 0.1, edge: 0.15, reason: "caller-starved" };
  }
  if (others.all > 0)
    return { caller: 0.25, callee: 0.1, edge: 0.65, reason: "other-callers-normal" };
  // It serves whatever reaches it as it always did, and no more of it.
  const serves = callee !== undefined && callee.countIncident >= CALLS_MIN;
  if (serves && !isHurt(callee) && callee.score < 2 && callee.ratio < 1.15 && !isBusier(callee))
    return { caller: 0.1, callee: 0.28, edge: 0.62, reason: "callee-normal" };
  const failing = errorRise(edge.shift) > 0.02;
  return failing
    ? { caller: 0.1, callee: 0.7, edge: 0.2, reason: "only-caller" }
    : { caller: 0.15, callee: 0.4, edge: 0.45, reason: "only-caller" };
}

/** Decides how a link's deviation is shared by its ends: columns (other callers), rows (other callees), kinds of call. */
export function splitEdge(
  picture: Picture,
  edge: EdgePicture,
  silent: ReadonlySet<string>,
): EdgeSplit {
  if (silent.has(edge.callee)) return { caller: 0, callee: 1, edge: 0, reason: "callee-silent" };
  return edge.outside ? splitOutside(picture, edge) : splitInside(picture, edge);
}
