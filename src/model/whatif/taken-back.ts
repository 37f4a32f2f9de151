import type { Attributes, EntityId } from "../entity.ts";
import type { Change, WorldView } from "../view.ts";

/** What a change says of the state after it and before it. */
const STATES = [
  { after: "version", before: "previous_version" },
  { after: "variant", before: "previous_variant" },
  { after: "value", before: "previous_value" },
  { after: "replicas", before: "previous_replicas" },
] as const;

const said = (attributes: Attributes, key: string): string | undefined => {
  const value = attributes[key];
  return value === undefined || value === "" ? undefined : String(value);
};

const thingOf = ({ kind, entityText, attributes }: Change): string =>
  [kind, entityText, attributes.flag ?? "", attributes.setting ?? ""].join(" ");

/** Whether a change brought back what an earlier change of the same thing had replaced. */
export function takesBack(view: WorldView, change: Change): boolean {
  const window = { fromMs: view.retainedFromMs, toMs: change.timeMs };
  return view.changes(window).some(
    (earlier) =>
      earlier.id !== change.id &&
      thingOf(earlier) === thingOf(change) &&
      STATES.some(({ after, before }) => {
        const now = said(change.attributes, after);
        return now !== undefined && now === said(earlier.attributes, before);
      }),
  );
}

/** Versions of a service that were gone back from. */
export function versionsLeft(view: WorldView, service: EntityId): ReadonlySet<string> {
  const window = { fromMs: view.retainedFromMs, toMs: view.closedMs + 1 };
  const left = view
    .changes(window, service)
    .filter((change) => change.kind === "deploy" && takesBack(view, change))
    .flatMap(({ attributes }) => said(attributes, "previous_version") ?? []);
  return new Set(left);
}
