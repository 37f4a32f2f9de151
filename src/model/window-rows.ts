import type { CellWindow } from "./column-reader.ts";
import { type EdgeId, type EntityId, edgeId } from "./entity.ts";
import type { Step } from "./quantity.ts";
import type { EdgeCell, StationCell } from "./site.ts";
import type { Sketch } from "./sketch.ts";
import type { Buckets, EdgeWindow, StationWindow } from "./view.ts";

type Steps = Required<Buckets>;

/** What a station did in a window. Columns are read when they are first asked for: of thousands few ever are. */
export class StationRows implements StationWindow {
  readonly fromMs: number;
  readonly length: number;
  readonly stepMs: Step;
  readonly service: EntityId;
  readonly operation: EntityId;
  readonly instance?: EntityId;
  readonly host?: EntityId;
  readonly zone?: EntityId;
  readonly version?: string;
  readonly #columns: CellWindow;

  constructor({ fromMs, length, stepMs }: Steps, cell: StationCell, columns: CellWindow) {
    this.fromMs = fromMs;
    this.length = length;
    this.stepMs = stepMs;
    this.service = cell.service;
    this.operation = cell.operation;
    if (cell.instance !== undefined) this.instance = cell.instance;
    if (cell.host !== undefined) this.host = cell.host;
    if (cell.zone !== undefined) this.zone = cell.zone;
    if (cell.version !== "") this.version = cell.version;
    this.#columns = columns;
  }

  get count(): Float64Array {
    return this.#columns.count;
  }

  get errors(): Float64Array {
    return this.#columns.errors;
  }

  get originErrors(): Float64Array {
    return this.#columns.originErrors;
  }

  get selfMsSum(): Float64Array {
    return this.#columns.innerMsSum;
  }

  get selfCount(): Float64Array {
    return this.#columns.innerCount;
  }

  get durationMsSum(): Float64Array {
    return this.#columns.durationMsSum;
  }

  get duration(): Sketch {
    return this.#columns.duration;
  }

  get self(): Sketch {
    return this.#columns.inner;
  }
}

/** The two ends of a link as they are named now. */
interface EdgeEnds {
  readonly callee: EntityId;
  readonly calleeInstance: EntityId | undefined;
}

/** What went over a link in a window, as its caller saw it. */
export class EdgeRows implements EdgeWindow {
  readonly fromMs: number;
  readonly length: number;
  readonly stepMs: Step;
  readonly caller: EntityId;
  readonly callee: EntityId;
  readonly calleeOperation: string;
  readonly callerInstance?: EntityId;
  readonly calleeInstance?: EntityId;
  readonly callerVersion?: string;
  readonly kind: "sync" | "async";
  readonly #columns: CellWindow;

  constructor(
    { fromMs, length, stepMs }: Steps,
    cell: EdgeCell,
    { callee, calleeInstance }: EdgeEnds,
    columns: CellWindow,
  ) {
    this.fromMs = fromMs;
    this.length = length;
    this.stepMs = stepMs;
    this.caller = cell.caller;
    this.callee = callee;
    this.calleeOperation = cell.operation;
    if (cell.callerInstance !== undefined) this.callerInstance = cell.callerInstance;
    if (calleeInstance !== undefined) this.calleeInstance = calleeInstance;
    if (cell.callerVersion !== "") this.callerVersion = cell.callerVersion;
    this.kind = cell.isAsync ? "async" : "sync";
    this.#columns = columns;
  }

  get id(): EdgeId {
    return edgeId(this.caller, this.callee);
  }

  get count(): Float64Array {
    return this.#columns.count;
  }

  get errors(): Float64Array {
    return this.#columns.errors;
  }

  get originErrors(): Float64Array {
    return this.#columns.originErrors;
  }

  get retries(): Float64Array {
    return this.#columns.retries;
  }

  get durationMsSum(): Float64Array {
    return this.#columns.durationMsSum;
  }

  get gapMsSum(): Float64Array {
    return this.#columns.innerMsSum;
  }

  get gapCount(): Float64Array {
    return this.#columns.innerCount;
  }

  get duration(): Sketch {
    return this.#columns.duration;
  }

  get gap(): Sketch {
    return this.#columns.inner;
  }
}
