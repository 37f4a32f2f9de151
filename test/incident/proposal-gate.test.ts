import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import { checkAction } from "../../src/incident/proposal-gate.ts";
import { shopView as drawnShop } from "../model/causes/synthetic-view.ts";
import { CHANGES, sharedShop, shopView } from "./shop.ts";

const rollback = (service: string, toVersion: string): Action => ({
  type: "rollback",
  service,
  toVersion,
});
const limit = (caller: string, callee: string, maxConcurrent: number): Action => ({
  type: "limit_caller",
  caller,
  callee,
  maxConcurrent,
});

test.each<readonly [Action, Readonly<Record<string, string | number>>]>([
  [rollback("catalog", "1.0.0"), { "version:catalog": "1.1.0" }],
  [{ type: "scale", service: "cart", replicas: 8 }, { "replicas:cart": 2 }],
  [{ type: "scale", service: "cart", replicas: 1 }, { "replicas:cart": 2 }],
  [{ type: "restart", service: "cart" }, { "version:cart": "1.0.0" }],
  [{ type: "restart", service: "cart", instance: "cart-1" }, { "instance:cart.cart-1": "present" }],
  [
    { type: "set_flag", flag: "catalog-review-highlights", variant: "off" },
    { "flag:catalog-review-highlights": "on" },
  ],
  [
    { type: "restore_setting", service: "cart", setting: "item_limit", value: "50" },
    { "setting:cart.item_limit": "60" },
  ],
  [limit("payment", "psp", 8), { "limit:payment.psp": "none" }],
])("lets through %j with what it assumes", (action, facts) => {
  expect(checkAction(sharedShop(), action)).toEqual({
    ok: true,
    data: { action, preconditions: { facts } },
  });
});

test("names come out as telemetry has them, whoever wrote them", () => {
  const checked = checkAction(sharedShop(), rollback("service:Catalog", "1.0.0"));
  expect(checked.ok && checked.data.action).toEqual(rollback("catalog", "1.0.0"));
});

test.each<readonly [string, Action, string, readonly string[] | undefined]>([
  ["an unknown service", rollback("catalgo", "1.0.0"), "entity_unknown", ["catalog"]],
  ["a version never seen", rollback("catalog", "0.9.0-evil"), "version_unknown", ["1.0.0"]],
  ["a version of another service", rollback("cart", "1.1.0"), "version_unknown", undefined],
  ["the version that runs", rollback("catalog", "1.1.0"), "already_so", ["1.0.0"]],
  [
    "as many as there are",
    { type: "scale", service: "cart", replicas: 2 },
    "already_so",
    undefined,
  ],
  ["too many", { type: "scale", service: "cart", replicas: 9 }, "out_of_range", undefined],
  ["none", { type: "scale", service: "cart", replicas: 0 }, "action_invalid", undefined],
  ["half a one", { type: "scale", service: "cart", replicas: 2.5 }, "action_invalid", undefined],
  [
    "an instance of another service",
    { type: "restart", service: "catalog", instance: "cart-0" },
    "not_of_service",
    ["catalog-0", "catalog-1"],
  ],
  [
    "an unknown instance",
    { type: "restart", service: "cart", instance: "cart-7" },
    "entity_unknown",
    undefined,
  ],
  ["a host as a service", { type: "restart", service: "node-0" }, "entity_unknown", undefined],
  [
    "an unknown flag",
    { type: "set_flag", flag: "catalog-review-higlights", variant: "off" },
    "flag_unknown",
    ["catalog-review-highlights"],
  ],
  [
    "a variant never seen",
    { type: "set_flag", flag: "catalog-review-highlights", variant: "rm -rf" },
    "value_unknown",
    ["off"],
  ],
  [
    "the variant in force",
    { type: "set_flag", flag: "catalog-review-highlights", variant: "on" },
    "already_so",
    ["off"],
  ],
  [
    "a setting of another service",
    { type: "restore_setting", service: "catalog", setting: "item_limit", value: "50" },
    "setting_unknown",
    undefined,
  ],
  [
    "a value never seen",
    { type: "restore_setting", service: "cart", setting: "item_limit", value: "9999" },
    "value_unknown",
    ["50"],
  ],
  ["a link without calls", limit("cart", "psp", 8), "link_unknown", ["cart->shop"]],
  ["a caller outside", limit("psp", "payment", 8), "entity_unknown", undefined],
  ["a limit of nothing", limit("payment", "psp", 0), "action_invalid", undefined],
  ["a limit beyond all bounds", limit("payment", "psp", 1_001), "action_invalid", undefined],
])("refuses %s", (_name, action, code, didYouMean) => {
  const answer = checkAction(sharedShop(), action);
  expect(answer).toMatchObject({ ok: false, code });
  if (didYouMean !== undefined) expect(answer).toMatchObject({ didYouMean });
});

