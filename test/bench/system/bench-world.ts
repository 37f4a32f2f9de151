import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createWorld, type World } from "../../../src/model/world.ts";
import { metricsAt } from "./synthetic-metrics.ts";
import { type ResourceSpans, SyntheticSystem, sizeOf } from "./synthetic-system.ts";

/** How a world comes to be: what it is told of, for how long, and how much of it in a second. */
export interface BenchHistory {
  readonly services: number;
  readonly seconds: number;
  readonly spansPerSecond: number;
  /** In the last hour. */
  readonly lastHourSpansPerSecond: number;
  /** 0: none. */
  readonly metricsEveryS: number;
  /** Sees the spans of each bucket as they are handed in. */
  readonly onSpans?: (groups: readonly ResourceSpans[], atMs: number) => void;
}

export interface BenchWorld {
  readonly world: World;
  readonly system: SyntheticSystem;
  readonly nowMs: number;
  readonly spans: number;
  /** CPU milliseconds that the model took for all of it. */
  readonly cpuMs: number;
}

/** 2026-11-24 00:00 UTC, the start of a day and of every step. */
const BEGIN_MS = Date.UTC(2026, 10, 24);
const BUCKET_S = 5;
const HOUR_S = 3_600;

const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** A world that lived through a synthetic history, in virtual time. */
export function grownWorld(history: BenchHistory): BenchWorld {
  const system = new SyntheticSystem(sizeOf(history.services));
  const world = createWorld();
  let spans = 0;
  let cpuMs = 0;
  for (let second = 0; second < history.seconds; second += BUCKET_S) {
    const fromMs = BEGIN_MS + second * 1000;
    const toMs = fromMs + BUCKET_S * 1000;
    const isLastHour = history.seconds - second <= HOUR_S;
    const rate = isLastHour ? history.lastHourSpansPerSecond : history.spansPerSecond;
    const groups = system.spans(fromMs, toMs - 2_000, rate * (BUCKET_S / (BUCKET_S - 2)));
    const points =
      history.metricsEveryS > 0 && second % history.metricsEveryS === 0
        ? metricsAt(system, fromMs)
        : [];
    history.onSpans?.(groups, fromMs);
    const startMs = usedMs();
    for (const group of groups) {
      spans += group.spans.length;
      world.apply({ type: "spans", source: "bench", receivedMs: toMs - 100, ...group });
    }
    for (const group of points)
      world.apply({ type: "metrics", source: "bench", receivedMs: fromMs + 100, ...group });
    world.advance(toMs);
    cpuMs += usedMs() - startMs;
  }
  const nowMs = BEGIN_MS + history.seconds * 1000;
  return { world, system, nowMs, spans, cpuMs };
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Bytes that the process holds after its garbage is gone. */
export function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The value of `--name N`, or what is taken without it. */
export function numberOption(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(`--${name}`);
  const value = Number(args[at + 1]);
  return at >= 0 && Number.isFinite(value) ? value : fallback;
}
