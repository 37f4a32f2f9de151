import type { Clock } from "../clock.ts";
import { errorText } from "../errors.ts";
import type { Incidents, Proposals } from "../incident/contract.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Signal } from "../model/signal.ts";
import type { WorldView } from "../model/view.ts";
import type { World } from "../model/world.ts";
import { IncidentDesk } from "./incident-desk.ts";
import { BLIND_AFTER_MS, Listening } from "./listening.ts";
import { duePages } from "./pages.ts";
import { verifyActions } from "./verification.ts";

/** What waits in the receivers is folded in this often … */
const DRAIN_EVERY_MS = 50;
/** … in slices of so many spans, points and records, so that Slack gets its turn in between. */
const DRAIN_ITEMS_MAX = 500;
/** Limit: slices of one drain; what is left waits for the next, and the receiver answers 429 when too much waits. */
const DRAIN_SLICES_MAX = 40;
/** A bucket of a busy system is closed in pieces of so many spans, for the same reason: one takes about a millisecond. */
const CLOSE_SPANS_MAX = 1_000;
/** Objectives are looked at this often. */
const LOOK_EVERY_MS = 1_000;
/** Open proposals are checked for expiry and drift this often. */
const SWEEP_EVERY_MS = 2_000;
/** What was closed and learned is written down this often: more than that, and what is not closed, a crash does not lose. */
const SAVE_EVERY_MS = 5_000;

const FAILURE_LOG_EVERY_MS = 10_000;

export interface WatchDeps {
  readonly world: World;
  /** The oldest waiting signals, together at most so many items. */
  take(itemsMax: number): readonly Signal[];
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly defaultChannel: string;
  /** The world was restored from an earlier life. */
  readonly knewSystem: boolean;
  /** Writes down what the world has closed and learned since. */
  save(): Promise<void>;
}

/** The deterministic loop: no language model has a part in it. */
export interface Watch {
  start(): void;
  /** Stops, folds in what waits, and saves. */
  stop(): Promise<void>;
  /** One drain and one look at the present instant; what `start` repeats. */
  tick(): Promise<void>;
  /** The system as it is now. */
  view(): WorldView;
  readonly isBlind: boolean;
}

export function createWatch(deps: WatchDeps): Watch {
  const { world, clock } = deps;
  const listening = new Listening(clock.nowMs(), deps.knewSystem);
  const desk = new IncidentDesk(deps);
  const stops: (() => void)[] = [];

  const failed = failureReporter(deps);
  const applyGuarded = (signal: Signal): void => {
    try {
      world.apply(signal);
    } catch (error) {
      // Our own bug; the signals behind this one are not to blame.
      failed("apply")(error);
    }
  };
  const drain = async (): Promise<void> => {
    for (let slice = 0; slice < DRAIN_SLICES_MAX; slice += 1) {
      const signals = deps.take(DRAIN_ITEMS_MAX);
      for (const signal of signals) applyGuarded(signal);
      if (signals.length === 0) break;
      // biome-ignore lint/performance/noAwaitInLoops: others run in between
      await clock.sleep(0);
    }
    // biome-ignore lint/performance/noAwaitInLoops: others run in between
    while (!world.advance(clock.nowMs(), CLOSE_SPANS_MAX)) await clock.sleep(0);
  };
  const look = async (): Promise<void> => {
    const nowMs = clock.nowMs();
    listening.hear(world.stats().lastSignalMs);
    const view = world.at(nowMs);
    await desk.look(view, duePages(view, listening, nowMs), nowMs);
    await verifyActions(view, deps, nowMs);
    expose(deps, listening, nowMs);
  };
  return {
    start: () => {
      stops.push(
        clock.every(DRAIN_EVERY_MS, drain, failed("drain")),
        clock.every(LOOK_EVERY_MS, look, failed("look")),
        clock.every(
          SWEEP_EVERY_MS,
          () => deps.proposals.sweep(world.at(clock.nowMs()), clock.nowMs()),
          failed("sweep"),
        ),
        clock.every(SAVE_EVERY_MS, deps.save, failed("save")),
      );
    },
    stop: async () => {
      for (const stop of stops.splice(0)) stop();
      await drain();
      await deps.save();
    },
    tick: async () => {
      await drain();
      await look();
      await deps.proposals.sweep(world.at(clock.nowMs()), clock.nowMs());
    },
    view: () => world.at(clock.nowMs()),
    get isBlind() {
      return listening.isBlind(clock.nowMs());
    },
  };
}

/** Counts every failure, and logs one of a kind once in a while: a loop that fails must not fill the disk. */
function failureReporter({
  clock,
  log,
  meter,
}: WatchDeps): (what: string) => (error: unknown) => void {
  const loggedMs = new Map<string, number>();
  return (what) => (error) => {
    meter.add("orrery_watch_failures_total", 1, { what });
    const nowMs = clock.nowMs();
    if (nowMs - (loggedMs.get(what) ?? Number.NEGATIVE_INFINITY) < FAILURE_LOG_EVERY_MS) return;
    loggedMs.set(what, nowMs);
    log.error("watch_failed", { what, error: errorText(error) });
  };
}

/** Gauges of the loop, for `/metrics`. */
function expose({ world, meter }: WatchDeps, listening: Listening, nowMs: number): void {
  const stats = world.stats();
  const ageMs = listening.lastSignalMs === 0 ? 0 : nowMs - listening.lastSignalMs;
  meter.set("orrery_signal_age_seconds", ageMs / 1000);
  meter.set("orrery_blind", ageMs > BLIND_AFTER_MS ? 1 : 0);
  const gauges = {
    spans: stats.spans,
    spans_late: stats.spansLate,
    spans_duplicate: stats.spansDuplicate,
    spans_refused: stats.spansRefused,
    points: stats.points,
    points_refused: stats.pointsRefused,
    log_records: stats.records,
    entities: stats.entities,
    entities_refused: stats.entitiesRefused,
    relations: stats.relations,
    series: stats.series,
    log_templates: stats.templates,
    traces_open: stats.tracesOpen,
    changes: stats.changes,
  };
  for (const [name, value] of Object.entries(gauges)) meter.set(`orrery_model_${name}`, value);
}
