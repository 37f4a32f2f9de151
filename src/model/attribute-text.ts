import { cleanText } from "../redact.ts";
import type { Attributes } from "./entity.ts";

/** The first of `keys` that has a usable value, as text; "" when none has. */
export function textOf(attributes: Attributes, ...keys: readonly string[]): string {
  return firstText(attributes, keys);
}

/** The same for keys that stand ready in a list. */
export function firstText(attributes: Attributes, keys: readonly string[]): string {
  for (const key of keys) {
    const value = attributes[key];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
  }
  return "";
}

/** The first of `keys` that holds a number (or its text); NaN when none does. */
export function numberOf(attributes: Attributes, ...keys: readonly string[]): number {
  for (const key of keys) {
    const value = attributes[key];
    if (typeof value === "number") return value;
    if (typeof value === "string" && value.trim() !== "") return Number(value);
  }
  return Number.NaN;
}

/** Bounded name: longer ones end in "…". */
export function boundedName(name: string, charsMax: number): string {
  return name.length <= charsMax ? name : `${name.slice(0, charsMax - 1)}…`;
}

/** FNV-1a, as eight hex digits. */
export function textHash(text: string): string {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, "0");
}

/** Almost every name is one: nothing to clean, nothing to fold. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * A name that tells things apart, fit to be shown: one line without control or hidden characters. Two long names that
 * differ only beyond the limit stay two: what is cut off is told by its hash.
 */
export function identityText(text: string, charsMax: number): string {
  const clean = PLAIN.test(text) ? text : cleanText(text, text.length + 1).replace(/\s+/g, " ");
  if (clean.length <= charsMax) return clean;
  return `${cleanText(clean, charsMax - 9)}~${textHash(clean)}`;
}
