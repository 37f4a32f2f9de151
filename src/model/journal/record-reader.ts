import { assert, must } from "../../assert.ts";
import type { Attributes, EntityId } from "../entity.ts";
import type { SeriesKind } from "../metric-reading.ts";
import type { SeriesValue } from "../metric-store.ts";
import type { StoredSeries } from "../stored-series.ts";
import type { TraceSite } from "../trace-block.ts";
import { ByteReader } from "./byte-reader.ts";
import type { Fact } from "./fact.ts";
import { type FrameNumbers, readFrame } from "./frame-codec.ts";
import type { NamedNumbers } from "./journal-names.ts";
import { SPAN_KINDS } from "./record-names.ts";
import { KIND, type NumberedFrame, RECORD_FORMAT } from "./record-writer.ts";

/** What one record tells. */
export interface ReadRecord {
  readonly told: number;
  readonly closed: NumberedFrame | undefined;
  /** Values that series had in that bucket. */
  readonly values: readonly SeriesValue[];
}

/**
 * Reads one stretch of records, in order. Facts are for the caller to learn before the next record is read: names stand
 * for what is known by then. Throws when a record is not of this format.
 */
export class RecordReader implements FrameNumbers {
  readonly #of: NamedNumbers;
  readonly #texts: string[] = [];
  readonly #entities: (number | undefined)[] = [];
  readonly #stations: number[] = [];
  readonly #edges: number[] = [];
  readonly #places: number[] = [];
  readonly #series: (StoredSeries | undefined)[] = [];
  readonly #sites: TraceSite[] = [];

  constructor(of: NamedNumbers) {
    this.#of = of;
  }

  /** `learn` takes the facts of a record before the rest of it is read. */
  read(bytes: Uint8Array, learn: (told: number, facts: readonly Fact[]) => void): ReadRecord {
    const from = new ByteReader(bytes);
    assert(from.u8() === RECORD_FORMAT, "a record has the format that we write");
    const told = from.uint();
    const factsText = from.text();
    const facts = factsText === "" ? [] : (JSON.parse(factsText) as readonly Fact[]);
    learn(told, facts);
    this.#readNames(from);
    const kind = from.u8();
    if (kind === KIND.facts) return { told, closed: undefined, values: [] };
    const bucket = from.uint();
    const frame = readFrame(from, this);
    const values = this.#readValues(from);
    assert(from.isAtEnd, "a record holds nothing beyond what it tells");
    return { told, closed: { bucket, frame, isFirst: kind === KIND.firstFrame }, values };
  }

  #readNames(from: ByteReader): void {
    for (let left = from.uint(); left > 0; left -= 1) this.#texts.push(from.text());
    for (let left = from.uint(); left > 0; left -= 1) this.#stations.push(this.#station(from));
    for (let left = from.uint(); left > 0; left -= 1) this.#edges.push(this.#edge(from));
    for (let left = from.uint(); left > 0; left -= 1) {
      const caller = this.entity(from.uint());
      const callee = from.uint();
      this.#places.push(
        this.#of.place(caller, this.text(callee) === "" ? -1 : this.entity(callee)),
      );
    }
    for (let left = from.uint(); left > 0; left -= 1) this.#series.push(this.#oneSeries(from));
    for (let left = from.uint(); left > 0; left -= 1) this.#sites.push(this.#site(from));
  }

  #id(from: ByteReader): EntityId {
    return this.text(from.uint()) as EntityId;
  }

  #orNone(from: ByteReader): EntityId | undefined {
    return this.#id(from) || undefined;
  }

  #station(from: ByteReader): number {
    const service = this.#id(from);
    const number = from.uint();
    return this.#of.station({
      service,
      operation: this.text(number) as EntityId,
      operationIndex: this.entity(number),
      instance: this.#orNone(from),
      host: this.#orNone(from),
      zone: this.#orNone(from),
      version: this.text(from.uint()),
    });
  }

  #edge(from: ByteReader): number {
    const caller = this.#id(from);
    const callerInstance = this.#orNone(from);
    const callerVersion = this.text(from.uint());
    const callee = this.entity(from.uint());
    const instance = from.uint();
    const calleeInstance = this.text(instance) === "" ? undefined : this.entity(instance);
    const operation = this.text(from.uint());
    const isAsync = from.uint() === 1;
    const link = { caller, callerInstance, callerVersion, callee, calleeInstance };
    return this.#of.edge({ ...link, operation, isAsync });
  }

  #oneSeries(from: ByteReader): StoredSeries | undefined {
    const entity = this.entity(from.uint());
    const [metric, suffix, unit] = [from, from, from].map((one) => this.text(one.uint()));
    const kind = this.text(from.uint()) as SeriesKind;
    const attributes = JSON.parse(this.text(from.uint())) as Attributes;
    const firstBucket = from.uint();
    if (entity < 0) return undefined;
    const names = { metric: metric ?? "", suffix: suffix ?? "", unit: unit ?? "" };
    return this.#of.series({ entity, ...names, kind, attributes, firstBucket });
  }

  #site(from: ByteReader): TraceSite {
    return {
      kind: SPAN_KINDS[from.uint()] ?? "internal",
      error: from.uint() === 1,
      errorType: this.text(from.uint()),
      service: this.#id(from),
      name: this.text(from.uint()),
      operation: this.#orNone(from),
      callee: this.#orNone(from),
      instance: this.#orNone(from),
      version: this.text(from.uint()) || undefined,
    };
  }

  #readValues(from: ByteReader): ReadRecord["values"] {
    const series = Array.from({ length: from.uint() }, () => this.#series[from.uint()]);
    const values = from.float64s();
    const maxima = from.float64s();
    return series.flatMap((one, at) => {
      const value = values[at] ?? Number.NaN;
      return one === undefined ? [] : [{ series: one, value, max: maxima[at] ?? value }];
    });
  }

  text(number: number): string {
    return must(this.#texts[number], "what a record points at was told before");
  }

  entity(number: number): number {
    const known = this.#entities[number];
    if (known !== undefined) return known;
    const found = this.#of.indexOf(this.text(number) as EntityId) ?? -1;
    this.#entities[number] = found;
    return found;
  }

  station(number: number): number {
    return must(this.#stations[number], "what a record points at was told before");
  }

  edge(number: number): number {
    return must(this.#edges[number], "what a record points at was told before");
  }

  place(number: number): number {
    return must(this.#places[number], "what a record points at was told before");
  }

  template(number: number): number {
    return this.#of.template(this.text(number)) ?? -1;
  }

  site(number: number): TraceSite {
    return must(this.#sites[number], "what a record points at was told before");
  }
}
