import { expect, test } from "vitest";
import type { Signal } from "../../src/model/signal.ts";
import { createSignalQueue } from "../../src/telemetry/queue.ts";

const record = { timeMs: 1, severity: 9, body: "", traceId: "", spanId: "", attributes: {} };
const logs = (count: number, source = "otlp"): Signal => ({
  type: "logs",
  source,
  receivedMs: 1,
  resource: {},
  records: Array.from({ length: count }, () => record),
});

test("takes signals in order, as many items as asked for and never none", () => {
  const queue = createSignalQueue(100);
  expect(queue.offer([logs(10, "a"), logs(20, "b"), logs(30, "c")])).toBe(true);
  expect(queue.depth).toBe(60);
  expect(queue.take(30).map(({ source }) => source)).toEqual(["a", "b"]);
  expect(queue.take(1).map(({ source }) => source)).toEqual(["c"]);
  expect([queue.depth, queue.take(5)]).toEqual([0, []]);
});

test("takes a batch whole or not at all, and any batch when it is empty", () => {
  const queue = createSignalQueue(100);
  expect(queue.offer([logs(90), logs(90)])).toBe(true);
  expect(queue.offer([logs(1)])).toBe(false);
  expect(queue.depth).toBe(180);
  queue.force([logs(5)]);
  expect(queue.depth).toBe(185);
});

test("keeps its order and its depth over many turns", () => {
  const queue = createSignalQueue(10_000);
  let taken = 0;
  for (let turn = 0; turn < 5000; turn++) {
    queue.force([logs(1, String(turn))]);
    if (turn % 3 === 2) {
      for (const signal of queue.take(2)) expect(signal.source).toBe(String(taken++));
    }
  }
  expect(queue.depth).toBe(5000 - taken);
  expect(queue.take(10_000).map(({ source }) => Number(source))).toEqual(
    Array.from({ length: 5000 - taken }, (_, index) => taken + index),
  );
});
