import type { Picture } from "../causes/picture.ts";
import { compile, type Exemplar, type ReplayChange, replay, UNCHANGED } from "../causes/replay.ts";
import { entityName } from "../entity.ts";
import type { Prediction } from "./prediction.ts";

/** Limit: exemplar traces played. */
const EXEMPLARS_MAX = 100;
/** With fewer nothing is said. */
const EXEMPLARS_MIN = 12;
/** Limit: services told of. */
const SERVICES_MAX = 2;
/** Their work, as a factor. */
const SLOWER = 1.1;

/** How much the 10 % slower work of the two heaviest services adds to a request. */
export function sensitivitiesOf(picture: Picture): Prediction["sensitivities"] {
  const entry = picture.entryHealthy;
  const exemplars = exemplarsOf(picture);
  if (entry === undefined || exemplars.length < EXEMPLARS_MIN) return [];
  const mean = (change: ReplayChange): number =>
    exemplars.reduce((sum, one) => sum + replay(one, change), 0) / exemplars.length;
  const base = mean(UNCHANGED);
  return [...picture.services.keys()]
    .map((service) => ({ service, ms: entry.criticalMs.get(service) ?? 0 }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SERVICES_MAX)
    .map(({ service }) => ({
      parameter: `work of ${entityName(service)} +10 %`,
      effect: {
        value: mean({ self: (one) => (one === service ? SLOWER : 1), gap: () => 1 }) / base,
        unit: "factor",
      },
    }));
}

function exemplarsOf({ view, stretch, operation }: Picture): readonly Exemplar[] {
  const window = stretch.deviates
    ? stretch.healthy
    : { ...stretch.healthy, toMs: stretch.incident.toMs };
  return view
    .traces({ window, operation, reservoir: "uniform", limit: EXEMPLARS_MAX })
    .flatMap((trace) => compile(trace) ?? []);
}
