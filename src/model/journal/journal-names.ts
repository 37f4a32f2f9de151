import type { CellTable } from "../cell-table.ts";
import type { EntityId } from "../entity.ts";
import type { RestoredSeries, SeriesValue } from "../metric-store.ts";
import type { EdgeCell, StationCell } from "../site.ts";
import type { StoredSeries } from "../stored-series.ts";

/** What the numbers in columns stand for, for whoever writes them down. */
export interface NumberedNames {
  idOf(entity: number): EntityId;
  readonly stationCells: CellTable<StationCell>;
  readonly edgeCells: CellTable<EdgeCell>;
  readonly places: { caller(place: number): number; callee(place: number): number };
  templateId(template: number): string;
  /** Series that have a value in a bucket, or step, with it. */
  seriesAt(bucket: number): Iterable<SeriesValue>;
}

/** The numbers of what was written down, for whoever reads it. Where there is no room for one more: undefined or -1. */
export interface NamedNumbers {
  indexOf(id: EntityId): number | undefined;
  station(cell: StationCell): number;
  edge(cell: EdgeCell): number;
  place(caller: number, callee: number): number;
  template(id: string): number | undefined;
  series(of: RestoredSeries): StoredSeries | undefined;
}
