import { assertNever } from "../../assert.ts";
import type { CalleeResolver } from "../callee-resolver.ts";
import type { ChangeLog } from "../change-log.ts";
import type { LogStore } from "../log-store.ts";
import type { OperationInfo } from "../site.ts";
import type { SiteResolver } from "../site-resolver.ts";
import type { Objectives } from "../slo/objectives.ts";
import type { Topology } from "../topology.ts";
import type { Fact, OperationRow } from "./fact.ts";

export interface FactParts {
  readonly topology: Topology;
  readonly resolver: SiteResolver;
  readonly callees: CalleeResolver;
  readonly changes: ChangeLog;
  readonly logs: LogStore;
  readonly objectives: Objectives;
}

/** Everything that the model knows beside its columns, to be written down and learned again. */
export class FactBook {
  readonly #of: FactParts;

  constructor(parts: FactParts) {
    this.#of = parts;
  }

  /** All facts. The world may go on in between: what changes meanwhile is told by `takeChanged` too. */
  *all(nowMs: number): Generator<Fact> {
    const { topology, resolver, callees, changes, logs, objectives } = this.#of;
    for (const row of topology.entities.rows()) yield { type: "entity", row };
    for (const row of topology.relations.rows()) yield { type: "relation", row };
    for (const row of changes.rows()) yield { type: "change", row };
    for (const row of topology.versions.rows()) yield { type: "versions", row };
    for (const service of topology.heardServices.keys()) yield* this.#heard(service);
    for (const ghost of callees.aliases.keys()) yield* this.#alias(ghost);
    for (const [peer, services] of resolver.answered()) yield this.#peer(peer, services);
    for (const operation of resolver.operations()) {
      yield { type: "operation", row: this.#operation(operation) };
    }
    for (const row of logs.rows((service) => topology.id(service))) yield { type: "template", row };
    for (const row of objectives.rows(nowMs)) yield { type: "sli", row };
  }

  /** What is new or changed since the last call. */
  takeChanged(): Fact[] {
    const { topology, resolver, callees, changes, logs, objectives } = this.#of;
    const entities = topology.entities.takeChanged();
    return [
      ...entities.forgotten.map((id) => ({ type: "forgotten" as const, id })),
      ...entities.rows.map((row) => ({ type: "entity" as const, row })),
      ...topology.relations.takeChanged().map((row) => ({ type: "relation" as const, row })),
      ...changes.takeChanged().map((row) => ({ type: "change" as const, row })),
      ...topology.versions.takeChanged().map((row) => ({ type: "versions" as const, row })),
      ...[...topology.changedHeard.take()].flatMap((service) => this.#heard(service)),
      ...[...callees.changedAliases.take()].flatMap((ghost) => this.#alias(ghost)),
      ...Array.from(callees.changedPeers.take(), ({ key, answered }) =>
        this.#peer(key, [...answered.keys()]),
      ),
      ...resolver
        .takeChangedUses()
        .map((operation) => ({ type: "operation" as const, row: this.#operation(operation) })),
      ...logs
        .takeChanged((service) => topology.id(service))
        .map((row) => ({ type: "template" as const, row })),
      ...objectives.takeChanged().map((row) => ({ type: "sli" as const, row })),
    ];
  }

  #heard(service: number): Fact[] {
    const sinceMs = this.#of.topology.heardServices.get(service);
    if (sinceMs === undefined) return [];
    return [{ type: "heard", service: this.#of.topology.id(service), sinceMs }];
  }

  #alias(ghost: number): Fact[] {
    const { topology, callees } = this.#of;
    const alias = callees.aliases.get(ghost);
    if (alias === undefined) return [];
    const [outside, service] = [topology.id(ghost), topology.id(alias.service)];
    return [{ type: "alias", ghost: outside, service, knownMs: alias.knownMs }];
  }

  #peer(key: string, services: readonly number[]): Fact {
    return { type: "peer", key, services: services.map((one) => this.#of.topology.id(one)) };
  }

  #operation({ service, name, served, entered, orphans }: OperationInfo): OperationRow {
    return { service: this.#of.topology.id(service), name, served, entered, orphans };
  }

  /** A fact of an earlier life. Contract: before the first signal; of two about one thing the later stands. */
  learn(fact: Fact): void {
    const { topology, resolver, changes, objectives } = this.#of;
    const { entities } = topology;
    switch (fact.type) {
      case "entity":
        entities.learn(fact.row);
        return;
      case "forgotten":
        entities.unlearn(fact.id);
        return;
      case "relation":
        topology.relations.learn(fact.row);
        return;
      case "change":
        changes.learn(fact.row);
        return;
      case "versions":
        topology.versions.learn(fact.row);
        return;
      case "peer":
        resolver.learnPeer(
          fact.key,
          fact.services.flatMap((id) => entities.indexOf(id) ?? []),
        );
        return;
      case "sli":
        objectives.learn(fact.row);
        return;
      case "heard":
      case "alias":
      case "operation":
      case "template":
        this.#learnOfService(fact);
        return;
      default:
        assertNever(fact);
    }
  }

  /** Facts that mean nothing without their service. */
  #learnOfService(
    fact: Extract<Fact, { type: "heard" | "alias" | "operation" | "template" }>,
  ): void {
    const { topology, resolver, callees, logs } = this.#of;
    const { entities } = topology;
    const service = entities.indexOf("row" in fact ? fact.row.service : fact.service);
    if (service === undefined) return;
    switch (fact.type) {
      case "heard":
        topology.heardServices.set(service, fact.sinceMs);
        return;
      case "alias": {
        const ghost = entities.indexOf(fact.ghost);
        if (ghost !== undefined) callees.aliases.set(ghost, { service, knownMs: fact.knownMs });
        return;
      }
      case "operation":
        resolver.learnOperation(service, fact.row.name, fact.row);
        return;
      case "template":
        logs.learn(fact.row, service);
        return;
      default:
        assertNever(fact);
    }
  }
}
