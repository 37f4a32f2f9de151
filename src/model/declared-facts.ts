import { identityText } from "./attribute-text.ts";
import { type EntityType, entityId } from "./entity.ts";
import { DECLARED, NAME_CHARS_MAX } from "./entity-store.ts";
import type { TopologySignal } from "./signal.ts";
import type { SloDefinition } from "./slo/slo.ts";
import type { Heard, Topology } from "./topology.ts";

/** An entity by the name that a person or a file gives it, made when nobody knows it yet. */
export function declare(
  topology: Topology,
  entity: { readonly type: EntityType; readonly name: string },
  heard: Heard,
): number | undefined {
  const name = identityText(entity.name, NAME_CHARS_MAX);
  const known = topology.entities.indexOf(entityId(entity.type, name));
  if (known !== undefined) return known;
  return topology.entities.claim(
    { type: entity.type, key: `${DECLARED}${name}`, names: [name] },
    heard,
  );
}

export function applyTopology(topology: Topology, signal: TopologySignal, heard: Heard): void {
  const byId = new Map<string, number>();
  for (const { id, kind, name, attributes } of signal.entities) {
    const index = declare(topology, { type: kind, name }, heard);
    if (index === undefined) continue;
    topology.entities.describe(index, attributes, heard.nowMs);
    byId.set(id, index);
  }
  for (const { from, to, type } of signal.relations) {
    const source = byId.get(from);
    const target = byId.get(to);
    if (source === undefined || target === undefined) continue;
    topology.hold(type, [source, target], heard, "topology-file");
  }
}

/** Objectives and their teams are entities too, so that one can ask what measures and who owns a service. */
export function applyObjectives(
  topology: Topology,
  slos: readonly SloDefinition[],
  heard: Heard,
): void {
  for (const slo of slos) {
    const objective = declare(topology, { type: "slo", name: slo.id }, heard);
    const service = topology.entities.indexOf(entityId("service", slo.service));
    if (objective === undefined || service === undefined) continue;
    topology.hold("measured_by", [service, objective], heard, "slo");
    if (slo.team === undefined) continue;
    const team = declare(topology, { type: "team", name: slo.team }, heard);
    if (team !== undefined) topology.hold("owned_by", [service, team], heard, "slo");
  }
}
