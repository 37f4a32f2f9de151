import { must } from "../assert.ts";
import type { ChangeLog, ChangeRow } from "./change-log.ts";
import type { FrameSlice } from "./column-reader.ts";
import { coverageOf, unwatchedIn } from "./coverage.ts";
import type { Entity, EntityId, EntityType } from "./entity.ts";
import { EntityView, type EntityViewInput } from "./entity-view.ts";
import type { FrameCapture } from "./frame-ring.ts";
import type { StoredTemplate } from "./log-store.ts";
import type { MetricStore } from "./metric-store.ts";
import { closedFrames } from "./past.ts";
import type { Step, Window } from "./quantity.ts";
import type { Relation } from "./relation.ts";
import type { Belief, RelationFilter, RelationStore } from "./relation-store.ts";
import { readSeries, seriesOf } from "./series-reader.ts";
import type { Objective } from "./slo/objectives.ts";
import type { SliWindow, SloDefinition, SloStatus } from "./slo/slo.ts";
import { sloStatusAt } from "./slo/slo-status.ts";
import { readTemplates } from "./template-reader.ts";
import type { TierShape } from "./tiers.ts";
import { findTrace, selectTraces } from "./trace-selection.ts";
import {
  BUCKET_MS,
  type Change,
  type Coverage,
  type EdgeWindow,
  type EntryWindow,
  type LogTemplateWindow,
  type MetricInfo,
  type Resolution,
  type Retention,
  type SeriesWindow,
  type StationWindow,
  type Trace,
  type TraceQuery,
  type WorldView,
} from "./view.ts";
import {
  type CellNames,
  type EdgeFilter,
  readCallees,
  readEdges,
  readEntries,
  readStations,
  type StationFilter,
} from "./window-reader.ts";

type HeldCells = Omit<CellNames, "idOf" | "indicesOf">;

/** What a view holds of one tier. */
interface TierCapture {
  readonly shape: TierShape;
  readonly frames: FrameCapture;
  readonly cells: HeldCells;
}

/** Everything that a view holds of the world at the moment it was made. */
export interface WorldCapture extends EntityViewInput {
  readonly closedMs: number;
  readonly frames: FrameCapture;
  readonly relations: RelationStore;
  readonly relationSequence: number;
  readonly changes: ChangeLog;
  readonly changeSequence: number;
  readonly cells: HeldCells;
  /** Coarser steps, the finer first. */
  readonly tiers: readonly TierCapture[];
  readonly metrics: MetricStore;
  readonly templates: readonly StoredTemplate[];
  readonly objectives: readonly (Objective & { readonly closedSecond: number })[];
  /** Services that had sent telemetry themselves by then. */
  readonly heardServices: ReadonlySet<number>;
  readonly lastSignalMs: number;
  readonly notes: readonly string[];
}

/** One step's frames as they are read. */
interface ReadTier {
  readonly stepMs: Step;
  readonly shape: TierShape | undefined;
  readonly frames: FrameCapture;
  /** End of the last step that may be read. */
  readonly closedMs: number;
  readonly names: CellNames;
}

/** When the first whole step that is held of a tier begins; what it does not hold begins nowhere. */
function startMs({ frames: { frames, firstWholeBucket }, stepMs }: ReadTier): number {
  return frames.length === 0 ? Number.POSITIVE_INFINITY : firstWholeBucket * stepMs;
}

/** The end of the last step that was closed, and known, by then. */
function closedStepsMs(
  frames: FrameCapture,
  stepMs: number,
  by: { readonly closedMs: number; readonly knownAtMs: number },
): number {
  const known = (frames.firstBucket + closedFrames(frames, by.knownAtMs)) * stepMs;
  return Math.min(known, Math.floor(by.closedMs / stepMs) * stepMs);
}

/** Limit: windows whose columns a view keeps once read. */
const WINDOWS_KEPT = 8;

/** Keeps the last few results, so that readers of one turn share them. */
class Recent<Value> {
  readonly #byKey = new Map<string, Value>();

