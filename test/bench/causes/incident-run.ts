import { assert } from "../../../src/assert.ts";
import { burnRate } from "../../../src/model/slo/slo-status.ts";
import { Dice } from "../../../src/simulator/dice.ts";
import { randomStream } from "../../../src/simulator/random.ts";
import type {
  RequestTruth,
  SimulatedChange,
  SimulatedSpan,
  UtilisationSample,
} from "../../../src/simulator/records.ts";
import { createSimulation, type Simulation } from "../../../src/simulator/simulation.ts";
import type { SystemSpec } from "../../../src/simulator/system-spec.ts";
import { type Fault, faultOf, KINDS, type Kind } from "./fault.ts";
import { incidentSystem } from "./incident-system.ts";

/** What one simulated incident let out, and the page that the product's own rule would have sent. */
export interface IncidentRun {
  readonly seed: number;
  readonly spec: SystemSpec;
  readonly fault: Fault;
  readonly spans: readonly SimulatedSpan[];
  readonly samples: readonly UtilisationSample[];
  readonly changes: readonly SimulatedChange[];
  /** The fault's own change; undefined: it has none. */
  readonly guilty: SimulatedChange | undefined;
  /** Slow is what takes longer, by entry operation. */
  readonly slowMs: ReadonlyMap<string, number>;
  readonly onsetMs: number;
  readonly detectedMs: number;
  readonly endMs: number;
  readonly page: {
    readonly service: string;
    readonly operation: string;
    readonly signal: "latency" | "error_ratio";
  };
}

const ORIGIN_MS = Date.UTC(2026, 1, 3, 4, 5, 0);
/** The longest delay at which answers are scored, and a little. */
const AFTER_MS = 190_000;
/** A fault that has not paged after this long is none. */
const PATIENCE_MS = 260_000;
/** The product's default rule for a page, shortened alike for every system: two windows, burning ten times too fast. */
const RULE = { longMs: 60_000, shortMs: 15_000, burnRate: 10, objective: 0.99 } as const;
/** Shares of traces that are kept. */
const SAMPLINGS = [1, 1, 0.3] as const;
const TRIES_MAX = 90;
/** A simulation that has gone on for so many events drowns in its queues: another system will do. */
const EVENTS_MAX = 4_000_000;

interface Judged {
  readonly threshold: ReadonlyMap<string, number>;
}

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? Number.NaN;

/** Slow is what one in two hundred healthy requests exceeds by a quarter. */
function thresholds(requests: readonly RequestTruth[]): Judged {
  const by = Map.groupBy(requests, ({ operation }) => operation);
  return {
    threshold: new Map(
      [...by].map(([operation, list]) => [
        operation,
        1.25 *
          quantile(
            list.map(({ startMs, endMs }) => endMs - startMs),
            0.995,
          ),
      ]),
    ),
  };
}

/** An entry operation's requests in the `lengthMs` before an instant, by the objective. */
function windowOf(
  requests: readonly RequestTruth[],
  slowMs: number,
  at: { readonly operation: string; readonly atMs: number; readonly lengthMs: number },
) {
  const from = requests.findLastIndex(({ endMs }) => endMs <= at.atMs - at.lengthMs) + 1;
  const own = requests
    .slice(from)
    .filter(({ operation, endMs }) => operation === at.operation && endMs <= at.atMs);
  const errors = own.filter(({ ok }) => !ok).length;
  const slow = own.filter(({ ok, startMs, endMs }) => ok && endMs - startMs > slowMs).length;
  const bad = errors + slow;
  const good = own.length - bad;
  return { good, bad, errors, slow, ratio: own.length > 0 ? good / own.length : 1, covered: 1 };
}

/** Whether the rule fires for an operation at `atMs`, and by what. */
function firing(
  requests: readonly RequestTruth[],
  judged: Judged,
  at: { readonly operation: string; readonly atMs: number },
): "latency" | "error_ratio" | undefined {
  const slowMs = judged.threshold.get(at.operation) ?? 0;
  const long = windowOf(requests, slowMs, { ...at, lengthMs: RULE.longMs });
  const short = windowOf(requests, slowMs, { ...at, lengthMs: RULE.shortMs });
  if (long.good + long.bad < 10) return undefined;
  const burns = [long, short].every((one) => burnRate(one, RULE.objective) >= RULE.burnRate);
  if (!burns) return undefined;
  return long.errors > long.slow ? "error_ratio" : "latency";
}

interface Recorded {
  readonly spans: SimulatedSpan[];
  readonly requests: RequestTruth[];
  readonly samples: UtilisationSample[];
  readonly changes: SimulatedChange[];
}

function harmlessDeploys(
  simulation: Simulation,
  spec: SystemSpec,
  dice: Dice,
  untilMs: number,
): void {
  const count = dice.whole(0, 2);
  for (let at = 0; at < count; at += 1) {
    const service = dice.one(spec.services)?.name;
    if (service === undefined) continue;
    const version = `8.${dice.whole(0, 40)}.${at}`;
    simulation.at(dice.between(ORIGIN_MS + 40_000, untilMs), {
      type: "deploy",
      service,
      version,
      behaviour: {},
    });
  }
}

