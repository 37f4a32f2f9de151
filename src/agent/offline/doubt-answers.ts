import { waitingText } from "./advice-answer.ts";
import { causeEvidence, isHurt } from "./cause-reading.ts";
import { plansBefore, troubleSpokenOf } from "./follow-up.ts";
import { rankCall } from "./incident-plan.ts";
import { changeRows, hurtText } from "./incident-text.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Cause, type Ranking, rankingIn } from "./tool-data.ts";
import { type EvidenceRow, type Look, lookAt } from "./transcript.ts";
import { bullets, cited, paragraphs, placed, refusalText, sentence, value } from "./wording.ts";

/** Limit: findings that are repeated to somebody who doubts. */
const FOR_MAX = 2;

type Ranked = { readonly look: Look; readonly ranking: Ranking };

const NO_LOOK = "I could not look at that any more.";

/** The ranking of this turn; else why there is none. */
function rankedNow({ turn }: Situation): Ranked | string {
  const look = lookAt(turn, "rank_causes");
  const ranking = rankingIn(look);
  if (look !== undefined && ranking !== undefined) return { look, ranking };
  return look === undefined ? NO_LOOK : refusalText(look);
}

const rank = (situation: Situation) => (): readonly PlannedCall[] => [
  rankCall(troubleSpokenOf(situation)),
];

/** "are you sure?": of a prediction what would prove it wrong, of a cause how likely it is, and what would settle it. */
export function answerSure(situation: Situation): Move {
  const predicted = predictionBefore(situation);
  if (predicted !== undefined) return { type: "write", text: sureOfPrediction(predicted) };
  return firstMove(situation, [rank(situation)], () => sureOfCause(situation));
}

/** The prediction of the turn just before, when that is what was spoken of. */
function predictionBefore(situation: Situation): EvidenceRow | undefined {
  const { plans, isJustNow } = plansBefore(situation);
  const before = situation.turns.at(-2);
  if (!isJustNow || plans.length !== 1 || before?.asked.type !== "question") return undefined;
  return lookAt(before, "simulate_intervention")?.evidence[0];
}

function sureOfPrediction(row: EvidenceRow): string {
  const wrongIf = value(row, "wrongIf");
  return paragraphs(
    `**It is a prediction, and can be wrong.** I said: ${sentence(cited(row))}`,
    wrongIf === undefined ? undefined : `It is wrong if ${wrongIf} [${row.id}].`,
  );
}

function sureOfCause(situation: Situation): string {
  const ranked = rankedNow(situation);
  if (typeof ranked === "string") return ranked;
  const { look, ranking } = ranked;
  const [top] = ranking.causes;
  const row = top === undefined ? undefined : causeEvidence(look, top);
  if (!isHurt(ranking) || top === undefined || row === undefined)
    return paragraphs("**There is no cause to be sure of now.**", hurtText(look, ranking));
  const against = top.against.map((one) => `against: ${placed(row, one.text)} [${row.id}]`);
  const none = value(look.evidence[0], "noneProbability");
  const decided = value(row, "decidedBy");
  return paragraphs(
    `**${value(row, "probability")} sure, and not certain:** ${top.title} [${row.id}].`,
    bullets([
      ...top.for.slice(0, FOR_MAX).map((one) => `for: ${placed(row, one.text)} [${row.id}]`),
      ...(against.length > 0 ? against : ["against: nothing that I can see"]),
      ...(none === undefined
        ? []
        : [`${none} that it is none of what I ranked [${look.evidence[0]?.id}]`]),
    ]),
    decided === undefined ? undefined : `To be surer: ${decided} [${row.id}].`,
    ranking.uncalibrated
      ? "Too few outcomes on this system back these probabilities; trust their order more than the number."
      : undefined,
  );
}

/** What somebody may call a kind of cause. */
const KINDS: readonly (readonly [said: RegExp, type: RegExp])[] = [
  [/\b(?:replica|instance|pod)s?\b/i, /^(?:instance|stopped)$/],
  [/\b(?:database|db|store|postgres\w*|sql)\b/i, /^store$/],
  [/\b(?:deploy\w*|version|release|change|config\w*|setting)\b/i, /^(?:version|change)$/],
  [/\b(?:network|link)\b/i, /^edge$/],
  [/\b(?:traffic|load|surge|ddos|attack)\b/i, /^traffic$/],
  [/\b(?:host|node|machine)\b/i, /^host$/],
];

