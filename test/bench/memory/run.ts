import { cpus } from "node:os";
import { type BenchHistory, grownWorld, heldBytes, numberOption } from "../system/bench-world.ts";
import type { ResourceSpans } from "../system/synthetic-system.ts";
import { SyntheticSystem, sizeOf } from "../system/synthetic-system.ts";

const HOUR_S = 3_600;
const MB = 2 ** 20;
const GROWTH = [50, 200, 500, 1_000, 2_000];
/** Spans for each service in a second, and for how long, where growth is measured. */
const GROWTH_SPANS = 2;
const GROWTH_S = 180;
/** Samples that a plain store would hold of one series: a day of one every 15 s. */
const SAMPLES_A_DAY = 5_760;
const PLAIN_SPANS = 40_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const mb = (bytes: number): string => `${(bytes / MB).toFixed(0)} MB`;
const row = (name: string, own: string, limit: string, plain: string): void =>
  say(`${name.padEnd(34)} ${own.padEnd(16)} ${limit.padEnd(12)} ${plain}`);

/** What a span costs as the object that it was received as. */
function plainSpanBytes(): number {
  const system = new SyntheticSystem(sizeOf(50));
  const before = heldBytes();
  const kept: (readonly ResourceSpans[])[] = [system.spans(0, 1_000, PLAIN_SPANS)];
  const spans = kept.flat().reduce((sum, { spans: list }) => sum + list.length, 0);
  const bytes = heldBytes() - before;
  kept.length = 0;
  return bytes / spans;
}

/** What a day of a series costs as times and values side by side. */
function plainSeriesBytes(): number {
  const before = heldBytes();
  const kept = Array.from({ length: 50 }, (_, one) =>
    Array.from({ length: SAMPLES_A_DAY }, (__, at) => [at * 15_000, Math.sin(at + one)] as const),
  );
  const bytes = heldBytes() - before;
  const { length } = kept;
  kept.length = 0;
  return bytes / length;
}

function day(history: BenchHistory): void {
  const [plainSpan, plainSeries] = [plainSpanBytes(), plainSeriesBytes()];
  const before = heldBytes();
  const { world, system, spans, cpuMs } = grownWorld(history);
  const held = heldBytes() - before;
  const { bytes, exemplarBytes, exemplarSpans, series, stationCells, edgeCells, frames } =
    world.stats();
  const steps = bytes.buckets + bytes.minutes + bytes.quarters - exemplarBytes;
  const { instances, edgeOperations } = system.size;
  say(
    `${history.services} services, ${instances} instances, ${edgeOperations} edge-operations; ${history.seconds / HOUR_S} h of ${history.spansPerSecond} spans/s, ${history.lastHourSpansPerSecond} in the last hour (${spans} spans, ${(cpuMs / 1000).toFixed(0)} s of CPU)`,
  );
  row("", "Orrery", "goal", "plain objects, same run");
  row(
    "an exemplar span",
    `${(exemplarBytes / exemplarSpans).toFixed(0)} B`,
    "64 B",
    `${plainSpan.toFixed(0)} B`,
  );
  row(
    "a series",
    `${(bytes.series / series / 1024).toFixed(1)} KB`,
    "12 KB",
    `${(plainSeries / 1024).toFixed(1)} KB (a day of every 15 s)`,
  );
  row(
    "all steps, an edge-operation",
    `${(steps / edgeOperations / 1024).toFixed(0)} KB`,
    "90 KB",
    "",
  );
  row("the whole process", mb(held), "150 MB", `${mb(spans * plainSpan)} of spans alone`);
  say(
    `buckets ${mb(bytes.buckets)}, minutes ${mb(bytes.minutes)}, quarters ${mb(bytes.quarters)} (exemplars in them ${mb(exemplarBytes)}, ${exemplarSpans} spans); series ${mb(bytes.series)} (${series}); ${stationCells} station cells, ${edgeCells} edge cells, ${frames} buckets`,
  );
}

function growth(): void {
  say(`\ngrowth: ${GROWTH_SPANS} spans/s of each service, metrics every 60 s, ${GROWTH_S} s of it`);
  say("services  instances  held     a service  µs a span");
  for (const services of GROWTH) {
    const before = heldBytes();
    const { world, system, spans, cpuMs } = grownWorld({
      services,
      seconds: GROWTH_S,
      spansPerSecond: services * GROWTH_SPANS,
      lastHourSpansPerSecond: services * GROWTH_SPANS,
      metricsEveryS: 60,
    });
    const held = heldBytes() - before;
    const refused = world.stats().pointsRefused;
    const left = refused > 0 ? `  (${refused} points beyond the limit of series)` : "";
    say(
      `${String(services).padEnd(9)} ${String(system.size.instances).padEnd(10)} ${mb(held).padEnd(8)} ${(held / services / 1024).toFixed(0).padStart(6)} KB  ${((cpuMs / spans) * 1000).toFixed(1)}${left}`,
    );
  }
}

/** What the model holds for a day of one system, and how it grows with the system. Options: `--hours N`, `--services N`. */
export async function runMemoryBench(args: readonly string[]): Promise<void> {
  say(`memory: ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`);
  day({
    services: numberOption(args, "services", 50),
    seconds: numberOption(args, "hours", 24) * HOUR_S,
    spansPerSecond: 15,
    lastHourSpansPerSecond: 150,
    metricsEveryS: 60,
  });
  growth();
  await Promise.resolve();
}
