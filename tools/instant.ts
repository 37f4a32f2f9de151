import { z } from "zod";
import { isOperationError } from "../src/errors.ts";
import type { WorldView } from "../src/model/view.ts";
import { isoTime, refuse } from "./answer.ts";
import type { ToolContext, ToolRefusal } from "./define-tool.ts";

export const atSchema = z
  .string()
  .max(40)
  .optional()
  .describe('Past instant (UTC): "14:02", "10 min ago", ISO. Default now.');

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DAY_MS = 86_400_000;
/** Only whole words: "5 months ago" is not five minutes. */
const AGO =
  /^-?\s*(\d{1,5})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?:\s+ago)?$/i;
/** Clocks of asker and answerer may differ by this much. */
const FUTURE_SLACK_MS = 2_000;

function clockTime(text: string, nowMs: number): number | undefined {
  const match = /^(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(?:utc|z)?$/i.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const midnight = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const today = midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return today > nowMs + FUTURE_SLACK_MS ? today - DAY_MS : today;
}

/** Epoch milliseconds of a time as people write it; undefined: not understood. A clock time is the last one before now. */
export function parseInstant(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || /^now$/i.test(trimmed)) return nowMs;
  const ago = AGO.exec(trimmed);
  if (ago !== null) {
    return nowMs - Number(ago[1]) * (UNIT_MS[(ago[2] ?? "").slice(0, 1).toLowerCase()] ?? 0);
  }
  const clock = clockTime(trimmed, nowMs);
  if (clock !== undefined) return clock;
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined;
  const bare = trimmed.replace(/\s*(?:utc|z)$/i, "").replace(/\s+/, "T");
  const ms = Date.parse(
    /T.*[+-]\d{2}:?\d{2}$/.test(bare) || !bare.includes("T") ? bare : `${bare}Z`,
  );
  return Number.isFinite(ms) ? ms : undefined;
}

/** A clock time that has not come yet today is that of yesterday; where that is not kept, today's was meant. */
function isToCome(text: string, nowMs: number): boolean {
  const atMs = clockTime(text.trim(), nowMs);
  return atMs !== undefined && Math.floor(atMs / DAY_MS) < Math.floor(nowMs / DAY_MS);
}

/** The view that a tool reads: this turn's, or the one at the instant asked for. */
export function viewAtInstant(
  context: ToolContext,
  at: string | undefined,
  retainedFromMs = context.view.retainedFromMs,
): { readonly ok: true; readonly view: WorldView } | ToolRefusal {
  if (at === undefined) return { ok: true, view: context.view };
  const atMs = parseInstant(at, context.nowMs);
  if (atMs === undefined) {
    return refuse("time_unreadable", "Give the time as 14:02 (UTC), 10 min ago, or an ISO time.");
  }
  const isKept = atMs >= retainedFromMs;
  if (atMs > context.nowMs + FUTURE_SLACK_MS || (!isKept && isToCome(at, context.nowMs))) {
    return refuse("time_in_future", `It is ${isoTime(context.nowMs)}; the model has no future.`);
  }
  if (!isKept) {
    const from = isoTime(retainedFromMs);
    return refuse("time_not_retained", `The model keeps what happened since ${from}.`, [from]);
  }
  try {
    return { ok: true, view: atMs >= context.view.asOfMs ? context.view : context.viewAt(atMs) };
  } catch (error) {
    if (isOperationError(error)) return refuse(error.code, error.message);
    throw error;
  }
}

/** As `viewAtInstant`, for tools that can read coarse steps: as far back as there are any. */
export function pastViewAt(
  context: ToolContext,
  at: string | undefined,
): ReturnType<typeof viewAtInstant> {
  const { history } = context.view;
  return viewAtInstant(context, at, Math.min(...history.map((one) => one.fromMs)));
}
