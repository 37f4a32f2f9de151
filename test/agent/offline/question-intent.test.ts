import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Intent, questionIntent } from "../../../src/agent/offline/question-intent.ts";

const NOW = "2026-11-24T02:14:07Z";
const read = (text: string): Intent => questionIntent(text, NOW);

const whatIfNothing: Intent = {
  type: "what-if",
  spoken: { type: "whole", intervention: { type: "none" } },
};

test.each<[string, Intent]>([
  ["why is checkout slow?", { type: "why", about: "checkout" }],
  ["Why is POST /checkout failing so much?", { type: "why", about: "POST /checkout" }],
  ["why are orders so slow right now", { type: "why", about: "orders" }],
  ["why?", { type: "why" }],
  ["why is it slow", { type: "why" }],
  ["why was catalog slow at 14:02?", { type: "why", about: "catalog", at: "14:02" }],
  ["/sre why checkout --at 02:10", { type: "why", about: "checkout", at: "02:10" }],
  ["what's wrong with cart?", { type: "why", about: "cart" }],
  ["what is going on?", { type: "why" }],
  ["what is the root cause?", { type: "why" }],
  ["what caused the errors of payment?", { type: "why", about: "errors of payment" }],
  ["status", { type: "status" }],
  ["status of gateway", { type: "status", about: "gateway" }],
  ["/sre status checkout --at 02:10", { type: "status", about: "checkout", at: "02:10" }],
  ["how is checkout doing?", { type: "status", about: "checkout" }],
  ["is it better now?", { type: "better", asksBad: false }],
  ["has it recovered?", { type: "better", asksBad: false }],
  ["is it still burning?", { type: "better", asksBad: true }],
  ["is catalog ok?", { type: "status", about: "catalog" }],
  [
    "what if we limit the calls of payment to psp?",
    { type: "what-if", spoken: { type: "limit", from: "payment", to: "psp" } },
  ],
  ["are you sure?", { type: "sure" }],
  ["what about cart?", { type: "also", about: "cart" }],
  ["and checkout?", { type: "also", about: "checkout" }],
  ["and POST /checkout?", { type: "also", about: "POST /checkout" }],
  ["what failed?", { type: "why" }],
  ["what should we do?", { type: "advice" }],
  ["what now?", { type: "advice" }],
  ["why is the site down?", { type: "why" }],
  ["why not the replica?", { type: "why-not", about: "replica" }],
  ["what does hush do?", { type: "meaning", word: "hush" }],
  ["what does grade B mean?", { type: "meaning", word: "grade" }],
  ["what is e18?", { type: "evidence", id: "e18" }],
  ["what is burning?", { type: "status" }],
  ["What is hurt right now?", { type: "status" }],
  ["is catalog healthy?", { type: "status", about: "catalog" }],
  ["what changed in the last hour?", { type: "changes", minutes: 60 }],
  ["what changed?", { type: "changes", minutes: 60 }],
  [
    "what has changed in catalog in the last 30 minutes?",
    { type: "changes", about: "catalog", minutes: 30 },
  ],
  ["what changed since 02:00?", { type: "changes", minutes: 15 }],
  ["any deploys of cart?", { type: "changes", about: "cart", minutes: 60 }],
  ["/sre changes --since 2h", { type: "changes", minutes: 120 }],
  ["what did it look like at 14:02?", { type: "look", at: "14:02" }],
  ["how was catalog at 14:02 UTC?", { type: "look", about: "catalog", at: "14:02" }],
  ["what was it like 10 minutes ago?", { type: "look", at: "10 m ago" }],
  ["who calls catalog?", { type: "neighbours", about: "catalog" }],
  ["what calls the payment service?", { type: "neighbours", about: "payment service" }],
  ["what does checkout depend on?", { type: "neighbours", about: "checkout" }],
  ["where does cart run?", { type: "neighbours", about: "cart" }],
  ["show me slow traces through catalog", { type: "traces", kind: "slow", about: "catalog" }],
  ["failed traces of POST /checkout", { type: "traces", kind: "error", about: "POST /checkout" }],
  ["logs of payment", { type: "logs", about: "payment" }],
  ["did it work?", { type: "outcome" }],
  ["help", { type: "help" }],
  ["", { type: "help" }],
  ["propose it", { type: "propose", what: { type: "spoken-of" } }],
  ["ok, do it", { type: "propose", what: { type: "spoken-of" } }],
  ["please do that now", { type: "propose", what: { type: "spoken-of" } }],
  [
    "propose to reboot the moon",
    { type: "propose", what: { type: "unread", words: "to reboot the moon" } },
  ],
  ["propose restart cart and scale orders to 4", { type: "propose", what: { type: "several" } }],
  ["what chnaged in the last hour?", { type: "changes", minutes: 60 }],
  ["why is catalog slwo?", { type: "why", about: "catalog" }],
  ["why is slot slow?", { type: "why", about: "slot" }],
  ["is it slot?", { type: "why-not", about: "slot" }],
  [
    "what wil hapen to my carts if i roll this back?",
    { type: "what-if", spoken: { type: "rollback" }, on: "my carts" },
  ],
  ["stauts of gateway", { type: "status", about: "gateway" }],
  ["whats wrong with catalog", { type: "why", about: "catalog" }],
  ["is it the flag?", { type: "why-not", about: "flag" }],
  ["was it the rollback?", { type: "why-not", about: "rollback" }],
  ["is it pg_pool_max?", { type: "why-not", about: "pg_pool_max" }],
  ["so the rollback broke it?", { type: "why-not", about: "rollback" }],
  ["did the deploy break it?", { type: "why-not", about: "deploy" }],
  ["is it customers that stopped coming or are we down?", { type: "why" }],
  ["is it still burning or not?", { type: "better", asksBad: true }],
  ["can we wait till morning?", whatIfNothing],
  ["whats the blast radius", { type: "reach" }],
  ["who is hurt, how many users?", { type: "reach" }],
  ["error rate of checkout right now?", { type: "status", about: "checkout" }],
  ["is this an emergency?", { type: "reach" }],
  ["are customers affected?", { type: "reach" }],
  ["since when?", { type: "reach" }],
  ["what happened?", { type: "why" }],
  ["is payment the problem?", { type: "why-not", about: "payment" }],
  ["did the rollback help?", { type: "outcome" }],
  ["is it time to roll back?", { type: "what-if", spoken: { type: "rollback" } }],
  ["is it safe?", { type: "unknown" }],
  ["thanks", { type: "thanks" }],
  ["great, thank you!", { type: "thanks" }],
  ["sing a song", { type: "unknown" }],
  ["2 + 2 = ?", { type: "unknown" }],
])("%s", (text, intent) => {
  expect(read(text)).toEqual(intent);
});

