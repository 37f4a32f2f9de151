import { z } from "zod";
import type { Entity, EntityId } from "../src/model/entity.ts";
import { entityName } from "../src/model/entity.ts";
import type { Step, Window } from "../src/model/quantity.ts";
import {
  BUCKET_MS,
  type EdgeWindow,
  type EntryWindow,
  type StationWindow,
  type WorldView,
} from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities, refuse } from "./answer.ts";
import { defineTool, type EvidenceDraft, type ToolRefusal } from "./define-tool.ts";
import { entryNamed } from "./entry-operation.ts";
import {
  edgeHealth,
  entryHealth,
  type Health,
  healthRow,
  healthSchema,
  healthValues,
  stationHealth,
} from "./health.ts";
import { atSchema, parseInstant, pastViewAt } from "./instant.ts";
import { type Link, placeName, resolveEntity, resolveLink } from "./named-entity.ts";
import { nameText } from "./untrusted.ts";
import { floorTo, inSteps, retentionFor, stepNotes, windowSchema, windowText } from "./window.ts";

/** Limits of one answer: rows in all, and of each kind. */
const ROWS_MAX = 8;
const ROWS_CITED_MAX = 5;
const VERSIONS_MAX = 2;
const INSTANCES_MAX = 3;
const LINKS_MAX = 4;
/** Traffic that grew or shrank by this factor is told first. */
const RATE_TOLD_MIN = 2;
/** Beside failures a time that moved by less (a logarithm) is not worth a word. */
const P95_TOLD_MIN = 0.1;
const MINUTES = 3;
const MINUTES_MAX = 1_440;

const input = z.strictObject({
  about: z
    .string()
    .min(1)
    .max(200)
    .describe("Service, instance, host, operation, store, or link a->b."),
  minutes: z.number().min(0.5).max(MINUTES_MAX).default(MINUTES).describe("Length of each window."),
  before: z
    .string()
    .max(40)
    .optional()
    .describe(
      "End of the earlier window; give the cause's onset. Default: start of the later one.",
    ),
  healthyFrom: z
    .string()
    .max(40)
    .optional()
    .describe("Earliest start of that window, from rank_causes."),
  at: atSchema,
});
const rowSchema = z.object({
  what: z.string(),
  before: healthSchema,
  after: healthSchema,
});
const output = z.object({ before: windowSchema, after: windowSchema, rows: z.array(rowSchema) });

interface Row {
  readonly what: string;
  readonly kind: "service" | "edge";
  readonly before: Health;
  readonly after: Health;
}

