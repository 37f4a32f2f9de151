import type { CellColumns } from "./cell-columns.ts";
import type { CellTable } from "./cell-table.ts";
import { CellWindow, cellsAmong, cellsIn, type FrameSlice } from "./column-reader.ts";
import { edgeCallee, edgeCaller } from "./edge-cells.ts";
import { type EdgeId, type EntityId, edgeId } from "./entity.ts";
import type { PlaceTable } from "./place-table.ts";
import type { EdgeCell, StationCell } from "./site.ts";
import { stationOwner } from "./station-cells.ts";
import type { EdgeWindow, EntryWindow, StationWindow } from "./view.ts";
import { EdgeRows, StationRows } from "./window-rows.ts";

/** What the rows of frames stand for. */
export interface CellNames {
  readonly stationCells: CellTable<StationCell>;
  readonly edgeCells: CellTable<EdgeCell>;
  readonly places: PlaceTable;
  /** The id of an entity, or of the service that it turned out to be. */
  readonly idOf: (entity: number) => EntityId;
  /** The indices of an entity, with those of outside entities that it turned out to be. */
  readonly indicesOf: (id: EntityId) => readonly number[];
}

/** Which windows are asked for; all where nothing is said. */
export interface StationFilter {
  readonly service?: EntityId;
}

export interface EdgeFilter {
  readonly caller?: EntityId;
  readonly callee?: EntityId;
}

const bucketsOf = ({ fromMs, stepMs, frames }: FrameSlice) => ({
  fromMs,
  stepMs,
  length: frames.length,
});

export function readStations(
  slice: FrameSlice,
  names: CellNames,
  { service }: StationFilter = {},
): StationWindow[] {
  const { stationCells } = names;
  const columns = slice.frames.map((frame) => frame.stations);
  const found =
    service === undefined
      ? cellsIn(columns)
      : cellsAmong(columns, stationCells.of(stationOwner(service)));
  return found.flatMap((cell) => {
    const held = stationCells.get(cell);
    if (held === undefined) return [];
    return [new StationRows(bucketsOf(slice), held, new CellWindow(columns, [cell]))];
  });
}

export function readEdges(
  slice: FrameSlice,
  names: CellNames,
  filter: EdgeFilter = {},
): EdgeWindow[] {
  const { edgeCells, idOf } = names;
  const columns = slice.frames.map((frame) => frame.edges);
  return edgesAsked(columns, names, filter).flatMap((cell) => {
    const held = edgeCells.get(cell);
    if (held === undefined) return [];
    const { calleeInstance } = held;
    const ends = {
      callee: idOf(held.callee),
      calleeInstance: calleeInstance === undefined ? undefined : idOf(calleeInstance),
    };
    if (filter.caller !== undefined && held.caller !== filter.caller) return [];
    if (filter.callee !== undefined && ends.callee !== filter.callee) return [];
    return [new EdgeRows(bucketsOf(slice), held, ends, new CellWindow(columns, [cell]))];
  });
}

/** Cells of links that may be asked for: by the end that is named. */
function edgesAsked(
  columns: readonly CellColumns[],
  { edgeCells, indicesOf }: CellNames,
  { caller, callee }: EdgeFilter,
): readonly number[] {
  if (caller !== undefined) return cellsAmong(columns, edgeCells.of(edgeCaller(caller)));
  if (callee === undefined) return cellsIn(columns);
  const cells = indicesOf(callee).flatMap((index) => [...edgeCells.of(edgeCallee(index))]);
  return cellsAmong(columns, cells);
}

/** Who was called in a window, by whatever link. */
export function readCallees(slice: FrameSlice, names: CellNames): ReadonlySet<EntityId> {
  const callees = new Set<EntityId>();
  for (const cell of cellsIn(slice.frames.map((frame) => frame.edges))) {
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
  const columns = slice.frames.map((frame) => frame.stations);
  const cellsOf = new Map<number, number[]>();
  for (const cell of cellsIn(columns)) {
    const operation = names.stationCells.get(cell)?.operationIndex ?? -1;
    if (!tallies.has(operation)) continue;
    const cells = cellsOf.get(operation);
    if (cells === undefined) cellsOf.set(operation, [cell]);
    else cells.push(cell);
  }
  return [...cellsOf].flatMap(([operation, cells]) => {
    const tally = tallies.get(operation);
    const cell = names.stationCells.get(cells[0] ?? -1);
    if (tally === undefined || cell === undefined) return [];
    const { count, errors, durationMsSum, duration } = new CellWindow(columns, cells);
    return [
      {
        ...bucketsOf(slice),
        service: cell.service,
        operation: cell.operation,
        count,
        errors,
        durationMsSum,
        duration,
        criticalMs: byId(tally.criticalMs, names),
        failedAt: byId(tally.failed, names),
        tracedCount: tally.traced,
      },
    ];
  });
}
