import { isHurt } from "./cause-reading.ts";
import { earlierSubject } from "./follow-up.ts";
import { rankCall, suspectCalls } from "./incident-plan.ts";
import { causesText } from "./incident-text.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Intent, questionIntent } from "./question-intent.ts";
import { type Candidate, entityIn, rankingIn, topologyIn } from "./tool-data.ts";
import { type EvidenceRow, type Look, lookAt, type TranscriptTurn } from "./transcript.ts";
import { answerPropose, answerWhatIf } from "./what-if-plan.ts";
import { bullets, cited, paragraphs, refusalText, sentence, value } from "./wording.ts";

const WHAT_I_CAN = [
  "why is NAME slow? what is the cause?",
  "what if we scale NAME to N? roll back NAME? restart it? load +N %?",
  "what changed in the last hour, or since a time?",
  "what did it look like at a time?",
  "status of NAME; is it better? did it work?",
  "who calls NAME? what does NAME depend on? where does it run?",
  "slow or failed traces through NAME; logs of NAME",
  "propose it (in an incident's thread)",
];

function canText(opening: string): string {
  return `${opening}\n${WHAT_I_CAN.map((line) => `- ${line}`).join("\n")}`;
}

/** Answers a question that is one of the known forms, and says so when it is none. */
export function answerQuestion(situation: Situation, text: string, now: string): Move {
  const intent = questionIntent(text, now);
  switch (intent.type) {
    case "help":
      return { type: "write", text: canText("I can answer, computed from the live model:") };
    case "unknown":
      return {
        type: "write",
        text: canText("I did not understand that; without Claude I know these forms only:"),
      };
    case "what-if":
      return answerWhatIf(situation, intent.spoken);
    case "propose":
      return answerPropose(situation, intent.what);
    case "why":
      return answerWhy(situation, intent);
    default:
      return answerLook(situation, intent);
  }
}

function answerWhy(situation: Situation, intent: Extract<Intent, { type: "why" }>): Move {
  const { turn } = situation;
  const about = intent.about ?? earlierSubject(situation);
  const ranked = () => rankingIn(lookAt(turn, "rank_causes"));
  const stages = [
    () => [rankCall(about, intent.at)],
    () => {
      const ranking = ranked();
      const isNow = intent.at === undefined;
      return ranking !== undefined && isHurt(ranking) && isNow ? suspectCalls(ranking) : [];
    },
  ];
  return firstMove(situation, stages, () => whyText(turn));
}

function whyText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "rank_causes");
  const ranking = rankingIn(look);
  if (look === undefined || ranking === undefined)
    return look === undefined ? "I could not look at that any more." : refusalText(look);
  const symptom = look.evidence[0];
  const hurt = symptom === undefined ? undefined : sentence(cited(symptom));
  if (!isHurt(ranking)) return paragraphs(hurt, notesText(look));
  const next =
    ranking.candidates.length === 0
      ? undefined
      : `Worth a "what if": ${ranking.candidates.slice(0, 2).map(candidateText).join("; ")}.`;
  return paragraphs(hurt, causesText(turn, ranking, look), notesText(look), next);
}

function candidateText({ intervention, why }: Candidate): string {
  return `${intervention.type.replaceAll("_", " ")} (${why})`;
}

/** Numbers of a note are code's own but stand in no evidence, so that only notes without any are passed on. */
function notesText({ notes }: Look): string | undefined {
  const plain = notes.filter((note) => !/\d/.test(note));
  return plain.length === 0 ? undefined : `_${plain.join("; ")}_`;
}

/** `{ [field]: text }`, or nothing where there is no text. */
const given = (field: string, text: string | undefined): Readonly<Record<string, string>> =>
  text === undefined ? {} : { [field]: text };

