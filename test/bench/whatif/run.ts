import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { scoreWhatIfCases } from "../../../src/cases/score-whatif.ts";
import { whatIfText } from "../../../src/cases/whatif-table.ts";
import { SEEDS } from "./bench-system.ts";
import { generateCase } from "./generate.ts";

const USAGE =
  "usage: npm run bench -- whatif [--seeds dev|hold-out] [--from 0] [--count 8] [--keep DIR]\n";

const isSplit = (text: string): text is keyof typeof SEEDS => text in SEEDS;

/**
 * What-if on random systems that our own simulator runs with and without each intervention: history as a case folder,
 * answers by the product's own command, truth by simulation. `--keep` keeps (and reuses) the case folders.
 */
export async function runWhatIfBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "dev" },
      from: { type: "string", default: "0" },
      count: { type: "string", default: "8" },
      keep: { type: "string" },
    },
  });
  const [from, count] = [Number(values.from), Number(values.count)];
  if (!isSplit(values.seeds) || !(from >= 0) || !(count > 0)) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const root = values.keep ?? mkdtempSync(join(tmpdir(), "orrery-whatif-"));
  try {
    for (let at = from; at < from + count; at += 1) generateCase(root, SEEDS[values.seeds] + at);
    const report = await scoreWhatIfCases(root, {
      answered: () => undefined,
      failed: (id, reason) => process.stderr.write(`${id}: ${reason}\n`),
    });
    process.stdout.write(`${whatIfText(report)}\n`);
  } finally {
    if (values.keep === undefined) rmSync(root, { recursive: true, force: true });
  }
}
