import fc from "fast-check";
import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import { actionOf } from "../../src/incident/action-of.ts";
import { parseIntervention } from "../../src/incident/intervention-text.ts";
import type { Intervention } from "../../src/model/whatif/intervention.ts";
import { CHANGES, sharedShop, shopView } from "./shop.ts";

/** What somebody who says this wants done. */
function actionIn(text: string): Action | undefined {
  const parsed = parseIntervention(text, sharedShop());
  return parsed.ok ? actionOf(parsed.data, sharedShop()) : undefined;
}

const load = (factor: number): Intervention => ({ type: "load", factor });
const scale: Intervention = { type: "scale", entity: "cart", replicas: 4 };
const rollback: Intervention = { type: "rollback", entity: "catalog", to_version: "1.0.0" };
const flag = (variant: string): Intervention => ({
  type: "flag",
  flag: "catalog-review-highlights",
  variant,
});
const setting: Intervention = {
  type: "setting",
  entity: "cart",
  setting: "item_limit",
  value: "50",
};
const limit: Intervention = { type: "limit", from: "payment", to: "psp", max_concurrent: 8 };
const pool: Intervention = { type: "pool", from: "cart", to: "shop", size: 8 };
const timeout: Intervention = { type: "timeout", from: "payment", to: "psp", ms: 800 };
const demand = (factor: number): Intervention => ({ type: "demand", entity: "catalog", factor });
const onCheckout = { operation: "gateway POST /checkout" };

test.each<readonly [string, Intervention]>([
  ["scale cart to 4", scale],
  ["What if we scale the cart service up to 4 replicas?", scale],
  ["what would happen if I scaled cart to 4", scale],
  ["scaling cart to 4", scale],
  ["Scale CART = 4", scale],
  ["cart had 4 replicas", scale],
  ["4 pods of cart", scale],
  ["roll back catalog to 1.0.0", rollback],
  ["rollback catalog to v1.0.0.", rollback],
  ["roll catalog back to version 1.0.0", rollback],
  ["revert catalog", rollback],
  ["what if we roll back catalog", rollback],
  ["restart cart-0", { type: "restart", entity: "cart-0" }],
  ["please restart instance cart-0", { type: "restart", entity: "cart-0" }],
  ["restart the service cart", { type: "restart", entity: "cart" }],
  ["load +30%", load(1.3)],
  ["load -20 %", load(0.8)],
  ["30% more traffic", load(1.3)],
  ["what if traffic goes up by 30%", load(1.3)],
  ["load drops by 50%", load(0.5)],
  ["load x1.5", load(1.5)],
  ["load 1,5x", load(1.5)],
  ["2 times the load", load(2)],
  ["double the load", load(2)],
  ["traffic doubles", load(2)],
  ["half the traffic", load(0.5)],
  ["+30% load", load(1.3)],
  ["traffic on POST /checkout +30%", { ...load(1.3), ...onCheckout }],
  ["double the traffic on POST /checkout", { ...load(2), ...onCheckout }],
  ["shed 30%", { type: "shed", share: 0.3 }],
  ["shed 30 % of the load", { type: "shed", share: 0.3 }],
  ["shed 30% of POST /checkout", { type: "shed", share: 0.3, ...onCheckout }],
  ["turn off flag catalog-review-highlights", flag("off")],
  ["turn the flag catalog-review-highlights off", flag("off")],
  ["switch catalog-review-highlights on", flag("on")],
  ["disable catalog-review-highlights", flag("off")],
  ["set flag catalog-review-highlights to off", flag("off")],
  ["flag catalog-review-highlights = off", flag("off")],
  ["restore item_limit of cart", setting],
  ["set item_limit of cart to 50", setting],
  ["put item_limit of cart back to 50", setting],
  ["reset cart.item_limit", setting],
  ["limit payment to 8 calls to psp", limit],
  ["limit payment to 8 concurrent calls to psp", limit],
  ["limit payment->psp to 8", limit],
  ["limit calls from payment to psp to 8 at once", limit],
  ["limit calls from payment to psp to 8", limit],
  ["drain node-0", { type: "drain", entity: "node-0" }],
  ["what if we lose zone zone-a", { type: "drain", entity: "zone-a" }],
  ["pool cart->shop 8", pool],
  ["pool cart → shop = 8", pool],
  ["set the pool from cart to shop to 8", pool],
  ["timeout payment->psp 800ms", timeout],
  ["set timeout payment -> psp to 0.8 s", timeout],
  ["retries payment->psp 0", { type: "retries", from: "payment", to: "psp", count: 0 }],
  ["no retries from payment to psp", { type: "retries", from: "payment", to: "psp", count: 0 }],
  ["catalog gets 2x slower", demand(2)],
  ["catalog is 50% slower", demand(1.5)],
  ["catalog becomes twice as fast", demand(0.5)],
  ["nothing", { type: "none" }],
  ["what if we do nothing?", { type: "none" }],
])("understands %j", (text, intervention) => {
  expect(parseIntervention(text, sharedShop())).toEqual({ ok: true, data: intervention });
});

