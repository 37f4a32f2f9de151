import type { KnownBlock } from "@slack/types";
import type { Change } from "../../model/view.ts";
import type { ChangesAnswer } from "../deps.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup, SECTION_CHARS_MAX } from "./limits.ts";
import { code, context, instant, type Message, safe, section, spanText } from "./text.ts";

const CHANGES_SHOWN_MAX = 40;
const SUMMARY_CHARS_MAX = 160;

const ORIGINS: Readonly<Record<Change["origin"], string>> = {
  observed: "seen in telemetry",
  reported: "reported",
  executor: "done by me",
};

function valuesOf({ attributes }: Change): string {
  const pairs: readonly (readonly [string, string])[] = [
    ["version", "previous_version"],
    ["value", "previous_value"],
    ["variant", "previous_variant"],
    ["replicas", "previous_replicas"],
  ];
  for (const [now, before] of pairs) {
    const next = attributes[now];
    if (next === undefined) continue;
    const old = attributes[before];
    const setting = attributes.setting ?? attributes.flag;
    const what = setting === undefined || now === "version" ? "" : `${code(String(setting))} `;
    return old === undefined
      ? `${what}${code(String(next))}`
      : `${what}${code(String(old))} → ${code(String(next))}`;
  }
  return "";
}

/** A change this near to an onset came with it. */
const AT_ONCE_MS = 1_500;

/** How far from what a change is told: from an onset, or from now. */
export type Reference = { readonly onsetMs: number } | { readonly nowMs: number };

function gapText(timeMs: number, from: Reference): string {
  if ("nowMs" in from) return `${spanText(from.nowMs - timeMs)} ago`;
  const gapMs = from.onsetMs - timeMs;
  if (Math.abs(gapMs) < AT_ONCE_MS) return "as it began";
  return gapMs > 0 ? `${spanText(gapMs)} before` : `${spanText(-gapMs)} after`;
}

/** Without the words that the line begins with anyhow: "restart gateway" is all said by then. */
function summaryOf({ summary, kind, entityText }: Change): string {
  const said = `${kind} ${entityText}`;
  const rest = `${summary} `.startsWith(`${said} `) ? summary.slice(said.length + 1) : summary;
  return safe(rest.slice(0, SUMMARY_CHARS_MAX));
}

/** One change in one line; with a reference, how far from it. */
export function changeLine(change: Change, from?: Reference): string {
  const gap = from === undefined ? "" : gapText(change.timeMs, from);
  const values = valuesOf(change);
  const summary = values === "" ? summaryOf(change) : values;
  const entity = change.entityText === "" ? "" : code(change.entityText);
  const facts = [gap, ORIGINS[change.origin]].filter((part) => part !== "").join(", ");
  return ["•", instant(change.timeMs), change.kind, entity, summary, `_(${facts})_`]
    .filter((part) => part !== "")
    .join(" ");
}

/** The time that is told of: no longer than has been watched. */
function timeText({ window, watchedFromMs }: ChangesAnswer): string {
  return watchedFromMs === undefined
    ? `in the last ${spanText(window.toMs - window.fromMs)}`
    : `since ${instant(watchedFromMs)}, when I began to watch`;
}

/** As few sections as hold the lines: between two of them a list has a gap. */
function sections(lines: readonly string[]): readonly KnownBlock[] {
  const parts: string[][] = [];
  let chars = SECTION_CHARS_MAX;
  for (const line of lines) {
    chars += line.length + 1;
    if (chars > SECTION_CHARS_MAX) {
      parts.push([]);
      chars = line.length + 1;
    }
    parts.at(-1)?.push(line);
  }
  return parts.map((part) => section(...part));
}

/** What changed in a window, newest first. */
export function changesCard(answer: ChangesAnswer): Message {
  const { window, changes } = answer;
  const time = timeText(answer);
  const title =
    changes.length === 0
      ? `*Nothing changed* ${time}, as far as I know.`
      : `*${changes.length} ${changes.length === 1 ? "change" : "changes"}* ${time}`;
  const { shown, more } = firstOf(changes, CHANGES_SHOWN_MAX);
  const lines = shown.map((change) => changeLine(change));
  const blocks: KnownBlock[] = [section(title)];
  blocks.push(...sections(lines));
  if (more !== "") blocks.push(context(more));
  blocks.push(
    context(
      "Computed, no LLM",
      `${instant(answer.watchedFromMs ?? window.fromMs)} to ${instant(window.toMs)}`,
    ),
  );
  return { text: fitMarkup(title, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}
