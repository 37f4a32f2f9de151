import { interventionIn, namesSeveral, type SpokenIntervention } from "./intervention-words.ts";
import { respelt } from "./misspelt-words.ts";
import { cleanSubject } from "./subject-words.ts";
import { instantIn, minutesIn } from "./time-words.ts";
import { hasMeaning } from "./word-meanings.ts";

/** What somebody wants to know. `about` is as they named it; absent: it has to come from the conversation. */
export type Intent =
  | { readonly type: "help" }
  | { readonly type: "thanks" }
  | { readonly type: "status"; readonly about?: string; readonly at?: string }
  | { readonly type: "why"; readonly about?: string; readonly at?: string }
  | {
      readonly type: "changes";
      readonly about?: string;
      readonly minutes: number;
      readonly at?: string;
    }
  | { readonly type: "look"; readonly at: string; readonly about?: string }
  /** `on`: what it is asked for, when that was said: "what happens to carts if …". */
  | { readonly type: "what-if"; readonly spoken: SpokenIntervention; readonly on?: string }
  /** To be put before an approver: what is named, or what was just spoken of. Never anything else. */
  | { readonly type: "propose"; readonly what: Wanted }
  | { readonly type: "neighbours"; readonly about?: string; readonly at?: string }
  | { readonly type: "traces"; readonly about?: string; readonly kind: "slow" | "error" }
  | { readonly type: "logs"; readonly about?: string }
  | { readonly type: "outcome" }
  /** Whether the trouble that was spoken of is over; `asksBad`: whether it still goes on. */
  | { readonly type: "better"; readonly asksBad: boolean }
  | { readonly type: "sure" }
  /** Whether something is the cause, by somebody who thinks that it is. */
  | { readonly type: "why-not"; readonly about: string }
  /** Who and how much is hurt. */
  | { readonly type: "reach" }
  | { readonly type: "advice" }
  /** "and checkout?": what was asked before, about something else. */
  | { readonly type: "also"; readonly about: string }
  | { readonly type: "meaning"; readonly word: string }
  | { readonly type: "evidence"; readonly id: string }
  | { readonly type: "unknown" };

export type Wanted =
  | { readonly type: "named"; readonly spoken: SpokenIntervention }
  /** "propose it". */
  | { readonly type: "spoken-of" }
  /** Something was named, and it is none that is known. */
  | { readonly type: "unread"; readonly words: string }
  | { readonly type: "several" };

const HOUR_MINUTES = 60;
const ADJECTIVES =
  "slow|slower|failing|broken|down|bad|burning|unhealthy|red|hurt|hurting|degraded|erroring|late|absent|silent|dead|timing out|on fire|not working|unavailable|flaky|stuck|overloaded";

const withAbout = (text: string | undefined): { readonly about?: string } => {
  const about = cleanSubject(text);
  return about === undefined ? {} : { about };
};

const withAt = (text: string): { readonly at?: string } => {
  const at = instantIn(text);
  return at === undefined ? {} : { at };
};

type Reader = (match: RegExpExecArray, text: string, now: string) => Intent | undefined;
type Form = readonly [pattern: RegExp, read: Reader];

const why: Reader = (match, text) => ({ type: "why", ...withAbout(match[1]), ...withAt(text) });
/** "is it this or that?" cannot be answered by yes or no. */
const EITHER = /\bor\b(?! not\b)/i;
const better =
  (asksBad: boolean): Reader =>
  (match, text) => {
    if (EITHER.test(text)) return { type: "why" };
    const spoken = ARTICLE.test(match[1] ?? "") ? undefined : interventionIn(text);
    if (spoken !== undefined) return { type: "what-if", spoken };
    return match[1] === undefined || cleanSubject(match[1]) === undefined
      ? { type: "better", asksBad }
      : status(match, text, "");
  };
const status: Reader = (match, text) => ({
  type: "status",
  ...withAbout(match[1]),
  ...withAt(text),
});
const neighbours: Reader = (match, text) => ({
  type: "neighbours",
  ...withAbout(match[1]),
  ...withAt(text),
});

