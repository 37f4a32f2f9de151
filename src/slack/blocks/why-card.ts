import type { WhyAnswer } from "../deps.ts";
import { changeLine } from "./changes-card.ts";
import { diagnosisCard } from "./diagnosis-card.ts";
import { firstOf } from "./limits.ts";
import { objectiveLine, standingOf } from "./objective-line.ts";
import { placeLine } from "./place-line.ts";
import { code, type Message, operationName, percent, safe } from "./text.ts";

const CHANGES_SHOWN_MAX = 3;

/** Trouble so young that no cause can be ranked yet. */
function hasJustBegun({ objective, diagnosis }: WhyAnswer): boolean {
  return (
    diagnosis.symptom.kind === "none" &&
    objective !== undefined &&
    ["missed", "burning", "absent"].includes(standingOf(objective))
  );
}

function placeVerdict({ place, diagnosis }: WhyAnswer): string {
  if (place === undefined) return "";
  const { reading, cause } = place;
  const name = code(reading.name);
  const { symptom, hypotheses } = diagnosis;
  const hurt = code(operationName(symptom.operation));
  if (symptom.kind === "none") return `*Nothing is wrong with ${name} that I can see.*`;
  if (cause === undefined)
    return `*Nothing points at ${name}.* It is none of the likely causes of what hurts ${hurt}:`;
  if (cause.id === hypotheses[0]?.id) return "";
  return `*${name} is a lesser suspect* (${percent(cause.probability)}) of what hurts ${hurt}: ${safe(cause.title)}`;
}

/** What was asked about, before the diagnosis of what is hurt. */
function leadLines(answer: WhyAnswer): readonly string[] {
  const { place, objective, diagnosis } = answer;
  const own = place === undefined ? [] : [placeLine(place.reading)];
  if (objective !== undefined && hasJustBegun(answer))
    return [
      "*Something has just begun*; it is too early to rank causes. Ask again in half a minute.",
      objectiveLine(objective, diagnosis.asOfMs),
      ...own,
    ];
  if (objective !== undefined && isOver(answer))
    return [
      "*It is over by now.* What follows is what was:",
      objectiveLine(objective, diagnosis.asOfMs),
      placeVerdict(answer),
      ...own,
    ];
  return [placeVerdict(answer), ...own].filter((line) => line !== "");
}

/** Met now although the diagnosis tells of trouble: it is over, or nearly. */
function isOver({ objective, diagnosis }: WhyAnswer): boolean {
  if (objective === undefined || diagnosis.symptom.kind === "none") return false;
  return ["met", "recovered"].includes(standingOf(objective));
}

function sinceLines({ changesSince, diagnosis }: WhyAnswer): readonly string[] {
  const { shown, more } = firstOf(changesSince, CHANGES_SHOWN_MAX);
  const from = { onsetMs: diagnosis.symptom.onsetMs };
  const lines = shown.map((change) => changeLine(change, from));
  return lines.length === 0 ? [] : ["*Changes since*", ...lines, more];
}

/** The answer to "why": what was asked about, whether it still goes on, then the diagnosis. */
export function whyCard(answer: WhyAnswer): Message {
  return diagnosisCard(answer.diagnosis, {
    lead: leadLines(answer),
    isOver: isOver(answer),
    after: sinceLines(answer),
  });
}
