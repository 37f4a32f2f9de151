import { SWITCH_WORDS, stateSaid } from "../../incident/switch-words.ts";
import type { Intervention } from "../../model/whatif/intervention.ts";

/** A what-if as somebody said it; what is not said is to be found in the conversation or in the model. */
export type SpokenIntervention =
  | { readonly type: "whole"; readonly intervention: Intervention }
  | { readonly type: "rollback"; readonly entity?: string }
  | { readonly type: "scale"; readonly replicas?: number }
  | { readonly type: "restart" }
  /** To how many calls, it is not said. */
  | { readonly type: "limit"; readonly from: string; readonly to: string }
  /** A flag that is not named. */
  | { readonly type: "switch"; readonly variant: string }
  /** Back to the value before. */
  | { readonly type: "restore"; readonly entity: string; readonly setting: string }
  /** Named, but with a number that none of it can have. */
  | { readonly type: "out-of-range"; readonly text: string };

/** As the tools bound them. */
const REPLICAS_MAX = 1_000;
const LIMIT_MAX = 10_000;

const NAME = String.raw`([\w./:@-]+)`;
const IT = /^(?:it|that|this|them|the\s*service)$/i;
/** Words between the verb and what it is about. */
const THE = String.raw`(?:the\s+)?(?:service\s+)?`;

type Form = readonly [
  pattern: RegExp,
  read: (
    groups: readonly (string | undefined)[],
    said: Readonly<Record<string, string | undefined>>,
  ) => SpokenIntervention | undefined,
];

const whole = (intervention: Intervention): SpokenIntervention => ({ type: "whole", intervention });
const named = (text: string | undefined): string | undefined =>
  text === undefined || IT.test(text) ? undefined : text;

const outOfRange = (text: string): SpokenIntervention => ({ type: "out-of-range", text });

function limited([from = "", to = "", count]: readonly (string | undefined)[]): SpokenIntervention {
  const max = Number(count);
  if (max < 1 || max > LIMIT_MAX)
    return outOfRange("A limit of concurrent calls can be one to ten thousand.");
  return whole({ type: "limit", from, to, max_concurrent: max });
}

function scaled(entity: string | undefined, replicas: number): SpokenIntervention {
  if (replicas < 1 || replicas > REPLICAS_MAX)
    return outOfRange("A service can have one to a thousand replicas.");
  const name = named(entity);
  return name === undefined
    ? { type: "scale", replicas }
    : whole({ type: "scale", entity: name, replicas });
}

function restarted(entity: string | undefined): SpokenIntervention {
  const name = named(entity);
  return name === undefined ? { type: "restart" } : whole({ type: "restart", entity: name });
}

function rolledBack(entity: string | undefined, version: string | undefined): SpokenIntervention {
  const name = named(entity);
  if (name !== undefined && version !== undefined)
    return whole({ type: "rollback", entity: name, to_version: version });
  return { type: "rollback", ...(name === undefined ? {} : { entity: name }) };
}

/** "turn the flag off" names none. */
const ANY_FLAG = /^(?:it|that|this|them|(?:the|that|this)?\s*(?:feature\s+)?flag)$/i;

function switched(
  said: Readonly<Record<string, string | undefined>>,
): SpokenIntervention | undefined {
  const flag = said.flag ?? "";
  const variant = stateSaid(said).toLowerCase();
  return ANY_FLAG.test(flag) ? { type: "switch", variant } : whole({ type: "flag", flag, variant });
}

const loadBy = (sign: string | undefined, percent: string | undefined): SpokenIntervention =>
  whole({ type: "load", factor: 1 + (sign === "-" ? -1 : 1) * (Number(percent) / 100) });

const CALLS = String.raw`(?:(?:concurrent|parallel|simultaneous)\s+)?(?:calls?|requests?|connections?)`;
const LINK = String.raw`(?:from\s+)?${NAME}\s*(?:->|→|to)\s*${NAME}`;

