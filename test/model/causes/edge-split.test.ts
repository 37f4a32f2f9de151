import { expect, test } from "vitest";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import type { Intervention } from "../../../src/simulator/intervention.ts";
import type { SystemSpec } from "../../../src/simulator/system-spec.ts";
import { simulatedView } from "../../support/simulated-view.ts";
import { slo } from "../reading.ts";

const FAULT_S = 150;

/** A gateway that has carts; a cart asks a table and writes to it. */
const SYSTEM: SystemSpec = {
  name: "links",
  hosts: [0, 1].map((at) => ({ name: `node-${at}`, zone: "a", cores: 4 })),
  services: [
    {
      name: "gateway",
      version: "1.0.0",
      hosts: ["node-0", "node-1"],
      operations: [
        {
          name: "POST /checkout",
          cpu: { ms: 2, cv: 0.5 },
          steps: [[{ to: "cart", what: "POST /cart" }]],
        },
      ],
      links: { cart: { timeoutMs: 400, retries: 1 } },
    },
    {
      name: "cart",
      version: "1.0.0",
      hosts: ["node-0", "node-1"],
      operations: [
        {
          name: "POST /cart",
          cpu: { ms: 3, cv: 0.6 },
          wait: { ms: 10, cv: 0.5 },
          steps: [[{ to: "shop", what: "UPDATE row" }]],
        },
      ],
      links: { shop: { poolSize: 40 } },
    },
  ],
  databases: [
    {
      name: "shop",
      host: "node-1",
      workers: 20,
      statements: { "UPDATE row": { time: { ms: 3 }, lock: { table: "rows", rows: 500 } } },
    },
  ],
  load: [{ service: "gateway", operation: "POST /checkout", perSecond: 20 }],
};

function leadingOf(intervention: Intervention): string | undefined {
  const view = simulatedView(SYSTEM, {
    seed: 5,
    seconds: FAULT_S + 60,
    slos: [slo()],
    interventions: [[FAULT_S, intervention]],
  });
  return diagnose(view, { sloId: "checkout" }).hypotheses[0]?.name;
}

test("calls that wait for a lock, while others of their kind are as fast as ever, point at the store", () => {
  expect(
    leadingOf({ type: "lock", database: "shop", table: "rows", heldMs: 500, freeMs: 150 }),
  ).toBe("shop");
});

test("a query that is slow each time points at who asks it", () => {
  expect(
    leadingOf({
      type: "deploy",
      service: "cart",
      version: "1.1.0",
      behaviour: { calleeFactor: { shop: 40 } },
    }),
  ).toBe("cart");
});

test.each<Intervention>([
  { type: "delay", caller: "gateway", callee: "cart", ms: 120 },
  { type: "loss", caller: "gateway", callee: "cart", share: 0.2 },
])("a callee that serves what reaches it as before is not blamed for its link: $type", (fault) => {
  expect(leadingOf(fault)).toBe("gateway->cart");
});
