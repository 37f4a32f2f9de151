/** The strict grammar of `/sre`. Pure: the only time in it is `nowMs`. */

export type Command =
  | { readonly type: "menu" }
  | {
      readonly type: "status";
      readonly about?: string;
      readonly atMs?: number;
      readonly sinceMs?: number;
    }
  | { readonly type: "why"; readonly about: string; readonly atMs?: number }
  | { readonly type: "what-if"; readonly text: string }
  | { readonly type: "changes"; readonly about?: string; readonly sinceMs: number };

export type Parsed =
  | { readonly ok: true; readonly command: Command; readonly isPublic: boolean }
  | { readonly ok: false; readonly message: string; readonly didYouMean: readonly string[] };

export interface CommandUsage {
  readonly name: Command["type"] | "help";
  readonly usage: string;
  readonly description: string;
}

export const COMMANDS: readonly CommandUsage[] = [
  {
    name: "status",
    usage: "status [service] [--at 02:10] [--since 1h]",
    description: "health, burn rates, newest change; also in the past",
  },
  {
    name: "why",
    usage: "why SERVICE [--at 02:10]",
    description: "likely causes with evidence",
  },
  {
    name: "what-if",
    usage: "what-if scale cart to 4",
    description: "predicts; never executes",
  },
  {
    name: "changes",
    usage: "changes [service] [--since 1h]",
    description: "deploys, flags, settings, scaling",
  },
  { name: "help", usage: "help", description: "this list" },
];

/** More than anybody types; what is longer is refused. */
const COMMAND_CHARS_MAX = 1_000;
const CHANGES_SINCE_DEFAULT_MS = 3_600_000;
const SINCE_MAX_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;
const NEAR_DISTANCE_MAX = 2;

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

/** `90s`, `30m`, `1h`, `2d`. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,5})(s|m|min|h|d)$/.exec(text);
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN);
  return ms > 0 && ms <= SINCE_MAX_MS ? ms : undefined;
}

/** `02:10` and `02:10:30` are the latest such time that has passed, UTC; `2026-11-24T02:10Z` is itself. */
export function parseInstant(text: string, nowMs: number): number | undefined {
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (clock !== null) {
    const [hours, minutes, seconds] = [clock[1], clock[2], clock[3] ?? 0].map(Number);
    const dayMs = nowMs - (nowMs % DAY_MS);
    const atMs = dayMs + ((hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000;
    return atMs <= nowMs ? atMs : atMs - DAY_MS;
  }
  const full = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z?$/.test(text)
    ? Date.parse(text.endsWith("Z") ? text : `${text}Z`)
    : Number.NaN;
  return Number.isFinite(full) && full <= nowMs ? full : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function near(word: string, words: readonly string[]): readonly string[] {
  return words
    .map((each) => ({ each, away: each.startsWith(word) ? 1 : distance(word, each) }))
    .filter(({ away }) => away <= NEAR_DISTANCE_MAX)
    .sort((a, b) => a.away - b.away)
    .map(({ each }) => each);
}

interface Words {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const FLAGS = new Set(["post"]);
const OPTIONS = ["at", "since", "post"];

class GrammarError extends Error {
  readonly didYouMean: readonly string[];
  constructor(message: string, didYouMean: readonly string[] = []) {
    super(message);
    this.didYouMean = didYouMean;
  }
}

function splitOptions(parts: readonly string[]): Words {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? "";
    // Phones write two dashes as one long one.
    const name = /^(?:--|—|–)([a-z]+)$/.exec(part)?.[1];
    if (name === undefined) words.push(part);
    else if (FLAGS.has(name)) options.set(name, "");
    else if (OPTIONS.includes(name)) {
      i += 1;
      options.set(name, parts[i] ?? "");
    } else
      throw new GrammarError(
        `There is no option --${name}.`,
        near(name, OPTIONS).map((each) => `--${each}`),
      );
  }
  return { words, options };
}

function atOption({ options }: Words, nowMs: number): { readonly atMs?: number } {
  const text = options.get("at");
  if (text === undefined) return {};
  const atMs = parseInstant(text, nowMs);
  if (atMs === undefined)
    throw new GrammarError(
      `"${text}" is not a past time; write --at 02:10 or --at 2026-11-24T02:10Z.`,
    );
  return { atMs };
}

function sinceOption({ options }: Words, nowMs: number): { readonly sinceMs?: number } {
  const text = options.get("since");
  if (text === undefined) return {};
  const spanMs = parseSpan(text);
  const sinceMs = spanMs === undefined ? parseInstant(text, nowMs) : nowMs - spanMs;
  if (sinceMs === undefined)
    throw new GrammarError(`"${text}" is not a length of time; write --since 30m, 1h or 2d.`);
  return { sinceMs };
}

function refuseOptions(words: Words, command: string, allowed: readonly string[]): void {
  for (const name of words.options.keys())
    if (name !== "post" && !allowed.includes(name))
      throw new GrammarError(`/sre ${command} takes no --${name}.`);
}

function commandOf(name: string, words: Words, nowMs: number): Command {
  const text = words.words.join(" ");
  const about = text === "" ? {} : { about: text };
  switch (name) {
    case "":
    case "help":
    case "menu":
      return { type: "menu" };
    case "status":
      refuseOptions(words, name, ["at", "since"]);
      return { type: "status", ...about, ...atOption(words, nowMs), ...sinceOption(words, nowMs) };
    case "why":
      refuseOptions(words, name, ["at"]);
      if (text === "")
        throw new GrammarError("Why what? Name a service or an SLO: /sre why checkout");
      return { type: "why", about: text, ...atOption(words, nowMs) };
    case "what-if":
    case "whatif":
      refuseOptions(words, name, []);
      if (text === "")
        throw new GrammarError("What if what? For example: /sre what-if scale cart to 4");
      return { type: "what-if", text };
    case "changes":
      refuseOptions(words, name, ["since"]);
      return {
        type: "changes",
        ...about,
        sinceMs: sinceOption(words, nowMs).sinceMs ?? nowMs - CHANGES_SINCE_DEFAULT_MS,
      };
    default:
      throw new GrammarError(
        `There is no command "${name}"; /sre help lists those that there are.`,
        near(
          name,
          COMMANDS.map((each) => each.name),
        ).map((each) => `/sre ${each}`),
      );
  }
}

/** Reads the text after `/sre`. Contract: never throws; a refusal says what to write instead. */
export function parseCommand(text: string, nowMs: number): Parsed {
  if (text.length > COMMAND_CHARS_MAX)
    return {
      ok: false,
      message: "That is too long for a command; mention me instead.",
      didYouMean: [],
    };
  const parts = text
    .trim()
    .split(/\s+/)
    .filter((part) => part !== "");
  const [name = "", ...rest] = parts;
  try {
    const words = splitOptions(rest);
    const command = commandOf(name.toLowerCase(), words, nowMs);
    return { ok: true, command, isPublic: words.options.has("post") };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    return { ok: false, message: error.message, didYouMean: error.didYouMean };
  }
}
