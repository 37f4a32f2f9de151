import { type EntityId, entityName } from "../../entity.ts";
import type { Window } from "../../quantity.ts";
import type { SeriesWindow, WorldView } from "../../view.ts";

/** Server durations as the conventions name them, newest first; they count all requests, traced or not. */
const DURATION_METRICS = [
  { metric: "http.server.request.duration", ms: 1000 },
  { metric: "http.server.duration", ms: 1 },
  { metric: "rpc.server.call.duration", ms: 1000 },
  { metric: "rpc.server.duration", ms: 1 },
] as const;

/** All requests of a place, by the service's own metrics. */
export interface Counted {
  readonly requests: number;
  readonly errors: number;
  readonly meanMs: number;
}

/** `GET /product/{id}` of `operation:front GET /product/{id}`, as the attributes of its series say it. */
function operationOf({ attributes }: SeriesWindow): string {
  const route = attributes["http.route"];
  if (route !== undefined) {
    const method = attributes["http.request.method"] ?? attributes["http.method"] ?? "";
    return `${method} ${route}`;
  }
  return String(attributes["rpc.method"] ?? "");
}

function isFailure({ attributes }: SeriesWindow): boolean {
  const status = Number(
    attributes["http.response.status_code"] ?? attributes["http.status_code"] ?? 0,
  );
  return status >= 500 || (status === 0 && attributes["error.type"] !== undefined);
}

const keyOf = ({ entity, attributes }: SeriesWindow): string =>
  `${entity} ${JSON.stringify(attributes)}`;

/** Undefined: the service counts nothing of this. */
export function countedBy(
  view: WorldView,
  service: EntityId,
  of: { readonly window: Window; readonly operation: EntityId | undefined },
): Counted | undefined {
  const known = new Set(view.metrics(service).map((one) => one.metric));
  const found = DURATION_METRICS.find(({ metric }) => known.has(`${metric}.rate`));
  if (found === undefined) return undefined;
  const { window } = of;
  const wanted =
    of.operation === undefined
      ? undefined
      : entityName(of.operation).slice(entityName(service).length + 1);
  const isWanted = (series: SeriesWindow): boolean =>
    wanted === undefined || operationOf(series) === wanted;
  const rates = view.series({ entity: service, metric: `${found.metric}.rate`, window });
  const means = new Map(
    view
      .series({ entity: service, metric: found.metric, window })
      .map((series) => [keyOf(series), series] as const),
  );
  const seconds = (window.toMs - window.fromMs) / 1000;
  const all = rates.filter(isWanted).map((rate) => ({
    rate,
    own: totals(rate, means.get(keyOf(rate))),
  }));
  // A series that began late was nothing before; the longest one tells how often all were reported.
  const points = Math.max(1, ...all.map(({ own }) => own.points));
  let [requests, errors, ms] = [0, 0, 0];
  for (const { rate, own } of all) {
    const count = (own.rate / points) * seconds;
    requests += count;
    if (isFailure(rate)) errors += count;
    if (own.rate > 0) ms += (own.weighted / own.rate) * count * found.ms;
  }
  return requests > 0 ? { requests, errors, meanMs: ms / requests } : undefined;
}

/** Sums over the points of a series; times are weighted by their rates. */
function totals(rate: SeriesWindow, mean: SeriesWindow | undefined) {
  let [points, sum, weighted] = [0, 0, 0];
  rate.values.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    points += 1;
    sum += value;
    const time = mean?.values[at] ?? Number.NaN;
    if (!Number.isNaN(time)) weighted += value * time;
  });
  return { points, rate: sum, weighted };
}
