import { expect, test } from "vitest";
import { type Signal, SPAN_KIND, type Span, STATUS } from "../../src/model/signal.ts";
import { isoTime } from "../../tools/answer.ts";
import { surveySystem } from "../../tools/survey-system.ts";
import { resourceOf, traceIdOf } from "../support/spans.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import {
  at,
  buildWorld,
  CHECKOUT,
  contextOf,
  FAULT_S,
  sharedShop,
  shopVisit,
} from "./tool-world.ts";

test("tells of every service what it serves, with failures first", async () => {
  const { data, evidence, notes } = await answered(contextOf(sharedShop()), surveySystem);
  expect(data.services.map((one) => one.name)).toEqual([
    "checkout",
    "payment",
    "gateway",
    "catalog",
  ]);
  const catalog = data.services.find((one) => one.name === "catalog");
  expect(catalog).toMatchObject({ instances: 2, versions: ["1.1.0", "1.0.0"], errorRatio: 0 });
  expect(catalog?.p95Ms).toBeGreaterThan(200);
  expect(data.objectives).toEqual([
    { id: "product", state: "burning" },
    { id: "checkout", state: "burning" },
  ]);
  expect(data.stores).toEqual(["shop", "psp.example"]);
  expect(data).toMatchObject({ hosts: 4, changesLastHour: 3 });
  expect(data.seen.droppedSpans).toBe(0);
  expect(notes.join()).toContain("psp.example");
  const payment = evidence.find((one) => one.about === "payment");
  // Five requests a second; one in five fails since the fault, which fills half of the window.
  expect(quantityOf(payment, "requestRate")).toBeCloseTo(5, 0);
  expect(quantityOf(payment, "errorRatio")).toBeCloseTo(0.1, 1);
});

test("leaves no service and no objective out: those that are not told for themselves are told together", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const world = buildWorld({
    seconds: 60,
    rate: 12,
    visit: (request) => ({
      service: names[request % names.length] ?? "",
      operation: "GET /",
      selfMs: 5 + (request % names.length),
    }),
    slos: names.map((service) => ({ ...CHECKOUT, id: service, service, operation: "GET /" })),
  });
  const { evidence } = await answered(contextOf(world, { nowMs: at(70) }), surveySystem);
  const services = evidence.filter((one) => one.kind === "service");
  expect(services.map((one) => one.about)).toEqual(["f", "e", "d", "other services"]);
  expect(services.at(-1)?.text).toBe(
    "c, b, a serve with p95 of at most {{p95Ms}} and at most {{errorRatio}} errors",
  );
  expect(quantityOf(services.at(-1), "p95Ms")).toBeCloseTo(7, 0);
  const objectives = evidence.filter((one) => one.kind === "slo");
  expect(objectives).toHaveLength(3);
  expect(objectives.at(-1)?.text).toMatch(/keep their objectives$/);
});

test("shows how it looked before the fault", async () => {
  const { data } = await answered(contextOf(sharedShop()), surveySystem, { at: "02:02:30" });
  expect(data.asOf).toBe("2026-11-24T02:02:30Z");
  expect(data.window.to <= data.asOf).toBe(true);
  const catalog = data.services.find((one) => one.name === "catalog");
  expect(catalog?.versions).toEqual(["1.0.0"]);
  expect(catalog?.p95Ms).toBeLessThan(40);
  expect(data.objectives.every((one) => one.state === "ok")).toBe(true);
});

function callingOnly(atS: number): Signal {
  const span: Span = {
    traceId: traceIdOf(1_000_000 + atS),
    spanId: "00000000000000aa",
    parentSpanId: "",
    name: "GET",
    kind: SPAN_KIND.client,
    startMs: at(atS),
    endMs: at(atS) + 5,
    status: STATUS.unset,
    statusMessage: "",
    attributes: { "http.request.method": "GET", "server.address": "elsewhere.example" },
  };
  const resource = resourceOf({ service: "cron" });
  return { type: "spans", source: "test", receivedMs: at(atS) + 100, resource, spans: [span] };
}

test("puts a service that fell silent on top, and one that only calls at the end", async () => {
  const stopped = buildWorld({
    seconds: 400,
    rate: 4,
    visit: (request, atS) => {
      const visit = shopVisit(request, Math.min(atS, FAULT_S - 1));
      // After 200 s the catalog answers nobody: the gateway serves alone.
      return atS > 200 ? { ...visit, calls: [] } : visit;
    },
    signals: [callingOnly(300), callingOnly(390)],
  });
  const { data, evidence } = await answered(contextOf(stopped, { nowMs: at(410) }), surveySystem);
  expect(data.services.at(-1)).toMatchObject({ name: "cron", requestsPerSecond: 0 });
  expect(data.services[0]).toMatchObject({ name: "catalog", requestsPerSecond: 0, p95Ms: null });
  expect(evidence.find((one) => one.about === "catalog")?.text).toContain("served nothing");
});

test("answers of an empty system that nothing was seen", async () => {
  const empty = buildWorld({ seconds: 0, rate: 1, visit: shopVisit });
  const { data, evidence } = await answered(contextOf(empty), surveySystem);
  expect(data).toMatchObject({ services: [], objectives: [], stores: [], hosts: 0 });
  expect(quantityOf(evidence[0], "services")).toBe(0);
});

test("refuses instants that it cannot read, has not kept, or that are still to come", async () => {
  const context = contextOf(sharedShop());
  expect((await refused(context, surveySystem, { at: "half past" })).code).toBe("time_unreadable");
  expect((await refused(context, surveySystem, { at: "5 months ago" })).code).toBe(
    "time_unreadable",
  );
  const old = await refused(context, surveySystem, { at: "2 h ago" });
  expect(old).toMatchObject({
    code: "time_not_retained",
    didYouMean: [isoTime(context.view.retainedFromMs)],
  });
  expect((await refused(context, surveySystem, { at: "2026-11-24 02:30" })).code).toBe(
    "time_in_future",
  );
});
