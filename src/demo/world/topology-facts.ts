import { SHOP_SERVICES } from "./contract.ts";
import { DATA_NODE, SHOP_PLAN, zoneOf } from "./shop-plan.ts";

type FactValue = string | number | boolean;

/** The shape of `topology.json`: structure and capacity that an operator knows and traces do not show. */
export interface TopologyFacts {
  readonly entities: readonly {
    readonly id: string;
    readonly kind: string;
    readonly name: string;
    readonly attributes: Readonly<Record<string, FactValue>>;
  }[];
  readonly relations: readonly {
    readonly from: string;
    readonly to: string;
    readonly kind: "calls" | "runs_on" | "part_of";
  }[];
}

/** The shop as its owners documented it; it names no instance, because those come and go. */
export function topologyFacts(): TopologyFacts {
  const nodes = [...new Set(SHOP_SERVICES.flatMap((it) => SHOP_PLAN[it].nodes)), DATA_NODE].sort();
  const zones = [...new Set(nodes.map(zoneOf))].sort();
  const services = SHOP_SERVICES.map((service) => {
    const plan = SHOP_PLAN[service];
    const timeouts = Object.fromEntries(
      plan.callees.flatMap(({ callee, timeoutMs, retries }) => [
        [`timeout_ms.${callee}`, timeoutMs],
        [`retries.${callee}`, retries],
      ]),
    );
    const worst = plan.callees.reduce((most, it) => Math.max(most, it.timeoutMs), 0);
    return {
      id: `service:${service}`,
      kind: "service",
      name: service,
      attributes: {
        replicas: plan.nodes.length,
        workers: plan.workers,
        ...(plan.poolSize === undefined ? {} : { pool_size: plan.poolSize }),
        ...(worst === 0
          ? {}
          : { timeout_ms: worst, retries: Math.max(...plan.callees.map((it) => it.retries)) }),
        ...timeouts,
      },
    };
  });
  return {
    entities: [
      ...services,
      { id: "external:psp", kind: "external", name: "psp", attributes: {} },
      ...nodes.map((name) => ({ id: `host:${name}`, kind: "host", name, attributes: {} })),
      ...zones.map((name) => ({ id: `zone:${name}`, kind: "zone", name, attributes: {} })),
    ],
    relations: [
      ...SHOP_SERVICES.flatMap((service) =>
        SHOP_PLAN[service].callees.map(({ callee }) => ({
          from: `service:${service}`,
          to: callee === "psp" ? "external:psp" : `service:${callee}`,
          kind: "calls" as const,
        })),
      ),
      ...nodes.map((node) => ({
        from: `host:${node}`,
        to: `zone:${zoneOf(node)}`,
        kind: "part_of" as const,
      })),
    ],
  };
}
