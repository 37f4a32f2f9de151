import type { Problem, Slice } from "../problem.ts";
import { type Change, noChange } from "./change.ts";
import { type CurveTime, kappaWith, NO_TIME, timeOn } from "./curve.ts";
import { backgroundCores, hostBusy, hostFactor, hostFactorsBySlice } from "./host-share.ts";
import { emptyPlay, type Played, Player, type PlayInput } from "./play.ts";
import type { Prepared } from "./prepared.ts";
import { fitAll, type RegimeState, regimeState, TRACES_MIN, timesSeen } from "./regime.ts";
import { apart, mixed, type Steady } from "./steady.ts";
import { type Traffic, trafficOf } from "./traffic.ts";
import { NO_WAIT, waitFor } from "./wait.ts";

const ROUNDS_MAX = 24;
/** Tries after tries of callers of callers would ask without end; those who gave up, and those who wait, do not. */
const AMPLIFIED_MAX = 1.5;
const MUCH = 0.15;
const STEP = 0.3;
const SETTLED = 0.004;
/** Own time never shrinks or grows beyond these by load. */
const FACTOR = { low: 0.15, high: 2_000 } as const;
/** A difference between the curves of two parts of the history below this is noise. */
const SAME_LOG = 0.08;

export interface Solution {
  readonly played: Played;
  readonly traffic: Traffic;
  readonly steady: Steady;
  readonly rounds: number;
}

const slicesOf = (slices: readonly Slice[], regime: Slice["regime"]): readonly number[] =>
  slices.flatMap((slice, at) => (slice.regime === regime ? [at] : []));

/** A problem with its curves and its present state, ready for many changes. */
export class Solver {
  readonly #of: Prepared;
  readonly #regimes: { readonly now: RegimeState; readonly healthy: RegimeState };
  /** By station and slice. */
  readonly #seen: readonly CurveTime[];
  readonly #background: Float64Array;
  /** The state now, played from the exemplars of now. */
  readonly now: Solution;

