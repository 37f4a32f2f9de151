// npm run bench -- NAME [options]: figures about the product, measured here and now.
import { runCausesBench } from "./causes/run.ts";
import { runIngestBench } from "./ingest/run.ts";
import { runMemoryBench } from "./memory/run.ts";
import { runMutatedBench } from "./mutated/run.ts";
import { runReadsBench } from "./reads/run.ts";
import { runWhatIfBench } from "./whatif/run.ts";

const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  causes: runCausesBench,
  ingest: runIngestBench,
  memory: runMemoryBench,
  mutated: runMutatedBench,
  reads: runReadsBench,
  whatif: runWhatIfBench,
};

const [name = "", ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHES).join("|")} [options]\n`);
  process.exitCode = 2;
} else {
  await bench(args);
}