interface Rows {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

interface Two<T> {
  readonly before: readonly T[];
  readonly after: readonly T[];
}
interface Windows {
  readonly before: Window;
  readonly after: Window;
}

/** One row for each group, in the order of its weight in the later window. */
function rowsBy<T extends StationWindow | EdgeWindow>(
  two: Two<T>,
  windows: Windows,
  options: {
    readonly kind: Row["kind"];
    readonly keyOf: (one: T) => string | undefined;
    readonly healthOf: (group: readonly T[], window: Window) => Health;
  },
): readonly Row[] {
  const groups = (list: readonly T[]) =>
    Map.groupBy(
      list.filter((one) => options.keyOf(one) !== undefined),
      (one) => options.keyOf(one) ?? "",
    );
  const [before, after] = [groups(two.before), groups(two.after)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((what) => ({
      what,
      kind: options.kind,
      before: options.healthOf(before.get(what) ?? [], windows.before),
      after: options.healthOf(after.get(what) ?? [], windows.after),
    }))
    .filter((row) => row.before.count + row.after.count > 0)
    .sort((a, b) => b.after.count + b.before.count - a.after.count - a.before.count);
}

/** How much a row changed: the logarithms of its mean time and rate, failures, and above all traffic that came or went. */
function movement({ before, after }: Row): number {
  if (before.count === 0 || after.count === 0) return 10;
  const slower = Math.abs(Math.log(after.meanMs / before.meanMs));
  const busier = Math.abs(Math.log(after.requestRate / before.requestRate));
  return (
    (Number.isFinite(slower) ? slower : 0) +
    (Number.isFinite(busier) ? busier : 0) +
    5 * Math.abs(after.errorRatio - before.errorRatio)
  );
}

/** The rows that moved most, and a note when there are more. */
function movedMost(rows: readonly Row[], max: number, what: string): Rows {
  const sorted = rows.toSorted((a, b) => movement(b) - movement(a));
  const { kept, notes } = firstOf(sorted, max, what);
  return { rows: kept, notes: notes.map((note) => `${note}, those that moved most`) };
}

const together = (parts: readonly Rows[]): Rows => ({
  rows: parts.flatMap((part) => part.rows),
  notes: parts.flatMap((part) => part.notes),
});

function linkRows(view: WorldView, link: Link, windows: Windows): Rows {
  const ofLink = (window: Window) => view.edges(window).filter((edge) => edge.id === link.id);
  const two = { before: ofLink(windows.before), after: ofLink(windows.after) };
  const options = { kind: "edge" as const, healthOf: edgeHealth };
  const rows = rowsBy(two, windows, { ...options, keyOf: (edge) => placeName(edge.id) });
  const callers = rowsBy(two, windows, {
    ...options,
    keyOf: (edge) =>
      edge.callerInstance === undefined
        ? undefined
        : `calls from ${placeName(edge.callerInstance)}`,
  });
  const split = callers.length > 1 ? callers : [];
  return together([{ rows, notes: [] }, movedMost(split, INSTANCES_MAX, "callers")]);
}

const touches =
  (id: EntityId) =>
  (one: StationWindow): boolean =>
    [one.service, one.instance, one.host, one.zone, one.operation].includes(id);

function stationRows(view: WorldView, entity: Entity, windows: Windows): Rows {
  const own = (window: Window) => view.stations(window).filter(touches(entity.id));
  const two = { before: own(windows.before), after: own(windows.after) };
  const options = { kind: "service" as const, healthOf: stationHealth };
  const rows = rowsBy(two, windows, { ...options, keyOf: () => placeName(entity.id) });
  const split = (keyOf: (one: StationWindow) => string | undefined): readonly Row[] => {
    const parts = rowsBy(two, windows, { ...options, keyOf });
    return parts.length > 1 ? parts : [];
  };
  const versions = split((one) =>
    one.version === undefined ? undefined : `version ${nameText(one.version)}`,
  );
  const instances = split((one) =>
    one.instance === undefined ? undefined : placeName(one.instance),
  );
  return together([
    { rows, notes: [] },
    movedMost(versions, VERSIONS_MAX, "versions"),
    movedMost(instances, INSTANCES_MAX, "instances"),
    movedMost(calleeRows(view, entity.id, windows), LINKS_MAX, "links"),
  ]);
}

/** Links that leave a service, and those that reach what is outside the telemetry. */
function calleeRows(view: WorldView, id: EntityId, windows: Windows): readonly Row[] {
  const near = (window: Window) =>
    view.edges(window).filter((edge) => edge.caller === id || edge.callee === id);
  const two = { before: near(windows.before), after: near(windows.after) };
  return rowsBy(two, windows, {
    kind: "edge",
    healthOf: edgeHealth,
    keyOf: (edge) => placeName(edge.id),
  });
}

function entryRows(view: WorldView, operation: EntityId, windows: Windows): Rows {
  const own = (window: Window): readonly EntryWindow[] =>
    view.entries(window).filter((one) => one.operation === operation);
  const row: Row = {
    what: nameText(entityName(operation)),
    kind: "service",
    before: entryHealth(own(windows.before), windows.before),
    after: entryHealth(own(windows.after), windows.after),
  };
  return { rows: row.before.count + row.after.count === 0 ? [] : [row], notes: [] };
}

/** The sharper of time and failures first; a row that lost its traffic says so. */
function clause({ what, before, after }: Row): string {
  if (after.count === 0) return `${what} went from {{beforeRequestRate}} to no requests`;
  if (before.count === 0) return `${what} was not seen before and now serves {{afterRequestRate}}`;
  const failing = after.errorRatio - before.errorRatio > 0.01;
  const grown = after.requestRate / before.requestRate;
  const times = Number.isFinite(after.p95Ms / before.p95Ms) ? " ({{factor}})" : "";
  const slower = `p95 of ${what} went from {{beforeP95Ms}} to {{afterP95Ms}}${times}`;
  const moved = Math.abs(Math.log(after.p95Ms / before.p95Ms)) > P95_TOLD_MIN;
  if (failing)
    return `errors of ${what} went from {{beforeErrorRatio}} to {{afterErrorRatio}}${moved ? `, and ${slower}` : ""}`;
  return grown > RATE_TOLD_MIN || grown < 1 / RATE_TOLD_MIN
    ? `${what} went from {{beforeRequestRate}} to {{afterRequestRate}} ({{rateFactor}}), and ${slower}`
    : slower;
}

function rowEvidence(row: Row, windows: Windows): EvidenceDraft {
  return {
    kind: row.kind,
    about: row.what,
    text: clause(row),
    values: {
      ...healthValues(row.before, "before"),
      ...healthValues(row.after, "after"),
      ...quantities("factor", {
        factor: row.after.p95Ms / row.before.p95Ms,
        ownFactor: row.after.ownMs / row.before.ownMs,
        rateFactor: row.after.requestRate / row.before.requestRate,
      }),
    },
    window: windows.after,
  };
}

/** Times as they were given, read; a refusal where one cannot be read. */
function timesAsked(
  { before, healthyFrom }: { before?: string | undefined; healthyFrom?: string | undefined },
  nowMs: number,
):
  | { readonly ok: true; readonly beforeMs?: number; readonly healthyFromMs?: number }
  | ToolRefusal {
  const [beforeMs, healthyFromMs] = [before, healthyFrom].map((text) =>
    text === undefined ? undefined : parseInstant(text, nowMs),
  );
  for (const [name, text, ms] of [
    ["before", before, beforeMs],
    ["healthyFrom", healthyFrom, healthyFromMs],
  ] as const)
    if (text !== undefined && ms === undefined)
      return refuse(
        "time_unreadable",
        `Give \`${name}\` as 14:02 (UTC), 10 min ago, or an ISO time.`,
      );
  return {
    ok: true,
    ...(beforeMs === undefined ? {} : { beforeMs }),
    ...(healthyFromMs === undefined ? {} : { healthyFromMs }),
  };
}

/** The part of an earlier window from which on all was well; its last step at the least. */
function wellSince(early: Window, stepMs: Step, healthyFromMs: number): Window {
  const wellMs = -floorTo(-healthyFromMs, stepMs);
  return { ...early, fromMs: Math.max(early.fromMs, Math.min(wellMs, early.toMs - stepMs)) };
}

/**
 * Two windows of whole steps, of the finest that reach back to both. An onset inside the later window splits it, and the bucket that holds the onset belongs to
 * neither: what came before must not dilute what came after, nor the other way round.
 */
function windowsOf(
  view: WorldView,
  nowMs: number,
  asked: Pick<z.infer<typeof input>, "minutes" | "before" | "healthyFrom">,
): ({ readonly ok: true } & Windows) | ToolRefusal {
  const times = timesAsked(asked, nowMs);
  if (!times.ok) return times;
  const { minutes } = asked;
  const { beforeMs, healthyFromMs } = times;
  const reachMs = (beforeMs ?? view.closedMs - minutes * 60_000) - minutes * 60_000;
  const { stepMs, fromMs: retainedFromMs } = retentionFor(view, floorTo(reachMs, BUCKET_MS));
  const closedMs = floorTo(view.closedMs, stepMs);
  const half = floorTo((closedMs - retainedFromMs) / 2, stepMs);
  const wantedMs = Math.max(stepMs, floorTo(minutes * 60_000, stepMs));
  // Soon after a start there is too little for two whole windows: each gets half of it.
  const lengthMs = beforeMs === undefined ? Math.min(wantedMs, half) : wantedMs;
  const endMs = beforeMs ?? closedMs - lengthMs;
  const toMs = floorTo(endMs, stepMs);
  // An onset on the edge of two buckets is that of a symptom: its cause may have begun in the bucket before.
  const isEdge = beforeMs !== undefined && toMs === endMs && toMs - retainedFromMs > stepMs;
  const earlyToMs = isEdge ? toMs - stepMs : toMs;
  const early = inSteps(Math.max(retainedFromMs, earlyToMs - lengthMs), earlyToMs, stepMs);
  const fromMs = Math.max(closedMs - lengthMs, toMs === endMs ? toMs : toMs + stepMs);
  const late = inSteps(Math.max(retainedFromMs, fromMs), closedMs, stepMs);
  if (early.fromMs >= early.toMs) {
    const from = isoTime(retainedFromMs);
    return refuse("time_not_retained", `Nothing is kept from before ${from}; choose a later time.`);
  }
  if (late.fromMs >= late.toMs) return refuse("window_empty", "`before` must lie before `at`.");
  const well = healthyFromMs === undefined ? early : wellSince(early, stepMs, healthyFromMs);
  return { ok: true, before: well, after: late };
}

export const compareWindows = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "compare_windows",
  description:
    "Before against after: rate, errors, p95, mean and own time (without callees) of a service or link, split by version, instance and neighbouring links. The test of a suspect: did it change itself, or wait for others?",
  input,
  output,
  effect: "read",
  timeoutMs: 3_000,
  title: ({ about }) => `Comparing ${nameText(about)} before and after`,
  run(context, { about, at, ...asked }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const windows = windowsOf(view, context.nowMs, asked);
    if (!windows.ok) return windows;
    const both = { ...windows.after, fromMs: windows.before.fromMs };
    const link = resolveLink(view, about, both);
    if (link?.ok === false) return link;
    const resolved = link === undefined ? placeNamed(view, about) : undefined;
    if (resolved?.ok === false) return resolved;
    const { rows, notes } =
      link === undefined
        ? rowsOfEntity(view, resolved?.entity, windows)
        : linkRows(view, link.link, windows);
    if (rows.length === 0) {
      return refuse("nothing_seen", `Nothing of ${nameText(about)} was seen in either window.`);
    }
    const { kept, notes: cut } = firstOf(rows, ROWS_MAX, "rows");
    return answer(
      {
        before: windowText(windows.before),
        after: windowText(windows.after),
        rows: kept.map((row) => ({
          what: row.what,
          before: healthRow(row.before),
          after: healthRow(row.after),
        })),
      },
      mostTelling(kept).map((row) => rowEvidence(row, windows)),
      [...notes, ...cut, ...stepNotes(windows.after)],
    );
  },
});

/** What a text names; of operations with one name, that by which requests enter. */
function placeNamed(view: WorldView, about: string): ReturnType<typeof resolveEntity> {
  const resolved = resolveEntity(view, about);
  if (resolved.ok) return resolved;
  const entry = entryNamed(view, about);
  const entity = entry === undefined ? undefined : view.entity(entry.operation);
  return entity === undefined ? resolved : { ok: true, entity };
}

function rowsOfEntity(view: WorldView, entity: Entity | undefined, windows: Windows): Rows {
  if (entity === undefined) return { rows: [], notes: [] };
  if (entity.type === "operation") {
    const own = entryRows(view, entity.id, windows);
    if (own.rows.length > 0) return own;
  }
  return stationRows(view, entity, windows);
}

/** The whole, and of its parts those that moved most. */
function mostTelling(rows: readonly Row[]): readonly Row[] {
  const [whole, ...parts] = rows;
  const moved = parts.toSorted((a, b) => movement(b) - movement(a));
  return whole === undefined ? [] : [whole, ...moved.slice(0, ROWS_CITED_MAX - 1)];
}
