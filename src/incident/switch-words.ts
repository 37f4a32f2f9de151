import type { Groups } from "./text-form.ts";

const FLAG = String.raw`(?:the )?(?:(?:feature )?flag )?(?<flag>\S+?)(?: flag)?`;
const ON_OFF = "(?<state>on|off)";
const STATES: Readonly<Record<string, string>> = { enable: "on", disable: "off" };

/**
 * How people say that a flag is switched: patterns, with single spaces between words, that are read as a whole text or as
 * part of a sentence. What is more particular comes first.
 */
export const SWITCH_WORDS: readonly string[] = [
  String.raw`(?:set|turn|switch|put)(?:t?ing|ed)? (?:the )?(?:feature )?flag (?<flag>\S+)(?: (?:to|=|is) | ?= ?| )(?<state>\S+)`,
  `(?:turn|switch)(?:ing|ed)? ${ON_OFF} ${FLAG}`,
  `(?:turn|switch)(?:ing|ed)? ${FLAG} ${ON_OFF}`,
  `(?<verb>enable|disable) ${FLAG}`,
];

/** What a flag shall become, as it was said. Contract: the groups of one of the patterns. */
export function stateSaid({ state, verb = "" }: Groups): string {
  return state ?? STATES[verb.toLowerCase()] ?? "";
}