/** Words that say what a name is the name of. */
const KIND_WORDS =
  /^(?:an?|the|our|this|that|of|to|in|on|for|new|feature|flag|setting|version|deploy\w*|release|change|config\w*|service|replica|instance|pod|store|database|db)$/;

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\w./:@+-]+/)
    .map((word) => word.replace(/^\W+|\W+$/g, ""))
    .filter((word) => word !== "");

/** Whether a text names a cause: its place, or a flag, setting or version whose change is behind it. */
function isNamed({ cause, title, changes }: Cause, about: string): boolean {
  const said = about.toLowerCase();
  if ([cause, title].some((text) => text.toLowerCase().includes(said))) return true;
  const names = wordsOf(about).filter((word) => !KIND_WORDS.test(word));
  const known = [cause, title, ...changes.slice(0, 1)].flatMap(wordsOf);
  return names.length > 0 && names.every((name) => known.includes(name.replace(/^v(?=\d)/, "")));
}

/** Whether a change put back an earlier version. */
function isBack(change: string): boolean {
  const [, to, was] = / went to version (\S+) \(was ([^)]+)\)/.exec(change) ?? [];
  return (
    to !== undefined && was !== undefined && to.localeCompare(was, "en", { numeric: true }) < 0
  );
}

/** Whether it is called by its kind: "the flag" is one that came with a flag. Of its changes the first is blamed. */
function isOfKind({ type, changes }: Cause, about: string): boolean {
  const [blamed = ""] = changes;
  if (/\bflag\b/i.test(about)) return blamed.startsWith("flag ");
  if (/\broll\w*\s?-?back\b/i.test(about)) return isBack(blamed);
  return KINDS.some(([word, kind]) => word.test(about) && kind.test(type));
}

function meantBy({ causes }: Ranking, about: string): Cause | undefined {
  return (
    causes.find((cause) => isNamed(cause, about)) ?? causes.find((cause) => isOfKind(cause, about))
  );
}

/** "why not the replica?": what speaks against it, and how likely it is held. */
export function answerWhyNot(situation: Situation, about: string): Move {
  const stages = [rank(situation), () => [{ tool: "check_outcome", input: {} }]];
  return firstMove(situation, stages, () => whyNotText(situation, about));
}

function whyNotText(situation: Situation, about: string): string {
  const ranked = rankedNow(situation);
  if (typeof ranked === "string") return ranked;
  const { look, ranking } = ranked;
  if (!isHurt(ranking)) {
    const isWell = ranking.symptom.kind === "none";
    const why = isWell ? "Nothing is hurt now, so nothing is blamed." : "No cause stands out.";
    return paragraphs(`**${why}**`, hurtText(look, ranking));
  }
  const [top] = ranking.causes;
  const meant = meantBy(ranking, about);
  const topRow = top === undefined ? undefined : causeEvidence(look, top);
  const leads =
    top === undefined || topRow === undefined
      ? ""
      : `${top.title} is likelier: ${value(topRow, "probability")} [${topRow.id}].`;
  const row = meant === undefined ? undefined : causeEvidence(look, meant);
  if (meant === undefined || row === undefined)
    return paragraphs(
      `**Nothing that I see points there:** it is none of the causes that I ranked.`,
      leads,
    );
  const probability = value(row, "probability");
  if (meant === top)
    return paragraphs(
      `**It is what I think:** ${meant.title}, probability ${probability} [${row.id}].`,
      bullets(changeRows(look, meant).map(cited)),
      waitingText(situation.turn),
    );
  const against = meant.against.map((one) => `${placed(row, one.text)} [${row.id}]`);
  return paragraphs(
    `**Only ${probability}:** ${meant.title} [${row.id}]. ${leads}`,
    bullets(against.length > 0 ? against : ["it explains less of what is hurt"]),
  );
}
