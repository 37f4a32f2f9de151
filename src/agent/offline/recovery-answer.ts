import { troubleSpokenOf } from "./follow-up.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { objectivesIn, outcomesIn } from "./tool-data.ts";
import { type EvidenceRow, type Look, lookAt, type TranscriptTurn } from "./transcript.ts";
import { bullets, cited, paragraphs, refusalText, sentence, value } from "./wording.ts";

/** Limit: lines after the yes or no. */
const LINES_MAX = 2;

const OBJECTIVES: PlannedCall = { tool: "get_slo_status", input: {} };
const OUTCOMES: PlannedCall = { tool: "check_outcome", input: {} };

/** How an objective is kept, as the tool calls it, and whether that is well. */
const IS_WELL: Readonly<Record<string, boolean>> = {
  met: true,
  recovered: true,
  begins: false,
  missed: false,
  burning: false,
  absent: false,
};

interface Objective {
  readonly id: string;
  readonly operation: string;
  readonly isWell: boolean | undefined;
  readonly row: EvidenceRow;
}

function objectivesOf(look: Look | undefined): readonly Objective[] {
  const slos = objectivesIn(look)?.slos ?? [];
  return slos.flatMap(({ id, operation, standing }, index) => {
    const row = look?.evidence[index];
    return row === undefined ? [] : [{ id, operation, isWell: IS_WELL[standing], row }];
  });
}

/** The evidence of the objectives that are not kept, worst first. */
export function hurtObjectives(turn: TranscriptTurn): readonly EvidenceRow[] {
  return objectivesOf(lookAt(turn, "get_slo_status")).flatMap(({ isWell, row }) =>
    isWell === false ? [row] : [],
  );
}

/** Of the incident's objective, or what was spoken of; else of the one that is worst off. */
function spokenOf(
  situation: Situation,
  objectives: readonly Objective[],
): readonly Objective[] | undefined {
  const about = troubleSpokenOf(situation)?.toLowerCase();
  if (about === undefined) return undefined;
  const named = objectives.filter(
    ({ id, operation }) => id === about || operation.toLowerCase().includes(about),
  );
  return named.length === 0 ? undefined : named;
}

/** Yes or no first, then at most a few lines: how it stands, what else is hurt, what became of the action. */
export function answerBetter(situation: Situation, asksBad: boolean): Move {
  return firstMove(situation, [() => [OBJECTIVES, OUTCOMES]], () => betterText(situation, asksBad));
}

function betterText(situation: Situation, asksBad: boolean): string {
  const look = lookAt(situation.turn, "get_slo_status");
  if (look?.ok !== true)
    return look === undefined ? "I could not look at that any more." : refusalText(look);
  const all = objectivesOf(look);
  const asked = spokenOf(situation, all) ?? all;
  const told = asked.find(({ isWell }) => isWell === false) ?? asked[0];
  if (told === undefined) return "I cannot say: no objectives are defined.";
  const others = all.filter((one) => one !== told && one.isWell === false);
  const outcome = settledRow(lookAt(situation.turn, "check_outcome"));
  const lines = [
    ...others.map(({ row }) => `also: ${cited(row)}`),
    ...(outcome === undefined ? [] : [cited(outcome)]),
  ];
  return paragraphs(
    `**${verdictText(told.isWell, asksBad)}** ${sentence(`${cited(told.row)}${recentText(told.row)}`)}`,
    bullets(lines.slice(0, LINES_MAX)),
  );
}

/** The last of it beside all that is counted: what has just been mended looks bad for as long as that. */
function recentText(row: EvidenceRow): string {
  const recent = value(row, "recentBadRatio");
  const over = value(row, "recentOver");
  const isTold =
    row.text.includes("{{recentBadRatio}}") || row.values.over === row.values.recentOver;
  return isTold || recent === undefined || over === undefined
    ? ""
    : `; in the last ${over} it was ${recent} [${row.id}]`;
}

function verdictText(isWell: boolean | undefined, asksBad: boolean): string {
  if (isWell === undefined) return "I cannot say.";
  if (asksBad) return isWell ? "No." : "Yes, still.";
  return isWell ? "Yes." : "No, not yet.";
}

/** Only what was done, or is being done, has an outcome; what expired or was rejected has none. */
const DONE = /^(?:approved|running|done|failed|unknown)$/;

/** The evidence of the newest action that somebody approved; rows stand in the order of the proposals. */
function settledRow(look: Look | undefined): EvidenceRow | undefined {
  const proposals = outcomesIn(look)?.proposals ?? [];
  const index = proposals.findIndex(({ state }) => DONE.test(state));
  return index < 0 ? undefined : look?.evidence[index];
}

const HELD: Readonly<Record<string, string>> = {
  inside: "Yes.",
  recovered: "Yes.",
  outside: "Not as predicted.",
  "not-recovered": "No.",
  void: "That cannot be judged.",
};

/** Whether the action that was done has worked. */
export function answerOutcome(situation: Situation): Move {
  return firstMove(situation, [() => [OUTCOMES, OBJECTIVES]], () => outcomeText(situation.turn));
}

function outcomeText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "check_outcome");
  if (look?.ok !== true)
    return look === undefined ? "I could not look at that any more." : refusalText(look);
  const row = settledRow(look);
  const worst = lookAt(turn, "get_slo_status")?.evidence[0];
  const standing = worst === undefined ? "" : `- ${sentence(cited(worst))}`;
  if (row === undefined) {
    const proposed = look.evidence[0];
    const what = proposed?.kind === "outcome" && outcomesIn(look)?.proposals.length !== 0;
    return paragraphs(
      what
        ? `**Nothing was done yet:** ${sentence(cited(proposed))}`
        : "**Nothing was done:** no action was proposed.",
      standing,
    );
  }
  const proposal = outcomesIn(look)?.proposals.find(({ state }) => DONE.test(state));
  const verdict = HELD[proposal?.verdict ?? ""] ?? "It is too early to say.";
  const record = look.evidence.find(({ text }) => text.includes("{{settled}}"));
  return paragraphs(
    `**${verdict}** ${sentence(cited(row))}`,
    [standing, record === undefined ? "" : `- ${sentence(cited(record))}`]
      .filter((line) => line !== "")
      .join("\n"),
  );
}
