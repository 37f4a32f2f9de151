import type { KnownBlock } from "@slack/types";
import type { Diagnosis, Finding, Hypothesis, PathStep } from "../../model/causes/diagnosis.ts";
import { formatQuantity } from "../../model/quantity.ts";
import { changeLine } from "./changes-card.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import {
  code,
  context,
  fields,
  filled,
  instant,
  labelled,
  type Message,
  type MessageFacts,
  nameOf,
  operationName,
  percent,
  quantity,
  safe,
  section,
} from "./text.ts";

const FINDINGS_SHOWN_MAX = 3;
const CHANGES_SHOWN_MAX = 3;
const OPERATIONS_SHOWN_MAX = 4;
const BLIND_SPOTS_SHOWN_MAX = 4;
const PATH_SHOWN_MAX = 8;
/** A cause below this is named as a candidate, not as likely. */
const LIKELY_PROBABILITY = 0.5;
/** A runner-up below this is noise. */
const RUNNER_UP_PROBABILITY = 0.02;

/** Whether any cause is worth naming first. */
function leadingCause(diagnosis: Diagnosis): Hypothesis | undefined {
  const [first] = diagnosis.hypotheses;
  return first !== undefined && first.probability >= diagnosis.noneProbability ? first : undefined;
}

/** One line, verdict first; never "root cause" before it is verified. */
export function verdictLine(diagnosis: Diagnosis): string {
  const cause = leadingCause(diagnosis);
  if (cause === undefined && diagnosis.symptom.kind === "none")
    return "*Nothing is wrong that I can see.*";
  if (cause === undefined)
    return `*No likely cause yet.* None of what I can see explains it (${percent(diagnosis.noneProbability)}).`;
  const label = cause.probability >= LIKELY_PROBABILITY ? "Likely cause" : "Best candidate";
  return `*${label} (${percent(cause.probability)})* ${safe(cause.title)}`;
}

/** What is hurt, how much, and since when. */
export function symptomLine({ symptom, blastRadius }: Diagnosis): string {
  const inAll = blastRadius.operations.length > 1 ? " in all" : "";
  const operation = code(operationName(symptom.operation));
  const since = `since ${instant(symptom.onsetMs)}`;
  const perMinute =
    blastRadius.badPerMinute >= 1
      ? ` (≈ ${quantity(blastRadius.badPerMinute, "count")}/min${inAll})`
      : "";
  const bad = `${percent(symptom.badRatio)} of requests bad${perMinute}`;
  const p95 = `p95 ${quantity(symptom.p95Ms, "ms")}, healthy ${quantity(symptom.healthyP95Ms, "ms")}`;
  switch (symptom.kind) {
    case "absent":
      return `*Hurt* ${operation}: no traffic ${since}`;
    case "none":
      return `*Nothing is hurt* on ${operation}: ${bad}, ${p95}`;
    case "errors":
      return `*Hurt* ${operation}: ${percent(symptom.errorRatio)} of requests fail${perMinute}, ${since}`;
    case "latency":
      return `*Hurt* ${operation}: ${bad}, ${p95}, ${since}`;
    case "both":
      return `*Hurt* ${operation}: ${bad}, ${percent(symptom.errorRatio)} fail, ${p95}, ${since}`;
  }
}

function findingLines(label: string, findings: readonly Finding[], none: string): string {
  const { shown, more } = firstOf(findings, FINDINGS_SHOWN_MAX);
  const lines = shown.map((finding) => `• ${filled(finding.text, finding.values)}`);
  return [`*${label}*`, ...(lines.length === 0 ? [`_${none}_`] : lines), more]
    .filter((line) => line !== "")
    .join("\n");
}

function stepText(step: PathStep): string {
  const { value } = step.magnitude;
  const magnitude = Number.isFinite(value) ? ` (${formatQuantity(step.magnitude)})` : "";
  return `${code(nameOf(step.entity))}${magnitude}`;
}

function pathLine(path: readonly PathStep[]): string {
  if (path.length < 2) return "";
  const { shown, more } = firstOf(path, PATH_SHOWN_MAX);
  return labelled("Path", [...shown.map(stepText), more].filter((part) => part !== "").join(" → "));
}

function changesLines(diagnosis: Diagnosis): string {
  const { shown, more } = firstOf(diagnosis.recentChanges, CHANGES_SHOWN_MAX);
  if (shown.length === 0) return "*Changes before it* none that I know of in the half hour before";
  const lines = shown.map((change) => changeLine(change, diagnosis.symptom.onsetMs));
  return ["*Changes before it*", ...lines, more].filter((line) => line !== "").join("\n");
}

function blastLine({ blastRadius }: Diagnosis): string {
  const { shown, more } = firstOf(blastRadius.operations, OPERATIONS_SHOWN_MAX);
  const hurt = shown.map(
    ({ operation, badRatio }) => `${code(operationName(operation))} ${percent(badRatio)} bad`,
  );
  return labelled("Blast radius", [...hurt, more].filter((part) => part !== "").join(" · "));
}

function blindLine({ blindSpots }: Diagnosis): string {
  const { shown, more } = firstOf(blindSpots, BLIND_SPOTS_SHOWN_MAX);
  return labelled("Not seen", [...shown.map(safe), more].filter((part) => part !== "").join("; "));
}

function runnerUpLine({ hypotheses, noneProbability }: Diagnosis): string {
  const second = hypotheses[1];
  const rival =
    second === undefined || second.probability < RUNNER_UP_PROBABILITY
      ? ""
      : `${safe(second.title)} (${percent(second.probability)})`;
  const none = `none of these ${percent(noneProbability)}`;
  const decides = hypotheses[0]?.decidedBy;
  return [
    labelled("Runner-up", [rival, none].filter((part) => part !== "").join(" · ")),
    decides === undefined ? "" : labelled("Would decide", safe(decides)),
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** The verdict for programs; `root` is "" when none of the causes leads. */
export function diagnosisFacts(diagnosis: Diagnosis): MessageFacts {
  const cause = leadingCause(diagnosis);
  return {
    root: cause?.name ?? "",
    probability: cause?.probability ?? diagnosis.noneProbability,
    as_of_ms: diagnosis.asOfMs,
  };
}

/** The computed diagnosis, as a tired person reads it: verdict, hurt, for and against, path, changes, what is not seen. */
export function diagnosisCard(diagnosis: Diagnosis): Message {
  const cause = leadingCause(diagnosis);
  const verdict = verdictLine(diagnosis);
  const blocks: KnownBlock[] = [section(verdict, symptomLine(diagnosis))];
  if (cause !== undefined)
    blocks.push(
      fields(
        findingLines("For", cause.supporting, "nothing yet"),
        findingLines("Against", cause.opposing, "nothing seen"),
      ),
    );
  blocks.push(
    section(runnerUpLine(diagnosis), pathLine(cause?.path ?? []), changesLines(diagnosis)),
  );
  const reach = [blastLine(diagnosis), blindLine(diagnosis)].filter((line) => line !== "");
  if (reach.length > 0) blocks.push(section(...reach));
  blocks.push(
    context(
      "Computed, no LLM",
      `world model as of ${instant(diagnosis.asOfMs)}`,
      diagnosis.uncalibrated ? "probabilities not yet calibrated on this system" : "",
    ),
  );
  return { text: fitMarkup(verdict, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}
