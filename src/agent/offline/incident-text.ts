import { chooseAction, hasLikelyCause } from "./action-choice.ts";
import { type Simulated, simulatedCandidates } from "./candidate-plans.ts";
import { causeEvidence, comparisonOf, isHurt, steadyText } from "./cause-reading.ts";
import { type Cause, proposalIn, type Ranking, rankingIn } from "./tool-data.ts";
import { type EvidenceRow, type Look, lookAt, type TranscriptTurn } from "./transcript.ts";
import { bullets, cited, paragraphs, placed, refusalText, sentence, value } from "./wording.ts";

/** Limits of the text: at 02:14 nobody reads more. */
const FOR_MAX = 3;
const AGAINST_MAX = 2;
const RIVALS_MAX = 2;

/** What a whole investigation, or as much of it as there is, has come to. */
export function incidentText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "rank_causes");
  const ranking = rankingIn(look);
  if (look === undefined || ranking === undefined) return unrankedText(turn, look);
  if (!isHurt(ranking)) return healthyText(turn, look);
  return paragraphs(
    hurtText(look, ranking),
    causesText(turn, ranking, look),
    notText(turn, ranking, look),
    actionText(turn, ranking),
    notSeenText(look),
  );
}

const evidenceOf = (turn: TranscriptTurn, tool: string): readonly EvidenceRow[] =>
  lookAt(turn, tool)?.evidence ?? [];

/** What an objective says, where no cause can be ranked. */
function unrankedText(turn: TranscriptTurn, look: Look | undefined): string {
  const seen = ["get_slo_status", "survey_system", "list_changes"].flatMap((tool) =>
    evidenceOf(turn, tool).slice(0, 2),
  );
  const why = look === undefined || look.ok ? "I could not rank causes." : `${refusalText(look)}`;
  return paragraphs(why, bullets(seen.map(cited)));
}

/** A page that names no objective: what was seen last, and nothing that would need data. */
export function blindText(turn: TranscriptTurn): string {
  const rows = ["survey_system", "get_slo_status", "list_changes"].flatMap((tool) =>
    evidenceOf(turn, tool).slice(0, 3),
  );
  return paragraphs(
    "**I rank no causes and propose nothing:** the page is about what I can see, and for that I would need data.",
    rows.length === 0 ? undefined : `What I saw last:\n${bullets(rows.map(cited))}`,
  );
}

function healthyText(turn: TranscriptTurn, look: Look): string {
  const symptom = look.evidence[0];
  const slo = evidenceOf(turn, "get_slo_status")[0];
  const changes = evidenceOf(turn, "list_changes")[0];
  const lines = [symptom, slo, changes].flatMap((row) => (row === undefined ? [] : [cited(row)]));
  return paragraphs("**Nothing stands out now.** I propose nothing.", bullets(lines));
}

export function hurtText({ evidence }: Look, ranking: Ranking): string | undefined {
  const row = evidence[0];
  const label = ranking.symptom.isOver ? "Was hurt" : "Hurt";
  return row === undefined ? undefined : `**${label}:** ${sentence(cited(row))}`;
}

/** The changes that a cause is suspected to come from, named with what they changed: its own, else those elsewhere. */
export function changeRows(look: Look, { cause, changes }: Cause): readonly EvidenceRow[] {
  const rows = look.evidence.filter(
    (row) =>
      row.kind === "change" &&
      changes.some((change) => change.startsWith(row.text.replace(/ at \{\{time\}\}$/, ""))),
  );
  const own = rows.filter(({ about }) => cause.split(/[^\w.-]+/).includes(about));
  return own.length > 0 ? own : rows;
}

/** The leading cause with what speaks for and against it. */
export function causesText(turn: TranscriptTurn, ranking: Ranking, look: Look): string | undefined {
  const top = ranking.causes[0];
  const row = top === undefined ? undefined : causeEvidence(look, top);
  if (top === undefined || row === undefined) return undefined;
  const compared = comparisonOf(turn, top);
  const pro = [
    ...changeRows(look, top).map(cited),
    ...top.for.slice(0, FOR_MAX).map((one) => `${placed(row, one.text)} [${row.id}]`),
    ...(compared?.isSteady === false ? [cited(compared.row)] : []),
  ];
  const contra = [
    ...top.against
      .slice(0, AGAINST_MAX)
      .map((one) => `against: ${placed(row, one.text)} [${row.id}]`),
    ...(compared?.isSteady === true ? [`against: ${steadyText(compared.row)}`] : []),
  ];
  const path = top.path.length < 2 ? "" : ` It spreads ${top.path.join(" → ")}.`;
  const head = `**Likely cause:** ${top.title}, probability ${value(row, "probability")} [${row.id}].${path}`;
  const decidedBy = value(row, "decidedBy");
  const decided = decidedBy === undefined ? undefined : `To be surer: ${decidedBy} [${row.id}].`;
  return paragraphs(`${head}\n${bullets([...pro, ...contra])}`, decided);
}

