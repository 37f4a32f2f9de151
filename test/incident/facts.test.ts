import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import { driftOf, driftText } from "../../src/incident/facts.ts";
import { checkAction } from "../../src/incident/proposal-gate.ts";
import { CHANGES, NOW_MS, SEEN_S, type ShopPlan, sharedShop, shopView } from "./shop.ts";

const LATER_S = SEEN_S + 40;

/** What has drifted 40 s after an action was checked in the shop, in a later view of another shop. */
function drifted(action: Action, later: ShopPlan, first: ShopPlan = {}): string {
  const view = first === undefined ? sharedShop() : shopView(first);
  const checked = checkAction(view, action);
  if (!checked.ok) throw new Error(checked.message);
  return driftText(driftOf(shopView({ seconds: LATER_S, ...later }), checked.data, NOW_MS));
}
const told = (...more: NonNullable<ShopPlan["changes"]>): Pick<ShopPlan, "changes"> => ({
  changes: [...CHANGES, ...more],
});
const ROLLBACK: Action = { type: "rollback", service: "catalog", toVersion: "1.0.0" };
const FLAG: Action = { type: "set_flag", flag: "catalog-review-highlights", variant: "off" };
const SETTING: Action = {
  type: "restore_setting",
  service: "cart",
  setting: "item_limit",
  value: "50",
};
const SCALE: Action = { type: "scale", service: "cart", replicas: 4 };
const LIMIT: Action = { type: "limit_caller", caller: "payment", callee: "psp", maxConcurrent: 8 };

test.each<readonly [string, Action]>([
  ["rollback", ROLLBACK],
  ["flag", FLAG],
  ["setting", SETTING],
  ["scale", SCALE],
  ["limit", LIMIT],
  ["restart", { type: "restart", service: "cart" }],
  ["restart of one", { type: "restart", service: "cart", instance: "cart-0" }],
])("nothing drifts while nothing happens: %s", (_name, action) => {
  expect(drifted(action, {})).toBe("");
});

test.each<readonly [string, Action, ShopPlan, string]>([
  [
    "somebody else rolled back",
    ROLLBACK,
    told([SEEN_S + 35, { kind: "deploy", entity: "catalog", attributes: { version: "1.0.0" } }]),
    "the version of catalog was 1.1.0 and is 1.0.0 now",
  ],
  [
    "somebody switched the flag",
    FLAG,
    told([
      SEEN_S + 20,
      { kind: "flag", attributes: { flag: "catalog-review-highlights", variant: "off" } },
    ]),
    "flag catalog-review-highlights was on and is off now",
  ],
  [
    "somebody set the setting",
    SETTING,
    told([
      SEEN_S + 20,
      { kind: "config", entity: "cart", attributes: { setting: "item_limit", value: "55" } },
    ]),
    "setting cart.item_limit was 60 and is 55 now",
  ],
  [
    "somebody set a limit",
    LIMIT,
    told([
      SEEN_S + 20,
      { kind: "limit", entity: "payment", attributes: { callee: "psp", max_concurrent: 5 } },
    ]),
    "the limit of payment.psp was none and is 5 now",
  ],
])("drift is seen: %s", (_name, action, later, text) => {
  expect(drifted(action, later)).toBe(text);
});

test("a service that was started again by somebody else is a drift of its replicas", () => {
  const stopped = (instance: string, atS: number): boolean =>
    !instance.startsWith("gateway") || atS < 260 || atS > SEEN_S;
  const restart: Action = { type: "restart", service: "gateway" };
  const later = { runs: stopped, seconds: SEEN_S + 100 };
  expect(drifted(restart, later, { runs: stopped })).toBe(
    "the number of replicas of gateway was 0 and is 2 now",
  );
});

test("what the later view cannot tell is no drift", () => {
  const gone = (instance: string, atS: number): boolean =>
    instance !== "cart-1" || atS < SEEN_S + 20;
  expect(drifted(SCALE, { runs: gone })).toBe("");
});