  constructor(of: Prepared) {
    this.#of = of;
    const { problem } = of;
    const { slices } = problem;
    const [at, before] = [slicesOf(slices, "now"), slicesOf(slices, "healthy")];
    this.#background = backgroundCores(problem, at);
    const healthy = before.length === 0 ? undefined : fitAll(of, before);
    const now = fitAll(of, at, healthy);
    const same = (healthy ?? now).map((curve, station) => {
      const own = now[station];
      if (own === undefined || healthy === undefined) return curve;
      return this.#differs(station, curve, own) ? own : curve;
    });
    const curveOf = (station: number, slice: number) =>
      slices[slice]?.regime === "now" ? same[station] : (healthy ?? same)[station];
    this.#seen = timesSeen(problem, curveOf, hostFactorsBySlice(problem));
    const isNow = (slice: number): boolean => slices[slice]?.regime === "now";
    const isHealthy = (slice: number): boolean => slices[slice]?.regime === "healthy";
    const nowState = regimeState(of, same, isNow);
    this.#regimes = {
      now: nowState,
      healthy: healthy === undefined ? nowState : regimeState(of, healthy, isHealthy),
    };
    this.now = this.solve(noChange(problem), undefined);
  }

  /** Whether a station works otherwise now than before, at the load of now. */
  #differs(
    station: number,
    before: RegimeState["curves"][number],
    now: RegimeState["curves"][number],
  ): boolean {
    const { stations, slices } = this.#of.problem;
    const known = stations[station];
    if (known === undefined) return false;
    const state = { rate: known.rate, hosts: known.replicas.map(() => 1), demand: 1 };
    const [a, b] = [timeOn(before, state).selfMs, timeOn(now, state).selfMs];
    const count = slicesOf(slices, "now").reduce((sum, at) => sum + (known.counts[at] ?? 0), 0);
    const noise = 3 / Math.sqrt(Math.max(1, count));
    return Math.abs(Math.log((b + 0.01) / (a + 0.01))) > Math.max(SAME_LOG, noise);
  }

  get curves(): RegimeState["curves"] {
    return this.#regimes.now.curves;
  }

  regimeOf(plays: Change["plays"]): RegimeState {
    return this.#regimes[plays];
  }

  /** Whether enough was seen of the system as it is now. */
  get knowsNow(): boolean {
    return this.#regimes.now.traces >= TRACES_MIN;
  }

  /**
   * The state after a change. `against`: the state that the exemplars were seen in; itself, for the state now. `isHot`:
   * found from where every call with a patience has run out of it, and is tried again.
   */
  solve(change: Change, against: Solution | undefined = this.now, isHot = false): Solution {
    const { problem } = this.#of;
    const { perTrace } = this.#regimes[change.plays];
    const load = perTrace.map(
      (rate, trace) => rate * (change.load[problem.program.entries[trace] ?? 0] ?? 1),
    );
    const played = emptyPlay(problem);
    const tries = isHot ? { tries: triesOf(problem) } : {};
    let traffic = trafficOf(this.#of, played, { perTrace: load, ...tries });
    const most = this.#ratesOf(change, traffic).map((rate) => rate * AMPLIFIED_MAX);
    let steady = this.#steady(change, traffic, most);
    let rounds = 0;
    for (; rounds < ROUNDS_MAX; rounds += 1) {
      const input = this.#playInput(change, steady, against?.steady ?? steady);
      new Player(this.#of, input, played).play();
      const served = steady.busy.map((busy) => (busy > 1 ? 1 / busy : 1));
      traffic = trafficOf(this.#of, played, { perTrace: load, served });
      const next = this.#steady(change, traffic, most);
      const moved = apart(steady, next);
      // Where much is about to change, a step too far would push over what else would stand.
      steady = moved > MUCH ? mixed(steady, next, STEP) : next;
      if (moved < SETTLED) break;
    }
    return { played, traffic, steady, rounds };
  }

  /** Mean own time of a station in a state, and how busy it is. */
  #timeAt(change: Change, station: number, state: Parameters<typeof timeOn>[1]): CurveTime {
    const now = this.#regimes.now.curves[station];
    const healthy = this.#regimes.healthy.curves[station];
    const kept = change.kept[station] ?? 1;
    if (now === undefined || healthy === undefined) return NO_TIME;
    if (kept >= 1) return timeOn(now, state);
    const before = timeOn(healthy, state);
    if (kept <= 0) return before;
    const after = timeOn(now, state);
    const between = (figure: keyof CurveTime): number =>
      before[figure] + kept * (after[figure] - before[figure]);
    return {
      selfMs: between("selfMs"),
      busy: between("busy"),
      variation: between("variation"),
      serialBusy: between("serialBusy"),
    };
  }

  #workMs(change: Change, station: number): number {
    const { now, healthy } = this.#regimes;
    const [a, b] = [now.curves[station], healthy.curves[station]];
    if (a?.type !== "cores" || b?.type !== "cores") return 0;
    const kept = change.kept[station] ?? 1;
    return (b.workMs + kept * (a.workMs - b.workMs)) * (change.demand[station] ?? 1);
  }

  /** What the exemplars account for, scaled to what is counted. */
  #scaleOf({ plays }: Change, station: number): number {
    const visits = this.#regimes[plays].seen.visits[station] ?? 0;
    return visits > 0 ? (this.#of.problem.stations[station]?.rate ?? 0) / visits : 1;
  }

  /** Requests a second of every station. */
  #ratesOf(change: Change, traffic: Traffic): Float64Array {
    const { seen } = this.#regimes[change.plays];
    return Float64Array.from(this.#of.problem.stations, ({ rate }, at) =>
      (seen.visits[at] ?? 0) > 0 ? this.#scaleOf(change, at) * (traffic.visits[at] ?? 0) : rate,
    );
  }

  #steady(change: Change, traffic: Traffic, most: Float64Array): Steady {
    const { problem } = this.#of;
    const { stations, links, hosts } = problem;
    const replicasOf = (at: number): readonly number[] =>
      change.replicas.get(at) ?? stations[at]?.replicas ?? [];
    const rates = this.#ratesOf(change, traffic).map((rate, at) =>
      Math.min(rate, most[at] ?? rate),
    );
    const used = Float64Array.from(this.#background);
    stations.forEach(({ cores }, at) => {
      const replicas = replicasOf(at);
      const wanted = ((rates[at] ?? 0) * this.#workMs(change, at)) / 1000 / replicas.length;
      const each = Math.min(wanted, cores ?? wanted);
      for (const host of replicas) if (host >= 0) used[host] = (used[host] ?? 0) + each;
    });
    const busyHosts = Float64Array.from(hosts, (host, at) => hostBusy(host, used[at] ?? 0));
    const slow = hosts.map((host, at) => hostFactor(host, busyHosts[at] ?? 0));
    const times = stations.map((_, at) =>
      this.#timeAt(change, at, {
        rate: rates[at] ?? 0,
        hosts: replicasOf(at).map((host) => slow[host] ?? 1),
        demand: change.demand[at] ?? 1,
      }),
    );
    const accept = stations.map(({ workers, held }, at) => {
      if (workers === undefined || held === "work") return NO_WAIT;
      const replicas = replicasOf(at).length;
      return waitFor({
        places: workers,
        rate: (rates[at] ?? 0) / replicas,
        holdMs: traffic.holdMs[at] ?? 0,
        unevenness: this.#evenness(at, replicas),
      });
    });
    const pool = links.map(({ from, pool: size }, at) => {
      const places = Number.isNaN(change.pool[at]) ? size : change.pool[at];
      if (places === undefined) return NO_WAIT;
      const replicas = replicasOf(from).length;
      const cv = this.#of.attemptCv[at] ?? 1;
      return waitFor({
        places,
        rate: ((traffic.attempts[at] ?? 0) * this.#scaleOf(change, from)) / replicas,
        holdMs: Math.max(0.01, (traffic.attemptMs[at] ?? 0) - (traffic.poolMs[at] ?? 0)),
        unevenness: (this.#evenness(from, replicas) * (1 + cv * cv)) / 2,
      });
    });
    return {
      rates,
      busy: Float64Array.from(times, (one) => one.busy),
      serialBusy: Float64Array.from(times, (one) => one.serialBusy),
      hostBusy: busyHosts,
      selfMs: Float64Array.from(times, (one) => one.selfMs),
      variation: Float64Array.from(times, (one) => one.variation),
      accept,
      pool,
    };
  }

  /** How evenly replicas are asked; 1: at random. */
  #evenness(station: number, replicas: number): number {
    const curve = this.#regimes.now.curves[station];
    return curve?.type === "cores" ? Math.min(1, kappaWith(curve, replicas)) : 1;
  }

  #playInput(change: Change, steady: Steady, seen: Steady): PlayInput {
    const { problem } = this.#of;
    const { links, slices, stations } = problem;
    const factor = new Float64Array(stations.length * slices.length);
    const spread = new Float64Array(factor.length);
    this.#seen.forEach((then, at) => {
      const station = Math.floor(at / slices.length);
      const after = steady.selfMs[station] ?? 0;
      const ratio = then.selfMs > 0.05 ? after / then.selfMs : 1;
      factor[at] = Math.min(FACTOR.high, Math.max(FACTOR.low, ratio));
      spread[at] = spreadOf(steady.variation[station] ?? 1, then.variation);
    });
    const changedOr = (
      changed: Float64Array,
      known: (link: Problem["links"][number]) => number | undefined,
    ): Float64Array =>
      Float64Array.from(links, (link, at) => {
        const value = changed[at] ?? Number.NaN;
        return Number.isNaN(value) ? (known(link) ?? Number.NaN) : value;
      });
    const timeouts = changedOr(change.timeoutMs, (link) => link.timeoutMs);
    const attempts = changedOr(change.attempts, ({ retries }) =>
      retries === undefined ? undefined : retries + 1,
    );
    return {
      factor,
      spread,
      timeoutMs: timeouts.map((ms) => (Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms)),
      attempts: attempts.map((count) => (Number.isNaN(count) ? 1 : count)),
      isChanged: Uint8Array.from(change.attempts, (one) => (Number.isNaN(one) ? 0 : 1)),
      accept: steady.accept,
      acceptSeen: seen.accept,
      pool: steady.pool,
      poolSeen: seen.pool,
      gap: change.gap,
      seed: problem.seed,
    };
  }
}

/** By link: attempts of a call whose patience always runs out. */
function triesOf({ links }: Problem): Float64Array {
  return Float64Array.from(links, ({ timeoutMs, retries }) =>
    timeoutMs === undefined ? 1 : 1 + (retries ?? 0),
  );
}

/** Exponent that makes lognormal times vary so much, of ones that varied so much. */
function spreadOf(after: number, before: number): number {
  return Math.sqrt(Math.log(1 + after) / Math.log(1 + before));
}