/** A system that is in trouble before anything happens is of no use. */
function isWell(requests: readonly RequestTruth[], spec: SystemSpec): boolean {
  const failed = requests.filter(({ ok }) => !ok).length;
  if (failed > 0.005 * requests.length) return false;
  return spec.load.every(({ operation }) => {
    const own = requests.filter((one) => one.operation === operation);
    const times = own.map(({ startMs, endMs }) => endMs - startMs);
    return own.length >= 100 && quantile(times, 0.99) < 8 * quantile(times, 0.5);
  });
}

/** Lets a system run into a fault until it pages, and a little longer. Undefined: nobody would have been paged. */
function attempt(seed: number, spec: SystemSpec, kind: Kind, dice: Dice): IncidentRun | undefined {
  const recorded: Recorded = { spans: [], requests: [], samples: [], changes: [] };
  const traceSampling = dice.one(SAMPLINGS) ?? 1;
  const simulation = createSimulation(
    { ...spec, traceSampling },
    {
      seed,
      originMs: ORIGIN_MS,
      sampleEveryMs: 5_000,
      sink: {
        span: (span) => recorded.spans.push(span),
        request: (request) => recorded.requests.push(request),
        sample: (sample) => recorded.samples.push(sample),
        change: (change) => recorded.changes.push(change),
      },
    },
  );
  const onsetMs = ORIGIN_MS + dice.between(260, 560) * 1000;
  harmlessDeploys(simulation, spec, dice, onsetMs - 25_000);
  simulation.runUntil(onsetMs);
  const state = simulation.state();
  const instances = new Map(state.services.map((one) => [one.service, one.instances] as const));
  const fault = faultOf(kind, { spec, instances }, dice);
  const judged = thresholds(
    recorded.requests.filter(({ startMs }) => startMs > ORIGIN_MS + 15_000),
  );
  if (fault === undefined || !isWell(recorded.requests, spec)) return undefined;
  const told = recorded.changes.length;
  for (const { afterMs, intervention } of fault.steps)
    simulation.at(onsetMs + afterMs + 1, intervention);
  const page = detect(simulation, recorded, {
    judged,
    spec,
    onsetMs,
    isFault: kind !== "none",
    dice,
  });
  if (page === undefined) return undefined;
  const endMs = page.detectedMs + AFTER_MS;
  simulation.runUntil(endMs);
  const guilty = recorded.changes.slice(told).find(({ entity }) => entity === fault.changed);
  const { spans, samples, changes } = recorded;
  const { detectedMs, ...about } = page;
  return {
    seed,
    spec,
    fault,
    spans,
    samples,
    changes,
    guilty,
    slowMs: judged.threshold,
    onsetMs,
    detectedMs,
    endMs,
    page: about,
  };
}

/** The first page of an entry operation; without a fault somebody pages for nothing. */
function detect(
  simulation: Simulation,
  { requests }: Recorded,
  at: {
    readonly judged: Judged;
    readonly spec: SystemSpec;
    readonly onsetMs: number;
    readonly isFault: boolean;
    readonly dice: Dice;
  },
): (IncidentRun["page"] & { readonly detectedMs: number }) | undefined {
  const { judged, spec, onsetMs, isFault, dice } = at;
  if (!isFault) {
    const load = dice.one(spec.load);
    const detectedMs = onsetMs + dice.between(20, 120) * 1000;
    simulation.runUntil(detectedMs);
    const isBurning = spec.load.some(
      ({ operation }) => firing(requests, judged, { operation, atMs: detectedMs }) !== undefined,
    );
    if (load === undefined || isBurning) return undefined;
    const signal = dice.chance(0.7) ? "latency" : "error_ratio";
    return { detectedMs, service: load.service, operation: load.operation, signal };
  }
  for (let atMs = onsetMs + 10_000; atMs < onsetMs + PATIENCE_MS; atMs += 5_000) {
    simulation.runUntil(atMs);
    if (simulation.events > EVENTS_MAX) return undefined;
    for (const { service, operation } of spec.load) {
      const signal = firing(requests, judged, { operation, atMs });
      if (signal !== undefined) return { detectedMs: atMs, service, operation, signal };
    }
  }
  return undefined;
}

/** The incident of a seed: kinds are drawn by weight until one pages in a system of its own. The same for one seed. */
export function incidentRun(seed: number): IncidentRun {
  const dice = new Dice(randomStream(seed, "incident"));
  for (let at = 0; ; at += 1) {
    const own = seed * 100 + at;
    const found = attempt(own, incidentSystem(own), dice.weighed(KINDS), dice);
    if (found !== undefined) return { ...found, seed };
    assert(at < TRIES_MAX, "some fault pages in some system");
  }
}
