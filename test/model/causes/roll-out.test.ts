import { expect, test } from "vitest";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import type { Signal } from "../../../src/model/signal.ts";
import { traceIdOf, traceSignals, type Visit } from "../../support/spans.ts";
import { at, slo, sloSignal, worldOf } from "../reading.ts";

const DEPLOY_S = 180;
const PER_S = 9;

/** Noise that is the same in every run, around 1. */
const wobble = (index: number): number =>
  0.75 + ((Math.imul(index + 1, 2_654_435_761) >>> 0) / 2 ** 32) * 0.5;

interface Replica {
  readonly instance: string;
  readonly version: string;
  readonly selfMs: number;
}

const OLD = { version: "1.0.0", selfMs: 20 };
const BEFORE: readonly Replica[] = ["a", "b", "c"].map((name) => ({ instance: name, ...OLD }));

function requestAt(index: number, after: readonly Replica[]): Signal[] {
  const atS = index / PER_S;
  const replica = (atS < DEPLOY_S ? BEFORE : after)[index % 3] as Replica;
  const { instance, version, selfMs } = replica;
  const cart: Visit = {
    service: "cart",
    instance: `cart-${instance}`,
    version,
    operation: "GET /cart",
    selfMs: selfMs * wobble(index),
  };
  const gateway: Visit = {
    service: "gateway",
    instance: `gateway-${index % 2}`,
    version: "1.0.0",
    operation: "POST /checkout",
    selfMs: 5 * wobble(index + 2),
    calls: [{ to: cart }],
  };
  return traceSignals(gateway, { traceId: traceIdOf(index), startMs: at(atS) });
}

function leadingOf(after: readonly Replica[]): readonly [root?: string, isSure?: boolean] {
  const signals = Array.from({ length: (DEPLOY_S + 60) * PER_S }, (_, index) =>
    requestAt(index, after),
  );
  const untilMs = at(DEPLOY_S + 55);
  const view = worldOf([sloSignal(at(0), slo()), ...signals.flat()], untilMs).at(untilMs);
  const [first] = diagnose(view, { sloId: "checkout" }).hypotheses;
  return first === undefined ? [] : [first.root, first.probability > 0.7];
}

test("a version that rolls out is blamed, though its replicas are not equally sick", () => {
  const after = [
    { instance: "d", version: "1.1.0", selfMs: 900 },
    { instance: "e", version: "1.1.0", selfMs: 250 },
    { instance: "c", ...OLD },
  ];
  expect(leadingOf(after)).toEqual(["service:cart", true]);
});

test("a sick replica of a new version is blamed when the others that run it are well", () => {
  const after = [
    { instance: "d", version: "1.1.0", selfMs: 900 },
    { instance: "e", version: "1.1.0", selfMs: 20 },
    { instance: "c", ...OLD },
  ];
  expect(leadingOf(after)).toEqual(["service.instance:cart-d", true]);
});
