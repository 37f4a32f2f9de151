import type { Attributes, EntityId } from "./entity.ts";
import type { Change, WorldView } from "./view.ts";

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

/** As much of a change as tells whether it goes back. */
type Told = Pick<Change, "id" | "kind" | "entityText" | "attributes">;

const thingOf = ({ kind, entityText, attributes }: Told): string =>
  [kind, entityText, attributes.flag ?? "", attributes.setting ?? ""].join(" ");

/** What has become of one thing by its changes so far. */
interface Course {
  current: string | undefined;
  readonly replaced: Set<string>;
  /** States that were gone back from, and not taken up again. */
  readonly left: Set<string>;
}

/** `true`: it goes back to a state that an earlier change had replaced. To take up again what was left is no going back. */
function follow(course: Course, after: string, before: string | undefined): boolean {
  // The same change, reported and then seen in the telemetry.
  if (after === course.current) return false;
  const from = before ?? course.current;
  const isAgain = course.left.delete(after);
  const isBack = !isAgain && course.replaced.has(after);
  if (from !== undefined) course.replaced.add(from);
  if (from !== undefined && isBack) course.left.add(from);
  course.current = after;
  return isBack;
}

function coursesOf(
  changes: readonly Told[],
  keyOf: (change: Told) => string,
): { readonly courses: ReadonlyMap<string, Course>; readonly back: ReadonlySet<string> } {
  const courses = new Map<string, Course>();
  const back = new Set<string>();
  for (const change of changes) {
    for (const state of STATES) {
      const after = said(change.attributes, state.after);
      if (after === undefined) continue;
      const key = `${keyOf(change)} ${state.after}`;
      const course = courses.get(key) ?? {
        current: undefined,
        replaced: new Set(),
        left: new Set(),
      };
      courses.set(key, course);
      if (follow(course, after, said(change.attributes, state.before))) back.add(change.id);
    }
  }
  return { courses, back };
}

/** Ids of the changes that brought back what an earlier change of the same thing had replaced; `changes` oldest first. */
export function backChanges(changes: readonly Told[]): ReadonlySet<string> {
  return coursesOf(changes, thingOf).back;
}

/** Versions that deploys of one service, oldest first, went back from and did not bring again. */
export function versionsLeftBy(deploys: readonly Told[]): ReadonlySet<string> {
  return coursesOf(deploys, () => "").courses.get(" version")?.left ?? new Set();
}

/** Whether a change brought back what an earlier change of the same thing had replaced. */
export function takesBack(view: WorldView, change: Change): boolean {
  const window = { fromMs: view.retainedFromMs, toMs: change.timeMs + 1 };
  return backChanges(view.changes(window)).has(change.id);
}

/** Versions of a service that were gone back from. */
export function versionsLeft(view: WorldView, service: EntityId): ReadonlySet<string> {
  const window = { fromMs: view.retainedFromMs, toMs: view.closedMs + 1 };
  return versionsLeftBy(view.changes(window, service).filter(({ kind }) => kind === "deploy"));
}
