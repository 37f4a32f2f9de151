import type { CellTable } from "./cell-table.ts";
import { type CellWindow, type FrameSlice, readCells } from "./column-reader.ts";
import { type EdgeId, type EntityId, edgeId } from "./entity.ts";
import type { PlaceTable } from "./place-table.ts";
import type { EdgeCell, StationCell } from "./site.ts";
import type { EdgeWindow, EntryWindow, StationWindow } from "./view.ts";

/** What the rows of frames stand for. */
export interface CellNames {
  readonly stationCells: CellTable<StationCell>;
  readonly edgeCells: CellTable<EdgeCell>;
  readonly places: PlaceTable;
  /** The id of an entity, or of the service that it turned out to be. */
  readonly idOf: (entity: number) => EntityId;
}

const bucketsOf = (slice: FrameSlice) => ({ fromMs: slice.fromMs, length: slice.frames.length });

export function readStations(slice: FrameSlice, names: CellNames): StationWindow[] {
  const { stationCells } = names;
  const windows = readCells(
    slice,
    (frame) => frame.stations,
    (cell) => cell,
  );
  return windows.flatMap((columns) => {
    const cell = stationCells.get(columns.cell);
    return cell === undefined ? [] : [stationWindow(slice, columns, cell)];
  });
}

function stationWindow(slice: FrameSlice, columns: CellWindow, cell: StationCell): StationWindow {
  const { service, operation, instance, host, zone, version } = cell;
  return {
    ...bucketsOf(slice),
    service,
    operation,
    ...(instance === undefined ? {} : { instance }),
    ...(host === undefined ? {} : { host }),
    ...(zone === undefined ? {} : { zone }),
    ...(version === "" ? {} : { version }),
    count: columns.count,
    errors: columns.errors,
    originErrors: columns.originErrors,
    selfMsSum: columns.innerMsSum,
    selfCount: columns.innerCount,
    durationMsSum: columns.durationMsSum,
    duration: columns.duration,
    self: columns.inner,
  };
}

export function readEdges(slice: FrameSlice, names: CellNames): EdgeWindow[] {
  const windows = readCells(
    slice,
    (frame) => frame.edges,
    (cell) => cell,
  );
  return windows.flatMap((columns) => {
    const cell = names.edgeCells.get(columns.cell);
    return cell === undefined ? [] : [edgeWindow(slice, columns, cell, names)];
  });
}

function edgeWindow(
  slice: FrameSlice,
  columns: CellWindow,
  cell: EdgeCell,
  { idOf }: CellNames,
): EdgeWindow {
  const { caller, callerInstance, callerVersion, calleeInstance } = cell;
  const callee = idOf(cell.callee);
  return {
    ...bucketsOf(slice),
    id: edgeId(caller, callee),
    caller,
    callee,
    calleeOperation: cell.operation,
    ...(callerInstance === undefined ? {} : { callerInstance }),
    ...(calleeInstance === undefined ? {} : { calleeInstance: idOf(calleeInstance) }),
    ...(callerVersion === "" ? {} : { callerVersion }),
    kind: cell.isAsync ? "async" : "sync",
    count: columns.count,
    errors: columns.errors,
    originErrors: columns.originErrors,
    retries: columns.retries,
    durationMsSum: columns.durationMsSum,
    gapMsSum: columns.innerMsSum,
    gapCount: columns.innerCount,
    duration: columns.duration,
    gap: columns.inner,
  };
}

/** Who was called in a window, by whatever link. */
export function readCallees(slice: FrameSlice, names: CellNames): ReadonlySet<EntityId> {
  const cells = new Set<number>();
  for (const { edges } of slice.frames) for (const cell of edges.cells) cells.add(cell);
  const callees = new Set<EntityId>();
  for (const cell of cells) {
    const edge = names.edgeCells.get(cell);
    if (edge !== undefined) callees.add(names.idOf(edge.callee));
  }
  return callees;
}

/** By place, as frames have it. */
interface EntryTally {
  traced: number;
  readonly criticalMs: Map<number, number>;
  readonly failed: Map<number, number>;
}

function tallyEntries(slice: FrameSlice): Map<number, EntryTally> {
  const tallies = new Map<number, EntryTally>();
  for (const { entries } of slice.frames) {
    for (const entry of entries) {
      const tally = tallies.get(entry.operation) ?? {
        traced: 0,
        criticalMs: new Map(),
        failed: new Map(),
      };
      tallies.set(entry.operation, tally);
      tally.traced += entry.traced;
      entry.places.forEach((place, at) => {
        add(tally.criticalMs, place, entry.criticalMs[at] ?? 0);
        add(tally.failed, place, entry.failed[at] ?? 0);
      });
    }
  }
  return tallies;
}

function add<Key>(map: Map<Key, number>, key: Key, by: number): void {
  if (by !== 0) map.set(key, (map.get(key) ?? 0) + by);
}

function placeId(place: number, { places, idOf }: CellNames): EntityId | EdgeId {
  const caller = idOf(places.caller(place));
  const callee = places.callee(place);
  return callee < 0 ? caller : edgeId(caller, idOf(callee));
}

/** Two places may have one name: an outside entity and the service that it turned out to be. */
function byId(of: ReadonlyMap<number, number>, names: CellNames): Map<EntityId | EdgeId, number> {
  const named = new Map<EntityId | EdgeId, number>();
  for (const [place, value] of of) add(named, placeId(place, names), value);
  return named;
}

/** Entry operations with all their requests, whichever instance and version served them. */
export function readEntries(slice: FrameSlice, names: CellNames): EntryWindow[] {
  const tallies = tallyEntries(slice);
  const { stationCells } = names;
  const windows = readCells(
    slice,
    (frame) => frame.stations,
    (cell) => {
      const operation = stationCells.get(cell)?.operationIndex ?? -1;
      return tallies.has(operation) ? operation : -1;
    },
  );
  return windows.flatMap((columns) => {
    const cell = stationCells.get(columns.cell);
    const tally = cell === undefined ? undefined : tallies.get(cell.operationIndex);
    if (tally === undefined || cell === undefined) return [];
    return [
      {
        ...bucketsOf(slice),
        service: cell.service,
        operation: cell.operation,
        count: columns.count,
        errors: columns.errors,
        durationMsSum: columns.durationMsSum,
        duration: columns.duration,
        criticalMs: byId(tally.criticalMs, names),
        failedAt: byId(tally.failed, names),
        tracedCount: tally.traced,
      },
    ];
  });
}