test("nothing gets through that is not on the closed list", () => {
  const forged = [
    { type: "shell", command: "rm -rf /" },
    { type: "rollback", service: "catalog", toVersion: "1.0.0", image: "evil/image" },
    { type: "restart" },
    "restart cart",
    null,
  ];
  for (const action of forged)
    expect(checkAction(sharedShop(), action as Action)).toMatchObject({ code: "action_invalid" });
});

test("a refusal repeats what was asked for only cleaned and cut", () => {
  const long = `x\u202e\n<!channel> AKIAIOSFODNN7EXAMPLE ${"y".repeat(150)}`;
  const answer = checkAction(sharedShop(), rollback(long, "1.0.0"));
  const message = answer.ok ? "" : answer.message;
  expect(message).not.toMatch(/\n|\u202e|AKIAIOSFODNN7EXAMPLE/);
  expect(message.length).toBeLessThan(160);
});

test("a version counts when only a deploy tells of it", () => {
  const view = shopView({ version: () => "1.1.0" });
  expect(checkAction(view, rollback("catalog", "1.0.0")).ok).toBe(true);
  const silent = shopView({ version: () => "1.1.0", changes: [] });
  expect(checkAction(silent, rollback("catalog", "1.0.0"))).toMatchObject({
    code: "version_unknown",
  });
});

test("a stopped service can be restarted, not scaled, and is known to have no replicas", () => {
  const runs = (instance: string, atS: number): boolean =>
    !instance.startsWith("gateway") || atS < 260;
  const view = shopView({ runs });
  expect(checkAction(view, { type: "restart", service: "gateway" })).toMatchObject({
    data: { preconditions: { facts: { "replicas:gateway": 0 } } },
  });
  expect(checkAction(view, { type: "scale", service: "gateway", replicas: 2 })).toMatchObject({
    code: "not_running",
  });
});

test("facts that may be outdated are not written down", () => {
  const runs = (instance: string, atS: number): boolean => instance !== "cart-1" || atS < 280;
  const view = shopView({ runs });
  const scale = checkAction(view, { type: "scale", service: "cart", replicas: 4 });
  expect(scale).toMatchObject({ ok: true, data: { preconditions: { facts: {} } } });
  const restart: Action = { type: "restart", service: "cart", instance: "cart-1" };
  expect(checkAction(view, restart)).toMatchObject({ data: { preconditions: { facts: {} } } });
});

test("while two versions serve, the one deployed last is the current one, and without a deploy none is", () => {
  const half = (service: string, atS: number, request: number): string =>
    service === "catalog" && atS >= 200 && request % 2 === 0 ? "1.1.0" : "1.0.0";
  const told = checkAction(shopView({ version: half }), rollback("catalog", "1.0.0"));
  expect(told).toMatchObject({
    data: { preconditions: { facts: { "version:catalog": "1.1.0" } } },
  });
  const silent = drawnShop({
    seconds: 90,
    rate: 10,
    behave: () => ({ selfMs: 5 }),
    version: (_service, instance) => (instance === "catalog-1" ? "1.1.0" : "1.0.0"),
  });
  for (const version of ["1.0.0", "1.1.0"])
    expect(checkAction(silent, rollback("catalog", version))).toMatchObject({
      ok: true,
      data: { preconditions: { facts: {} } },
    });
});

test("a deploy that was just told is believed before its first span", () => {
  const changes = [
    ...CHANGES,
    [298, { kind: "deploy", entity: "catalog", attributes: { version: "1.0.0" } }],
  ] as const;
  expect(checkAction(shopView({ changes }), rollback("catalog", "1.0.0"))).toMatchObject({
    code: "already_so",
  });
});

test("the limit in force is what the newest change set", () => {
  const changes = [
    [50, { kind: "limit", entity: "payment", attributes: { callee: "psp", max_concurrent: 20 } }],
    [90, { kind: "limit", entity: "payment", attributes: { callee: "psp", max_concurrent: 12 } }],
  ] as const;
  expect(checkAction(shopView({ changes }), limit("payment", "psp", 8))).toMatchObject({
    data: { preconditions: { facts: { "limit:payment.psp": 12 } } },
  });
});

test("works on any view of the contract", () => {
  const view = drawnShop({
    seconds: 90,
    rate: 10,
    behave: () => ({ selfMs: 5 }),
    version: (service, _instance, atS) => (service === "catalog" && atS >= 60 ? "1.1.0" : "1.0.0"),
  });
  expect(checkAction(view, rollback("catalog", "1.0.0")).ok).toBe(true);
  expect(checkAction(view, rollback("catalog", "2.0.0"))).toMatchObject({
    code: "version_unknown",
  });
});
