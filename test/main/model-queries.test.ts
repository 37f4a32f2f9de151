import { expect, test } from "vitest";
import { createModelQueries } from "../../src/main/model-queries.ts";
import { sloReading } from "../../src/main/slo-reading.ts";
import { predict } from "../../src/model/whatif/predict.ts";
import type { ModelQueries } from "../../src/slack/deps.ts";
import { at, FAULT_S, SHOP_S, sharedShop } from "../tools/tool-world.ts";

const NOW_MS = at(SHOP_S + 10);

/** The small shop whose catalog 1.1.0 is slow; nothing of it has paged. */
function shopQueries(): ModelQueries {
  const world = sharedShop();
  return createModelQueries({
    incidents: { unresolved: async () => [] } as never,
    now: () => world.at(NOW_MS),
    at: (ms) => world.at(ms),
    predict: async (view, interventions, operations) =>
      predict(view, { interventions, operations }),
  });
}

async function status(about?: string) {
  const answer = await shopQueries().status(about === undefined ? {} : { about });
  if (!answer.ok) throw new Error(answer.message);
  return answer.data;
}

async function why(about: string, atMs?: number) {
  const answer = await shopQueries().why({ about, ...(atMs === undefined ? {} : { atMs }) });
  if (!answer.ok) throw new Error(answer.message);
  return answer.data;
}

test("the status of a service within tells of it, and of the objectives whose requests pass it", async () => {
  const { place, objectives } = await status("catalog");
  expect(objectives.map(({ status: one }) => one.slo.id)).toEqual(["product"]);
  expect(place?.reading).toMatchObject({ name: "catalog", type: "service", errorRatio: 0 });
  expect(place?.reading.count).toBeGreaterThan(100);
  expect(place?.suspectedOf).toMatchObject({ title: "catalog 1.1.0 became slower" });
});

test("the status of a bystander clears it, and that of what is outside is seen from its callers", async () => {
  const payment = await status("payment");
  expect(payment.objectives.map(({ status: one }) => one.slo.id)).toEqual(["checkout"]);
  expect(payment.place?.suspectedOf?.title ?? "").not.toContain("catalog");
  const psp = await status("psp.example");
  expect(psp.place?.reading).toMatchObject({ name: "psp.example", type: "external" });
  expect(psp.place?.reading.requestRate).toBeGreaterThan(1);
});

test("the status of an entry, of an objective and of everything are their objectives", async () => {
  expect((await status()).objectives).toHaveLength(2);
  expect((await status("gateway")).objectives).toHaveLength(2);
  const one = await status("checkout");
  expect(one.objectives.map(({ status: each }) => each.slo.id)).toEqual(["checkout"]);
  expect(one.place).toBeUndefined();
});

test("objectives are read over every window of their rules", async () => {
  const [reading] = (await status("product")).objectives;
  expect(reading?.windows.map(({ lengthMs }) => lengthMs)).toEqual([10_000, 60_000]);
  expect(reading?.windows[0]?.goodRatio).toBeLessThan(0.5);
});

test("a time of day that is still to come is said to be", async () => {
  const refused = await shopQueries().status({ atMs: at(-3 * 3_600) });
  expect(refused).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^Today that is still to come\. I keep/),
  });
  const earlier = await shopQueries().status({ atMs: at(-36 * 3_600) });
  expect(earlier).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^I keep what happened since/),
  });
});

test("no share is of a longer time than was watched", async () => {
  const view = sharedShop().at(at(30));
  const [slo] = view.slos();
  const status = slo === undefined ? undefined : view.sloStatus(slo.id);
  if (status === undefined) throw new Error("a shop without objectives");
  const { windows } = sloReading(view, status);
  expect(Math.max(...windows.map(({ lengthMs }) => lengthMs))).toBeLessThanOrEqual(30_000);
});

test.each(["catalog", "catalog-0", "shop", "psp.example", "payment"])(
  "why %s is answered, with how it does itself",
  async (about) => {
    const { place } = await why(about);
    expect(place?.reading.name).toBe(about);
  },
);

test("why of the cause, of a bystander, and of an entry", async () => {
  const blamed = await why("catalog");
  expect(blamed.place?.cause).toBe(blamed.diagnosis.hypotheses[0]);
  expect(blamed.objective?.status.slo.id).toBe("product");
  expect((await why("GET /product/{id}")).place).toBeUndefined();
  expect((await why("gateway")).place).toBeUndefined();
});

test("what is unknown is refused with names that are known", async () => {
  const answer = await shopQueries().why({ about: "catalgo" });
  expect(answer).toMatchObject({ ok: false, didYouMean: expect.arrayContaining(["catalog"]) });
});

test("changes are told since watching began, where that is later than was asked", async () => {
  const answer = await shopQueries().changes({ sinceMs: NOW_MS - 3_600_000 });
  if (!answer.ok) throw new Error(answer.message);
  expect(answer.data.changes).toHaveLength(3);
  expect(answer.data.watchedFromMs).toBeGreaterThan(NOW_MS - 300_000);
  const recent = await shopQueries().changes({ sinceMs: at(FAULT_S) });
  expect(recent).toMatchObject({ data: expect.not.objectContaining({ watchedFromMs: 0 }) });
});
