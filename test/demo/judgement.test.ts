import { expect, test } from "vitest";
import { CustomerWatch } from "../../src/demo/customer-watch.ts";
import { isTrueRemedy, isTrueRoot, truthSchema } from "../../src/demo/judgement.ts";
import {
  canBeApproved,
  diagnosisFacts,
  pageFacts,
  proposalFacts,
} from "../../src/demo/message-facts.ts";
import type { LocalMessage } from "../../src/demo/slack/contract.ts";
import { ENTRY_OPERATIONS } from "../../src/demo/world/contract.ts";

const truth = truthSchema.parse({
  healthy: false,
  roots: [
    { entity: "catalog-1", aliases: ["instance:catalog-1", "catalog"], fault: "starved-replica" },
  ],
  onset: "2026-11-24T02:13:27Z",
  remediation: [
    { type: "restart", service: "catalog", instance: "catalog-1" },
    { type: "limit_caller", caller: "payment", callee: "psp" },
  ],
});

test("a root is true by its name or an alias, and by nothing else", () => {
  expect(
    ["catalog-1", "instance:catalog-1", "catalog"].map((name) => isTrueRoot(truth, name)),
  ).toEqual([true, true, true]);
  expect(["", "cart", "catalog-2"].map((name) => isTrueRoot(truth, name))).toEqual([
    false,
    false,
    false,
  ]);
});

test("an action cures when it says all that the truth says; what the truth leaves open is free", () => {
  expect(
    isTrueRemedy(truth, {
      type: "limit_caller",
      caller: "payment",
      callee: "psp",
      maxConcurrent: 8,
    }),
  ).toBe(true);
  expect(isTrueRemedy(truth, { type: "restart", service: "catalog", instance: "catalog-1" })).toBe(
    true,
  );
  expect(isTrueRemedy(truth, { type: "restart", service: "catalog" })).toBe(false);
  expect(isTrueRemedy(truth, { type: "rollback", service: "catalog", toVersion: "1.4.2" })).toBe(
    false,
  );
});

test("the objective is back after thirty seconds without a bad short window", () => {
  const badSeconds = new Set([3, 4, 5]);
  const saw = (fromMs: number, toMs: number) =>
    ENTRY_OPERATIONS.map((operation) => ({
      operation,
      requests: 100,
      bad: [...badSeconds].some((second) => second * 1000 >= fromMs && second * 1000 < toMs)
        ? 2
        : 0,
      failed: 0,
      p50Ms: 20,
      p95Ms: 80,
    }));
  const watch = new CustomerWatch();
  const back: number[] = [];
  for (let second = 1; second <= 60; second += 1) {
    watch.look(saw, "GET /", second * 1000);
    if (watch.isBack(second * 1000)) back.push(second);
  }
  // The last bad second leaves the ten-second window at 16 s.
  expect(back[0]).toBe(46);
});

test("an operation that nobody serves is not back", () => {
  const watch = new CustomerWatch();
  for (let second = 0; second < 60; second += 1) watch.look(() => [], "GET /", second * 1000);
  expect(watch.isBack(60_000)).toBe(false);
});

test("what messages say for programs is read, and other messages say nothing", () => {
  const message = (event_payload: unknown, blocks: LocalMessage["blocks"] = []): LocalMessage => ({
    type: "message",
    channel: "C1",
    ts: "1.0",
    user: "U1",
    text: "",
    blocks,
    metadata: { event_type: "orrery_post", event_payload },
  });
  const page = { incident: "i-1", page: "burn", state: "open", paged_ms: 5, operation: "GET /" };
  expect(pageFacts(message(page))).toEqual(page);
  const proposal = {
    proposal: "p-1",
    incident: "i-1",
    state: "open",
    action: '{"type":"restart"}',
  };
  expect(proposalFacts(message(proposal))?.action).toEqual({ type: "restart" });
  expect(diagnosisFacts(message(page))).toBeUndefined();
  expect(pageFacts({ ...message(page), metadata: {} })).toBeUndefined();
  const button = { type: "button", action_id: "proposal_approve" };
  expect(canBeApproved(message(proposal, [{ type: "actions", elements: [button] }]))).toBe(true);
  expect(canBeApproved(message(proposal))).toBe(false);
});
