import { expect, test } from "vitest";
import type { Signal } from "../../../src/model/signal.ts";
import { SliHistory } from "../../../src/model/slo/sli-history.ts";
import type { BurnRateRule, SloDefinition } from "../../../src/model/slo/slo.ts";
import { burnRate, sloStatusAt } from "../../../src/model/slo/slo-status.ts";
import { createWorld } from "../../../src/model/world.ts";
import { traceIdOf, traceSignals } from "../../support/spans.ts";
import { at, slo, sloSignal, worldOf } from "../reading.ts";

const HOUR = 3_600_000;
const rule = (longMs: number, shortMs: number, rate: number): BurnRateRule => ({
  longMs,
  shortMs,
  burnRate: rate,
  severity: "page",
});

/** The SRE workbook's rules for 99.9 %: 2 % of a month's budget in an hour, 5 % in six hours, 10 % in three days. */
const WORKBOOK: SloDefinition = slo({
  objective: 0.999,
  rules: [rule(HOUR, HOUR / 12, 14.4), rule(6 * HOUR, HOUR / 2, 6), rule(72 * HOUR, 6 * HOUR, 1)],
});

const BASE = 1_795_485_600;
const DAYS = 4 * 24 * 3600;

/** Ten requests every ten seconds for four days, of which `badOf(second)` fail; closed at the end. */
function history(badOf: (second: number) => number, seconds = DAYS): SliHistory {
  const filled = new SliHistory(300);
  for (let second = 0; second < seconds; second += 10) {
    filled.close((BASE + second) * 1000);
    for (let index = 0; index < 1_000; index += 1) {
      filled.count((BASE + second) * 1000 + 1, index < badOf(second), 1);
    }
  }
  filled.close((BASE + seconds + 2) * 1000);
  return filled;
}

function status(filled: SliHistory, seconds: number, definition: SloDefinition = WORKBOOK) {
  const asOfMs = (BASE + seconds) * 1000;
  return sloStatusAt(definition, filled, { asOfMs, closedSecond: filled.closedSecond });
}

const rates = (of: ReturnType<typeof status>): unknown =>
  of.burnRates.map(({ long, short, firing }) => [
    Number(long.toFixed(2)),
    Number(short.toFixed(2)),
    firing,
  ]);

test("a burn rate is how many times faster than allowed the budget is spent", () => {
  const sli = { good: 986, bad: 14, errors: 14, slow: 0, ratio: 0.986, covered: 1 };
  expect(burnRate(sli, 0.999)).toBeCloseTo(14, 9);
  expect(burnRate({ ...sli, covered: 0.5 }, 0.999)).toBeCloseTo(7, 9);
  expect(burnRate({ ...sli, good: 0, bad: 0 }, 0.999)).toBe(0);
  expect(burnRate(sli, 1)).toBeGreaterThan(1e6);
});

test("1.44 % of failures for an hour fire the first rule of the workbook, and only that", () => {
  const seen = status(
    history((second) => (second >= DAYS - 3_600 ? 15 : 0)),
    DAYS,
  );
  expect(rates(seen)).toEqual([
    [15, 15, true],
    [2.5, 15, false],
    [0.21, 2.5, false],
  ]);
  expect(seen.state).toBe("burning");
  expect(seen.sli).toMatchObject({ bad: 5_400 });
});

test("a fire that is out resets with the short window: the long one alone does not page", () => {
  const seen = status(
    history((second) => (second >= DAYS - 3_600 && second < DAYS - 400 ? 30 : 0)),
    DAYS,
  );
  expect(seen.burnRates[0]?.long).toBeGreaterThan(14.4);
  expect(seen.burnRates[0]?.short).toBe(0);
  expect(seen.state).toBe("ok");
});

test("a slow burn of 0.1 % over three days is caught by the last rule", () => {
  expect(
    rates(
      status(
        history(() => 1),
        DAYS,
      ),
    ),
  ).toEqual([
    [1, 1, false],
    [1, 1, false],
    [1, 1, true],
  ]);
});

test("time before the first sample counts as good: a first failing minute spends a minute's budget", () => {
  const seen = status(
    history(() => 1_000, 60),
    60,
  );
  // 100 % bad for 60 of 3600 seconds is 16.7 times the budget; of 21600 seconds, 2.8 times.
  expect(rates(seen)).toEqual([
    [16.67, 200, true],
    [2.78, 33.33, false],
    [0.23, 2.78, false],
  ]);
});

const request = (index: number, atS: number): Signal[] =>
  traceSignals(
    { service: "gateway", operation: "POST /checkout", selfMs: 20 },
    { traceId: traceIdOf(index), startMs: at(atS) },
  );

function statesOf(signals: readonly Signal[], seconds: readonly number[]): unknown {
  const world = createWorld();
  return seconds.map((second, index) => {
    const from = index === 0 ? Number.NEGATIVE_INFINITY : at(seconds[index - 1] ?? 0);
    worldOf(
      signals.filter((signal) => signal.receivedMs > from && signal.receivedMs <= at(second)),
      at(second),
      world,
    );
    return world.at(at(second)).sloStatus("checkout")?.state;
  });
}

