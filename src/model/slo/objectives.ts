import { type EntityId, entityId } from "../entity.ts";
import { HISTORY_KEPT_MS, SliHistory, type SliSnapshot } from "./sli-history.ts";
import type { SloDefinition } from "./slo.ts";

/** Limit: objectives; further ones are refused and counted. */
const OBJECTIVES_MAX = 500;

export interface Objective {
  readonly definition: SloDefinition;
  readonly source: string;
  readonly operation: EntityId;
  readonly history: SliHistory;
}

const measuresTheSame = (a: SloDefinition, b: SloDefinition): boolean =>
  a.service === b.service &&
  a.operation === b.operation &&
  a.latencyThresholdMs === b.latencyThresholdMs;

/** The objectives in force, each with its history. */
export class Objectives {
  readonly #byId = new Map<string, Objective>();
  readonly #saved = new Map<string, SliSnapshot>();
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
    const history = new SliHistory(definition.latencyThresholdMs);
    const key = historyKey(definition);
    const saved = this.#saved.get(key);
    if (saved !== undefined) history.restore(saved);
    this.#saved.delete(key);
    if (nowMs > 0) history.close(nowMs);
    return history;
  }

  all(): readonly Objective[] {
    return [...this.#byId.values()];
  }

  close(nowMs: number): void {
    for (const { history } of this.#byId.values()) history.close(nowMs);
  }

  /** With the restored histories that still wait for their objective, unless all they tell is past its use. */
  snapshot(nowMs: number): Readonly<Record<string, SliSnapshot>> {
    const waiting = [...this.#saved].filter(
      ([, { lastSecond }]) => nowMs - (lastSecond ?? 0) * 1000 < HISTORY_KEPT_MS,
    );
    const current = this.all().map(
      (one) => [historyKey(one.definition), one.history.snapshot()] as const,
    );
    return Object.fromEntries([...waiting, ...current]);
  }

  /** Histories wait here until their objective is defined again. */
  restore(saved: Readonly<Record<string, SliSnapshot>>): void {
    for (const [key, snapshot] of Object.entries(saved)) this.#saved.set(key, snapshot);
  }
}

function historyKey({ id, service, operation, latencyThresholdMs }: SloDefinition): string {
  return `${id}|${service}|${operation}|${latencyThresholdMs ?? ""}`;
}
