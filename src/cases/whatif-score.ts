import { meanOf, percentile, type Share, shareOf as shareOfNumbers } from "./statistics.ts";
import type { WhatIfAnswer } from "./whatif-answer.ts";
import type { WhatIfCase, WhatIfTruth } from "./whatif-case.ts";

const shareOf = (flags: readonly boolean[]): Share | null => shareOfNumbers(flags.map(Number));

/** "Truth moved by more than 10 %". */
const MOVED = 0.1;
export const STATISTICS = ["mean", "p50", "p95", "p99"] as const;

interface Given {
  readonly verdict: WhatIfAnswer["verdict"];
  readonly median: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** One truth with the answer that belongs to it. */
interface ScoredRow {
  readonly set: string;
  readonly id: string;
  readonly question: string;
  readonly type: string;
  /** Entity and operation. */
  readonly place: string;
  readonly signal: string;
  readonly stat: string;
  readonly truth: number;
  readonly saturated: boolean;
  readonly answer?: Given;
  /** The row of "nothing is done" for the same figure. */
  readonly none?: ScoredRow;
}

const norm = (text: string | undefined): string => (text ?? "").trim().toLowerCase();
const placeOf = (one: Pick<WhatIfTruth, "entity" | "operation">): string =>
  `${norm(one.entity)}|${norm(one.operation)}`;
const keyOf = (one: {
  readonly question: string;
  readonly entity: string;
  readonly operation?: string;
  readonly signal: string;
  readonly stat: string;
}): string => [one.question, placeOf(one), norm(one.signal), norm(one.stat)].join("|");

const isFigure = (value: number | undefined): value is number => Number.isFinite(value);

function givenBy(answer: WhatIfAnswer): Given {
  const { median, low, high, verdict } = answer;
  const isAnswered = verdict !== "number" || isFigure(median);
  return {
    verdict: isAnswered ? verdict : "insufficient_data",
    median: median ?? Number.NaN,
    low: isFigure(low) ? low : undefined,
    high: isFigure(high) ? high : undefined,
  };
}

/** Joins truths and answers; each row knows its row of "nothing is done". */
function matchWhatIf(
  cases: readonly WhatIfCase[],
  answers: readonly WhatIfAnswer[],
): readonly ScoredRow[] {
  const given = new Map(answers.map((one) => [`${one.id}|${keyOf(one)}`, givenBy(one)]));
  return cases.flatMap((one) => {
    const typeOf = new Map(
      one.questions.map(({ id, interventions }) => [
        id,
        interventions.map(({ type }) => type).join(" + "),
      ]),
    );
    const rows = one.truth.map((truth): ScoredRow => {
      const answer = given.get(`${one.id}|${keyOf(truth)}`);
      return {
        set: one.set,
        id: one.id,
        question: truth.question,
        type: typeOf.get(truth.question) ?? "?",
        place: placeOf(truth),
        signal: truth.signal,
        stat: truth.stat,
        truth: truth.value,
        saturated: truth.saturated,
        ...(answer === undefined ? {} : { answer }),
      };
    });
    const figure = (row: ScoredRow): string => `${row.place}|${row.signal}|${row.stat}`;
    const none = new Map(
      rows.filter((row) => row.type === "none").map((row) => [figure(row), row] as const),
    );
    return rows.map((row) => {
      const own = none.get(figure(row));
      return own === undefined ? row : { ...row, none: own };
    });
  });
}

/** Errors of one method over unsaturated rows: shares for latency, percentage points for ratios. */
export interface Errors {
  readonly n: number;
  readonly median: number | undefined;
  readonly mean: number | undefined;
  readonly coverage: Share | null;
  /** Of the interval, against the median. */
  readonly width: number | undefined;
}

interface LatencyFigures extends Errors {
  readonly direction: Share | null;
  readonly nothingChanges: Errors;
}

export interface WhatIfFigures {
  readonly rows: number;
  readonly unsaturated: number;
  readonly insufficient: Share | null;
  readonly unanswered: Share | null;
  readonly latency: LatencyFigures;
  readonly byStatistic: Readonly<Record<string, LatencyFigures>>;
  readonly errorRatio: Errors;
  readonly saturation: {
    readonly places: number;
    readonly truths: number;
    readonly recall: Share | null;
    readonly falseAlarms: Share | null;
  };
}

export interface WhatIfReport {
  readonly cases: number;
  readonly questions: number;
  readonly all: WhatIfFigures;
  /** Without the questions in which nothing is done. */
  readonly acting: WhatIfFigures;
  readonly types: Readonly<Record<string, WhatIfFigures>>;
  readonly msMedian: number | undefined;
  readonly msP95: number | undefined;
}

const isNumber = (row: ScoredRow): boolean => row.answer?.verdict === "number";

function errorsOf(
  rows: readonly ScoredRow[],
  answerOf: (row: ScoredRow) => Given | undefined,
  relative: boolean,
): Errors {
  const used = rows.flatMap((row) => {
    const answer = answerOf(row);
    const counts = !row.saturated && isNumber(row) && (!relative || row.truth > 0);
    return counts && answer !== undefined ? [{ truth: row.truth, answer }] : [];
  });
  const misses = used.map(({ truth, answer }) => {
    const miss = Math.abs(answer.median - truth);
    return relative ? miss / truth : 100 * miss;
  });
  const widths = used.flatMap(({ answer: { low, high, median } }) =>
    relative && low !== undefined && high !== undefined && median > 0
      ? [(high - low) / median]
      : [],
  );
  return {
    n: used.length,
    median: percentile(misses, 50),
    mean: meanOf(misses),
    coverage: shareOf(used.map(({ truth, answer }) => isInside(truth, answer))),
    width: meanOf(widths),
  };
}

function isInside(truth: number, { low, high }: Given): boolean {
  return low !== undefined && high !== undefined && truth >= low && truth <= high;
}

/** Of what moved by more than 10 %, the share that was said to move to the same side. */
function directionOf(rows: readonly ScoredRow[]): Share | null {
  return shareOf(
    rows.flatMap((row) => {
      const { none } = row;
      if (row.type === "none" || row.signal !== "latency" || none === undefined) return [];
      if (!isNumber(row) || row.saturated || none.saturated || !(none.truth > 0)) return [];
      if (Math.abs(row.truth / none.truth - 1) <= MOVED) return [];
      const from = isNumber(none) ? (none.answer?.median ?? Number.NaN) : none.truth;
      const said = Math.sign((row.answer?.median ?? Number.NaN) - from);
      return [said === Math.sign(row.truth - none.truth)];
    }),
  );
}

/** Judged once for each place of each question. */
function saturationOf(rows: readonly ScoredRow[]): WhatIfFigures["saturation"] {
  const places = [...Map.groupBy(rows, (row) => `${row.id}|${row.question}|${row.place}`).values()];
  const judged = places.map((group) => ({
    truth: group.some((row) => row.saturated),
    said: group.some((row) => row.answer?.verdict === "saturates"),
  }));
  const truths = judged.filter((one) => one.truth);
  return {
    places: judged.length,
    truths: truths.length,
    recall: shareOf(truths.map((one) => one.said)),
    falseAlarms: shareOf(judged.filter((one) => !one.truth).map((one) => one.said)),
  };
}

/** The method's own answer to "nothing is done", taken for every intervention. */
const unchanged = ({ none }: ScoredRow): Given | undefined =>
  none !== undefined && isNumber(none) ? none.answer : undefined;

function latencyFigures(rows: readonly ScoredRow[]): LatencyFigures {
  const acting = rows.filter((row) => row.type !== "none");
  return {
    ...errorsOf(rows, (row) => row.answer, true),
    direction: directionOf(rows),
    nothingChanges: errorsOf(acting, unchanged, true),
  };
}

function figuresOf(rows: readonly ScoredRow[]): WhatIfFigures {
  const latency = rows.filter((row) => row.signal === "latency");
  const ratios = rows.filter((row) => row.signal === "error_ratio");
  return {
    rows: rows.length,
    unsaturated: rows.filter((row) => !row.saturated).length,
    insufficient: shareOf(rows.map((row) => row.answer?.verdict === "insufficient_data")),
    unanswered: shareOf(rows.map((row) => row.answer === undefined)),
    latency: latencyFigures(latency),
    byStatistic: Object.fromEntries(
      STATISTICS.map((stat) => [stat, latencyFigures(latency.filter((row) => row.stat === stat))]),
    ),
    errorRatio: errorsOf(ratios, (row) => row.answer, false),
    saturation: saturationOf(rows),
  };
}

/** Scores answers by the rules of the case format. */
export function scoreWhatIf(
  cases: readonly WhatIfCase[],
  answers: readonly WhatIfAnswer[],
): WhatIfReport {
  const rows = matchWhatIf(cases, answers);
  const ms = answers.map((one) => one.ms);
  const types = [...Map.groupBy(rows, (row) => row.type)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    cases: cases.length,
    questions: cases.reduce((sum, one) => sum + one.questions.length, 0),
    all: figuresOf(rows),
    acting: figuresOf(rows.filter((row) => row.type !== "none")),
    types: Object.fromEntries(types.map(([type, group]) => [type, figuresOf(group)])),
    msMedian: percentile(ms, 50),
    msP95: percentile(ms, 95),
  };
}
