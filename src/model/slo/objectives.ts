import { type EntityId, entityId } from "../entity.ts";
import type { SliRow } from "../journal/fact.ts";
import { HISTORY_KEPT_MS, SliHistory } from "./sli-history.ts";
import type { SloDefinition } from "./slo.ts";

/** Limit: objectives; further ones are refused and counted. */
const OBJECTIVES_MAX = 500;

export interface Objective {
  readonly definition: SloDefinition;
  readonly source: string;
  readonly operation: EntityId;
  readonly history: SliHistory;
}

interface Waiting {
  readonly history: SliHistory;
  readonly latencyThresholdMs: number | null;
  lastSecond: number;
}

const measuresTheSame = (a: SloDefinition, b: SloDefinition): boolean =>
  a.service === b.service &&
  a.operation === b.operation &&
  a.latencyThresholdMs === b.latencyThresholdMs;

/** The objectives in force, each with its history. */
export class Objectives {
  readonly #byId = new Map<string, Objective>();
  /** Histories of an earlier life that wait until their objective is defined again. */
  readonly #waiting = new Map<string, Waiting>();
  refused = 0;

  /** Replaces all objectives of a source. One that measures what it measured before keeps its history. */
  define(definitions: readonly SloDefinition[], source: string, nowMs: number): void {
    const kept = new Set(definitions.map((one) => one.id));
    for (const [id, objective] of this.#byId) {
      if (objective.source === source && !kept.has(id)) this.#byId.delete(id);
    }
    for (const definition of definitions) this.#defineOne(definition, source, nowMs);
  }

  #defineOne(definition: SloDefinition, source: string, nowMs: number): void {
    const before = this.#byId.get(definition.id);
    if (before === undefined && this.#byId.size >= OBJECTIVES_MAX) {
      this.refused += 1;
      return;
    }
    const keeps = before !== undefined && measuresTheSame(before.definition, definition);
    const history = keeps ? before.history : this.#newHistory(definition, nowMs);
    const operation = entityId("operation", `${definition.service} ${definition.operation}`);
    this.#byId.set(definition.id, { definition, source, operation, history });
  }

  #newHistory(definition: SloDefinition, nowMs: number): SliHistory {
    const key = historyKey(definition);
    const history =
      this.#waiting.get(key)?.history ?? new SliHistory(definition.latencyThresholdMs);
    this.#waiting.delete(key);
    if (nowMs > 0) history.close(nowMs);
    return history;
  }

  all(): readonly Objective[] {
    return [...this.#byId.values()];
  }

  close(nowMs: number): void {
    for (const { history } of this.#byId.values()) history.close(nowMs);
  }

  /** All histories; those that still wait for their objective too, unless all they tell is past its use. */
  *rows(nowMs: number): Generator<SliRow> {
    for (const [key, { history, latencyThresholdMs, lastSecond }] of this.#waiting) {
      if (nowMs - lastSecond * 1000 >= HISTORY_KEPT_MS) continue;
      yield { key, latencyThresholdMs, ...history.snapshot() };
    }
    for (const { definition, history } of this.#byId.values()) {
      yield { ...keyed(definition), ...history.snapshot() };
    }
  }

  /** What was counted since the last call. */
  takeChanged(): SliRow[] {
    return this.all().flatMap(({ definition, history }) => {
      const changed = history.takeChanged();
      return changed === undefined ? [] : [{ ...keyed(definition), ...changed }];
    });
  }

  /** What an earlier life counted. Contract: before its objective is defined. */
  learn({ key, latencyThresholdMs, ...snapshot }: SliRow): void {
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      const history = new SliHistory(latencyThresholdMs ?? undefined);
      waiting = { history, latencyThresholdMs, lastSecond: 0 };
      this.#waiting.set(key, waiting);
    }
    waiting.lastSecond = Math.max(waiting.lastSecond, snapshot.lastSecond ?? 0);
    waiting.history.learn(snapshot);
  }
}

const keyed = (definition: SloDefinition): Pick<SliRow, "key" | "latencyThresholdMs"> => ({
  key: historyKey(definition),
  latencyThresholdMs: definition.latencyThresholdMs ?? null,
});

function historyKey({ id, service, operation, latencyThresholdMs }: SloDefinition): string {
  return `${id}|${service}|${operation}|${latencyThresholdMs ?? ""}`;
}
