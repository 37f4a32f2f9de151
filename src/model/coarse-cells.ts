import { CellTable } from "./cell-table.ts";
import { edgeKey, edgeOwners } from "./edge-cells.ts";
import type { EdgeCell, StationCell } from "./site.ts";
import { stationKey, stationOwners } from "./station-cells.ts";

/** Limit: cells of coarse columns; what finds no room is in none of them, and counted. */
const COARSE_CELLS_MAX = 100_000;

const coarseStation = (cell: StationCell): StationCell => ({
  ...cell,
  instance: undefined,
  host: undefined,
  zone: undefined,
});

const coarseEdge = (cell: EdgeCell): EdgeCell => ({
  ...cell,
  callerInstance: undefined,
  calleeInstance: undefined,
});

/** Which coarse cell each cell counts in: instances are told apart no more, versions still are. */
class CoarseMap<Cell> {
  readonly table: CellTable<Cell>;
  readonly #keyOf: (cell: Cell) => string;
  readonly #coarsen: (cell: Cell) => Cell;
  /** By fine cell: itself, since its number may be given to another, and its coarse one with its number. */
  readonly #known = new Map<number, { fine: Cell; coarse: Cell | undefined; number: number }>();
  /** The newest step in which each coarse cell has a row. */
  readonly #lastStep = new Map<number, number>();

  constructor(of: {
    readonly ownersOf: (cell: Cell) => readonly string[];
    readonly keyOf: (cell: Cell) => string;
    readonly coarsen: (cell: Cell) => Cell;
  }) {
    this.table = new CellTable<Cell>(COARSE_CELLS_MAX, of.ownersOf);
    this.#keyOf = of.keyOf;
    this.#coarsen = of.coarsen;
  }

  /** -1 when there is no room. */
  numberOf(cell: number, fine: Cell | undefined): number {
    if (fine === undefined) return -1;
    const known = this.#known.get(cell);
    if (known?.fine === fine && this.table.get(known.number) === known.coarse) return known.number;
    const number = this.find(this.#coarsen(fine));
    if (number < 0) this.table.refused += 1;
    this.#known.set(cell, { fine, coarse: this.table.get(number), number });
    return number;
  }

  /** The number of a coarse cell, made when there is none. */
  find(coarse: Cell): number {
    return this.table.find(this.#keyOf(coarse), () => coarse);
  }

  show(cells: Iterable<number>, step: number): void {
    for (const cell of cells) this.#lastStep.set(cell, step);
  }

  /** Gives up cells whose last row is of a step before. */
  forget(step: number): void {
    for (const number of [...this.table.numbers()]) {
      if ((this.#lastStep.get(number) ?? Number.NEGATIVE_INFINITY) >= step) continue;
      this.#lastStep.delete(number);
      this.table.drop(number);
    }
  }

  clearKnown(): void {
    this.#known.clear();
  }
}

export const createStationMap = (): CoarseMap<StationCell> =>
  new CoarseMap({ ownersOf: stationOwners, keyOf: stationKey, coarsen: coarseStation });

export const createEdgeMap = (): CoarseMap<EdgeCell> =>
  new CoarseMap({ ownersOf: edgeOwners, keyOf: edgeKey, coarsen: coarseEdge });
