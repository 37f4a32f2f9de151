import type { Share } from "./statistics.ts";
import { textTable } from "./text-table.ts";
import { STATISTICS, type WhatIfFigures, type WhatIfReport } from "./whatif-score.ts";

const percent = (value: number | undefined): string =>
  value === undefined ? "–" : (100 * value).toFixed(1);
const number = (value: number | undefined): string => value?.toFixed(2) ?? "–";
const interval = (share: Share | null): string => {
  if (share === null) return "–";
  const [value, low, high] = [share.value, share.low, share.high].map((one) =>
    (100 * one).toFixed(0),
  );
  return `${value} [${low}, ${high}]`;
};

function byStatistic(title: string, figures: WhatIfFigures): string {
  const named = STATISTICS.flatMap((stat) => {
    const found = figures.byStatistic[stat];
    return found === undefined ? [] : [[stat, found] as const];
  });
  const rows = [...named, ["all statistics", figures.latency] as const].map(([name, one]) => [
    name,
    String(one.n),
    percent(one.median),
    percent(one.mean),
    interval(one.coverage),
    number(one.width),
    interval(one.direction),
    percent(one.nothingChanges.median),
    percent(one.nothingChanges.mean),
  ]);
  return textTable(
    [
      title,
      "n",
      "error % median",
      "mean",
      "covered % [95 %]",
      "width",
      "direction % [95 %]",
      "nothing changes: error % median",
      "mean",
    ],
    rows,
  );
}

function byType(report: WhatIfReport): string {
  const rows = [...Object.entries(report.types), ["all", report.all] as const].map(
    ([name, one]) => {
      const p95 = one.byStatistic.p95;
      return [
        name,
        String(one.rows),
        percent(p95?.median),
        percent(p95?.mean),
        percent(one.latency.median),
        percent(one.latency.mean),
        percent(one.latency.coverage?.value),
        `${one.saturation.truths}/${one.saturation.places}`,
        interval(one.saturation.recall),
        interval(one.saturation.falseAlarms),
        percent(one.insufficient?.value),
        number(one.errorRatio.median),
        number(one.errorRatio.mean),
        percent(one.errorRatio.coverage?.value),
      ];
    },
  );
  return textTable(
    [
      "intervention",
      "rows",
      "p95 error %",
      "mean",
      "all: error %",
      "mean",
      "covered %",
      "saturated",
      "recall % [95 %]",
      "false % [95 %]",
      "insufficient %",
      "failures pp",
      "mean",
      "covered %",
    ],
    rows,
  );
}

/** The figures of a report as text tables. */
export function whatIfText(report: WhatIfReport): string {
  const { all, acting } = report;
  return [
    `${report.cases} cases, ${report.questions} questions, ${all.rows} figures, ${all.unsaturated} of them do not saturate`,
    byStatistic("all questions", all),
    byStatistic("interventions", acting),
    byType(report),
    `milliseconds a question: median ${number(report.msMedian)}, p95 ${number(report.msP95)}`,
  ].join("\n\n");
}
