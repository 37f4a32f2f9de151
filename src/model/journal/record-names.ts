import { must } from "../../assert.ts";
import type { EntityId } from "../entity.ts";
import type { EdgeCell, StationCell } from "../site.ts";
import type { StoredSeries } from "../stored-series.ts";
import type { TraceSite } from "../trace-block.ts";
import { ByteWriter } from "./byte-writer.ts";
import { Dictionary } from "./dictionary.ts";
import type { NumberedNames } from "./journal-names.ts";

/** The kinds of things that records tell once, in the order in which they are told. */
const NAMES = { texts: 0, stations: 1, edges: 2, places: 3, series: 4, sites: 5 } as const;
const NAME_KINDS = 6;
/** What an end of a trace site's `kind` is told by. */
export const SPAN_KINDS: readonly TraceSite["kind"][] = [
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
];

/** How many things of each kind are new, and their bytes one after the other. */
interface NewNames {
  count: number;
  readonly bytes: ByteWriter;
}

/**
 * The dictionaries of one stretch of records. Numbers hold within the stretch: what is pointed at was told in it before.
 * A text that is absent is number 0, the empty text.
 */
export class RecordNames {
  readonly #of: NumberedNames;
  readonly #new: readonly NewNames[];
  readonly #texts = new Dictionary<string>();
  // By what they stand for: a cell's number may be given to another in the middle of a stretch.
  readonly #stations = new Dictionary<StationCell>();
  readonly #edges = new Dictionary<EdgeCell>();
  readonly #places = new Dictionary<number>();
  readonly #series = new Dictionary<StoredSeries>();
  readonly #sites = new Dictionary<TraceSite>();

  constructor(of: NumberedNames) {
    this.#of = of;
    this.#new = Array.from({ length: NAME_KINDS }, () => ({ count: 0, bytes: new ByteWriter() }));
  }

  /** A new stretch: everything is told again. */
  clear(): void {
    for (const one of [this.#texts, this.#stations, this.#edges, this.#places]) one.clear();
    this.#series.clear();
    this.#sites.clear();
  }

  /** Writes what was new since the last call. */
  flush(into: ByteWriter): void {
    for (const one of this.#new) {
      into.uint(one.count);
      into.raw(one.bytes.take());
      one.count = 0;
    }
  }

  #tell(kind: number, write: (bytes: ByteWriter) => void): void {
    const of = must(this.#new[kind], "a name is of one of the kinds");
    of.count += 1;
    write(of.bytes);
  }

  text(text: string): number {
    return this.#texts.number(text, () => {
      this.#tell(NAMES.texts, (bytes) => bytes.text(text));
    });
  }

  entity(index: number): number {
    return this.text(this.#of.idOf(index));
  }

  template(template: number): number {
    return this.text(this.#of.templateId(template));
  }

  #id(id: EntityId | undefined): number {
    return this.text(id ?? "");
  }

  station(cell: number): number {
    const held = must(this.#of.stationCells.get(cell), "a row is of a cell");
    return this.#stations.number(held, () => {
      const numbers = [
        this.#id(held.service),
        this.#id(held.operation),
        this.#id(held.instance),
        this.#id(held.host),
        this.#id(held.zone),
        this.text(held.version),
      ];
      this.#tellNumbers(NAMES.stations, numbers);
    });
  }

  edge(cell: number): number {
    const held = must(this.#of.edgeCells.get(cell), "a row is of a cell");
    return this.#edges.number(held, () => {
      const { calleeInstance } = held;
      const numbers = [
        this.#id(held.caller),
        this.#id(held.callerInstance),
        this.text(held.callerVersion),
        this.entity(held.callee),
        calleeInstance === undefined ? this.text("") : this.entity(calleeInstance),
        this.text(held.operation),
        held.isAsync ? 1 : 0,
      ];
      this.#tellNumbers(NAMES.edges, numbers);
    });
  }

  place(place: number): number {
    return this.#places.number(place, () => {
      const callee = this.#of.places.callee(place);
      const numbers = [
        this.entity(this.#of.places.caller(place)),
        callee < 0 ? this.text("") : this.entity(callee),
      ];
      this.#tellNumbers(NAMES.places, numbers);
    });
  }

  series(series: StoredSeries): number {
    return this.#series.number(series, () => {
      const { metric, suffix } = series;
      const numbers = [
        this.entity(series.entity),
        this.text(metric.slice(0, metric.length - suffix.length)),
        this.text(suffix),
        this.text(series.unit),
        this.text(series.kind),
        this.text(JSON.stringify(series.attributes)),
        series.firstBucket,
      ];
      this.#tellNumbers(NAMES.series, numbers);
    });
  }

  site(site: TraceSite): number {
    return this.#sites.number(site, () => {
      const numbers = [
        SPAN_KINDS.indexOf(site.kind),
        site.error ? 1 : 0,
        this.text(site.errorType),
        this.#id(site.service),
        this.text(site.name),
        this.#id(site.operation),
        this.#id(site.callee),
        this.#id(site.instance),
        this.text(site.version ?? ""),
      ];
      this.#tellNumbers(NAMES.sites, numbers);
    });
  }

  #tellNumbers(kind: number, numbers: readonly number[]): void {
    this.#tell(kind, (bytes) => {
      for (const number of numbers) bytes.uint(number);
    });
  }
}
