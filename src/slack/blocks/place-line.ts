import type { PlaceReading } from "../deps.ts";
import { code, instant, percent, quantity, spanText } from "./text.ts";

/** What a place does by itself, over a named time. */
export function placeLine(reading: PlaceReading): string {
  const { name, type, window, count, requestRate, errorRatio, p95Ms, lastSeenMs } = reading;
  const length = `in the last ${spanText(window.toMs - window.fromMs)}`;
  const isCallee = ["external", "database", "cache", "queue"].includes(type);
  if (count === 0)
    return `${code(name)} ${isCallee ? "was not called" : "served nothing"} ${length}; last seen ${instant(lastSeenMs)}`;
  const rate = quantity(requestRate, "per_second");
  const p95 = Number.isFinite(p95Ms) ? `, p95 ${quantity(p95Ms, "ms")}` : "";
  const errors = Number.isFinite(errorRatio) ? `, ${percent(errorRatio)} errors` : "";
  return `${code(name)} ${isCallee ? "is called" : "serves"} ${rate}${p95}${errors} ${length}`;
}
