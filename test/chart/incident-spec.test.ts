import { expect, test } from "vitest";
import type { ChartSpec } from "../../src/chart/chart-spec.ts";
import { incidentSpec } from "../../src/chart/incident-spec.ts";
import { diagnose } from "../../src/model/causes/diagnose.ts";
import type { Diagnosis, Hypothesis } from "../../src/model/causes/diagnosis.ts";
import type { Signal } from "../../src/model/signal.ts";
import type { WorldView } from "../../src/model/view.ts";
import { at, slo, sloSignal, worldOf } from "../model/reading.ts";
import { traceIdOf, traceSignals, type Visit } from "../support/spans.ts";

const FAULT_S = 183;
const END_S = 240;
const PER_S = 8;

/** From `FAULT_S` on requests wait in front of cart-1; its own work takes as long as ever. */
function requestAt(index: number): Signal[] {
  const atS = index / PER_S;
  const replica = (index >> 1) % 2;
  const isStarved = atS >= FAULT_S && replica === 1;
  const cart: Visit = {
    service: "cart",
    instance: `cart-${replica}`,
    host: `node-${replica}`,
    operation: "GET /cart",
    selfMs: 20,
    calls: [{ to: { database: "shop", what: "SELECT 1", ms: 3 } }],
  };
  const gateway: Visit = {
    service: "gateway",
    operation: "POST /checkout",
    selfMs: 5,
    calls: [{ to: cart, gapMs: isStarved ? 900 : 1 }],
  };
  return traceSignals(gateway, { traceId: traceIdOf(index), startMs: at(atS) });
}

const signals = Array.from({ length: END_S * PER_S }, (_, index) => requestAt(index)).flat();
const view: WorldView = worldOf([sloSignal(at(0), slo()), ...signals], at(END_S)).at(at(END_S));
const found = diagnose(view, { sloId: "checkout" });

function specOf(root: string): ChartSpec {
  const [first] = found.hypotheses;
  const cause = { ...first, root } as Hypothesis;
  const diagnosis: Diagnosis = { ...found, hypotheses: [cause] };
  return incidentSpec(view, diagnosis);
}

/** Mean of a line before and since the fault, ms. */
function levels(spec: ChartSpec, line: number): readonly [number, number] {
  const points = spec.series[line]?.points ?? [];
  const mean = (part: typeof points): number =>
    part.reduce((sum, { value }) => sum + value, 0) / part.length;
  const fault = at(FAULT_S);
  return [
    mean(points.filter(({ timeMs }) => timeMs + spec.stepMs <= fault)),
    mean(points.filter(({ timeMs }) => timeMs >= fault)),
  ];
}

test.each([
  ["service.instance:cart-1", "cart-1, as its callers see it"],
  ["service:cart", "cart, as its callers see it"],
  ["gateway->cart", "gateway->cart"],
])("the line of %s shows what its callers wait for", (root, name) => {
  const spec = specOf(root);
  expect(spec.series.slice(0, 2).map((one) => one.name)).toEqual(["gateway POST /checkout", name]);
  const [before, since] = levels(spec, 1);
  expect(before).toBeLessThan(50);
  expect(since).toBeGreaterThan(500);
});

test("beside a suspected replica its siblings show that they are well", () => {
  const spec = specOf("service.instance:cart-1");
  expect(spec.series[2]?.name).toBe("cart-0, its sibling");
  const [before, since] = levels(spec, 2);
  expect(since / before).toBeLessThan(1.2);
  expect(specOf("service:cart").series).toHaveLength(2);
});

