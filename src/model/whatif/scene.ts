import { type Picture, pictureOf } from "../causes/picture.ts";
import { operationAsked, slowThresholdMs } from "../causes/symptom.ts";
import { HISTORY_MS } from "../dynamics/stretch.ts";
import { type EntityId, entityId } from "../entity.ts";
import type { WorldView } from "../view.ts";
import { compileProblem } from "./compile/compile.ts";
import { Forecaster } from "./forecast.ts";
import { type Backtest, backtest } from "./interval.ts";
import type { Prediction } from "./prediction.ts";
import { sensitivitiesOf } from "./sensitivity.ts";

/** Limit: entry operations answered at once. */
const OPERATIONS_MAX = 6;

/** What is asked about, whatever is to be done. */
export interface SceneRequest {
  readonly operations: readonly string[];
  readonly places: readonly string[];
  readonly horizonMs: number;
  readonly seed: number;
  readonly sampling?: number;
}

interface ScenePlace {
  readonly id: EntityId;
  /** Of an entry operation. */
  readonly picture: Picture | undefined;
  readonly backtest: () => Backtest | undefined;
}

/** What of a view is the same for all plans. */
export interface Scene {
  readonly places: readonly ScenePlace[];
  /** Where the trouble shows most: effects are worked out there. */
  readonly lead: Picture;
  readonly forecaster: Forecaster;
  readonly sensitivities: () => Prediction["sensitivities"];
}

/** The last scene of each view: plans are compared on one. A view never changes, and takes its scene with it. */
const scenes = new WeakMap<
  WorldView,
  { readonly key: string; readonly scene: Scene | undefined }
>();

/** Undefined: none of what is asked about was seen. */
export function sceneOf(view: WorldView, request: SceneRequest): Scene | undefined {
  const key = JSON.stringify(request);
  const known = scenes.get(view);
  if (known?.key === key) return known.scene;
  const scene = setScene(view, request);
  scenes.set(view, { key, scene });
  return scene;
}

function setScene(view: WorldView, request: SceneRequest): Scene | undefined {
  const asked = operationsOf(view, request.operations);
  const pictures = new Map(
    asked.flatMap((operation) => {
      const picture = pictureFor(view, operation);
      return picture === undefined ? [] : [[operation, picture] as const];
    }),
  );
  const all = [...pictures.values()];
  const lead = all.find((one) => one.stretch.deviates) ?? all[0];
  if (lead === undefined) return undefined;
  const ids = [...new Set([...asked, ...request.places.map(placeNamed)])];
  const { horizonMs, seed, sampling } = request;
  const problem = compileProblem(view, {
    places: ids,
    horizonMs,
    seed,
    ...(sampling === undefined ? {} : { sampling }),
  });
  if (problem === undefined) return undefined;
  return {
    places: ids.map((id) => {
      const picture = pictures.get(id);
      return { id, picture, backtest: once(() => picture && pastOf(picture)) };
    }),
    lead,
    forecaster: new Forecaster(problem),
    sensitivities: once(() => sensitivitiesOf(lead)),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Entry operations that the answer is about; none named: the worst, or busiest. */
function operationsOf(view: WorldView, names: readonly string[]): readonly EntityId[] {
  const window = {
    fromMs: Math.max(view.retainedFromMs, view.closedMs - HISTORY_MS),
    toMs: view.closedMs,
  };
  if (names.length === 0) {
    const found = operationAsked(view, {}, window);
    return found === undefined ? [] : [found];
  }
  const found = names
    .slice(0, OPERATIONS_MAX)
    .flatMap((operation) => operationAsked(view, { operation }, window) ?? []);
  return [...new Set(found)];
}

const placeNamed = (name: string): EntityId =>
  entityId(name.includes(" ") ? "operation" : "service", name);

function pictureFor(view: WorldView, operation: EntityId): Picture | undefined {
  const slo = view.slos().find((one) => operation === `operation:${one.service} ${one.operation}`);
  return pictureOf(view, operation, {
    atMs: view.closedMs,
    ...(slo === undefined ? {} : { slo }),
  });
}

function pastOf({ view, stretch, operation, slo, entryHealthy }: Picture): Backtest {
  return backtest(view, { stretch, operation, slowMs: slowThresholdMs(slo, entryHealthy) });
}
