import fc from "fast-check";
import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import type { WorldSnapshot } from "../../src/model/world-snapshot.ts";
import { signals } from "./arbitrary-signals.ts";
import { signalsOf } from "./raw-trace.ts";
import { at, readAll, slo, sloSignal, T0, worldOf } from "./reading.ts";

const ALL = { fromMs: T0 - 60_000, toMs: T0 + 600_000 };

function restored(world: World): World {
  const again = createWorld();
  again.restore(JSON.parse(JSON.stringify(world.snapshot())) as WorldSnapshot);
  return again;
}

test("a snapshot survives JSON, and a restored world gives the same snapshot", () => {
  fc.assert(
    fc.property(signals(30, 3_000), (list) => {
      const world = worldOf(list, at(60));
      const snapshot = world.snapshot();
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
      const again = restored(world);
      again.advance(at(60));
      again.apply(sloSignal(at(60)));
      expect(again.snapshot()).toEqual(snapshot);
    }),
    { numRuns: 40 },
  );
});

test("entities, relations, changes and objectives are there again; spans and series are not", () => {
  fc.assert(
    fc.property(signals(30, 1_000), (list) => {
      const world = worldOf(list, at(60));
      const again = restored(world);
      again.apply(sloSignal(at(60)));
      again.advance(at(60));
      const [before, after] = [world, again].map((one) => readAll(one.at(at(60)), ALL));
      for (const part of ["entities", "relations", "changes", "slos", "sli"]) {
        expect(after?.[part]).toEqual(before?.[part]);
      }
      expect(again.at(at(60)).stations(ALL)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("a history waits for its objective as long as it takes, over a second restart too", () => {
  const served = { id: "r", service: "gateway", kind: "server", from: 0, to: 10 } as const;
  const [line] = signalsOf([
    { ...served, attributes: { "http.request.method": "POST", "http.route": "/checkout" } },
  ]);
  const first = worldOf(line === undefined ? [] : [sloSignal(at(0)), line], at(60));
  const third = restored(restored(first));
  third.apply(sloSignal(at(90)));
  third.advance(at(100));
  const window = { fromMs: at(0), toMs: at(90) };
  expect(third.at(at(100)).sli("checkout", window)).toMatchObject({ good: 1, bad: 0 });
  const stricter = restored(first);
  stricter.apply(sloSignal(at(90), slo({ latencyThresholdMs: 5 })));
  stricter.advance(at(100));
  // It would have counted otherwise: that history is of another objective.
  expect(stricter.at(at(100)).sli("checkout", window)).toMatchObject({ good: 0, bad: 0 });
});

test("a callee that turned out to be a service leaves no ghost after a restart", () => {
  const call = {
    id: "c",
    service: "gateway",
    kind: "client",
    calls: "cart",
    from: 0,
    to: 10,
  } as const;
  const own = { id: "s", service: "cart", kind: "server", from: 0, to: 10 } as const;
  const world = worldOf(
    [
      ...signalsOf([{ ...call, receivedS: 2 }], at(1)),
      ...signalsOf([{ ...own, traceId: "a".repeat(32), receivedS: 22 }], at(21)),
    ],
    at(60),
  );
  const again = restored(world);
  const later = signalsOf([{ ...call, id: "d", traceId: "b".repeat(32), receivedS: 72 }], at(71));
  worldOf(later, at(100), again);
  const view = again.at(at(100));
  expect(view.entity(entityId("external", "cart"))?.id).toBe("service:cart");
  expect(view.edges({ fromMs: at(60), toMs: at(100) }).map((edge) => edge.callee)).toEqual([
    "service:cart",
  ]);
});

test("relations that nothing shows after a restart end when they were last seen", () => {
  const own = { id: "s", service: "cart", kind: "server", from: 0, to: 10 } as const;
  const again = restored(worldOf(signalsOf([own]), at(60)));
  again.advance(at(3_600));
  again.advance(at(3_700));
  const filter = { type: "instance_of", to: entityId("service", "cart") } as const;
  expect(again.at(at(3_700)).relations(filter)).toEqual([]);
  expect(again.at(at(50)).relations(filter)).toHaveLength(1);
});