test("the cause is the title; the picture begins shortly before, or before an older change that is suspected", () => {
  const { symptom, hypotheses } = found;
  const spec = incidentSpec(view, found);
  expect(spec.title).toMatch(/^Likely cause: .+ %\)$/);
  expect(spec.subtitle).toBe("gateway POST /checkout: p95 latency");
  expect(symptom.onsetMs - spec.fromMs).toBe(150_000);
  const [first] = hypotheses;
  const older = { id: "c", kind: "deploy", summary: "deploy", timeMs: at(20) };
  const changes = [older] as unknown as Hypothesis["changes"];
  const fromOlder = incidentSpec(view, {
    ...found,
    hypotheses: [{ ...first, changes } as Hypothesis],
  });
  expect(fromOlder.fromMs).toBeLessThan(at(20));
});

test("an outage shows that all of the entry stopped, not only the operation that paged", () => {
  const stopped = { ...found, symptom: { ...found.symptom, kind: "absent" } } as Diagnosis;
  const both = signals.filter(({ receivedMs }) => receivedMs < at(FAULT_S));
  const other = (index: number): Signal[] =>
    traceSignals(
      { service: "gateway", operation: "GET /", selfMs: 5 },
      { traceId: traceIdOf(index + 100_000), startMs: at(index / PER_S) },
    );
  const others = Array.from({ length: 180 * PER_S }, (_, index) => other(index)).flat();
  const dark = worldOf([sloSignal(at(0), slo()), ...both, ...others], at(END_S)).at(at(END_S));
  const [paged, all] = incidentSpec(dark, stopped).series;
  expect(all?.name).toBe("all requests to gateway");
  expect(all?.points[0]?.value).toBe(2 * (paged?.points[0]?.value ?? Number.NaN));
  expect(all?.points.at(-1)?.value).toBe(0);
  expect(incidentSpec(view, stopped).series).toHaveLength(1);
});

test("a well sibling's line stays where it was", () => {
  const [before, since] = levels(specOf("service.instance:cart-0"), 1);
  expect(since / before).toBeLessThan(1.2);
});

test("a store is drawn by its calls, a host by what it serves, and the hurt service not twice", () => {
  expect(levels(specOf("database:shop"), 1)[1]).toBeLessThan(10);
  expect(specOf("host:node-1").series[1]?.name).toBe("all served on node-1");
  expect(specOf("service:gateway").series).toHaveLength(1);
  expect(specOf("external:nowhere").series).toHaveLength(1);
});

test("steps are whole buckets at their true place: nothing rises before the bucket of the fault", () => {
  const spec = specOf("service:cart");
  expect(spec.stepMs).toBe(5_000);
  const bucketMs = Math.floor(at(FAULT_S) / 5_000) * 5_000;
  for (const { points } of spec.series)
    for (const { timeMs, value } of points) {
      expect(timeMs % 5_000).toBe(0);
      if (timeMs < bucketMs) expect(value).toBeLessThan(60);
      if (timeMs > bucketMs) expect(value).toBeGreaterThan(500);
    }
});

test("an earlier trouble in the picture is not healthy, and not what was before", () => {
  const EARLIER_S = { from: 60, to: 100 };
  const slow = (index: number): Signal[] => {
    const atS = index / PER_S;
    const isSlow = atS >= FAULT_S || (atS >= EARLIER_S.from && atS < EARLIER_S.to);
    return traceSignals(
      { service: "gateway", operation: "POST /checkout", selfMs: isSlow ? 900 : 20 },
      { traceId: traceIdOf(index), startMs: at(atS) },
    );
  };
  const again = Array.from({ length: END_S * PER_S }, (_, index) => slow(index)).flat();
  const twice = worldOf([sloSignal(at(0), slo()), ...again], at(END_S)).at(at(END_S));
  const diagnosis = diagnose(twice, { sloId: "checkout" });
  const spec = incidentSpec(twice, diagnosis);
  expect(spec.fromMs).toBeLessThan(at(EARLIER_S.to));
  expect(spec.series[0]?.points.some(({ timeMs, value }) => timeMs < at(100) && value > 500)).toBe(
    true,
  );
  expect(spec.healthy?.high).toBeLessThan(60);
  expect(spec.before).toEqual(diagnosis.healthy);
});