/** In the order in which they are tried. */
const FORMS: readonly Form[] = [
  [
    new RegExp(
      String.raw`\broll(?:ing)?\s*-?back\s+${THE}${NAME}\s+(?:to\s+)?(?:version\s+)?v?(\d[\w.+-]*)`,
      "i",
    ),
    ([entity, version]) => rolledBack(entity, version),
  ],
  [
    new RegExp(
      String.raw`\broll(?:ing|ed)?\s+${THE}${NAME}\s+back(?:\s+to\s+(?:version\s+)?v?(\d[\w.+-]*))?`,
      "i",
    ),
    ([entity, version]) => rolledBack(entity, version),
  ],
  [
    new RegExp(String.raw`\broll(?:ing|ed)?\s*-?back(?:\s+${THE}(?!to\b|now\b)${NAME})?`, "i"),
    ([entity]) => rolledBack(entity, undefined),
  ],
  [
    new RegExp(
      String.raw`\bscal(?:e|ing|ed)\s+(?:up\s+|down\s+|out\s+)?${THE}${NAME}\s+(?:service\s+)?(?:up\s+|down\s+|out\s+)?(?:to|×|x)\s*(\d{1,9})\b`,
      "i",
    ),
    ([entity, replicas]) => scaled(entity, Number(replicas)),
  ],
  [
    new RegExp(String.raw`\b(\d{1,9})\s+(?:replicas|instances)\s+of\s+${THE}${NAME}`, "i"),
    ([replicas, entity]) => scaled(entity, Number(replicas)),
  ],
  [/\bscal(?:e|ing|ed)\s+(?:up|out)(?:\s+(?:it|that))?\b(?!\s+to)/i, () => ({ type: "scale" })],
  [
    new RegExp(String.raw`\brestart(?:ing|ed)?(?:\s+${THE}${NAME})?`, "i"),
    ([entity]) => restarted(entity),
  ],
  [
    new RegExp(
      String.raw`\bdrain(?:ing|ed)?\s+(?:the\s+)?(?:node\s+|host\s+|zone\s+)?${NAME}`,
      "i",
    ),
    ([entity = ""]) => whole({ type: "drain", entity }),
  ],
  ...SWITCH_WORDS.map(
    (words): Form => [
      new RegExp(String.raw`\b${words}(?=\s|$)`, "i"),
      (_groups, said) => switched(said),
    ],
  ),
  [
    new RegExp(
      String.raw`\b(?:set(?:ting)?|restor(?:e|ing)|chang(?:e|ing)|put(?:ting)?)\s+(?:the\s+)?${NAME}\s+of\s+${THE}${NAME}\s+(?:back\s+)?to\s+${NAME}`,
      "i",
    ),
    ([setting = "", entity = "", value = ""]) => whole({ type: "setting", entity, setting, value }),
  ],
  [
    new RegExp(
      String.raw`\brestor(?:e|ing)\s+(?:the\s+)?(?:setting\s+)?${NAME}\s+of\s+${THE}${NAME}`,
      "i",
    ),
    ([setting = "", entity = ""]) => ({ type: "restore", entity, setting }),
  ],
  [
    new RegExp(
      String.raw`\blimit(?:ing|ed)?\s+${THE}${NAME}\s+to\s+(\d{1,9})\s+${CALLS}\s+(?:to|of|into|on|at)\s+${NAME}`,
      "i",
    ),
    ([from, count, to]) => limited([from, to, count]),
  ],
  [
    new RegExp(
      String.raw`\blimit(?:ing|ed)?\s+(?:the\s+)?(?:${CALLS}\s+)?${LINK}\s+(?:to|at)\s+(\d{1,9})\b`,
      "i",
    ),
    limited,
  ],
  [
    new RegExp(
      String.raw`\blimit(?:ing|ed)?\s+(?:the\s+)?${CALLS}\s+(?:of|from)\s+${NAME}\s+to\s+${NAME}(?!\S)`,
      "i",
    ),
    ([from = "", to = ""]) => ({ type: "limit", from, to }),
  ],
  [
    new RegExp(String.raw`\bretries\s+${LINK}\s+(?:to|=|at)\s*(\d{1,2})\b`, "i"),
    ([from = "", to = "", count]) => whole({ type: "retries", from, to, count: Number(count) }),
  ],
  [
    new RegExp(String.raw`\btime-?out\s+${LINK}\s+(?:to|=|at|of)\s*(\d{1,6})\s*(?:ms)?\b`, "i"),
    ([from = "", to = "", ms]) => whole({ type: "timeout", from, to, ms: Number(ms) }),
  ],
  [
    new RegExp(String.raw`\bpool\s+${LINK}\s+(?:to|=|at|of)\s*(\d{1,5})\b`, "i"),
    ([from = "", to = "", size]) => whole({ type: "pool", from, to, size: Number(size) }),
  ],
  [
    /\b(?:load|traffic)\b[^\d+-]*([+-])?\s*(\d{1,3})\s*(?:%|percent)/i,
    ([sign, percent]) => loadBy(sign, percent),
  ],
  [
    /\b(?:load|traffic)\b.*\bdoubl|\bdoubl\w*\s+(?:the\s+)?(?:load|traffic)|\btwice\s+(?:the|as much)\s+(?:load|traffic)/i,
    () => whole({ type: "load", factor: 2 }),
  ],
  [
    /\bshed\w*\s+(\d{1,3})\s*(?:%|percent)/i,
    ([share]) => whole({ type: "shed", share: Number(share) / 100 }),
  ],
  [
    /\b(?:do(?:ing)?\s+nothing|no\s+action|leave\s+it|(?:if|and|can|could|should|shall|may|must)\s+(?:we|i|you|it|this|that)\s+(?:just\s+)?wait|(?:just\s+)?waiting)\b/i,
    () => whole({ type: "none" }),
  ],
];