test.each<readonly [string, string, readonly string[] | undefined]>([
  ["", "not_understood", undefined],
  ["make it fast", "not_understood", undefined],
  ["scale cart", "not_understood", undefined],
  ["scale cart to four", "not_understood", undefined],
  ["load 2", "not_understood", undefined],
  ["rm -rf /", "not_understood", undefined],
  ["scale kart to 4", "entity_unknown", ["cart"]],
  ["scale cart-0 to 4", "entity_unknown", undefined],
  ["scale cart to 0", "out_of_range", undefined],
  ["scale cart to 5000", "out_of_range", undefined],
  ["scale cart to 1000000", "out_of_range", undefined],
  ["roll back catalog to 7.7.7", "version_unknown", ["roll back catalog to 1.0.0"]],
  ["roll back cart", "version_unknown", undefined],
  ["restart nothing-like-that", "entity_unknown", undefined],
  ["drain cart", "entity_unknown", undefined],
  ["load +3000%", "out_of_range", undefined],
  ["load -100%", "out_of_range", undefined],
  ["shed 130%", "out_of_range", undefined],
  ["shed 30% of GET /nowhere", "entity_unknown", undefined],
  ["turn off catalog-review-higlights", "flag_unknown", ["catalog-review-highlights"]],
  ["set flag catalog-review-highlights to blue", "value_unknown", undefined],
  ["set item_limit of cart to 99", "value_unknown", ["restore item_limit of cart to 50"]],
  ["restore page_size of cart", "setting_unknown", ["item_limit"]],
  ["limit cart to 8 calls to psp", "link_unknown", ["cart->shop"]],
  ["limit payment to 8000 calls to psp", "out_of_range", undefined],
  ["x".repeat(301), "too_long", undefined],
])("refuses %j", (text, code, didYouMean) => {
  const answer = parseIntervention(text, sharedShop());
  expect(answer).toMatchObject({ ok: false, code });
  if (didYouMean !== undefined) expect(answer).toMatchObject({ didYouMean });
});

test("a refusal says what is understood, with names that are there", () => {
  const answer = parseIntervention("make it fast", sharedShop());
  const { message, didYouMean } = answer.ok ? { message: "", didYouMean: [] } : answer;
  expect(message).toContain("scale SERVICE to N");
  for (const example of didYouMean ?? [])
    expect(parseIntervention(example, sharedShop()).ok, example).toBe(true);
});

test("the version that was gone back from is neither meant nor suggested", () => {
  const view = shopView({
    version: (service, atS) =>
      service === "catalog" && atS >= 200 && atS < 250 ? "1.1.0" : "1.0.0",
    changes: [
      ...CHANGES,
      [
        250,
        {
          kind: "deploy",
          entity: "catalog",
          attributes: { version: "1.0.0", previous_version: "1.1.0" },
        },
      ],
    ],
  });
  expect(parseIntervention("roll back catalog", view)).toMatchObject({ code: "version_unknown" });
  const nonsense = parseIntervention("make it fast", view);
  expect(nonsense).toMatchObject({ didYouMean: ["scale catalog to 4", "load +30%"] });
});

test.each<readonly [string, Action]>([
  ["scale cart to 4", { type: "scale", service: "cart", replicas: 4 }],
  ["roll back catalog", { type: "rollback", service: "catalog", toVersion: "1.0.0" }],
  ["restart cart", { type: "restart", service: "cart" }],
  ["restart cart-0", { type: "restart", service: "cart", instance: "cart-0" }],
  [
    "turn off catalog-review-highlights",
    { type: "set_flag", flag: "catalog-review-highlights", variant: "off" },
  ],
  [
    "restore item_limit of cart",
    { type: "restore_setting", service: "cart", setting: "item_limit", value: "50" },
  ],
  [
    "limit payment to 8 calls to psp",
    { type: "limit_caller", caller: "payment", callee: "psp", maxConcurrent: 8 },
  ],
])("reads the action in %j", (text, action) => {
  expect(actionIn(text)).toEqual(action);
});

test.each(["load +30%", "drain node-0", "shed 30%", "nothing", "pool cart->shop 8"])(
  "%j is no action",
  (text) => {
    expect(parseIntervention(text, sharedShop()).ok).toBe(true);
    expect(actionIn(text)).toBeUndefined();
  },
);

test("no text makes it throw", () => {
  const words = fc.constantFrom(
    ..."what if we scale cart to 4 replicas of catalog roll back restart load +30% shed 30% of on limit payment -> psp calls turn off flag set item_limit pool the".split(
      " ",
    ),
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.array(words, { maxLength: 40 }).map((all) => all.join(" ")),
  );
  const view = sharedShop();
  fc.assert(
    fc.property(text, (said) => {
      const answer = parseIntervention(said, view);
      if (!answer.ok) expect(answer.message.length).toBeLessThan(800);
    }),
  );
});

test.each([
  `traffic on ${"a ".repeat(140)}`,
  `restart ${"a".repeat(290)}`,
  `limit ${"a -> ".repeat(55)}`,
  `load on ${"on ".repeat(90)}+`,
  "what if ".repeat(37),
])("a text made to be slow is read at once: %j", (text) => {
  const view = sharedShop();
  parseIntervention("nothing", view);
  const { user } = process.cpuUsage();
  parseIntervention(text, view);
  // Processor time, because others may be using the machine.
  expect(process.cpuUsage().user - user).toBeLessThan(100_000);
});