/** What it is rather not, and why. */
function notText(turn: TranscriptTurn, ranking: Ranking, look: Look): string | undefined {
  const lines = ranking.causes
    .slice(1, 1 + RIVALS_MAX)
    .flatMap((rival) => rivalLine(turn, rival, look));
  return lines.length === 0 ? undefined : `**Rather not:**\n${bullets(lines)}`;
}

function rivalLine(turn: TranscriptTurn, rival: Cause, look: Look): readonly string[] {
  const row = causeEvidence(look, rival);
  if (row === undefined) return [];
  const seen = comparisonOf(turn, rival);
  const against = rival.against[0];
  const reasons = [
    ...(against === undefined ? [] : [placed(row, against.text)]),
    ...(seen?.isSteady === true ? [steadyText(seen.row)] : []),
  ];
  const why = reasons.length === 0 ? "" : `, but ${reasons.join("; ")}`;
  return [`${rival.title}, probability ${value(row, "probability")} [${row.id}]${why}`];
}

function actionText(turn: TranscriptTurn, ranking: Ranking): string | undefined {
  const simulated = simulatedCandidates(turn, ranking);
  if (simulated?.refusal !== undefined)
    return `**Do:** nothing could be predicted: ${refusalText(simulated.refusal)}`;
  if (simulated !== undefined)
    return paragraphs(
      `${doText(turn, simulated, ranking)}\n${bullets(predictionLines(simulated, ranking))}`,
      wrongIfText(simulated, ranking),
    );
  const other = lookAt(turn, "simulate_intervention");
  if (other?.ok === true)
    return `${proposedText(turn) ?? "**Do:** simulated so far:"}\n${bullets(other.evidence.map(cited))}`;
  return ranking.candidates.length === 0
    ? "**Do:** no action follows from what was observed; I propose nothing."
    : undefined;
}

/** The chosen plan first; those without a number only when none has one. */
export function predictionLines(
  { simulation, rows }: Simulated,
  ranking: Ranking,
): readonly string[] {
  const chosen = chooseAction(ranking, simulation)?.index;
  const seen = simulation.plans.flatMap((plan, index) => {
    const row = rows[index];
    return row === undefined ? [] : [{ row, index, isKnown: plan.grade !== "D" }];
  });
  const known = seen.filter((one) => one.isKnown || one.index === chosen);
  const told = known.length > 0 ? known : seen;
  return told
    .toSorted((a, b) => Number(b.index === chosen) - Number(a.index === chosen))
    .map(({ row }) => cited(row));
}

/** What was put before an approver, whoever did it. */
function proposedText(turn: TranscriptTurn): string | undefined {
  const proposed = lookAt(turn, "propose_action");
  const row = proposed?.evidence[0];
  const proposal = proposalIn(proposed);
  if (proposed === undefined) return undefined;
  if (proposal === undefined || row === undefined)
    return `**Do:** the proposal was refused: ${refusalText(proposed)}`;
  const expires = value(row, "expires");
  const until = expires === undefined ? "" : ` until ${expires}`;
  const effect = proposal.prediction.grade === "D" ? " Its effect is unknown." : "";
  return `**Do:** "${proposal.action}" is proposed and waits for approval${until} [${row.id}].${effect}`;
}

function doText(turn: TranscriptTurn, { simulation }: Simulated, ranking: Ranking): string {
  const proposed = proposedText(turn);
  if (proposed !== undefined) return proposed;
  if (ranking.symptom.isOver)
    return "**Do:** nothing now: it is over. These are predictions for what was.";
  if (!hasLikelyCause(ranking))
    return "**Do:** I propose nothing: no cause is likely enough to act on. These are leads.";
  const isUnknown = simulation.plans.every((plan) => plan.grade === "D");
  return isUnknown
    ? "**Do:** I propose nothing: no effect can be predicted, for want of what is named here."
    : "**Do:** I propose nothing: no candidate is predicted to help.";
}

function wrongIfText({ simulation, rows }: Simulated, ranking: Ranking): string | undefined {
  const choice = chooseAction(ranking, simulation);
  const row = choice === undefined ? undefined : rows[choice.index];
  const wrongIf = value(row, "wrongIf");
  return wrongIf === undefined ? undefined : `**Wrong if:** ${wrongIf} [${row?.id}].`;
}

function notSeenText({ evidence }: Look): string | undefined {
  const notSeen = value(evidence[0], "notSeen");
  return notSeen === undefined ? undefined : `**Not seen:** ${notSeen} [${evidence[0]?.id}].`;
}
