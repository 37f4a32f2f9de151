// npm run --silent diagnose -- CASE_DIR [--delay 60] [--json]
import { parseArgs } from "node:util";
import { errorText } from "../errors.ts";
import { readCase } from "./case-folder.ts";
import { causeAnswer } from "./cause-answer.ts";
import { diagnosisText } from "./diagnose-text.ts";

const USAGE = "usage: npm run --silent diagnose -- CASE_DIR [--delay SECONDS] [--json]\n";

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { delay: { type: "string", default: "0" }, json: { type: "boolean", default: false } },
  });
  const [folder] = positionals;
  const delayS = Number(values.delay);
  if (folder === undefined || positionals.length > 1 || !(delayS >= 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const record = await readCase(folder, delayS * 1000);
  const { answer, diagnosis } = causeAnswer(record, delayS);
  process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : diagnosisText(diagnosis));
  for (const [what, count] of record.faults) process.stderr.write(`${what} (${count})\n`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`diagnose: ${errorText(error)}\n`);
  process.exitCode = 1;
}
