import type { Hypothesis } from "../model/causes/diagnosis.ts";
import { type EntityId, entityName, entityType } from "../model/entity.ts";
import type { Window } from "../model/quantity.ts";
import type { EdgeWindow, WorldView } from "../model/view.ts";
import type { Row } from "./step-totals.ts";

/** Where a suspect's trouble is seen, and by whom. */
export interface SuspectRows {
  /** As the legend calls it. */
  readonly name: string;
  rows(step: Window): readonly Row[];
}

type Link = Pick<EdgeWindow, "caller" | "callee">;

function linkRows(view: WorldView, { caller, callee }: Link, name: string): SuspectRows {
  return { name, rows: (step) => view.edges(step, { caller, callee }) };
}

/**
 * As its callers see it: what waits in front of a starved replica, or in a pool, or never answers, the work inside does
 * not show. Only where nobody of ours calls it is its own work drawn.
 */
function servingRows(view: WorldView, window: Window, place: Place): SuspectRows {
  const { service, instance } = place;
  const name = entityName(instance ?? service);
  const isIt = (one: { readonly calleeInstance?: EntityId }): boolean =>
    instance === undefined || one.calleeInstance === instance;
  if (view.edges(window, { callee: service }).some(isIt))
    return {
      name: `${name}, as its callers see it`,
      rows: (step) => view.edges(step, { callee: service }).filter(isIt),
    };
  return {
    name: `${name} itself`,
    rows: (step) =>
      view
        .stations(step, { service })
        .filter((one) => instance === undefined || one.instance === instance),
  };
}

interface Place {
  readonly service: EntityId;
  readonly instance?: EntityId;
}

function instancePlace(view: WorldView, window: Window, instance: EntityId): Place | undefined {
  const station = view.stations(window).find((one) => one.instance === instance);
  return station === undefined ? undefined : { service: station.service, instance };
}

function hostedRows(view: WorldView, place: EntityId): SuspectRows {
  return {
    name: `all served on ${entityName(place)}`,
    rows: (step) => view.stations(step).filter((one) => one.host === place || one.zone === place),
  };
}

/** Where to look for what the diagnosis suspects; undefined where there is no line to draw, or it is the hurt one. */
export function suspectRows(
  view: WorldView,
  window: Window,
  { root }: Pick<Hypothesis, "root">,
): SuspectRows | undefined {
  const link = view.edges(window).find((one) => one.id === root);
  if (link !== undefined) return linkRows(view, link, root);
  const entity = root as EntityId;
  switch (entityType(entity)) {
    case "service":
    case "database":
    case "cache":
    case "queue":
    case "external":
      return servingRows(view, window, { service: entity });
    case "service.instance": {
      const place = instancePlace(view, window, entity);
      return place === undefined ? undefined : servingRows(view, window, place);
    }
    case "host":
    case "zone":
      return hostedRows(view, entity);
    default:
      return undefined;
  }
}

/** The other instances of a suspected one together: beside it they show that they are well. */
export function siblingRows(
  view: WorldView,
  window: Window,
  { root }: Pick<Hypothesis, "root">,
): SuspectRows | undefined {
  const place = instancePlace(view, window, root as EntityId);
  if (place === undefined) return undefined;
  const { service, instance } = place;
  const isSibling = ({ calleeInstance }: EdgeWindow): boolean =>
    calleeInstance !== undefined && calleeInstance !== instance;
  const names = new Set(
    view
      .edges(window, { callee: service })
      .filter(isSibling)
      .map(({ calleeInstance }) => calleeInstance),
  );
  const [only] = names;
  if (only === undefined) return undefined;
  return {
    name: names.size === 1 ? `${entityName(only)}, its sibling` : `its ${names.size} siblings`,
    rows: (step) => view.edges(step, { callee: service }).filter(isSibling),
  };
}
