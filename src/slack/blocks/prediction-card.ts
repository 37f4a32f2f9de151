import type { KnownBlock } from "@slack/types";
import { GRADE_WORDS } from "../../model/whatif/grade-words.ts";
import type { Intervention } from "../../model/whatif/intervention.ts";
import type {
  Interval,
  PredictedSli,
  Prediction,
  Statistic,
} from "../../model/whatif/prediction.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import {
  code,
  context,
  instant,
  labelled,
  type Message,
  nameOf,
  operationName,
  percent,
  quantity,
  safe,
  section,
  spanText,
} from "./text.ts";

const SLIS_SHOWN_MAX = 4;
/** What comes without the action is told of the statistics that are asked for first. */
const WITHOUT_SHOWN_MAX = 2;
const REASONS_SHOWN_MAX = 4;
const UTILISATION_SHOWN_MAX = 3;
/** A utilisation that moves less is not worth a line. */
const UTILISATION_MOVED = 0.05;

const STATISTIC_NAMES: Readonly<Record<string, string>> & Readonly<Record<Statistic, string>> = {
  mean: "mean latency",
  p50: "median latency",
  p95: "p95 latency",
  p99: "p99 latency",
  error_ratio: "failing requests",
  bad_ratio: "bad requests",
  rate: "requests",
};

/** What a person asks first: how many requests are bad, then how slow the slow ones are. */
const STATISTIC_ORDER: readonly string[] = [
  "bad_ratio",
  "p95",
  "error_ratio",
  "p99",
  "p50",
  "mean",
  "rate",
] satisfies readonly Statistic[];
/** A share that is and stays below this goes without saying. */
const RATIO_WORTH_SAYING = 0.005;

function isWorthSaying({ unit, observed, noAction, after, verdict }: PredictedSli): boolean {
  if (unit !== "ratio" || verdict !== "number") return true;
  return Math.max(observed, noAction.median, after.median) >= RATIO_WORTH_SAYING;
}

/** The first statistic of every operation before the second of any. */
function inOrder(slis: readonly PredictedSli[]): readonly PredictedSli[] {
  const byOperation = Map.groupBy(slis.filter(isWorthSaying), (sli) => sli.operation);
  const ranked = [...byOperation.values()].flatMap((list) =>
    list
      .toSorted((a, b) => statisticRank(a.statistic) - statisticRank(b.statistic))
      .map((sli, rank) => ({ sli, rank })),
  );
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ sli }) => sli);
}

/** A statistic in words; one that is not ours as it is written. */
export function statisticName(statistic: string): string {
  return Object.hasOwn(STATISTIC_NAMES, statistic)
    ? (STATISTIC_NAMES[statistic] ?? statistic)
    : safe(statistic.replaceAll("_", " "));
}

/** How soon a reader wants to see a statistic; what is not ours comes last. */
export function statisticRank(statistic: string): number {
  const rank = STATISTIC_ORDER.indexOf(statistic);
  return rank < 0 ? STATISTIC_ORDER.length : rank;
}

/** `*240 ms* (200 ms to 350 ms)`. */
function intervalText(interval: Interval, unit: PredictedSli["unit"]): string {
  const [median, low, high] = [interval.median, interval.low, interval.high].map((value) =>
    quantity(value, unit),
  );
  return `*${median}* (${low} to ${high})`;
}

/** `p95 latency: now 2.1 s → *240 ms* (200 ms to 350 ms)`: short enough for one line of a thread. */
function sliText(sli: PredictedSli): string {
  const now = `${statisticName(sli.statistic)}: now ${quantity(sli.observed, sli.unit)}`;
  if (sli.verdict === "insufficient_data") return `${now}; too little data for a number`;
  if (sli.verdict === "saturates") {
    const when =
      sli.timeToSaturationMs === undefined ? "" : ` in ${spanText(sli.timeToSaturationMs)}`;
    return `${now}; *saturates*${when}`;
  }
  return `${now} → ${intervalText(sli.after, sli.unit)}`;
}

/** Several statistics of one operation: what is expected, and under it what comes without. */
function oneOperation(operation: string, slis: readonly PredictedSli[]): readonly string[] {
  const without = slis
    .filter(({ verdict }) => verdict === "number")
    .slice(0, WITHOUT_SHOWN_MAX)
    .map((sli) => `${statisticName(sli.statistic)} ${intervalText(sli.noAction, sli.unit)}`);
  return [
    `*Predicted* for ${operation}, with 90 % intervals`,
    ...slis.map((sli) => `• ${sliText(sli)}`),
    without.length === 0 ? "" : `_if nothing is done:_ ${without.join(" · ")}`,
  ];
}