test("traffic that vanishes is absent after `absentAfterMs` of known silence, and there again when it comes back", () => {
  const before = Array.from({ length: 20 }, (_, index) => request(index, index)).flat();
  const after = Array.from({ length: 5 }, (_, index) => request(100 + index, 80 + index)).flat();
  const signals = [sloSignal(at(0)), ...before, ...after];
  expect(statesOf(signals, [10, 30, 50, 53, 79, 84])).toEqual([
    "ok",
    "ok",
    "ok",
    "absent",
    "absent",
    "ok",
  ]);
});

test("a quiet entry with a request just inside the limit is not absent", () => {
  const signals = [sloSignal(at(0)), ...request(1, 0), ...request(2, 29), ...request(3, 58)];
  expect(statesOf(signals, [5, 29, 30, 31, 32, 58, 60, 62, 80])).toEqual(Array(9).fill("ok"));
});

test("an operation that was never seen has no data; it is not absent, and not good either", () => {
  const view = worldOf([sloSignal(at(0))], at(600)).at(at(600));
  expect(view.sloStatus("checkout")).toMatchObject({ state: "no-data" });
  expect(view.sloStatus("checkout")?.operation).toBeUndefined();
  expect(view.sloStatus("nothing")).toBeUndefined();
  expect(view.sli("nothing", { fromMs: 0, toMs: 1 })).toMatchObject({ good: 0, covered: 0 });
});

test("a batch that is delivered again late is not counted again, and does not make the vanished present", () => {
  const signals = Array.from({ length: 10 }, (_, index) => request(index, index)).flat();
  const again = signals.map((signal) => ({ ...signal, receivedMs: at(35) }));
  const world = worldOf([sloSignal(at(0)), ...signals, ...again], at(60));
  const view = world.at(at(60));
  expect(view.sli("checkout", { fromMs: at(0), toMs: at(60) }).good).toBe(10);
  expect(view.sloStatus("checkout")?.state).toBe("absent");
  expect(world.stats()).toMatchObject({ spansDuplicate: 10, spansLate: 0 });
});

test("requests that come late count, once, in the first second that is open", () => {
  const late = request(1, 2).map((signal) => ({ ...signal, receivedMs: at(20) }));
  const gone = request(2, 2).map((signal) => ({ ...signal, receivedMs: at(50) }));
  const world = worldOf([sloSignal(at(0)), ...request(3, 1), ...late, ...gone], at(70));
  const view = world.at(at(70));
  expect(view.sli("checkout", { fromMs: at(0), toMs: at(10) }).good).toBe(1);
  expect(view.sli("checkout", { fromMs: at(10), toMs: at(30) }).good).toBe(1);
  expect(world.stats()).toMatchObject({ sliMoved: 1, sliDropped: 1 });
});

test("an objective that measures what it measured before keeps its history; one that does not starts anew", () => {
  const signals = Array.from({ length: 10 }, (_, index) => request(index, index)).flat();
  const world = worldOf([sloSignal(at(0)), ...signals], at(20));
  const good = (): number | undefined =>
    world.at(at(20)).sli("checkout", { fromMs: at(0), toMs: at(20) }).good;
  world.apply(sloSignal(at(20), slo({ objective: 0.5, team: "shop" })));
  expect(good()).toBe(10);
  world.apply(sloSignal(at(20), slo({ latencyThresholdMs: 10 })));
  expect(good()).toBe(0);
});

test("objectives of one source do not touch another's, and those beyond the limit are refused and counted", () => {
  const world = createWorld();
  world.apply(sloSignal(at(0), slo({ id: "a" }), slo({ id: "b", operation: "GET /" })));
  world.apply({
    ...(sloSignal(at(1), slo({ id: "c" })) as Signal & { type: "slos" }),
    source: "chat",
  });
  world.apply(sloSignal(at(2), slo({ id: "a" })));
  expect(
    world
      .at(at(3))
      .slos()
      .map((one) => one.id)
      .sort(),
  ).toEqual(["a", "c"]);
  const many = Array.from({ length: 600 }, (_, index) => slo({ id: `m-${index}` }));
  world.apply(sloSignal(at(4), ...many));
  expect(world.at(at(5)).slos()).toHaveLength(500);
  expect(world.stats().objectivesRefused).toBe(101);
});

test("owners and objectives are entities that can be asked for", () => {
  const signals = [sloSignal(at(0), slo({ team: "checkout-team" })), ...request(1, 1)];
  const view = worldOf(signals, at(30)).at(at(30));
  const shown = view
    .relations({ from: "service:gateway" as never })
    .map(({ type, to }) => `${type} ${to}`);
  expect(shown).toContain("owned_by team:checkout-team");
  expect(shown).toContain("measured_by slo:checkout");
});
