import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DEFAULT_WEIGHTS } from "../../../src/model/causes/default-weights.ts";
import { fitWeights } from "./fit-weights.ts";
import { incidentRun } from "./incident-run.ts";
import { type Sample, samplesOf } from "./sample.ts";
import { SEEDS } from "./seeds.ts";

function readKept(file: string | undefined): readonly Sample[] {
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.flatMap((line) => JSON.parse(line) as readonly Sample[]);
}

/** Fits the weights that rank by whole requests to simulated incidents of the training seeds, and prints them. */
export function train(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      from: { type: "string", default: "0" },
      count: { type: "string", default: "300" },
      keep: { type: "string" },
    },
  });
  const [from, count] = [Number(values.from), Number(values.count)];
  const samples = [...readKept(values.keep)];
  const known = new Set(samples.map(({ seed }) => seed));
  for (let at = from; at < from + count; at += 1) {
    const seed = SEEDS.train + at;
    if (known.has(seed)) continue;
    const found = [...samplesOf(incidentRun(seed))];
    samples.push(...found);
    if (values.keep !== undefined) appendFileSync(values.keep, `${JSON.stringify(found)}\n`);
  }
  const seen = samples.filter(({ sight }) => sight === "spans");
  const { weights, lossBefore, loss } = fitWeights(seen, DEFAULT_WEIGHTS.spans);
  process.stdout.write(`${JSON.stringify(weights, null, 2)}\n`);
  process.stdout.write(
    `${seen.length} questions; loss ${lossBefore.toFixed(3)} before, ${loss.toFixed(3)} after\n`,
  );
}