const JOINS = /\b(?:and|then|also|plus)\b|[,;&+]/i;
const VERBS =
  /\b(?:roll(?:ing|ed)?\s*-?(?:back|\S+\s+back)|scal(?:e|ing|ed)|restart(?:ing|ed)?|drain(?:ing|ed)?|limit(?:ing|ed)?|shed\w*|restor(?:e|ing)|turn(?:ing)?|switch(?:ing)?|set(?:ting)?)\s+\S/gi;

/** Whether a text names more than one action: an order for two is not an order for the first of them. */
export function namesSeveral(text: string): boolean {
  return JOINS.test(text) && [...text.matchAll(VERBS)].length > 1;
}

/** An intervention in the words that order it. */
export function orderText(intervention: Intervention): string | undefined {
  switch (intervention.type) {
    case "rollback":
      return `roll back ${intervention.entity} to ${intervention.to_version}`;
    case "scale":
      return `scale ${intervention.entity} to ${intervention.replicas}`;
    case "restart":
      return `restart ${intervention.entity}`;
    case "flag":
      return `set flag ${intervention.flag} to ${intervention.variant}`;
    case "setting":
      return `set ${intervention.setting} of ${intervention.entity} to ${intervention.value}`;
    case "limit":
      return `limit ${intervention.from} to ${intervention.max_concurrent} calls to ${intervention.to}`;
    default:
      return undefined;
  }
}

/** The intervention that a text speaks of; undefined: none that is known. */
export function interventionIn(text: string): SpokenIntervention | undefined {
  const plain = text
    .replace(/[?!,;]+/g, " ")
    .replace(/\.(?=\s|$)/g, " ")
    .replace(/\s+/g, " ");
  for (const [pattern, read] of FORMS) {
    const match = pattern.exec(plain);
    const spoken = match === null ? undefined : read(match.slice(1), match.groups ?? {});
    if (spoken !== undefined) return spoken;
  }
  return undefined;
}
