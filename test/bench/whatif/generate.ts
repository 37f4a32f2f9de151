import { existsSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "../../../src/simulator/random.ts";
import type { SystemSpec } from "../../../src/simulator/system-spec.ts";
import { simulateHistory } from "./bench-history.ts";
import { type BenchQuestion, incidentOf, questionsOf } from "./bench-questions.ts";
import { benchSystem, busyOf } from "./bench-system.ts";
import { isSaturated, type PlaceTruth, simulateTruth, type Truths } from "./bench-truth.ts";
import { writeCase } from "./case-writer.ts";

const TRUTH_S = 150;
/** A second truth with other randomness says how far truths differ from each other. */
const NOISE_S = 60;
const SPANS_WANTED = 38_000;
/** A service that is asked for more than this of what it can do has no steady state. */
const OFFERED_MAX = 0.98;
const STATS = ["mean", "p50", "p95", "p99"] as const;

interface Place {
  readonly entity: string;
  readonly operation?: string;
}

const keyOf = ({ entity, operation }: Place): string =>
  operation === undefined ? entity : `${entity} ${operation}`;

/** All entry operations, the entry service, and some services within. */
function placesOf(spec: SystemSpec, none: Truths, seed: number): readonly Place[] {
  const random = randomStream(seed, "what-if places");
  const entry = spec.load[0]?.service ?? "";
  const served = spec.services.flatMap(({ name, operations }) =>
    name === entry
      ? []
      : [{ entity: name }, ...operations.map((one) => ({ entity: name, operation: one.name }))],
  );
  const busy = served.filter((place) => (none.get(keyOf(place))?.count ?? 0) > 600);
  const within: Place[] = [];
  while (within.length < 4 && busy.length > 0)
    within.push(...busy.splice(Math.floor(random() * busy.length), 1));
  return [
    ...spec.load.map(({ service, operation }) => ({ entity: service, operation })),
    { entity: entry },
    ...within,
  ];
}

const asks = (places: readonly Place[]) =>
  places.flatMap((place) => [
    ...STATS.map((stat) => ({ ...place, signal: "latency", stat, unit: "ms" })),
    { ...place, signal: "error_ratio", stat: "mean", unit: "ratio" },
  ]);

const apart = (a: number, b: number): number => Math.abs(a - b) / Math.max(a, b, 1e-9);

function answersOf(
  question: BenchQuestion,
  places: readonly Place[],
  truths: { readonly truth: Truths; readonly other: Truths; readonly none: Truths },
): readonly unknown[] {
  const { spec, load } = question.outcome;
  const busy = busyOf(spec, load);
  return places.flatMap((place) => {
    const key = keyOf(place);
    const truth = truths.truth.get(key);
    if (truth === undefined) return [];
    const other: PlaceTruth = truths.other.get(key) ?? truth;
    const isAsked = (busy.get(place.entity) ?? 0) > OFFERED_MAX;
    const saturated = isAsked || isSaturated(truth, truths.none.get(key));
    const row = { question: question.id, ...place, saturated };
    return [
      ...STATS.map((stat) => ({
        ...row,
        signal: "latency",
        stat,
        value: truth[stat],
        noise: apart(truth[stat], other[stat]),
      })),
      { ...row, signal: "error_ratio", stat: "mean", value: truth.errorRatio },
    ];
  });
}

/** Capacity facts as an operator knows them: some are not written down. */
function topologyOf(spec: SystemSpec, seed: number): unknown {
  const random = randomStream(seed, "what-if facts");
  const known = (facts: Readonly<Record<string, number | undefined>>) =>
    Object.fromEntries(
      Object.entries(facts).filter(([, value]) => value !== undefined && random() < 0.88),
    );
  const services = spec.services.map(({ name, hosts, cpuLimitCores, workers, links }) => {
    const all = Object.entries(links ?? {});
    const [, toService] = all.find(([callee]) => !callee.startsWith("db-")) ?? [];
    const [, toDatabase] = all.find(([callee]) => callee.startsWith("db-")) ?? [];
    return {
      id: name,
      kind: "service",
      name,
      attributes: known({
        replicas: hosts.length,
        cpu_limit_cores: cpuLimitCores,
        workers: workers?.count,
        timeout_ms: toService?.timeoutMs,
        retries: toService?.retries,
        pool_size: toDatabase?.poolSize,
      }),
    };
  });
  const databases = (spec.databases ?? []).map(({ name, workers }) => ({
    id: name,
    kind: "database",
    name,
    attributes: { workers },
  }));
  const nodes = spec.hosts.map(({ name, cores }) => ({
    id: name,
    kind: "node",
    name,
    attributes: { cpu_cores: cores },
  }));
  return { entities: [...services, ...databases, ...nodes], relations: [] };
}

/** Writes the case of a seed below a folder; one that is there already is left as it is. */
export function generateCase(root: string, seed: number): void {
  const id = `bench-${seed}`;
  if (existsSync(join(root, id, "truth.json"))) return;
  const system = benchSystem(seed);
  const incident = incidentOf(system);
  const calls = [...system.rates.values()].reduce((sum, rate) => sum + rate, 0);
  const sampling = Math.min(1, SPANS_WANTED / (calls * 2 * 420));
  const history = simulateHistory(system.spec, {
    seed,
    sampling,
    ...(incident === undefined ? {} : { incident }),
  });
  const questions = questionsOf(system, incident);
  const truths = questions.map((question) => ({
    truth: simulateTruth(question.outcome, { seed: seed + 7, seconds: TRUTH_S }),
    other: simulateTruth(question.outcome, { seed: seed + 8, seconds: NOISE_S }),
  }));
  const none = truths[0]?.truth ?? new Map();
  const places = placesOf(system.spec, none, seed);
  writeCase(root, {
    id,
    history,
    sampling,
    topology: topologyOf(system.spec, seed),
    questions: questions.map((question) => ({
      id: question.id,
      intervention:
        question.interventions.length === 1 ? question.interventions[0] : question.interventions,
      horizon_s: 300,
      ask: asks(places),
    })),
    answers: questions.flatMap((question, at) => {
      const own = truths[at];
      return own === undefined ? [] : answersOf(question, places, { ...own, none });
    }),
  });
}