const changes: Reader = (match, text, now) => {
  const at = /\bsince\b/i.test(text) ? undefined : instantIn(text);
  return {
    type: "changes",
    ...withAbout(match[1]),
    minutes: minutesIn(text, now) ?? HOUR_MINUTES,
    ...(at === undefined ? {} : { at }),
  };
};

const ON = /\b(?:to|for|of) ([^?,]{2,60}?) (?:if|when) (?:we|i|you|they)\b/i;

function whatIfIn(text: string): Intent | undefined {
  const spoken = interventionIn(text);
  const on = cleanSubject(ON.exec(text)?.[1]);
  return spoken === undefined
    ? undefined
    : { type: "what-if", spoken, ...(on === undefined ? {} : { on }) };
}

const whatIf: Reader = (_match, text) => whatIfIn(text);

/** An order without its verb: what is left names the action, or points back at it. */
const ORDER =
  /^(?:(?:ok(?:ay)?|yes|please|can you|could you|go ahead and|now|then)[, ]+)*(?:propose|do)\b\s*/i;
const POINTS_BACK = /^(?:it|that|this|so)?(?:\s+(?:one|now|then|please|again|action))*[\s.!?]*$/i;
const DENIES = /\b(?:don['’]?t|do not|never|not)\b/i;

function wantedIn(text: string): Wanted {
  const words = text.replace(ORDER, "").trim();
  if (POINTS_BACK.test(words)) return { type: "spoken-of" };
  if (namesSeveral(words)) return { type: "several" };
  const spoken = DENIES.test(text) ? undefined : interventionIn(words);
  return spoken === undefined
    ? { type: "unread", words: words.slice(0, 200) }
    : { type: "named", spoken };
}

/** What is not done is predicted; of what is not the cause it is told why not. */
const whyNot: Reader = (match, text) => {
  const spoken = interventionIn(text);
  if (spoken !== undefined) return { type: "what-if", spoken };
  const about = cleanSubject(match[1]);
  return about === undefined ? { type: "sure" } : { type: "why-not", about };
};

const ASKS = /^(?:what|who|which|why|how|where|when|i|we|you|they)\b/i;
const ARTICLE = /^(?:the|an?|our|that|this|your|my)\b/i;
/** What is said of trouble, and is no cause of it. */
const NO_CAUSE =
  /^(?:safe|serious|urgent|real|normal|true|possible|worth|important|expected|critical|like|going|getting|only|here|there|time|too|to)\b/i;

/** "is it the flag?", "the rollback broke it": what is blamed has a name, or a word for what it is. */
const suspected: Reader = (match, text) => {
  const blamed = match[1] ?? "";
  const about = cleanSubject(blamed);
  if (about === undefined || ASKS.test(about) || NO_CAUSE.test(about)) return undefined;
  const spoken = ARTICLE.test(blamed.trim()) ? undefined : interventionIn(text);
  return spoken === undefined ? { type: "why-not", about } : { type: "what-if", spoken };
};

const reach: Reader = (_match, text) =>
  interventionIn(text) === undefined ? { type: "reach" } : undefined;

const also: Reader = (match) => {
  const about = cleanSubject(match[1]);
  return about === undefined ? undefined : { type: "also", about };
};

/** "what is burning?" asks for what burns, not for the word. */
const STATES = /^(?:burning|absent)$/;

const meaning: Reader = (match, text) => {
  const word = (match[1] ?? "").toLowerCase();
  if (STATES.test(word) && !/\bmeans?\b/i.test(text)) return undefined;
  const id = /^e\d{1,6}$/.exec(word)?.[0];
  if (id !== undefined) return { type: "evidence", id };
  return hasMeaning(word) ? { type: "meaning", word } : undefined;
};

const propose: Reader = (_match, text) => ({ type: "propose", what: wantedIn(text) });

const look: Reader = (match, text) => {
  const at = instantIn(text);
  return at === undefined ? undefined : { type: "look", at, ...withAbout(match[1]) };
};

/** In the order in which they are tried: the words of the commands, then the forms of a question. */
const FORMS: readonly Form[] = [
  [
    /^(?:help|menu|\?|what can you do.*|what do you (?:know|understand).*)$/i,
    () => ({ type: "help" }),
  ],
  [
    /^(?:what(?:'s|\s+is|\s+does|\s+do|\s+are)?|show(?:\s+me)?|explain)\s+(?:an?\s+|the\s+)?["'`[]*([a-z]+\d*)["'`\]]*(?:\s+button)?(?:\s+(?:do|mean|[a-d]|[a-d]\s+mean))?[\s?.]*$/i,
    meaning,
  ],
  [
    /^(?:(?:ok(?:ay)?|great|nice|good|well done|perfect|many|got it|cool)[,!. ]+)*(?:thanks?|thank you|thx|ty|cheers|great|perfect|nice|well done|good (?:job|work|bot)|got it|cool|ok(?:ay)?)\b(?:[,!. ]*(?:a lot|so much|very much|orrery|all|everybody|you))*[\s!.]*$/i,
    () => ({ type: "thanks" }),
  ],
  [/^what-?\s?if\s+/i, whatIf],
  [/^changes\b\s*(.*)$/i, changes],
  [/^status\b\s*(.*)$/i, status],
  [/^(?:what happens|what would happen|what about|how about|and)\s+(?:if|when)\b/i, whatIf],
  [/^(?:what|how)\s+about\s+(.+)$/i, also],
  [
    /^(?:are you (?:sure|certain)|(?:how|are you really) (?:sure|certain|confident)|really|how do you know|why do you (?:think|say|believe)|can i trust|is that (?:so|right|true|certain))\b/i,
    () => ({ type: "sure" }),
  ],
  [
    /^(?:so\s+)?(?:what (?:should|shall|can|do|must) (?:we|i|one) do\b|what now\b|what next\b|what (?:is|'s) (?:the )?(?:next step|fix|best action)|how (?:do|can|should|shall) (?:we|i) (?:fix|mend|solve|stop|mitigate)|what do you (?:recommend|suggest|advise|propose)|any (?:suggestion|advice|recommendation)|(?:can|should|shall) (?:we|i) do (?:something|anything))/i,
    () => ({ type: "advice" }),
  ],
  [/^why\s+not\b\s*(.*)$/i, whyNot],
  [/^(?:why|how come)\s+(?:is|was)(?:n['’]t| not) it\s+(.+)$/i, whyNot],
  [
    /^(?:is|was|are|were)\s+(.+?)\s+(?:the\s+)?(?:problem|issue|(?:root\s+)?cause|culprit|reason|to blame|at fault|guilty|responsible|behind (?:it|this|that))\b/i,
    suspected,
  ],
  [/^(?:did|has|have)\b.*\b(?:work|help)(?:ed)?\b/i, () => ({ type: "outcome" })],
  [/^(?:did|has|have)\s+(.+?)\s+(?:break|broken?|caused?|kill|hurt|trigger|do|done)\b/i, suspected],
  [
    /^(.+?)\s+(?:broke|caused|killed|hurt|triggered|slowed|did)\s+(?:it|this|that|us|all|everything|things|prod\w*|the\s.+)(?:\s+down)?[\s.!?]*$/i,
    suspected,
  ],
  [/^(?:and\s+)?(?:if|when)\s+(?:we|i|you|they)\b/i, whatIf],
  [
    /^(?:simulate|predict|try|compare)\b|\bwould\b.*\bhelp\b|^what (?:would|does|will)\b.*\bdo\b/i,
    whatIf,
  ],
  [
    /^(?:please\s+)?propose\b|^(?:ok(?:ay)?,?\s+)?(?:please\s+)?(?:do|propose) (?:it|that|this)\b/i,
    propose,
  ],
  [
    /^(?:please\s+|can you\s+|could you\s+)?(?:roll\s?-?back|roll \S+ back|scale|restart|restore|(?:turn|switch) (?:on|off|(?:the )?(?:flag )?\S+ (?:flag )?(?:on|off))|limit)\b/i,
    propose,
  ],
  [
    /\b(?:what|anything|something|who)(?:'s|\s+has|\s+have|\s+is|\s+was)?\s+(?:been\s+)?(?:changed|deployed|released|rolled out|new)\b\s*(?:in|of|to|on|with|for)?\s*(.*)$/i,
    changes,
  ],
  [
    /\b(?:which|any|show|list|recent|latest|last)\b.*\b(?:changes?|deploys?|deployments?|releases?)\b\s*(?:(?:in|of|to|on|for)\s+)?(.*)$/i,
    changes,
  ],
  [
    /\b(?:did it (?:work|help)|was it (?:right|worth it)|outcome|verdict|track record|what (?:happened|became) (?:to|of|with) the (?:proposal|action|rollback|fix))/i,
    () => ({ type: "outcome" }),
  ],
  [/^(?:who|what|which services?)\s+(?:calls?|uses?|depends? on|talks? to)\s+(.+)$/i, neighbours],
  [
    /^(?:what|who|which services?)\s+(?:does|do|did)\s+(.+?)\s+(?:calls?|uses?|depends?(?: on)?|talks?(?: to)?)\b/i,
    neighbours,
  ],
  [/^where\s+(?:does|do|is|are)\s+(.+?)(?:\s+(?:run|running|live|hosted))?[?\s]*$/i, neighbours],
  [
    /\b(?:topology|map|neighbou?rs|callers|callees|dependencies)\b\s*(?:of|for)?\s*(.*)$/i,
    neighbours,
  ],
  [
    /\b(?:how|what) (?:did|was|were|is)\b(?:.*?\blook like\b)?(.*?)(?:\b(?:at|around)\b.*|\bago\b.*)$/i,
    look,
  ],
  [
    /\b(slow|failed|failing|error)?\s*traces?\b\s*(?:through|of|in|for)?\s*(.*)$/i,
    (match) => ({
      type: "traces",
      kind: /fail|error/i.test(match[1] ?? "") ? "error" : "slow",
      ...withAbout(match[2]),
    }),
  ],
  [
    /\blogs?\b\s*(?:of|in|for|from)?\s*(.*)$/i,
    (match) => ({ type: "logs", ...withAbout(match[1]) }),
  ],
  [
    new RegExp(
      String.raw`^why\s+(?:is|are|was|were|did|does|do)\s+(.+?)\s+(?:${ADJECTIVES}|fail|become|get|go|page|break|burn)\b.*$`,
      "i",
    ),
    why,
  ],
  [/^why(?:\s+(?:is|are|was|were|did|does|do))?\b\s*(.*)$/i, why],
  [/\b(?:root cause|cause|caused|reason|culprit|to blame)\b\s*(?:of|for|is|behind)?\s*(.*)$/i, why],
  [
    /\b(?:what(?:'s| is| was)\s+(?:wrong|broken|the (?:matter|problem|issue)|up|going on|happening)|what(?:'s| has)? happened)\b\s*(?:with|in|at)?\s*(.*)$/i,
    why,
  ],
  [
    /^(?:what(?:'s|\s+is|\s+are|\s+was|\s+were|\s+has|\s+have)?)\s+(?:failed|failing|fails?|broken|broke|breaking|down)\b\s*(?:in|at|with)?\s*(.*)$/i,
    why,
  ],
  [
    /^(?:what(?:'s|\s+is|\s+are|\s+was)?)\s+(?:hurt|hurting|burning|red|affected|unhealthy|slow)\b\s*(?:in|at|with)?\s*(.*)$/i,
    status,
  ],
  [
    /^(?:is|are)\s+(.+?)\s+(?:ok(?:ay)?|fine|healthy|well|up|back|recovered|recovering|better|improving|fixed|mended|over|good)\b/i,
    better(false),
  ],
  [
    /^(?:has|have|did|does)\s+(.+?)\s+(?:recover|improve|(?:get|got) better|come back|gone away|stop)/i,
    better(false),
  ],
  [
    /^(?:any\s+)?(?:better|improvement|recovered|fixed)\b|^(?:all|everything) (?:good|well|ok(?:ay)?|fine|clear)\b/i,
    better(false),
  ],
  [new RegExp(String.raw`^(?:is|are)\s+(.+?)\s+(?:${ADJECTIVES})\b`, "i"), better(true)],
  [new RegExp(String.raw`^still\s+(?:${ADJECTIVES}|bad)\b`, "i"), better(true)],
  [
    /\b(?:blast radius|impact|impacted|(?:who|whom)(?:'s| is| are| was)?\s+(?:hurt|affected|hit)|how many (?:users|people|customers|requests)|how (?:bad|serious|severe) (?:is|are)|emergency|outage|urgent|serious|severe)\b/i,
    reach,
  ],
  [/\b(?:users?|customers?|people|any(?:body|one))\b.*\b(?:hurt|affected|hit|notice)\b/i, reach],
  [
    /^(?:since when|how long|when (?:did|has|was) (?:it|this|that)\b.*\b(?:start|begin|begun))/i,
    reach,
  ],
  [
    /^(?:is|was|could|might|can|may)(?:n['’]t| not)?\s+(?:it|this|that)\s+(?:(?:be|not|really|just|maybe)\s+)*(?:(?:because of|due to|from|caused by)\s+)?(.+)$/i,
    suspected,
  ],
  [
    /\b(?:error rate|failure rate|errors?|failures?|latency|response times?|p\d\d|throughput|request rate|rps|traffic|cpu|memory)\s+(?:of|for|in|at|on)\s+(.+)$/i,
    status,
  ],
  [/^how(?:'s|\s+is|\s+are)\s+(.+)$/i, status],
  [
    /\b(?:state|health|slos?|objectives?|error budget|burn(?: rate)?)\b\s*(?:of|for|in)?\s*(.*)$/i,
    status,
  ],
];

const OPENING = /^(?:hey|hi|hello|so|ok|please|and|but|then)[, ]+(?=\S)/i;
/** A name alone: a service, or an operation with its method. */
const NAME_ALONE = /^((?:(?:get|post|put|patch|delete)\s+)?[\w./:@{}-]+)[\s?]*$/i;

/** "and checkout?", "checkout?": a name alone, as a question. */
function nameAlone(asked: string, text: string): Intent | undefined {
  const match = /^(?:and|but)\b/i.test(asked) || asked.endsWith("?") ? NAME_ALONE.exec(text) : null;
  return match === null ? undefined : also(match, text, "");
}

function formIntent(text: string, now: string): Intent | undefined {
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(text);
    const intent = match === null ? undefined : read(match, text, now);
    if (intent !== undefined) return intent;
  }
  return whatIfIn(text);
}

/** Reads a question; `now` is an ISO time. Where it is none as it is written, it is read with its words spelt. */
export function questionIntent(question: string, now: string): Intent {
  const asked = question
    .trim()
    .replace(/^\/sre\s*/i, "")
    .replace(/\s+/g, " ")
    .replace(/\b(what|who|where|how|why)s\b/gi, "$1's");
  const text = asked.replace(OPENING, "");
  if (text === "") return { type: "help" };
  const intent = formIntent(text, now);
  const spelt = respelt(text);
  const meant = spelt === undefined ? undefined : formIntent(spelt, now);
  if (meant !== undefined && (intent === undefined || isMisread(intent, meant))) return meant;
  return intent ?? nameAlone(asked, text) ?? { type: "unknown" };
}

const wordsAbout = (intent: Intent): number =>
  "about" in intent ? (intent.about ?? "").split(" ").filter((word) => word !== "").length : 0;

/** Whether a misspelt word was taken for a part of a name: "why is catalog slwo?". */
function isMisread(intent: Intent, meant: Intent): boolean {
  return intent.type === meant.type && wordsAbout(meant) < wordsAbout(intent);
}