const whole = (intervention: object): object => ({ type: "whole", intervention });

describe("what-ifs", () => {
  test.each<[string, object]>([
    ["what if we scale cart to 4?", whole({ type: "scale", entity: "cart", replicas: 4 })],
    [
      "what if we scale up the cart service to 4 replicas?",
      whole({ type: "scale", entity: "cart", replicas: 4 }),
    ],
    [
      "what if there were 6 replicas of catalog",
      whole({ type: "scale", entity: "catalog", replicas: 6 }),
    ],
    ["and if we roll back?", { type: "rollback" }],
    ["what if we roll back catalog?", { type: "rollback", entity: "catalog" }],
    [
      "what happens if we roll catalog back to 1.0.0",
      whole({ type: "rollback", entity: "catalog", to_version: "1.0.0" }),
    ],
    [
      "what-if rollback catalog to v1.4.2",
      whole({ type: "rollback", entity: "catalog", to_version: "1.4.2" }),
    ],
    ["would restarting payment help?", whole({ type: "restart", entity: "payment" })],
    ["what if we restart it?", { type: "restart" }],
    ["what if we scale it to 6", { type: "scale", replicas: 6 }],
    ["what if load goes up by 30 %?", whole({ type: "load", factor: 1.3 })],
    ["/sre what-if load -20%", whole({ type: "load", factor: 0.8 })],
    ["what if traffic doubles?", whole({ type: "load", factor: 2 })],
    [
      "what if we turn off recommendations?",
      whole({ type: "flag", flag: "recommendations", variant: "off" }),
    ],
    [
      "what if we turn catalog-review-highlights off?",
      whole({ type: "flag", flag: "catalog-review-highlights", variant: "off" }),
    ],
    [
      "what if we disable the deep_search flag",
      whole({ type: "flag", flag: "deep_search", variant: "off" }),
    ],
    ["what if we turn the flag off?", { type: "switch", variant: "off" }],
    [
      "what if we set flag deep_search to off",
      whole({ type: "flag", flag: "deep_search", variant: "off" }),
    ],
    [
      "what if we set pool_size of orders back to 20?",
      whole({ type: "setting", entity: "orders", setting: "pool_size", value: "20" }),
    ],
    [
      "what if we limit payment -> psp.example to 8?",
      whole({ type: "limit", from: "payment", to: "psp.example", max_concurrent: 8 }),
    ],
    ["what if we drain node-a1?", whole({ type: "drain", entity: "node-a1" })],
    ["what if we do nothing?", whole({ type: "none" })],
    ["what if we shed 10%?", whole({ type: "shed", share: 0.1 })],
  ])("%s", (text, spoken) => {
    expect(read(text)).toEqual({ type: "what-if", spoken });
  });
});

