import { answerAdvice, candidateText } from "./advice-answer.ts";
import { causeEvidence, isHurt } from "./cause-reading.ts";
import { answerSure, answerWhyNot } from "./doubt-answers.ts";
import { alsoIntent, earlierIncident, earlierSubject } from "./follow-up.ts";
import { rankCall, suspectCalls } from "./incident-plan.ts";
import { causesText, hurtText } from "./incident-text.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Intent, questionIntent } from "./question-intent.ts";
import { answerReach } from "./reach-answer.ts";
import { answerBetter, answerOutcome } from "./recovery-answer.ts";
import { type Cause, entityIn, logsIn, type Ranking, rankingIn, topologyIn } from "./tool-data.ts";
import { type EvidenceRow, type Look, lookAt, type TranscriptTurn } from "./transcript.ts";
import { answerPropose, answerWhatIf } from "./what-if-plan.ts";
import { meaningOf } from "./word-meanings.ts";
import { bullets, cited, paragraphs, refusalText, sentence, value } from "./wording.ts";

const WHAT_I_CAN = [
  "why is NAME slow? what is the cause? are you sure? why not NAME?",
  "is it NAME? who is hurt?",
  "what should we do? is it better? did it work?",
  "what if we scale NAME to N? roll back NAME? restart it? load +N %?",
  "what changed in the last hour, or since a time?",
  "what did it look like at a time?",
  "status of NAME; and NAME?",
  "who calls NAME? what does NAME depend on? where does it run?",
  "slow or failed traces through NAME; logs of NAME",
  "propose it (in an incident's thread)",
  "what does a word or button mean? what is behind an [id]?",
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
    case "thanks":
      return { type: "write", text: "You are welcome." };
    case "unknown":
      return {
        type: "write",
        text: canText("I did not understand that; without Claude I know these forms only:"),
      };
    case "what-if":
      return answerWhatIf(situation, intent);
    case "propose":
      return answerPropose(situation, intent.what);
    case "why":
      return answerWhy(situation, intent);
    case "better":
      return answerBetter(situation, intent.asksBad);
    case "outcome":
      return answerOutcome(situation);
    case "sure":
      return answerSure(situation);
    case "why-not":
      return answerWhyNot(situation, intent.about);
    case "reach":
      return answerReach(situation);
    case "advice":
      return answerAdvice(situation);
    case "also":
      return answerAlso(situation, intent.about);
    case "meaning":
      return { type: "write", text: meaningOf(intent.word) };
    case "evidence":
      return { type: "write", text: evidenceText(situation, intent.id) };
    default:
      return answerLook(situation, intent);
  }
}

/** What was asked before, about something else; in an incident, whether that is involved in it. */
function answerAlso(situation: Situation, about: string): Move {
  const same = alsoIntent(situation, about);
  if (same?.type === "why") return answerWhy(situation, same);
  if (same !== undefined) return answerLook(situation, same);
  const sloId = earlierIncident(situation);
  if (sloId === undefined) return answerLook(situation, { type: "status", about });
  const stages = [
    (): readonly PlannedCall[] => [{ tool: "get_entity", input: { entity: about } }],
    () =>
      lookAt(situation.turn, "get_entity")?.ok === true ? [rankCall(sloId), rankCall(about)] : [],
  ];
  return firstMove(situation, stages, () => involvedText(situation.turn));
}

interface Suspicion {
  readonly ranked: Look;
  readonly ranking: Ranking;
  readonly cause: Cause | undefined;
}

/** Of each ranking whether the place is in it; those in which it is come first. */
function suspicionsOf(turn: TranscriptTurn, name: string): readonly Suspicion[] {
  const isNamed = ({ cause }: Cause): boolean =>
    cause
      .toLowerCase()
      .split(/[^\w.-]+/)
      .includes(name.toLowerCase());
  return turn.looks
    .flatMap((ranked): readonly Suspicion[] => {
      const ranking = ranked.tool === "rank_causes" ? rankingIn(ranked) : undefined;
      if (ranking === undefined || !isHurt(ranking)) return [];
      return [{ ranked, ranking, cause: ranking.causes.find(isNamed) }];
    })
    .toSorted((a, b) => Number(b.cause !== undefined) - Number(a.cause !== undefined));
}

