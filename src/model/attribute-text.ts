import type { Attributes } from "./entity.ts";

/** The first of `keys` that has a usable value, as text; "" when none has. */
export function textOf(attributes: Attributes, ...keys: readonly string[]): string {
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