/** The tools that answer by themselves, by what is asked. */
function looksFor(situation: Situation, intent: Intent): readonly PlannedCall[] {
  const subject = "about" in intent ? intent.about : undefined;
  const at = "at" in intent ? given("at", intent.at) : {};
  const survey: PlannedCall = { tool: "survey_system", input: at };
  const objectives: PlannedCall = { tool: "get_slo_status", input: at };
  const entity = (name: string): PlannedCall => ({
    tool: "get_entity",
    input: { entity: name, ...at },
  });
  switch (intent.type) {
    case "status":
      return subject === undefined ? [objectives, survey] : [entity(subject), objectives];
    case "look":
      return subject === undefined ? [survey] : [survey, entity(subject)];
    case "changes": {
      const { minutes } = intent;
      return [{ tool: "list_changes", input: { ...given("entity", subject), minutes, ...at } }];
    }
    case "neighbours": {
      const around = subject ?? earlierSubject(situation);
      const map: PlannedCall = {
        tool: "get_topology",
        input: { ...given("around", around), ...at },
      };
      return around === undefined ? [map] : [entity(around), map];
    }
    case "traces": {
      const through = given("through", subject ?? earlierSubject(situation));
      return [{ tool: "search_traces", input: { kind: intent.kind, ...through } }];
    }
    case "logs":
      return [{ tool: "search_logs", input: { ...given("service", subject), severity: "any" } }];
    case "outcome":
      return [{ tool: "check_outcome", input: {} }, objectives];
    default:
      return [];
  }
}

/** A past that is not kept: say since when it is. */
function retentionCalls(turn: TranscriptTurn): readonly PlannedCall[] {
  return turn.looks.some((look) => look.code === "time_not_retained")
    ? [{ tool: "survey_system", input: {} }]
    : [];
}

function answerLook(situation: Situation, intent: Intent): Move {
  const { turn } = situation;
  const stages = [() => looksFor(situation, intent), () => retentionCalls(turn)];
  return firstMove(situation, stages, () => looksText(turn, intent));
}

function looksText(turn: TranscriptTurn, intent: Intent): string {
  if (turn.looks.some((look) => look.code === "time_not_retained")) return notKeptText(turn);
  const told = turn.looks.filter((look) => look.ok);
  const rows = told.flatMap((look) => rowsTold(turn, look, intent));
  const asOf = rows.map((row) => value(row, "asOf")).find((text) => text !== undefined);
  const isPast = "at" in intent && intent.at !== undefined;
  const parts = [
    ...(isPast && asOf !== undefined ? [`At ${asOf}:`] : []),
    ...(rows.length === 0 ? [] : [bullets(rows.map(cited))]),
    ...(intent.type === "neighbours" ? [bullets(relationLines(told))] : []),
    ...(rows.length === 0 ? turn.looks.filter((look) => !look.ok).map(refusalText) : []),
  ];
  return parts.length === 0 ? "I could not look at that any more." : paragraphs(...parts);
}

function notKeptText(turn: TranscriptTurn): string {
  const row = turn.looks
    .flatMap((look) => look.evidence)
    .find((one) => "retainedFrom" in one.values);
  const from = value(row, "retainedFrom");
  return from === undefined
    ? "The model does not keep that time any more."
    : `The model does not keep that time; it begins at ${from} [${row?.id}].`;
}

/** Of the objectives those that the question is about; of the rest what code found most telling. */
function rowsTold(turn: TranscriptTurn, look: Look, intent: Intent): readonly EvidenceRow[] {
  const about = "about" in intent ? intent.about?.toLowerCase() : undefined;
  if (look.tool !== "get_slo_status" || about === undefined) return look.evidence;
  const named = look.evidence.filter((row) => row.about.toLowerCase().includes(about));
  const isKnown = lookAt(turn, "get_entity")?.ok === true;
  return named.length > 0 || !isKnown ? named : look.evidence.slice(0, 1);
}

/** Relations as people say them. */
const RELATIONS: Readonly<Record<string, string>> = {
  calls: "calls",
  "called by": "is called by",
  depends_on: "depends on",
  "instance_of (of)": "has the instances",
  instance_of: "is an instance of",
  runs_on: "runs on",
  hosted_in: "is hosted in",
};

/** Around an entity: what it is related to, and where its instances run. */
function relationLines(told: readonly Look[]): readonly string[] {
  const entity = told.flatMap((look) => entityIn(look) ?? [])[0];
  if (entity === undefined) return [];
  const related = Object.entries(RELATIONS).flatMap(([relation, words]) => {
    const names = entity.related[relation] ?? [];
    return names.length === 0 ? [] : [`${entity.name} ${words} ${names.join(", ")}`];
  });
  const places = told
    .flatMap((look) => topologyIn(look)?.instances ?? [])
    .filter((one) => one.service === entity.name && one.host !== "")
    .map(
      ({ instance, host, zone }) =>
        `${instance} runs on ${host}${zone === "" ? "" : ` in ${zone}`}`,
    );
  return [...related, ...places];
}
