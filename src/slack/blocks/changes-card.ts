import type { KnownBlock } from "@slack/types";
import type { Change } from "../../model/view.ts";
import type { ChangesAnswer } from "../deps.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import { code, context, instant, type Message, safe, section, spanText } from "./text.ts";

/** Lines of one section stay under its limit of characters. */
const LINES_PER_SECTION = 8;
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

/** One change in one line; with an onset, how long before or after it. */
export function changeLine(change: Change, onsetMs?: number): string {
  const gapMs = onsetMs === undefined ? undefined : onsetMs - change.timeMs;
  const gap =
    gapMs === undefined
      ? ""
      : gapMs >= 0
        ? `${spanText(gapMs)} before`
        : `${spanText(-gapMs)} after`;
  const values = valuesOf(change);
  const summary = values === "" ? safe(change.summary.slice(0, SUMMARY_CHARS_MAX)) : values;
  const entity = change.entityText === "" ? "" : code(change.entityText);
  const facts = [gap, ORIGINS[change.origin]].filter((part) => part !== "").join(", ");
  return ["•", instant(change.timeMs), change.kind, entity, summary, `_(${facts})_`]
    .filter((part) => part !== "")
    .join(" ");
}

/** What changed in a window, newest first. */
export function changesCard({ window, changes }: ChangesAnswer): Message {
  const length = spanText(window.toMs - window.fromMs);
  const title =
    changes.length === 0
      ? `*Nothing changed* in the last ${length}, as far as I know.`
      : `*${changes.length} ${changes.length === 1 ? "change" : "changes"}* in the last ${length}`;
  const { shown, more } = firstOf(changes, CHANGES_SHOWN_MAX);
  const lines = shown.map((change) => changeLine(change));
  const blocks: KnownBlock[] = [section(title)];
  for (let from = 0; from < lines.length; from += LINES_PER_SECTION)
    blocks.push(section(...lines.slice(from, from + LINES_PER_SECTION)));
  if (more !== "") blocks.push(context(more));
  blocks.push(context("Computed, no LLM", `${instant(window.fromMs)} to ${instant(window.toMs)}`));
  return { text: fitMarkup(title, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}
