// npm run --silent score -- CASES_DIR [--kind causes|whatif] [--out answers.jsonl] [--json]
import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { errorText } from "../errors.ts";
import { causeTable } from "./cause-table.ts";
import { scoreCauses } from "./score-causes.ts";
import { scoreWhatIfCases } from "./score-whatif.ts";
import { whatIfText } from "./whatif-table.ts";

const USAGE =
  "usage: npm run --silent score -- CASES_DIR [--kind causes|whatif] [--out answers.jsonl] [--json]\n";

const KINDS = ["causes", "whatif"] as const;
type Kind = (typeof KINDS)[number];
const isKind = (text: string): text is Kind => (KINDS as readonly string[]).includes(text);

interface Output {
  readonly answered: (answer: unknown) => void;
  readonly failed: (id: string, reason: string) => void;
}

/** The report of one kind, and how it reads as text. */
async function scored(
  kind: Kind,
  root: string,
  output: Output,
): Promise<readonly [report: unknown, text: () => string]> {
  switch (kind) {
    case "causes": {
      const report = await scoreCauses(root, output);
      return [report, () => causeTable(report)];
    }
    case "whatif": {
      const report = await scoreWhatIfCases(root, output);
      return [report, () => `${whatIfText(report)}\n`];
    }
  }
}

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
  if (root === undefined || positionals.length > 1 || !isKind(values.kind)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const file = values.out === undefined ? undefined : openSync(values.out, "w");
  const [report, text] = await scored(values.kind, root, {
    answered: (answer: unknown) => {
      if (file !== undefined) writeSync(file, `${JSON.stringify(answer)}\n`);
    },
    failed: (id, reason) => process.stderr.write(`${id}: ${reason}\n`),
  });
  if (file !== undefined) closeSync(file);
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 1)}\n` : text());
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`score: ${errorText(error)}\n`);
  process.exitCode = 1;
}