function manyOperations(slis: readonly PredictedSli[]): readonly string[] {
  const lines = slis.map((sli) => {
    const without =
      sli.verdict === "number"
        ? `; _if nothing is done_ *${quantity(sli.noAction.median, sli.unit)}*`
        : "";
    return `• ${code(operationName(sli.operation))} ${sliText(sli)}${without}`;
  });
  return ["*Predicted*, with 90 % intervals", ...lines];
}

function effectLines(slis: readonly PredictedSli[]): readonly string[] {
  const [operation, ...others] = new Set(slis.map((sli) => sli.operation));
  return operation === undefined || others.length > 0
    ? manyOperations(slis)
    : oneOperation(code(operationName(operation)), slis);
}

function utilisationLine({ utilisation }: Prediction): string {
  const moved = utilisation
    .filter(({ before, after }) => Math.abs(after - before) >= UTILISATION_MOVED)
    .slice(0, UTILISATION_SHOWN_MAX)
    .map(
      ({ entity, before, after }) =>
        `${code(nameOf(entity))} ${percent(before)} → ${percent(after)} busy`,
    );
  return labelled("Load", moved.join(" · "));
}

function reasons(label: string, texts: readonly string[]): string {
  const { shown, more } = firstOf(texts, REASONS_SHOWN_MAX);
  return labelled(
    label,
    [...shown.map((text) => safe(text.replaceAll("->", " → "))), more]
      .filter((part) => part !== "")
      .join("; "),
  );
}

/** A prediction as part of another card. Grade D says "effect unknown" and what is missing. */
export function predictionBlocks(prediction: Prediction): readonly KnownBlock[] {
  const isUnknown = prediction.grade === "D" || prediction.slis.length === 0;
  const { shown, more } = firstOf(inOrder(prediction.slis), SLIS_SHOWN_MAX);
  const effect = isUnknown
    ? `*Effect unknown.* ${reasons("Missing", prediction.missing)}`
    : [...effectLines(shown), more].filter((line) => line !== "").join("\n");
  const doubts = [
    utilisationLine(prediction),
    reasons("Assumes", prediction.assumptions),
    reasons("Wrong if", prediction.falsifiers),
  ].filter((line) => line !== "");
  return [section(effect), ...(doubts.length === 0 ? [] : [section(...doubts)])];
}

export function predictionFacts(prediction: Prediction): readonly string[] {
  return [
    `grade ${prediction.grade} of A to D: ${GRADE_WORDS[prediction.grade]}`,
    `within ${spanText(prediction.horizonMs)}`,
    `as of ${instant(prediction.asOfMs)}`,
  ];
}

/** What is asked, in the words of the commands. */
function interventionText(intervention: Intervention): string {
  switch (intervention.type) {
    case "none":
      return "nothing is done";
    case "load":
      return `load × ${intervention.factor}${intervention.operation === undefined ? "" : ` on ${intervention.operation}`}`;
    case "scale":
      return `${intervention.entity} runs ${intervention.replicas} replicas`;
    case "rollback":
      return `${intervention.entity} goes back to ${intervention.to_version}`;
    case "drain":
      return `${intervention.entity} is drained`;
    case "shed":
      return `${percent(intervention.share)} of ${intervention.operation ?? "requests"} are shed`;
    case "restart":
      return `${intervention.entity} is restarted`;
    case "demand":
      return `${intervention.entity} costs × ${intervention.factor}`;
    case "pool":
      return `the pool ${intervention.from} → ${intervention.to} holds ${intervention.size}`;
    case "timeout":
      return `${intervention.from} → ${intervention.to} times out after ${intervention.ms} ms`;
    case "retries":
      return `${intervention.from} → ${intervention.to} retries ${intervention.count} times`;
    case "flag":
      return `flag ${intervention.flag} is ${intervention.variant}`;
    case "setting":
      return `${intervention.setting} of ${intervention.entity} is ${intervention.value}`;
    case "limit":
      return `${intervention.from} may have ${intervention.max_concurrent} calls to ${intervention.to} at once`;
  }
}

/** The answer to a what-if: nothing is executed, and it says so. */
export function predictionCard(prediction: Prediction): Message {
  const asked = prediction.interventions.map(interventionText).join(", and ");
  const title = `*What if ${safe(asked)}?*`;
  const blocks: KnownBlock[] = [
    section(title),
    ...predictionBlocks(prediction),
    context("Computed, no LLM", "nothing was executed", ...predictionFacts(prediction)),
  ];
  return { text: fitMarkup(title, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}