  get(slice: FrameSlice, filter: string, make: () => Value): Value {
    const key = `${slice.stepMs}|${slice.fromMs}|${slice.frames.length}|${filter}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#byKey.size >= WINDOWS_KEPT) this.#byKey.clear();
    this.#byKey.set(key, made);
    return made;
  }
}

/** A picture of the system that stays as it is while the world goes on. */
export class CapturedView implements WorldView {
  readonly asOfMs: number;
  readonly closedMs: number;
  readonly retainedFromMs: number;
  readonly history: readonly Retention[];
  readonly #of: WorldCapture;
  readonly #tiers: readonly ReadTier[];
  readonly #entities: EntityView;
  readonly #stations = new Recent<readonly StationWindow[]>();
  readonly #edges = new Recent<readonly EdgeWindow[]>();
  readonly #entries = new Recent<readonly EntryWindow[]>();

  constructor(capture: WorldCapture) {
    this.#of = capture;
    this.asOfMs = capture.asOfMs;
    this.closedMs = capture.closedMs;
    const { frames, firstWholeBucket } = capture.frames;
    this.retainedFromMs =
      frames.length === 0
        ? capture.closedMs
        : Math.min(capture.closedMs, firstWholeBucket * BUCKET_MS);
    this.#entities = new EntityView(capture);
    const naming = {
      idOf: (entity: number) => this.#entities.idOf(entity),
      indicesOf: (id: EntityId) => this.#indicesOf(id),
    };
    const { closedMs, knownAtMs } = capture;
    this.#tiers = [
      {
        stepMs: BUCKET_MS,
        shape: undefined,
        frames: capture.frames,
        closedMs,
        names: { ...capture.cells, ...naming },
      },
      ...capture.tiers.map(({ shape, frames: held, cells }) => ({
        stepMs: shape.stepMs,
        shape,
        frames: held,
        closedMs: closedStepsMs(held, shape.stepMs, { closedMs, knownAtMs }),
        names: { ...cells, ...naming },
      })),
    ];
    this.history = [
      { stepMs: BUCKET_MS, fromMs: this.retainedFromMs },
      ...this.#tiers.slice(1).map((tier) => ({
        stepMs: tier.stepMs,
        fromMs: Math.min(this.retainedFromMs, startMs(tier)),
      })),
    ];
  }

  #tier(stepMs: Step = BUCKET_MS): ReadTier {
    return must(
      this.#tiers.find((tier) => tier.stepMs === stepMs),
      "every step has its tier",
    );
  }

  /** An entity's index, and those of outside entities that turned out to be it. */
  #indicesOf(id: EntityId): readonly number[] {
    const index = this.#of.indexOf(id);
    if (index === undefined) return [];
    const ghosts: number[] = [];
    for (const [ghost, service] of this.#of.aliases) if (service === index) ghosts.push(ghost);
    return [index, ...ghosts];
  }

  entity(id: EntityId): Entity | undefined {
    return this.#entities.entity(id);
  }

  entities(filter?: { readonly type?: EntityType }): readonly Entity[] {
    return this.#entities.entities(filter?.type);
  }

  resolve(text: string, types?: readonly EntityType[]): Resolution {
    return this.#entities.resolve(text, types);
  }

  relations(filter: RelationFilter): readonly Relation[] {
    const { relations, relationSequence, knownAtMs } = this.#of;
    const belief: Belief = { sequence: relationSequence, knownAtMs };
    const found = relations.select(filter, this.asOfMs, belief);
    if (this.#of.aliases.size === 0) return found;
    const isGhost = (id: EntityId): boolean =>
      this.#of.aliases.has(this.#of.indexOf(id) ?? Number.NaN);
    return found.filter(({ from, to }) => !isGhost(from) && !isGhost(to));
  }

  /** Closed frames of a window in the steps that it asks for, widened to whole ones and cut to what is kept. */
  #slice(window: Window): FrameSlice {
    const { stepMs, frames: held, closedMs } = this.#tier(window.stepMs);
    const { firstBucket, frames } = held;
    const from = Math.max(Math.floor(window.fromMs / stepMs), firstBucket);
    const to = Math.min(Math.ceil(window.toMs / stepMs), Math.floor(closedMs / stepMs));
    const [first, end] = [from - firstBucket, Math.max(0, to - firstBucket)];
    return { fromMs: from * stepMs, stepMs, frames: frames.slice(first, end) };
  }

  #namesOf({ stepMs }: FrameSlice): CellNames {
    return this.#tier(stepMs).names;
  }

  stations(window: Window, of: StationFilter = {}): readonly StationWindow[] {
    const slice = this.#slice(window);
    return this.#stations.get(slice, of.service ?? "", () =>
      readStations(slice, this.#namesOf(slice), of),
    );
  }

  edges(window: Window, of: EdgeFilter = {}): readonly EdgeWindow[] {
    const slice = this.#slice(window);
    const filter = `${of.caller ?? ""}>${of.callee ?? ""}`;
    return this.#edges.get(slice, filter, () => readEdges(slice, this.#namesOf(slice), of));
  }

  entries(window: Window): readonly EntryWindow[] {
    const slice = this.#slice(window);
    return this.#entries.get(slice, "", () => readEntries(slice, this.#namesOf(slice)));
  }

  /** The entity's own index and, for a service, its instances': what they report is the service's too. */
  #reporters(entity: EntityId): readonly number[] {
    const index = this.#of.indexOf(entity);
    const own = index === undefined ? [] : [index];
    if (!entity.startsWith("service:")) return own;
    const instances = this.relations({ type: "instance_of", to: entity });
    return [...own, ...instances.flatMap(({ from }) => this.#of.indexOf(from) ?? [])];
  }

  metrics(entity: EntityId): readonly MetricInfo[] {
    return seriesOf(this.#of.metrics, this.#reporters(entity), this.closedMs);
  }

  series(query: Parameters<WorldView["series"]>[0]): readonly SeriesWindow[] {
    const { shape, stepMs, closedMs } = this.#tier(query.window.stepMs);
    const kept = this.history.find((one) => one.stepMs === stepMs);
    const window = {
      fromMs: Math.max(query.window.fromMs, kept?.fromMs ?? this.retainedFromMs),
      toMs: Math.min(query.window.toMs, closedMs),
    };
    return readSeries(this.#of.metrics, this.#reporters(query.entity), {
      metric: query.metric,
      window,
      shape,
      attributes: query.attributes ?? {},
      idOf: (index) => this.#entities.idOf(index),
    });
  }

  logTemplates(window: Window, service?: EntityId): readonly LogTemplateWindow[] {
    return readTemplates(this.#slice(window), this.#of.templates, {
      idOf: (index) => this.#entities.idOf(index),
      asOfMs: this.asOfMs,
      ...(service === undefined ? {} : { service }),
    });
  }

  changes(window: Window, entity?: EntityId): readonly Change[] {
    const belief = { sequence: this.#of.changeSequence, knownAtMs: this.#of.knownAtMs };
    const toMs = Math.min(window.toMs, this.asOfMs + 1);
    return this.#of.changes
      .select(belief, window.fromMs, toMs)
      .map((row) => this.#joined(row))
      .filter((change) => entity === undefined || change.entity === entity);
  }

  #joined({ record, origin }: ChangeRow): Change {
    const { entity: entityText, ...rest } = record;
    const flag = record.kind === "flag" ? record.attributes.flag : undefined;
    const named = entityText === "" && typeof flag === "string" ? `flag:${flag}` : entityText;
    const entity = named === "" ? undefined : this.#entities.idNamed(named);
    return { ...rest, entityText, origin, ...(entity === undefined ? {} : { entity }) };
  }

  traces(query: TraceQuery): readonly Trace[] {
    return selectTraces(this.#slice(query.window), query);
  }

  trace(traceId: string): Trace | undefined {
    for (const { frames } of this.#tiers) {
      const found = findTrace(frames.frames, traceId, this.closedMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  slos(): readonly SloDefinition[] {
    return this.#of.objectives.map((one) => one.definition);
  }

  sli(sloId: string, window: Window): SliWindow {
    const objective = this.#of.objectives.find((one) => one.definition.id === sloId);
    if (objective === undefined) {
      return { good: 0, bad: 0, errors: 0, slow: 0, ratio: 1, covered: 0 };
    }
    const toMs = Math.min(window.toMs, this.asOfMs);
    const toSecond = Math.min(Math.ceil(toMs / 1000), objective.closedSecond);
    return objective.history.window(Math.floor(window.fromMs / 1000), toSecond);
  }

  sloStatus(sloId: string): SloStatus | undefined {
    const objective = this.#of.objectives.find((one) => one.definition.id === sloId);
    if (objective === undefined) return undefined;
    const isSeen = this.entity(objective.operation) !== undefined;
    return sloStatusAt(objective.definition, objective.history, {
      asOfMs: this.asOfMs,
      closedSecond: objective.closedSecond,
      ...(isSeen ? { operation: objective.operation } : {}),
    });
  }

  coverage(window: Window): Coverage {
    const slice = this.#slice(window);
    const { heardServices, indexOf } = this.#of;
    return coverageOf({
      slice,
      callees: readCallees(slice, this.#namesOf(slice)),
      unwatched: unwatchedIn(slice),
      idOf: (index) => this.#entities.idOf(index),
      isHeard: (id) => heardServices.has(indexOf(id) ?? Number.NaN),
      lastSignalMs: Math.min(this.#of.lastSignalMs, this.asOfMs),
      askedFromMs: window.fromMs,
      retainedFromMs:
        this.history.find((one) => one.stepMs === slice.stepMs)?.fromMs ?? this.retainedFromMs,
      notes: this.#of.notes,
    });
  }

  unwatched(window: Window): readonly Window[] {
    return unwatchedIn(this.#slice(window));
  }
}
