import { parseArgs } from "node:util";
import { swallowMutated } from "../../support/swallow-mutated.ts";

/** `npm run bench -- mutated [--count 200000] [--seed 1]`: damaged OTLP requests, decoded and folded into one model. */
export async function runMutatedBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: "string", default: "200000" },
      seed: { type: "string", default: "1" },
    },
  });
  const count = Number(values.count);
  const beforeBytes = process.memoryUsage().rss;
  const startMs = performance.now();
  const { accepted, refused, crashes } = swallowMutated(count, Number(values.seed));
  const seconds = (performance.now() - startMs) / 1000;
  const grownMb = (process.memoryUsage().rss - beforeBytes) / 2 ** 20;
  const lines = [
    `${count} damaged requests in ${seconds.toFixed(1)} s; the process grew by ${grownMb.toFixed(0)} MB`,
    `read as far as they make sense: ${accepted}`,
    ...Object.entries(refused).map(([code, times]) => `refused with ${code}: ${times}`),
    `broke something: ${crashes.length}`,
    ...crashes,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (crashes.length > 0) process.exitCode = 1;
}
