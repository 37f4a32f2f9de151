import type { EvidenceDraft } from "../../../tools/define-tool.ts";
import { formatQuantity } from "../../model/quantity.ts";
import { claimsDeed, givesCommand } from "./deeds.ts";
import {
  type Amount,
  amountOf,
  type NumberWord,
  numberWordSet,
  numberWords,
  plainDigits,
  unitOf,
} from "./number-words.ts";

/** What a sentence is checked against. */
export interface Ground {
  /** Evidence of this conversation; undefined: no such id was ever minted. */
  evidence(id: string): EvidenceDraft | undefined;
  /** Whether a word with digits (lower case) may be said without evidence: names of entities, and the question's own. */
  isKnown(word: string): boolean;
  /** Whether the question itself names this amount: "scale to 20" lends no "20 s". */
  isAsked?(amount: Amount): boolean;
  /** Whether it stands in a name that was cited earlier in the same answer. Names lend no number with a unit. */
  isNamed?(word: string): boolean;
}

export type Checked =
  /** `text` has the values in place of their placeholders; `cited` are the ids that it leans on. */
  | { readonly ok: true; readonly text: string; readonly cited: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Limit: problems told of one sentence. */
const PROBLEMS_MAX = 4;
const PLACEHOLDER = /\{\{\s*(e\d+)\.([A-Za-z0-9_.]+)\s*\}\}/g;
const EVIDENCE_ID = /^e\d+$/;
/** Names of statistics and classes of status codes carry digits and claim nothing. */
const VOCABULARY = /^(?:p\d{2,3}|p99\.9|[1-5]xx|http\/[123](?:\.\d)?|k8s|ipv[46]|utf-8)$/i;
const LIST_MARKER = /^(\s*(?:>\s*)?)\d{1,3}[.)](?=\s)/;
const DEED_PROBLEM =
  "you changed nothing: an action is proposed, a person approves it, the executor does it";
const COMMAND_PROBLEM =
  "commands to type are not given: say what has to change, or propose it as an action";
/** Stands where a placeholder was, so that its neighbours are not read as one word. */
const GAP = "\u{fffc}";

/** A value as readers see it. */
export function renderedValue(value: EvidenceDraft["values"][string]): string {
  return typeof value === "string" ? value : formatQuantity(value);
}

/** Code's own clause of an evidence item with its values in place. */
export function renderedText(evidence: EvidenceDraft): string {
  return evidence.text.replaceAll(/\{\{([A-Za-z0-9_.]+)\}\}/g, (hole, key: string) => {
    const value = evidence.values[key];
    return value === undefined ? hole : renderedValue(value);
  });
}

/** What one evidence item lets a sentence say. */
interface Sayable {
  readonly words: ReadonlySet<string>;
  readonly amounts: readonly Amount[];
  readonly times: readonly string[];
}

function sayable(evidence: EvidenceDraft): Sayable {
  const values = Object.values(evidence.values);
  const { window } = evidence;
  const spans =
    window === undefined
      ? []
      : [
          formatQuantity({ value: window.fromMs, unit: "time" }),
          formatQuantity({ value: window.toMs, unit: "time" }),
          formatQuantity({ value: window.toMs - window.fromMs, unit: "ms" }),
        ];
  const rendered = [
    ...values.filter((value) => typeof value !== "string").map(renderedValue),
    ...spans,
  ];
  const strings = values.filter((value) => typeof value === "string");
  const words = numberWords(rendered.join(" ; "));
  return {
    words: numberWordSet([evidence.about, evidence.text, ...strings]),
    amounts: words.flatMap((word) => amountOf(word) ?? []),
    times: words.map(({ word }) => word).filter((word) => word.includes(":")),
  };
}

/** Words with digits in the names that an evidence item brings: they may be said again after it was cited. */
export function namesIn(evidence: EvidenceDraft): ReadonlySet<string> {
  return sayable(evidence).words;
}

export const sameAmount = (a: Amount, b: Amount): boolean =>
  Number(a.digits) === Number(b.digits) && a.unit === b.unit;

const isTime = (word: string): boolean => /^\d{1,2}:\d{2}(?::\d{2})?$/.test(word);

function isBacked(word: NumberWord, cited: readonly Sayable[], ground: Ground): boolean {
  const lower = word.word.toLowerCase();
  if (VOCABULARY.test(lower)) return true;
  if (EVIDENCE_ID.test(lower)) return ground.evidence(lower) !== undefined;
  const amount = amountOf(word);
  // A version may be called "0.01 %" by whoever ships it; that makes it no measurement.
  const isName = amount === undefined || amount.unit === "";
  if (isName && ground.isKnown(lower)) return true;
  if (amount !== undefined && ground.isAsked?.(amount) === true) return true;
  if (isName && (ground.isNamed?.(lower) === true || cited.some((one) => one.words.has(lower))))
    return true;
  if (isTime(lower)) return cited.some((one) => one.times.some((time) => time.startsWith(lower)));
  if (amount !== undefined)
    return cited.some((one) => one.amounts.some((each) => sameAmount(each, amount)));
  return isBackedInParts(lower, cited, ground);
}

