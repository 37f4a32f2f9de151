import type { SystemSpec } from "../../../src/simulator/system-spec.ts";
import type { ScenarioWorld } from "./scenario-world.ts";

/** Two services and a database. A worker of `seats` is held for the whole request, its queries included. */
function ticketsSystem(perSecond: number): SystemSpec {
  return {
    name: "tickets",
    hosts: [
      { name: "t1", zone: "x", cores: 8 },
      { name: "t2", zone: "y", cores: 8, clockSkewMs: 0.5 },
    ],
    services: [
      {
        name: "web",
        version: "1.0.0",
        hosts: ["t1", "t2"],
        workers: { count: 128 },
        operations: [{ name: "GET /seats", cpu: 1, steps: [[{ to: "seats", what: "GET /free" }]] }],
        links: { seats: { timeoutMs: 2_000, retries: 1, backoffMs: 50 } },
      },
      {
        name: "seats",
        version: "1.0.0",
        hosts: ["t1", "t2"],
        workers: { count: 2, wait: "visible" },
        operations: [
          {
            name: "GET /free",
            cpu: 1,
            wait: 12,
            steps: [[{ to: "seating", what: "SELECT free" }]],
          },
        ],
      },
    ],
    databases: [
      { name: "seating", host: "t1", workers: 64, statements: { "SELECT free": { time: 8 } } },
    ],
    load: [{ service: "web", operation: "GET /seats", perSecond }],
  };
}

export const tickets: ScenarioWorld = {
  system: ticketsSystem,
  slos: [
    {
      id: "seats",
      description: "",
      service: "web",
      operation: "GET /seats",
      objective: 0.99,
      latencyThresholdMs: 120,
      rules: [{ longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" }],
      absentAfterMs: 30_000,
      settle: { effectMs: 20_000, observeMs: 40_000 },
    },
  ],
};
