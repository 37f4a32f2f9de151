import { expect, test } from "vitest";
import { diagnose } from "../../src/model/causes/diagnose.ts";
import type { Signal } from "../../src/model/signal.ts";
import { traceIdOf, traceSignals, type Visit } from "../support/spans.ts";
import { at, slo, sloSignal, worldOf } from "./reading.ts";

const FAULT_S = 180;
const PER_S = 8;

/** Noise that is the same in every run, around 1. */
const wobble = (index: number): number =>
  0.75 + ((Math.imul(index + 1, 2_654_435_761) >>> 0) / 2 ** 32) * 0.5;

/** From `FAULT_S` on one of two carts gets a tenth of its CPU: it is slow, and sends its spans `lateS` after their end. */
function requestAt(index: number, lateS: number): Signal[] {
  const atS = index / PER_S;
  const replica = (index >> 1) % 2;
  const isStarved = atS >= FAULT_S && replica === 1;
  const cart: Visit = {
    service: "cart",
    instance: `cart-${replica}`,
    host: `node-${replica}`,
    version: "1.0.0",
    operation: "GET /cart",
    selfMs: (isStarved ? 900 : 20) * wobble(index),
    calls: [{ to: { database: "shop", what: "SELECT 1", ms: 3 * wobble(index + 1) } }],
  };
  const gateway: Visit = {
    service: "gateway",
    instance: `gateway-${index % 2}`,
    version: "1.0.0",
    operation: "POST /checkout",
    selfMs: 5 * wobble(index + 2),
    calls: [{ to: cart }],
  };
  return traceSignals(gateway, { traceId: traceIdOf(index), startMs: at(atS) }).map((signal) =>
    isStarved && signal.resource["service.name"] === "cart"
      ? { ...signal, receivedMs: signal.receivedMs + lateS * 1000 }
      : signal,
  );
}

test.each([0, 3, 6])(
  "a starved replica whose spans come %i s late is found, not the link to it",
  (lateS) => {
    const signals = Array.from({ length: (FAULT_S + 90) * PER_S }, (_, index) =>
      requestAt(index, lateS),
    );
    const untilMs = at(FAULT_S + 75);
    const world = worldOf([sloSignal(at(0), slo()), ...signals.flat()], untilMs);
    const view = world.at(untilMs);
    expect(view.sloStatus("checkout")?.state).toBe("burning");
    const { hypotheses } = diagnose(view, { sloId: "checkout" });
    const [first] = hypotheses;
    expect([first?.root, (first?.probability ?? 0) > 0.5]).toEqual([
      "service.instance:cart-1",
      true,
    ]);
  },
);
