import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ENTRY_OPERATIONS, SHOP_SERVICES } from "../../../src/demo/world/contract.ts";
import { LATENCY_THRESHOLD_MS, LoadWindow } from "../../../src/demo/world/load-window.ts";
import { SHOP_PLAN } from "../../../src/demo/world/shop-plan.ts";
import { topologyFacts } from "../../../src/demo/world/topology-facts.ts";

const fileSchema = z.object({
  slos: z.array(
    z.object({
      service: z.literal("gateway"),
      operation: z.enum(ENTRY_OPERATIONS),
      objective: z.number(),
      latency_threshold: z.string().regex(/^\d+ms$/),
    }),
  ),
});

test("the shop's objectives cover each entry operation, with the thresholds that the load judges by", () => {
  const path = join(import.meta.dirname, "../../../src/demo/world/slo.yaml");
  const { slos } = fileSchema.parse(parse(readFileSync(path, "utf8")));
  expect(slos.map((it) => it.operation).sort()).toEqual([...ENTRY_OPERATIONS].sort());
  for (const slo of slos)
    expect(slo.latency_threshold).toBe(`${LATENCY_THRESHOLD_MS[slo.operation]}ms`);
});

test("the topology facts name every service with its capacity, and each relation has both its ends", () => {
  const { entities, relations } = topologyFacts();
  const ids = new Set(entities.map((it) => it.id));
  expect(ids.size).toBe(entities.length);
  for (const { from, to } of relations) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
  for (const service of SHOP_SERVICES) {
    const entity = entities.find((it) => it.id === `service:${service}`);
    expect(entity?.attributes.workers).toBe(SHOP_PLAN[service].workers);
    expect(entity?.attributes.replicas).toBe(SHOP_PLAN[service].nodes.length);
  }
  expect(entities.filter((it) => it.kind === "zone").map((it) => it.name)).toEqual([
    "zone-a",
    "zone-b",
  ]);
});

test("a request is bad when it failed, was not answered, or was slower than its threshold", () => {
  const window = new LoadWindow();
  const sample = (tookMs: number, status: number, endMs = 10) => ({
    operation: "GET /" as const,
    tookMs,
    status,
    endMs,
  });
  window.add(
    [
      sample(20, 200),
      sample(501, 200),
      sample(20, 500),
      sample(20, 0),
      sample(900, 404),
      sample(20, 404),
      sample(9_000, 200, 20),
    ],
    3,
  );
  expect(window.between(0, 20)[0]).toMatchObject({ requests: 6, bad: 4, failed: 2 });
  expect(window.between(20, 30)[0]).toMatchObject({ requests: 1, bad: 1, failed: 0 });
  expect(window.dropped).toBe(3);
});