describe("orders", () => {
  test("said as an order are to be proposed", () => {
    expect(read("roll back catalog to 1.0.0")).toEqual({
      type: "propose",
      what: {
        type: "named",
        spoken: whole({ type: "rollback", entity: "catalog", to_version: "1.0.0" }),
      },
    });
    expect(read("please restart cart")).toMatchObject({ type: "propose" });
  });

  test.each<[string, object]>([
    [
      "propose limit payment to 5 calls to psp",
      whole({ type: "limit", from: "payment", to: "psp", max_concurrent: 5 }),
    ],
    [
      "limit payment to 5 concurrent calls to psp.example",
      whole({ type: "limit", from: "payment", to: "psp.example", max_concurrent: 5 }),
    ],
    [
      "propose turn catalog-review-highlights off",
      whole({ type: "flag", flag: "catalog-review-highlights", variant: "off" }),
    ],
    [
      "turn the flag catalog-review-highlights off",
      whole({ type: "flag", flag: "catalog-review-highlights", variant: "off" }),
    ],
    [
      "please propose set pg_pool_max of orders to 8",
      whole({ type: "setting", entity: "orders", setting: "pg_pool_max", value: "8" }),
    ],
    [
      "restore pg_pool_max of orders",
      { type: "restore", entity: "orders", setting: "pg_pool_max" },
    ],
  ])("%s: the action that was named, and no other", (text, spoken) => {
    expect(read(text)).toEqual({ type: "propose", what: { type: "named", spoken } });
  });

  test.each(["scale cart to 1000000", "scale cart to 0", "propose limit a to 99999 calls to b"])(
    "%s: a number that none can have is no other action",
    (text) => {
      expect(read(text)).toMatchObject({ what: { spoken: { type: "out-of-range" } } });
    },
  );
});

test("any text is read, quickly", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 300 }),
        fc.string({ unit: fc.constantFrom(..."what if is the  of a?/-:0123 "), maxLength: 2_000 }),
      ),
      (text) => {
        const startedMs = performance.now();
        expect(read(text).type).toBeTypeOf("string");
        expect(performance.now() - startedMs).toBeLessThan(200);
      },
    ),
    { numRuns: 300 },
  );
});
