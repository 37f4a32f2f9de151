import type { CauseReport } from "./cause-report.ts";
import type { Summary } from "./cause-score.ts";
import type { Share } from "./statistics.ts";
import { textTable } from "./text-table.ts";

const HEAD = [
  "set / fault",
  "n",
  "AC@1 [95 %]",
  "AC@3 [95 %]",
  "AC@5 [95 %]",
  "Avg@5",
  "empty",
  "healthy",
  "alarms",
  "alarm share",
  "Brier",
  "ECE",
  "cal n",
  "ms p50",
  "ms p95",
  "bad p",
  "no answer",
] as const;

const number = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? "–" : value.toFixed(digits);
const share = (one: Share | null): string =>
  one === null ? "–" : `${number(one.value)} [${number(one.low, 2)}, ${number(one.high, 2)}]`;

function rowOf(name: string, summary: Summary): readonly string[] {
  return [
    name,
    String(summary.cases),
    share(summary.ac1),
    share(summary.ac3),
    share(summary.ac5),
    number(summary.avg5),
    String(summary.empty),
    String(summary.healthy),
    String(summary.false_alarms),
    share(summary.false_alarm_share),
    number(summary.calibration.brier),
    number(summary.calibration.ece),
    String(summary.calibration.n),
    number(summary.ms?.median, 1),
    number(summary.ms?.p95, 1),
    String(summary.bad_p),
    String(summary.unanswered),
  ];
}

/** A report as the shared scorer prints it. */
export function causeTable(report: CauseReport): string {
  const out: string[] = [];
  for (const { delay_s, sets, all } of report.delays) {
    const rows = sets.flatMap((set) => [
      rowOf(set.set, set),
      ...set.faults.map((fault) => rowOf(`  ${fault.fault}`, fault)),
    ]);
    out.push(`Detection delay +${delay_s} s`, textTable(HEAD, [...rows, rowOf("ALL", all)]), "");
    const changes = sets.flatMap(({ set, change }) =>
      change === null ? [] : [[set, String(change.n), share(change.at1), String(change.decoys)]],
    );
    if (changes.length > 0) {
      out.push(textTable(["change", "n", "change@1 [95 %]", "decoys named"], changes), "");
    }
  }
  if (report.what_if_cases > 0)
    out.push(`${report.what_if_cases} what-if cases are not scored here.`);
  if (report.unknown_ids.length > 0) {
    const some = report.unknown_ids.slice(0, 5).join(", ");
    out.push(`${report.unknown_ids.length} answers name unknown cases: ${some}`);
  }
  return `${out.join("\n").trimEnd()}\n`;
}