/** How a place does, and whether it is suspected of what the incident is about, or of what else is hurt. */
function involvedText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "get_entity");
  const own = look?.evidence[0];
  if (look?.ok !== true || own === undefined)
    return look === undefined ? "I could not look at that any more." : refusalText(look);
  const line = bullets([cited(own)]);
  const [suspicion] = suspicionsOf(turn, entityIn(look)?.name ?? own.about);
  if (suspicion === undefined) return paragraphs("**Nothing is hurt that passes there.**", line);
  const { ranked, ranking, cause } = suspicion;
  const row = cause === undefined ? undefined : causeEvidence(ranked, cause);
  const verdict =
    cause === undefined || row === undefined
      ? `**Nothing points at ${own.about}:** it is none of the likely causes.`
      : `**${cause === ranking.causes[0] ? "It is the likeliest cause" : "It is a lesser suspect"}:** ${cause.title}, probability ${value(row, "probability")} [${row.id}].`;
  return paragraphs(verdict, line, hurtText(ranked, ranking));
}

/** An observation by its id: what it says, and over which time. */
function evidenceText({ turns }: Situation, id: string): string {
  const look = turns
    .flatMap((turn) => turn.looks)
    .findLast((one) => one.evidence.some((row) => row.id === id));
  const row = look?.evidence.find((one) => one.id === id);
  return look === undefined || row === undefined
    ? "I have no observation of that name in this thread."
    : `${sentence(cited(row))} It was read with ${look.tool.replaceAll("_", " ")}.`;
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
  const hurt = hurtText(look, ranking);
  if (!isHurt(ranking)) return paragraphs(hurt, notesText(look));
  const next =
    ranking.candidates.length === 0 || ranking.symptom.isOver
      ? undefined
      : `Worth asking: what if we ${ranking.candidates.slice(0, 2).map(candidateText).join("; or ")}?`;
  return paragraphs(hurt, causesText(turn, ranking, look), notesText(look), next);
}

/** What only says that an answer had to be shortened for a model. */
const CUT = /^cut to fit/;

/** Numbers of a note are code's own but stand in no evidence, so that only notes without any are passed on. */
function notesText({ notes }: Look): string | undefined {
  const plain = notes.filter((note) => !/\d/.test(note) && !CUT.test(note));
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
  const logs = lookAt(turn, "search_logs");
  const asOf = rows.map((row) => value(row, "asOf")).find((text) => text !== undefined);
  const isPast = "at" in intent && intent.at !== undefined;
  const parts = [
    ...(isPast && asOf !== undefined ? [`At ${asOf}:`] : []),
    ...(rows.length === 0 ? [] : [bullets(logs === undefined ? rows.map(cited) : logLines(logs))]),
    ...(rows.length === 0 && logs?.ok === true
      ? ["I received no log of that in the last minutes."]
      : []),
    ...(intent.type === "neighbours" ? [bullets(relationLines(told))] : []),
    ...(rows.length === 0 ? turn.looks.filter((look) => !look.ok).map(refusalText) : []),
  ];
  return parts.length === 0 ? "I could not look at that any more." : paragraphs(...parts);
}

const LOG_CHARS_MAX = 140;

/** What was written, beside how often. What is left of numbers in it is masked: they are no measurements. */
function logLines(look: Look): readonly string[] {
  const templates = logsIn(look)?.templates ?? [];
  return look.evidence.map((row, index) => {
    const words = (templates[index]?.untrusted ?? "")
      .replace(/<[^<>]*>|\p{N}+/gu, "…")
      .replace(/[`{}]/g, "")
      .slice(0, LOG_CHARS_MAX);
    return words.trim() === "" ? cited(row) : `\`${words.trim()}\`: ${cited(row)}`;
  });
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
  const hasObjectives = lookAt(turn, "get_slo_status")?.ok === true;
  // The survey names the worst objectives; where they were all asked for, they are told already.
  if (look.tool === "survey_system" && hasObjectives)
    return look.evidence.filter(({ kind }) => kind !== "slo");
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
