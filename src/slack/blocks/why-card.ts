import type { WhyAnswer } from "../deps.ts";
import { changeLine } from "./changes-card.ts";
import { diagnosisCard } from "./diagnosis-card.ts";
import { firstOf } from "./limits.ts";
import { objectiveLine, standingOf } from "./objective-line.ts";
import { placeLine } from "./place-line.ts";
import { code, type Message, operationName, percent, safe } from "./text.ts";

const CHANGES_SHOWN_MAX = 3;

/** What was asked about, before the diagnosis of what is hurt. */
function placeLines({ place, diagnosis }: WhyAnswer): readonly string[] {
  if (place === undefined) return [];
  const { reading, cause } = place;
  const name = code(reading.name);
  const { symptom, hypotheses } = diagnosis;
  const hurt = code(operationName(symptom.operation));
  if (symptom.kind === "none")
    return [`*Nothing is wrong with ${name} that I can see.*`, placeLine(reading)];
  if (cause === undefined)
    return [
      `*Nothing points at ${name}.* It is none of the likely causes of what hurts ${hurt}:`,
      placeLine(reading),
    ];
  if (cause.id === hypotheses[0]?.id) return [placeLine(reading)];
  return [
    `*${name} is a lesser suspect* (${percent(cause.probability)}) of what hurts ${hurt}: ${safe(cause.title)}`,
    placeLine(reading),
  ];
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
  const { diagnosis, objective } = answer;
  const over = isOver(answer);
  const recovered =
    over && objective !== undefined
      ? [
          "*It is over by now.* What follows is what was:",
          objectiveLine(objective, diagnosis.asOfMs),
        ]
      : [];
  return diagnosisCard(diagnosis, {
    lead: [...recovered, ...placeLines(answer)],
    isOver: over,
    after: sinceLines(answer),
  });
}
