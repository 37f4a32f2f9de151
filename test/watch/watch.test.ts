import { expect, test } from "vitest";
import type { Incident } from "../../src/incident/contract.ts";
import { RunningWatch } from "./running-watch.ts";

const SLOW_CATALOG = { catalogMs: 800 };

async function only(running: RunningWatch): Promise<Incident> {
  const all = await running.incidents.unresolved();
  expect(all).toHaveLength(1);
  const [incident] = all;
  if (incident === undefined) throw new Error("no incident");
  return incident;
}

test("an objective that burns pages once, and the first diagnosis comes within four seconds", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  expect(await running.incidents.unresolved()).toEqual([]);
  await running.pass(30, SLOW_CATALOG);
  const incident = await only(running);
  expect(incident.page).toMatchObject({ type: "burn", sloId: "get-home" });
  expect(incident.page.title).toMatch(/^GET \/home is burning its error budget \d+×$/);
  expect(incident.page.ruleText).toBe(
    "objective 99 %; pages on 60 s and 10 s at 14.4×; an action is judged 60 s after it",
  );
  expect(incident.channel).toBe("checkout-incidents");
  expect(incident.firstDiagnosis?.hypotheses[0]?.name).toBe("catalog");
  expect((incident.firstDiagnosis?.asOfMs ?? 0) - incident.openedMs).toBeLessThanOrEqual(4_000);
});

test("it is recovered when no rule fires and the objective has been met for 30 s, and reopens when it fires again", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  await running.pass(30, SLOW_CATALOG);
  await running.pass(35);
  expect((await only(running)).recovered).toBeUndefined();
  await running.pass(15);
  const { recovered, id } = await only(running);
  expect(recovered?.values.badRatio?.value).toBe(0);
  await running.pass(60);
  const againMs = running.nowMs;
  await running.pass(40, SLOW_CATALOG);
  const again = await only(running);
  expect(again.id).toBe(id);
  expect(again.recovered).toBeUndefined();
  expect(again).toMatchObject({ episode: 2, joined: [], earlier: [{ type: "burn" }] });
  expect(again.episodeMs).toBe(again.page.atMs);
  // A diagnosis of its own, of what began now.
  expect(again.firstDiagnosis?.asOfMs).toBeGreaterThan(again.episodeMs - 1);
  expect(again.firstDiagnosis?.symptom?.onsetMs).toBeGreaterThan(againMs - 6_000);
});

test("another cause on the same objective, minutes after a recovery, is another incident; the old one stays over", async () => {
  const running = new RunningWatch();
  await running.pass(180);
  await running.pass(40, SLOW_CATALOG);
  await running.pass(150);
  const first = await only(running);
  expect(first.recovered).toBeDefined();
  await running.pass(60, { gatewayMs: 900 });
  const [old, next, ...others] = await running.incidents.unresolved();
  expect(others).toEqual([]);
  expect(old).toEqual(first);
  expect(next?.page.sloId).toBe("get-home");
  expect(next?.firstDiagnosis?.hypotheses[0]?.name).toBe("gateway");
});

test("while it fires the diagnosis is renewed every minute, whether or not it is news", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  await running.pass(70, SLOW_CATALOG);
  for (let minute = 0; minute < 3; minute += 1) {
    await running.pass(62, SLOW_CATALOG);
    const { diagnosis } = await only(running);
    expect(running.nowMs - (diagnosis?.asOfMs ?? 0)).toBeLessThanOrEqual(66_000);
  }
});

test("an incident that stays recovered is closed after half an hour, and the next page opens another", async () => {
  const running = new RunningWatch();
  await running.pass(60);
  await running.pass(30, SLOW_CATALOG);
  await running.pass(31 * 60 + 40, { home: 2, basket: 1 });
  expect(await running.incidents.unresolved()).toEqual([]);
  await running.pass(60);
  await running.pass(40, SLOW_CATALOG);
  expect((await only(running)).joined).toEqual([]);
}, 60_000);

test("two objectives hurt by one cause are one incident; another cause is another", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  await running.pass(90, SLOW_CATALOG);
  await running.pass(40, { ...SLOW_CATALOG, cartFails: true });
  const all = await running.incidents.unresolved();
  expect(all.map((one) => one.page.sloId)).toEqual(["get-home", "post-cart"]);
  expect(all[1]?.firstDiagnosis?.hypotheses[0]?.name).toBe("cart");
});

test("an operation that vanishes while others are heard pages as absent", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  await running.pass(29, { silent: "gateway" });
  expect(await running.incidents.unresolved()).toEqual([]);
  await running.pass(15, { silent: "gateway" });
  const incident = await only(running);
  expect(incident.page).toMatchObject({ type: "absent" });
  expect(incident.joined).toHaveLength(1);
  expect(incident.firstDiagnosis?.hypotheses[0]).toMatchObject({
    name: "gateway",
    type: "stopped",
  });
  await running.pass(60);
  expect((await only(running)).recovered).toBeDefined();
});

test("an operation with little traffic is not absent because it is quiet for half a minute", async () => {
  const running = new RunningWatch();
  const rare = { home: 10, basket: 0 };
  for (let minute = 0; minute < 4; minute += 1) {
    await running.pass(1, { basket: 1 });
    await running.pass(59, rare);
  }
  expect(await running.incidents.unresolved()).toEqual([]);
});

test("all telemetry gone is blindness: one page, no diagnosis, no absence, also after it is back", async () => {
  const running = new RunningWatch();
  await running.pass(120);
  await running.pass(60, { silent: "all" });
  const incident = await only(running);
  expect(incident.page).toMatchObject({ type: "blind" });
  expect(incident.channel).toBe("incidents");
  expect(incident.firstDiagnosis).toBeUndefined();
  expect(running.watch.isBlind).toBe(true);
  await running.pass(45);
  expect(running.watch.isBlind).toBe(false);
  expect((await only(running)).recovered).toBeDefined();
});

test("after a restart nothing pages twice, and silence is counted from the restart", async () => {
  const first = new RunningWatch();
  await first.pass(120);
  await first.pass(30, SLOW_CATALOG);
  const { id } = await only(first);
  const second = new RunningWatch(first.store, true, first.nowMs + 120_000);
  await second.pass(20);
  expect((await only(second)).id).toBe(id);
  await second.pass(40);
  expect((await only(second)).recovered).toBeDefined();
});

test("a signal that breaks the model is dropped alone, and counted", async () => {
  const running = new RunningWatch();
  await running.pass(5);
  const before = running.world.stats().spans;
  running.sendBroken();
  await running.pass(2);
  expect(running.meter.get("orrery_watch_failures_total", { what: "apply" })).toBe(1);
  expect(running.world.stats().spans).toBeGreaterThan(before);
});