/** `e3-e5`, `1.1.0/1.0.0`, `catalog@1.1.0`, `instance:cart-0`: joined by a sign, each part for itself. */
function isBackedInParts(word: string, cited: readonly Sayable[], ground: Ground): boolean {
  const typed = /^[a-z_.]+:(.+)$/.exec(word)?.[1];
  if (typed !== undefined) return isBacked({ word: typed, after: "" }, cited, ground);
  const parts = word.includes("@") ? word.split("@") : word.split(/[/-]/);
  if (parts.length < 2 || (!word.includes("@") && parts.some((part) => !/\d/.test(part))))
    return false;
  return parts.every((part) =>
    numberWords(part).every((each) => isBacked({ ...each, after: "" }, cited, ground)),
  );
}

function problemOf({ word }: NumberWord): string {
  return EVIDENCE_ID.test(word.toLowerCase())
    ? `there is no evidence ${word}`
    : `"${word}" stands in no evidence that the sentence cites; write it as {{eN.key}} or leave it out`;
}

interface Placed {
  readonly text: string;
  /** The same with gaps instead of values. */
  readonly bare: string;
  readonly cited: readonly string[];
  readonly problems: readonly string[];
}

function placeValues(sentence: string, ground: Ground): Placed {
  const cited: string[] = [];
  const problems: string[] = [];
  let text = "";
  let last = 0;
  for (const match of sentence.matchAll(PLACEHOLDER)) {
    const [hole, id = "", key = ""] = match;
    text += sentence.slice(last, match.index);
    last = match.index + hole.length;
    const evidence = ground.evidence(id);
    const value = evidence?.values[key];
    if (evidence === undefined) problems.push(`${hole}: there is no evidence ${id}`);
    else if (value === undefined)
      problems.push(`${hole}: ${id} holds ${Object.keys(evidence.values).join(", ")}`);
    else {
      cited.push(id);
      const shown = renderedValue(value);
      text += shown;
      last += repeatedUnit(shown, sentence.slice(last));
    }
  }
  text += sentence.slice(last);
  const bare = sentence.replaceAll(PLACEHOLDER, GAP);
  if (bare.includes("{{") || bare.includes("}}"))
    problems.push("a placeholder is written {{e3.key}}: one id, a full stop, one key");
  return { text, bare, cited, problems };
}

/** A writer who adds the unit behind the value would double it. */
function repeatedUnit(shown: string, after: string): number {
  const unit = /^[\d.,]+\s?(\D+)$/.exec(shown)?.[1]?.trim();
  if (unit === undefined) return 0;
  const repeated = /^\s?(?:ms|min|s|%|×|x|\/s|pp|UTC|MB|KB)(?![\p{L}\p{N}])/u.exec(after);
  return repeated !== null && unitOf(after) === unitOf(unit) ? repeated[0].length : 0;
}

/**
 * Law 1: whether every number of a sentence comes from evidence that it cites, the name of an entity, or the question.
 * `citedBefore` are ids whose numbers count as cited besides those that the sentence names itself. Words are not policed, but
 * for two things: that the writer changed the system itself, and commands to type.
 */
export function checkSentence(
  sentence: string,
  ground: Ground,
  citedBefore: readonly string[] = [],
): Checked {
  const { text, bare, cited, problems } = placeValues(sentence, ground);
  const plain = plainDigits(bare).replace(LIST_MARKER, "$1");
  const words = numberWords(plain);
  const named = plain.match(/\be\d+\b/g) ?? [];
  const ids = [...new Set([...citedBefore, ...cited, ...named])];
  const backing = ids.flatMap((id) => {
    const evidence = ground.evidence(id);
    return evidence === undefined ? [] : [sayable(evidence)];
  });
  const unbacked = words.filter((word) => !isBacked(word, backing, ground)).map(problemOf);
  const deeds = claimsDeed(bare) ? [DEED_PROBLEM] : [];
  const commands = givesCommand(bare) ? [COMMAND_PROBLEM] : [];
  const all = [...new Set([...deeds, ...commands, ...problems, ...unbacked])];
  if (all.length > 0) return { ok: false, problems: all.slice(0, PROBLEMS_MAX) };
  return { ok: true, text, cited: ids };
}
