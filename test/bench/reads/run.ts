import { cpus } from "node:os";
import type { WorldView } from "../../../src/model/view.ts";
import { compareWindows } from "../../../tools/compare-windows.ts";
import type { AnyTool, ToolContext } from "../../../tools/define-tool.ts";
import { getEntity } from "../../../tools/get-entity.ts";
import { getSloStatus } from "../../../tools/get-slo-status.ts";
import { getTopology } from "../../../tools/get-topology.ts";
import { listChanges } from "../../../tools/list-changes.ts";
import { querySeries } from "../../../tools/query-series.ts";
import { searchLogs } from "../../../tools/search-logs.ts";
import { searchTraces } from "../../../tools/search-traces.ts";
import { surveySystem } from "../../../tools/survey-system.ts";
import { type BenchWorld, grownWorld, numberOption } from "../system/bench-world.ts";

const HOUR_S = 3_600;
/** At most so many rounds of each read, and fewer of one that takes long. */
const ROUNDS = 100;
const READ_MS_MAX = 3_000;
/** Raw spans are kept for the baseline this long. */
const RAW_MS = 10 * 60_000;

/** CPU time, so that a busy machine tells the same as an idle one. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** What a plain answer is made from: one span, by its own fields. */
interface RawSpan {
  readonly service: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
}

interface Read {
  readonly name: string;
  readonly run: (of: BenchWorld, view: WorldView, round: number) => unknown;
}

const serviceOf = (of: BenchWorld, round: number): string =>
  of.system.services[(round * 37) % of.system.services.length]?.name ?? "";

function contextOf({ world, nowMs }: BenchWorld, view: WorldView): ToolContext {
  const none = (): never => {
    throw new Error("a read asks for none of this");
  };
  return {
    view,
    nowMs,
    signal: new AbortController().signal,
    speaker: "U1",
    callKey: "bench",
    viewAt: (ms) => world.at(ms),
    diagnose: none,
    predict: none,
    propose: none,
    recordHypothesis: none,
    ledger: () => Promise.resolve([]),
    playbook: () => undefined,
    playbookNames: () => [],
  };
}

const tool = (
  of: AnyTool,
  inputOf: (world: BenchWorld, round: number) => Record<string, unknown>,
  suffix = "",
): Read => ({
  name: `${of.name}${suffix}`,
  run: (world, view, round) =>
    of.run(contextOf(world, view), of.input.parse(inputOf(world, round)) as never),
});

const minutesAgo = ({ nowMs }: BenchWorld, round: number): string =>
  new Date(nowMs - (1 + (round % 50)) * 60_000).toISOString();

const READS: readonly Read[] = [
  { name: "view as of a minute back", run: ({ world, nowMs }) => world.at(nowMs - 60_000) },
  tool(surveySystem, () => ({})),
  tool(getEntity, (of, round) => ({ entity: serviceOf(of, round) })),
  tool(
    getEntity,
    (of, round) => ({ entity: serviceOf(of, round), at: minutesAgo(of, round) }),
    ", in the past",
  ),
  tool(getTopology, (of, round) => ({ around: serviceOf(of, round) })),
  tool(getTopology, () => ({}), ", whole map"),
  tool(compareWindows, (of, round) => ({ about: serviceOf(of, round), minutes: 10 })),
  tool(querySeries, (of, round) => ({
    entity: serviceOf(of, round % 9),
    metric: "process.cpu.utilization",
    minutes: 15,
  })),
  tool(
    querySeries,
    (of, round) => ({
      entity: serviceOf(of, round % 9),
      metric: "process.cpu.utilization",
      minutes: 1_440,
    }),
    ", a day",
  ),
  tool(searchTraces, (of, round) => ({ through: serviceOf(of, round) })),
  tool(searchTraces, (of, round) => ({ through: serviceOf(of, round), minutes: 1_440 }), ", a day"),
  tool(searchLogs, () => ({})),
  tool(listChanges, () => ({})),
  tool(getSloStatus, () => ({})),
];

const atQuantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

async function timesOf(one: Read, of: BenchWorld): Promise<readonly number[]> {
  const times: number[] = [];
  const beginMs = cpuMs();
  for (let round = 0; round < ROUNDS && cpuMs() - beginMs < READ_MS_MAX; round += 1) {
    // A view keeps what it has read: each round has one of its own, as each message has.
    const view = of.world.at(of.nowMs);
    const startMs = cpuMs();
    await one.run(of, view, round);
    times.push(cpuMs() - startMs);
  }
  return times.sort((a, b) => a - b);
}

/** Rate, failures, mean and p95 of one service in five minutes, from its raw spans. */
function scan(raw: readonly RawSpan[], service: string, fromMs: number): readonly number[] {
  const durations: number[] = [];
  let failed = 0;
  for (const span of raw) {
    if (span.service !== service || span.startMs < fromMs) continue;
    durations.push(span.durationMs);
    if (span.failed) failed += 1;
  }
  durations.sort((a, b) => a - b);
  const sum = durations.reduce((total, one) => total + one, 0);
  return [durations.length, failed, sum / durations.length, atQuantile(durations, 0.95)];
}

/** The p99 of every read that a tool makes. Options: `--services N`, `--hours N`. */
export async function runReadsBench(args: readonly string[]): Promise<void> {
  const services = numberOption(args, "services", 1_000);
  const hours = numberOption(args, "hours", 2);
  const endMs = hours * HOUR_S * 1000;
  const raw: RawSpan[] = [];
  let beginMs = 0;
  const of = grownWorld({
    services,
    seconds: hours * HOUR_S,
    spansPerSecond: 40,
    lastHourSpansPerSecond: 200,
    metricsEveryS: 60,
    onSpans: (groups, atMs) => {
      beginMs ||= atMs;
      if (atMs - beginMs < endMs - RAW_MS) return;
      for (const { resource, spans } of groups) {
        const service = String(resource["service.name"]);
        for (const { startMs, endMs: toMs, status } of spans)
          raw.push({ service, startMs, durationMs: toMs - startMs, failed: status === 2 });
      }
    },
  });
  say(
    `reads: ${services} services, ${of.system.size.instances} instances, ${of.system.size.edgeOperations} edge-operations, ${hours} h of history (${of.spans} spans); up to ${ROUNDS} rounds, each with a view of its own; ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  say(`${"".padEnd(34)} p50       p99       goal (ms of CPU)`);
  const told = (name: string, times: readonly number[], goal: string): void =>
    say(
      `${name.padEnd(34)} ${atQuantile(times, 0.5).toFixed(2).padEnd(9)} ${atQuantile(times, 0.99).toFixed(2).padEnd(9)} ${goal}`,
    );
  for (const [at, one] of READS.entries()) {
    told(one.name, await timesOf(one, of), at === 0 ? "1 ms" : "50 ms");
  }
  const plain: Read = {
    name: `baseline: one service, ${raw.length} raw spans`,
    run: (world, _, round) => scan(raw, serviceOf(world, round), world.nowMs - 300_000),
  };
  told(plain.name, await timesOf(plain, of), "");
}
