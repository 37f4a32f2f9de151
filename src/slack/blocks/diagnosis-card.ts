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
  spanText,
} from "./text.ts";

const FINDINGS_SHOWN_MAX = 3;
const CHANGES_SHOWN_MAX = 3;
const OPERATIONS_SHOWN_MAX = 4;
const BLIND_SPOTS_SHOWN_MAX = 4;
const PATH_SHOWN_MAX = 8;
/** A cause below this is named as a candidate, not as likely. */
const LIKELY_PROBABILITY = 0.5;
/** A step of the path that is slower by less is not called slower. */
const SLOWER_FACTOR = 1.1;
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

/** An incident window that begins this near to the onset is told as the time since. */
const SINCE_ONSET_MS = 10_000;

/** The time that the shares of a diagnosis are shares of. */
function overText({ incident, symptom }: Diagnosis): string {
  const length = spanText(incident.toMs - incident.fromMs);
  if (symptom.kind === "none") return `in the last ${length}`;
  const since = `since ${instant(symptom.onsetMs)}`;
  return Math.abs(incident.fromMs - symptom.onsetMs) < SINCE_ONSET_MS
    ? `in the ${length} ${since}`
    : `in the last ${length}, hurt ${since}`;
}

function perMinuteText({ blastRadius }: Diagnosis): string {
  const { badPerMinute, operations } = blastRadius;
  if (badPerMinute < 1) return "";
  const inAll = operations.length > 1 ? " of all operations" : "";
  return ` (≈ ${quantity(Math.round(badPerMinute), "count")} bad requests/min${inAll})`;
}

/** What is hurt, how much over which time, and since when; `isOver`: what was. */
export function symptomLine(diagnosis: Diagnosis, isOver = false): string {
  const { symptom } = diagnosis;
  const operation = code(operationName(symptom.operation));
  const over = overText(diagnosis);
  const perMinute = perMinuteText(diagnosis);
  const hurt = `*${isOver ? "Was hurt" : "Hurt"}* ${operation}:`;
  const bad = `${percent(symptom.badRatio)} of requests bad${perMinute}`;
  const healthy =
    symptom.healthyP95Ms > 0 ? `, healthy ${quantity(symptom.healthyP95Ms, "ms")}` : "";
  const p95 = `p95 ${quantity(symptom.p95Ms, "ms")}${healthy}`;
  switch (symptom.kind) {
    case "absent":
      return `${hurt} no requests since ${instant(symptom.onsetMs)}`;
    case "none":
      return `*Nothing is hurt* on ${operation}: ${percent(symptom.badRatio)} of requests bad, ${p95}, ${over}`;
    case "errors":
      return `${hurt} ${percent(symptom.errorRatio)} of requests fail${perMinute}, ${over}`;
    case "latency":
      return `${hurt} ${bad}, ${p95}, ${over}`;
    case "both":
      return `${hurt} ${bad}, ${percent(symptom.errorRatio)} fail, ${p95}, ${over}`;
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
  const { value, unit } = step.magnitude;
  // A factor near one says "no slower"; on the path of failures it would read as "all is well".
  const isTold = Number.isFinite(value) && (unit !== "factor" || value >= SLOWER_FACTOR);
  const magnitude = isTold ? ` (${formatQuantity(step.magnitude)})` : "";
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
  const lines = shown.map((change) => changeLine(change, { onsetMs: diagnosis.symptom.onsetMs }));
  return ["*Changes before it*", ...lines, more].filter((line) => line !== "").join("\n");
}

/** The other operations that are hurt: the first is told of already, exactly. */
function blastLine(diagnosis: Diagnosis): string {
  const { blastRadius, symptom } = diagnosis;
  const others = blastRadius.operations.filter(({ operation }) => operation !== symptom.operation);
  const { shown, more } = firstOf(others, OPERATIONS_SHOWN_MAX);
  const hurt = shown.map(
    ({ operation, badRatio }) => `${code(operationName(operation))} ${percent(badRatio)} bad`,
  );
  const over = hurt.length === 0 ? "" : `_(${overText(diagnosis)})_`;
  return labelled(
    symptom.kind === "none" ? "Elsewhere" : "Also hurt",
    [[...hurt, more].filter((part) => part !== "").join(" · "), over]
      .filter((part) => part !== "")
      .join(" "),
  );
}

function blindLine({ blindSpots }: Diagnosis): string {
  const { shown, more } = firstOf(blindSpots, BLIND_SPOTS_SHOWN_MAX);
  return labelled("Not seen", [...shown.map(safe), more].filter((part) => part !== "").join("; "));
}

function runnerUpLine({ hypotheses, noneProbability, symptom }: Diagnosis): string {
  // Where nothing is wrong, nothing has a cause.
  if (symptom.kind === "none") return "";
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

/** What is told besides the diagnosis itself. */
interface DiagnosisExtras {
  /** Before everything else. */
  readonly lead: readonly string[];
  /** The trouble is over. */
  readonly isOver: boolean;
  /** After the changes before it. */
  readonly after: readonly string[];
}

const NOTHING: DiagnosisExtras = { lead: [], isOver: false, after: [] };

/** The computed diagnosis, as a tired person reads it: verdict, hurt, for and against, path, changes, what is not seen. */
export function diagnosisCard(diagnosis: Diagnosis, extras = NOTHING): Message {
  const cause = leadingCause(diagnosis);
  const verdict = verdictLine(diagnosis);
  const [lead = verdict] = extras.lead;
  const blocks: KnownBlock[] = [
    section(
      ...extras.lead,
      // What was asked about has been answered; "nothing is wrong" would only say it again.
      diagnosis.symptom.kind === "none" && extras.lead.length > 0 ? "" : verdict,
      symptomLine(diagnosis, extras.isOver),
    ),
  ];
  if (cause !== undefined)
    blocks.push(
      fields(
        findingLines("For", cause.supporting, "nothing yet"),
        findingLines("Against", cause.opposing, "nothing seen"),
      ),
    );
  blocks.push(
    section(
      runnerUpLine(diagnosis),
      pathLine(cause?.path ?? []),
      changesLines(diagnosis),
      ...extras.after,
    ),
  );
  const reach = [blastLine(diagnosis), blindLine(diagnosis)].filter((line) => line !== "");
  if (reach.length > 0) blocks.push(section(...reach));
  blocks.push(
    context(
      "Computed, no LLM",
      `as of ${instant(diagnosis.asOfMs)}`,
      diagnosis.uncalibrated ? "probabilities not yet calibrated on this system" : "",
    ),
  );
  return { text: fitMarkup(lead, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}
