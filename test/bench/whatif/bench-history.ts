import { randomStream } from "../../../src/simulator/random.ts";
import type {
  SimulatedChange,
  SimulatedSpan,
  UtilisationSample,
} from "../../../src/simulator/records.ts";
import { createSimulation } from "../../../src/simulator/simulation.ts";
import type { SystemSpec } from "../../../src/simulator/system-spec.ts";
import { type BenchIncident, FLAG, VERSION, withIncident } from "./bench-questions.ts";
import { RequestHistograms } from "./request-histograms.ts";

/** What was recorded of a system until the questions are asked. */
export interface BenchHistory {
  readonly fromMs: number;
  readonly toMs: number;
  /** Of the traces that were sampled. */
  readonly spans: readonly SimulatedSpan[];
  readonly changes: readonly SimulatedChange[];
  readonly samples: readonly UtilisationSample[];
  readonly histograms: RequestHistograms;
}

const ORIGIN_MS = Date.UTC(2026, 4, 4, 8, 0, 0);
const LENGTH_MS = 420_000;
/** The load stands at its mean in the end, so that a question is about that. */
const STEADY_MS = 110_000;
/** An incident has gone on for this long. */
const INCIDENT_MS = 100_000;
const SWING_STEP_MS = 10_000;
const SWING_PERIOD_MS = 160_000;
const SAMPLE_MS = 10_000;

const isSampled = (traceId: string, share: number): boolean =>
  Number.parseInt(traceId.slice(0, 8), 16) / 4_294_967_296 < share;

/** Runs a system for seven minutes under a swinging load. */
export function simulateHistory(
  spec: SystemSpec,
  options: {
    readonly seed: number;
    readonly incident?: BenchIncident;
    readonly sampling: number;
  },
): BenchHistory {
  const { seed, incident, sampling } = options;
  const random = randomStream(seed, "what-if history");
  const spans: SimulatedSpan[] = [];
  const changes: SimulatedChange[] = [];
  const samples: UtilisationSample[] = [];
  const histograms = new RequestHistograms(SAMPLE_MS);
  const lived = incident === undefined ? spec : withIncident(spec, incident);
  const simulation = createSimulation(
    { ...lived, traceSampling: 1 },
    {
      seed,
      originMs: ORIGIN_MS,
      sampleEveryMs: SAMPLE_MS,
      sink: {
        span: (span) => {
          histograms.add(span);
          if (isSampled(span.traceId, sampling)) spans.push(span);
        },
        change: (change) => {
          changes.push(change);
        },
        sample: (sample) => {
          samples.push(sample);
        },
      },
    },
  );
  const toMs = ORIGIN_MS + LENGTH_MS;
  const phase = random() * 2 * Math.PI;
  for (let atMs = 0; atMs < LENGTH_MS - STEADY_MS; atMs += SWING_STEP_MS) {
    const swing = Math.sin(phase + (2 * Math.PI * atMs) / SWING_PERIOD_MS);
    simulation.at(ORIGIN_MS + atMs, { type: "load", factor: 1 + 0.3 * swing });
  }
  simulation.at(toMs - STEADY_MS, { type: "load", factor: 1 });
  decoys(spec, seed).forEach((service, at) => {
    const version = "1.0.1";
    simulation.at(ORIGIN_MS + (at + 1) * 60_000, {
      type: "deploy",
      service,
      version,
      behaviour: {},
    });
  });
  if (incident?.type === "deploy") {
    const { service } = incident;
    simulation.at(toMs - INCIDENT_MS, { type: "deploy", service, version: VERSION.after });
  }
  if (incident?.type === "flag")
    simulation.at(toMs - INCIDENT_MS, { type: "flag", flag: FLAG.key, variant: FLAG.on });
  for (let nowMs = ORIGIN_MS; nowMs < toMs; ) {
    nowMs += SAMPLE_MS;
    simulation.runUntil(nowMs);
    histograms.close(nowMs);
  }
  return { fromMs: ORIGIN_MS, toMs, spans, changes, samples, histograms };
}

/** Deploys that change nothing. */
function decoys(spec: SystemSpec, seed: number): readonly string[] {
  const random = randomStream(seed, "what-if decoys");
  const names = spec.services.slice(1).map(({ name }) => name);
  const first = names[Math.floor(random() * names.length)] ?? "";
  return random() < 0.5 ? [] : [first];
}
