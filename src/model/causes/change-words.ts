import { type EntityId, entityName } from "../entity.ts";
import type { Change } from "../view.ts";

/** What may stand in a title: one word of a name's letters. Whoever reports a change may call a setting anything. */
const NAME = /^[A-Za-z_][\w.:/-]{0,59}$/;
/** A bare number is a value; a number with a unit would read as a measurement of ours. */
const NUMBER = /^-?\d{1,12}(?:\.\d{1,6})?$/;

function wordOf(change: Change, key: string, isValue: boolean): string | undefined {
  const text = String(change.attributes[key] ?? "");
  return NAME.test(text) || (isValue && NUMBER.test(text)) ? text : undefined;
}

function steps(change: Change, key: "value" | "variant"): string {
  const [from, to] = [`previous_${key}`, key].map((each) => wordOf(change, each, true));
  if (to === undefined) return "was changed";
  return from === undefined ? `went to ${to}` : `went from ${from} to ${to}`;
}

/**
 * A change as the end of a title about `root`: "pg_pool_max went from 8 to 1", "flag reviews went from off to on". Only
 * words that can be no sentence are taken from it; without them it is "a config change".
 */
export function changeWords(change: Change, root: string): string {
  const { kind, entity } = change;
  const of: EntityId | undefined = entity === root ? undefined : entity;
  const flag = wordOf(change, "flag", false);
  if (flag !== undefined) return `flag ${flag} ${steps(change, "variant")}`;
  const setting = wordOf(change, "setting", false);
  if (setting === undefined) return `a ${kind} change`;
  const owner = of === undefined ? "" : ` of ${entityName(of)}`;
  return `${setting}${owner} ${steps(change, "value")}`;
}
