import { expect, test } from "vitest";
import { TEMPLATES_PER_SERVICE_MAX } from "../../src/model/log-store.ts";
import type { LogRecord, Signal } from "../../src/model/signal.ts";
import type { LogTemplateWindow } from "../../src/model/view.ts";
import { at, total, worldOf } from "./reading.ts";

const WINDOW = { fromMs: at(0), toMs: at(40) };

function log(
  atS: number,
  body: string,
  over: Partial<LogRecord> & { service?: string } = {},
): Signal {
  const { service = "cart", ...rest } = over;
  const record: LogRecord = {
    timeMs: at(atS),
    severity: 9,
    body,
    traceId: "",
    spanId: "",
    attributes: {},
    ...rest,
  };
  return {
    type: "logs",
    source: "test",
    receivedMs: at(atS + 1),
    resource: { "service.name": service },
    records: [record],
  };
}

const templatesOf = (signals: readonly Signal[]): readonly LogTemplateWindow[] =>
  worldOf(signals, at(60)).at(at(60)).logTemplates(WINDOW);

const textsOf = (signals: readonly Signal[]): readonly string[] =>
  templatesOf(signals).map((one) => one.template);

test("values are masked: numbers, ids, addresses, times, quoted text", () => {
  const bodies = [
    "user 17 paid 12.50 from 10.0.0.7:4431 in 35ms",
    'order "A-77" of 0f8fad5b-d9cb-469f-a165-70867728950e failed at 2026-11-24T02:00:01.5Z',
    "GET https://shop.example/items?id=7 by anna@shop.example gave 0xdeadbeef",
  ];
  expect(textsOf(bodies.map((body, index) => log(6 + index, body))).toSorted()).toEqual([
    "GET <…> by <…> gave <…>",
    "order <…> of <…> failed at <…>",
    "user <…> paid <…> from <…> in <…>",
  ]);
});

test("texts that differ in a value are one template, counted by bucket", () => {
  const [template, ...others] = templatesOf(
    [6, 7, 12].map((atS) => log(atS, `stock of item ${atS} is low`)),
  );
  expect(others).toEqual([]);
  expect(template?.template).toBe("stock of item <…> is low");
  expect(Array.from(template?.count ?? []).slice(0, 3)).toEqual([2, 1, 0]);
  expect(template?.firstSeenMs).toBe(at(6));
});

test("words that vary become a gap once two texts show it", () => {
  const names = ["anna", "bert", "carl"];
  const texts = textsOf(
    names.map((name, index) => log(6 + index, `session of ${name} was closed now`)),
  );
  expect(texts).toEqual(["session of <…> was closed now"]);
});

test("an error never hides among informational records of the same words, nor one service's in another's", () => {
  const body = "payment with provider done";
  const templates = templatesOf([
    log(6, body),
    log(7, body, { severity: 17 }),
    log(8, body, { service: "orders" }),
  ]);
  expect(templates.map((one) => [one.service, one.severity]).toSorted()).toEqual([
    ["service:cart", 17],
    ["service:cart", 9],
    ["service:orders", 9],
  ]);
  expect(new Set(templates.map((one) => one.id)).size).toBe(3);
});

test("samples are redacted before they are cut, capped in length and number, each of another trace", () => {
  const secret = "password=hunter2hunter2";
  const long = `${"x".repeat(190)} ${secret}`;
  const bodies = [
    log(6, `login failed ${secret}`, { traceId: "a" }),
    log(6.1, `login failed ${secret}`, { traceId: "a" }),
    log(6.2, `login failed ${secret}`, { traceId: "b" }),
    log(6.3, `login failed ${secret}`, { traceId: "c" }),
    log(6.4, `login failed ${secret}`, { traceId: "d" }),
    log(7, long, { traceId: "e" }),
  ];
  const templates = templatesOf(bodies);
  const login = templates.find((one) => one.template.startsWith("login"));
  expect(login?.samples.map((sample) => sample.traceId)).toEqual(["a", "b", "c"]);
  for (const { template, samples } of templates) {
    expect(template).not.toContain("hunter2");
    for (const { text } of samples) {
      expect(text.length).toBeLessThanOrEqual(200);
      expect(text).not.toContain("hunter2");
    }
  }
  expect(total(login?.count ?? new Float64Array())).toBe(5);
});

test("templates that are new and those that are gone are seen by their counts and first sight", () => {
  const old = [6, 11, 16].map((atS) => log(atS, "cache warmed up"));
  const fresh = [21, 26, 31].map((atS) =>
    log(atS, "upstream refused the connection", { severity: 17 }),
  );
  const view = worldOf([...old, ...fresh], at(60)).at(at(60));
  const seen = (fromS: number, toS: number) =>
    view.logTemplates({ fromMs: at(fromS), toMs: at(toS) }).map((one) => one.template);
  expect(seen(5, 20)).toEqual(["cache warmed up"]);
  expect(seen(20, 35)).toEqual(["upstream refused the connection"]);
  const [latest] = view.logTemplates({ fromMs: at(20), toMs: at(35) });
  expect(latest?.firstSeenMs).toBe(at(21));
});

test("a view of the past shows no sample that was logged later", () => {
  const world = worldOf(
    [6, 50].map((atS) => log(atS, "cache warmed up", { traceId: `${atS}` })),
    at(90),
  );
  const [template] = world.at(at(30)).logTemplates(WINDOW);
  expect(template?.samples.map((sample) => sample.traceId)).toEqual(["6"]);
});

test("beyond its templates a service's records count together, and are said", () => {
  const words = (index: number): string =>
    [...index.toString(2).padStart(10, "0")].map((bit) => (bit === "1" ? "yes" : "no")).join(" ");
  const signals = Array.from({ length: 400 }, (_, index) => log(6 + index / 100, words(index)));
  const world = worldOf(signals, at(60));
  expect(world.stats().templates).toBeLessThanOrEqual(TEMPLATES_PER_SERVICE_MAX + 1);
  const counted = world.at(at(60)).logTemplates(WINDOW);
  expect(counted.reduce((sum, one) => sum + total(one.count), 0)).toBe(400);
});

test("records that come too late are counted, and in no column", () => {
  const [late] = [log(6, "late")].map((signal) => ({ ...signal, receivedMs: at(40) }));
  const world = worldOf([log(1, "first"), log(38, "near"), late as Signal], at(60));
  expect(world.stats()).toMatchObject({ records: 2, recordsLate: 1 });
});
