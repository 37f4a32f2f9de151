import type { TopologySignal } from "../../../src/model/signal.ts";
import type { ServiceSpec, SystemSpec } from "../../../src/simulator/system-spec.ts";

/** What the owners of a service would write down of its capacity. */
function capacityOf(spec: ServiceSpec): Readonly<Record<string, number>> {
  const links = Object.entries(spec.links ?? {});
  const facts: Record<string, number> = { replicas: spec.hosts.length };
  if (spec.workers !== undefined) facts.workers = spec.workers.count;
  for (const [callee, link] of links) {
    if (link.poolSize !== undefined) facts.pool_size = link.poolSize;
    if (link.timeoutMs !== undefined) facts[`timeout_ms.${callee}`] = link.timeoutMs;
    if (link.retries !== undefined) facts[`retries.${callee}`] = link.retries;
  }
  return facts;
}

/** Structure and capacity that an operator knows, as a topology file declares them; no instance is named. */
export function declaredFacts(spec: SystemSpec, nowMs: number): TopologySignal {
  const zones = [...new Set(spec.hosts.map(({ zone }) => zone))];
  return {
    type: "topology",
    source: "file",
    receivedMs: nowMs,
    entities: [
      ...spec.services.map((one) => ({
        id: `service:${one.name}`,
        kind: "service" as const,
        name: one.name,
        attributes: capacityOf(one),
      })),
      ...spec.hosts.map(({ name }) => ({
        id: `host:${name}`,
        kind: "host" as const,
        name,
        attributes: {},
      })),
      ...zones.map((name) => ({ id: `zone:${name}`, kind: "zone" as const, name, attributes: {} })),
    ],
    relations: spec.hosts.map(({ name, zone }) => ({
      from: `host:${name}`,
      to: `zone:${zone}`,
      type: "hosted_in" as const,
    })),
  };
}
