import type { EdgeId, EntityId } from "../entity.ts";
import type { Place, Problem } from "./problem.ts";
import type { Change } from "./solve/change.ts";
import { fullness, fullnessMet } from "./solve/exposure.ts";
import { figuresAt, nodesOf, type PlaceFigures } from "./solve/place-figures.ts";
import { type Prepared, prepare } from "./solve/prepared.ts";
import { TRACES_MIN } from "./solve/regime.ts";
import { type Solution, Solver } from "./solve/solve.ts";

/** A queue this full, or this full and with failures because of it, does not come to rest within the horizon. */
const FULL = 0.92;
const FULL_FAILING = 0.8;
const FAILURES_RISE = 0.005;
/** A rise of fullness below this is none. */
const FULLER_MIN = 0.01;

/** What is expected of the requests of one place. */
export interface PlaceForecast {
  readonly place: Place;
  /** The exemplars as they were seen, and as they are played. */
  readonly asSeen: PlaceFigures;
  readonly after: PlaceFigures;
  /** How full the fullest thing is that one in ten requests meets. */
  readonly full: number;
  readonly saturates: boolean;
}

export interface Forecast {
  readonly places: ReadonlyMap<EntityId, PlaceForecast>;
  readonly utilisation: readonly {
    readonly entity: EntityId;
    readonly before: number;
    readonly after: number;
  }[];
}

/** Limit: stations whose use is told. */
const UTILISATION_MAX = 12;

/** A problem that is ready for many changes. */
export class Forecaster {
  readonly problem: Problem;
  readonly #prepared: Prepared;
  readonly #solver: Solver;
  readonly #fullNow: Float64Array;

  constructor(problem: Problem) {
    this.problem = problem;
    this.#prepared = prepare(problem);
    this.#solver = new Solver(this.#prepared);
    this.#fullNow = fullness(this.#prepared, this.#solver.now);
  }

  get now(): Solution {
    return this.#solver.now;
  }

  /** Whether enough requests from before the trouble were traced. */
  get knowsHealthy(): boolean {
    const { slices } = this.problem;
    const isKnown = slices.some(({ regime }) => regime === "healthy");
    return isKnown && this.#solver.regimeOf("healthy").traces >= TRACES_MIN;
  }

  forecast(change: Change): Forecast {
    const solution = this.#solver.solve(change);
    const full = fullness(this.#prepared, solution);
    const places = this.problem.places.flatMap((place) => {
      const found = this.#placeForecast(place, { change, solution, full });
      return found === undefined ? [] : [[place.id, found] as const];
    });
    return { places: new Map(places), utilisation: this.#utilisation(solution) };
  }

  #placeForecast(
    place: Place,
    of: { readonly change: Change; readonly solution: Solution; readonly full: Float64Array },
  ): PlaceForecast | undefined {
    const { program } = this.problem;
    const { change, solution, full } = of;
    const nodes = nodesOf(this.problem, place);
    const { seen } = this.#solver.regimeOf(change.plays);
    const asSeen = figuresAt(
      nodes,
      { durationMs: program.durationMs, failed: program.failed, weight: seen.weight },
      place.slowMs,
    );
    const { weight } = solution.traffic;
    const { durationMs, failed } = solution.played;
    const after = figuresAt(nodes, { durationMs, failed, weight }, place.slowMs);
    if (asSeen === undefined || after === undefined) return undefined;
    const met = fullnessMet(nodes, { full, weight });
    const before = fullnessMet(nodes, {
      full: this.#fullNow,
      weight: this.#solver.now.traffic.weight,
    });
    const isFuller = met >= 1 || met > before + FULLER_MIN;
    const fails = after.errorRatio - asSeen.errorRatio > FAILURES_RISE;
    const saturates = isFuller && (met > FULL || (met > FULL_FAILING && fails));
    return { place, asSeen, after, full: met, saturates };
  }

  #utilisation({ steady }: Solution): Forecast["utilisation"] {
    const now = this.#solver.now.steady;
    return this.problem.stations
      .flatMap(({ id }, at) => {
        const [before, after] = [busyOf(now, at), busyOf(steady, at)];
        return before > 0 && after > 0 ? [{ entity: id, before, after }] : [];
      })
      .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before))
      .slice(0, UTILISATION_MAX);
  }

  /** The station's place in the problem's arrays; -1: it is not there. */
  stationOf(id: EntityId): number {
    return this.problem.stations.findIndex((one) => one.id === id);
  }

  /** Places of the problem's arrays that a link of the model is. */
  linkOf(edge: {
    readonly id: EdgeId;
    readonly caller: EntityId;
    readonly callee: EntityId;
  }): number {
    const [from, to] = [this.stationOf(edge.caller), this.stationOf(edge.callee)];
    return this.problem.links.findIndex((one) => one.from === from && one.to === to);
  }
}

/** Of cores, or of the workers that requests hold. */
function busyOf({ busy, accept }: Solution["steady"], station: number): number {
  const cores = busy[station] ?? Number.NaN;
  return Math.max(Number.isNaN(cores) ? 0 : cores, accept[station]?.busy ?? 0);
}
