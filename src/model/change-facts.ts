import { declare } from "./declared-facts.ts";
import { type AttributeValue, entityId } from "./entity.ts";
import type { ChangeRecord } from "./signal.ts";
import type { Heard, Topology } from "./topology.ts";

/** Capacity facts that a change of a setting alters. */
const CAPACITY_SETTINGS = new Set([
  "replicas",
  "workers",
  "pool_size",
  "timeout_ms",
  "retries",
  "cpu_limit_cores",
]);
/** Limit: changes whose service has not been heard of yet, and how long they wait for it. */
const WAITING_MAX = 1_000;
const WAITING_MS = 60 * 60_000;
/** Limit: facts whose last change is remembered. */
const FACTS_MAX = 20_000;

/**
 * What changes say about structure and capacity: flags become entities, changed settings the service's new facts. They
 * are recorded when a bucket closes, in the order of their own times; one told late does not undo a later one.
 */
export class ChangeFacts {
  readonly #topology: Topology;
  #waiting: ChangeRecord[] = [];
  /** When each fact of each entity was changed last. */
  readonly #changedMs = new Map<string, number>();
  /** Changes whose service was not heard of in time. */
  dropped = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  add(change: ChangeRecord): void {
    this.#waiting.push(change);
  }

  settle(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    const inOrder = this.#waiting.sort((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1));
    const later = inOrder.filter((change) => !this.#record(change, nowMs));
    this.#waiting = later
      .filter((change) => nowMs - change.timeMs < WAITING_MS)
      .slice(-WAITING_MAX);
    this.dropped += later.length - this.#waiting.length;
  }

  /** False when its service is not known yet. */
  #record(change: ChangeRecord, nowMs: number): boolean {
    const heard: Heard = { seenMs: Math.min(change.timeMs, nowMs), nowMs };
    const name = change.entity.startsWith("service:") ? change.entity.slice(8) : change.entity;
    const service = this.#topology.entities.indexOf(entityId("service", name));
    const flag = change.kind === "flag" ? this.#flag(change, heard) : undefined;
    if (flag !== undefined && service !== undefined) {
      this.#topology.hold("guarded_by", [service, flag], heard, "change");
    }
    const facts = factsOf(change);
    if (service !== undefined) this.#describe(service, facts, heard);
    return service !== undefined || Object.keys(facts).length === 0;
  }

  #flag(change: ChangeRecord, heard: Heard): number | undefined {
    const key = change.attributes.flag ?? change.entity;
    if (typeof key !== "string" || key === "") return undefined;
    const name = key.replace(/^flag:/, "");
    const flag = declare(this.#topology, { type: "flag", name }, heard);
    const { variant } = change.attributes;
    if (flag !== undefined && variant !== undefined) this.#describe(flag, { variant }, heard);
    return flag;
  }

  #describe(
    index: number,
    facts: Readonly<Record<string, AttributeValue>>,
    { seenMs, nowMs }: Heard,
  ): void {
    for (const [name, value] of Object.entries(facts)) {
      const key = `${index}\n${name}`;
      if (seenMs < (this.#changedMs.get(key) ?? 0)) continue;
      if (this.#changedMs.size < FACTS_MAX || this.#changedMs.has(key))
        this.#changedMs.set(key, seenMs);
      this.#topology.entities.describe(index, { [name]: value }, nowMs);
    }
  }
}

function factsOf(change: ChangeRecord): Record<string, AttributeValue> {
  const facts: Record<string, AttributeValue> = {};
  const { replicas, setting, value } = change.attributes;
  if (replicas !== undefined) facts.replicas = replicas;
  if (typeof setting === "string" && CAPACITY_SETTINGS.has(setting) && value !== undefined) {
    facts[setting] = value;
  }
  return facts;
}
