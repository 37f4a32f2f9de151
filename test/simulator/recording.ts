import type { Intervention } from "../../src/simulator/intervention.ts";
import type {
  RequestTruth,
  SimulatedChange,
  SimulatedSpan,
  UtilisationSample,
} from "../../src/simulator/records.ts";
import { createSimulation, type Simulation } from "../../src/simulator/simulation.ts";
import type { ServiceSpec, SystemSpec } from "../../src/simulator/system-spec.ts";

export interface Recording {
  readonly simulation: Simulation;
  readonly spans: SimulatedSpan[];
  readonly requests: RequestTruth[];
  readonly changes: SimulatedChange[];
  readonly samples: UtilisationSample[];
}

/** A network without delay, so that theory about stations alone can be compared. */
export const NO_NETWORK = { sameHostMs: 0, sameZoneMs: 0, crossZoneMs: 0, jitterCv: 0 } as const;

/** One service on one host, asked so often. */
export function station(
  service: Partial<ServiceSpec> & Pick<ServiceSpec, "operations">,
  options: { readonly perSecond: number; readonly cores?: number },
): SystemSpec {
  return {
    name: "station",
    hosts: [{ name: "h", zone: "z", cores: options.cores ?? 1_000 }],
    services: [{ name: "s", version: "1", hosts: ["h"], ...service }],
    load: [
      {
        service: "s",
        operation: "GET /",
        perSecond: options.perSecond,
        timeoutMs: Number.POSITIVE_INFINITY,
      },
    ],
    network: NO_NETWORK,
  };
}

export function record(
  spec: SystemSpec,
  options: {
    readonly seconds: number;
    readonly seed?: number;
    readonly sampleEveryMs?: number;
    /** By second. */
    readonly interventions?: readonly (readonly [number, Intervention])[];
    readonly keepsSpans?: boolean;
  },
): Recording {
  const spans: SimulatedSpan[] = [];
  const requests: RequestTruth[] = [];
  const changes: SimulatedChange[] = [];
  const samples: UtilisationSample[] = [];
  const keep =
    <T>(list: T[]) =>
    (item: T): void => {
      list.push(item);
    };
  const simulation = createSimulation(spec, {
    seed: options.seed ?? 1,
    sampleEveryMs: options.sampleEveryMs ?? 0,
    sink: {
      ...(options.keepsSpans === false ? {} : { span: keep(spans) }),
      request: keep(requests),
      change: keep(changes),
      sample: keep(samples),
    },
  });
  for (const [atS, intervention] of options.interventions ?? [])
    simulation.at(atS * 1000, intervention);
  simulation.runUntil(options.seconds * 1000);
  return { simulation, spans, requests, changes, samples };
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
}

export function latencies(requests: readonly RequestTruth[]): readonly number[] {
  return requests.filter(({ ok }) => ok).map(({ startMs, endMs }) => endMs - startMs);
}
