// npm run --silent score -- CASES_DIR [--kind causes|whatif] [--out answers.jsonl] [--json]
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { errorText } from "../errors.ts";
import { causeTable } from "./cause-table.ts";
import { scoreCauses } from "./score-causes.ts";

const USAGE =
  "usage: npm run --silent score -- CASES_DIR [--kind causes|whatif] [--out answers.jsonl] [--json]\n";

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kind: { type: "string", default: "causes" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [root] = positionals;
  if (root === undefined || positionals.length > 1 || values.kind !== "causes") {
    process.stderr.write(USAGE);
    return 2;
  }
  const file = values.out === undefined ? undefined : openSync(values.out, "w");
  const report = await scoreCauses(root, {
    answered: (answer) => {
      if (file !== undefined) writeSync(file, `${JSON.stringify(answer)}\n`);
    },
    failed: (id, reason) => process.stderr.write(`${id}: ${reason}\n`),
  });
  if (file !== undefined) closeSync(file);
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 1)}\n` : causeTable(report));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`score: ${errorText(error)}\n`);
  process.exitCode = 1;
}
