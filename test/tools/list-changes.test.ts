import { expect, test } from "vitest";
import { listChanges } from "../../tools/list-changes.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import {
  at,
  buildWorld,
  changeSignal,
  contextOf,
  FAULT_S,
  sharedShop,
  shopVisit,
} from "./tool-world.ts";

test("lists changes newest first with what was before", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), listChanges);
  expect(data.changes.slice(0, 3).map((one) => [one.kind, one.entity, one.facts])).toEqual([
    ["deploy", "catalog", { version: "1.1.0", previous_version: "1.0.0" }],
    [
      "flag",
      "recommendations",
      { flag: "recommendations", variant: "on", previous_variant: "off" },
    ],
    ["config", "checkout", { setting: "item_limit", value: "60", previous_value: "50" }],
  ]);
  expect(quantityOf(evidence[0], "count")).toBe(data.changes.length);
  expect(evidence[1]?.text).toBe("catalog went to version 1.1.0 (was 1.0.0) at {{time}}");
  expect(quantityOf(evidence[1], "time")).toBe(at(FAULT_S - 5));
  expect(evidence[1]?.values.version).toBe("1.1.0");
});

test("counts changes since watching began, where that is shorter than what was asked", async () => {
  const context = contextOf(sharedShop());
  const long = await answered(context, listChanges, { minutes: 60 });
  expect(long.evidence[0]?.text).toBe("{{count}} changes since {{knownFrom}}, when watching began");
  expect(quantityOf(long.evidence[0], "knownFrom")).toBeGreaterThanOrEqual(at(0));
  const short = await answered(context, listChanges, { minutes: 2 });
  expect(short.evidence[0]?.text).toBe("{{count}} change in the last {{span}}");
});

test("keeps the author's words out of evidence", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), listChanges);
  expect(data.changes.map((one) => one.untrusted)).toContain("raise the item limit");
  expect(JSON.stringify(evidence)).not.toContain("raise");
});

test("lists the changes of one service, and those known at a past instant", async () => {
  const context = contextOf(sharedShop());
  const own = await answered(context, listChanges, { entity: "checkout" });
  expect(own.data.changes.map((one) => one.kind)).toEqual(["config"]);
  const past = await answered(context, listChanges, { at: "02:02:00" });
  expect(past.data.changes.map((one) => one.kind)).toEqual(["flag", "config"]);
  expect((await refused(context, listChanges, { entity: "chekout" })).didYouMean?.join()).toContain(
    "checkout",
  );
});

test("knows changes from before its telemetry began", async () => {
  const world = buildWorld({
    seconds: 30,
    rate: 2,
    visit: shopVisit,
    signals: [
      {
        ...changeSignal(-1800, { kind: "config", entity: "catalog", summary: "old" }),
        receivedMs: at(1),
      },
    ],
  });
  const { data } = await answered(contextOf(world, { nowMs: at(40) }), listChanges);
  expect(data.changes.map((one) => one.kind)).toEqual(["config"]);
});

test("shows the newest of many, and that there are more", async () => {
  const signals = Array.from({ length: 30 }, (_, index) =>
    changeSignal(index, {
      kind: "scale",
      entity: "catalog",
      attributes: { replicas: index + 1, previous_replicas: index },
    }),
  );
  const world = buildWorld({ seconds: 40, rate: 2, visit: shopVisit, signals });
  const { data, notes, evidence } = await answered(
    contextOf(world, { nowMs: at(50) }),
    listChanges,
  );
  expect(data.changes[0]?.facts).toEqual({ replicas: "30", previous_replicas: "29" });
  expect(notes).toContain("12 of 30 changes shown");
  expect(evidence[1]?.text).toBe("catalog went to 30 replicas (was 29) at {{time}}");
});
