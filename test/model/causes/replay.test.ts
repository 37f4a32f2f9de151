import { expect, test } from "vitest";
import { compile, replay, UNCHANGED } from "../../../src/model/causes/replay.ts";
import { entityId } from "../../../src/model/entity.ts";
import type { Trace, TraceSpan } from "../../../src/model/view.ts";

const service = (name: string) => entityId("service", name);

function span(
  part: Partial<TraceSpan> & Pick<TraceSpan, "parent" | "offsetMs" | "durationMs">,
): TraceSpan {
  return {
    spanId: "",
    kind: "server",
    service: service("a"),
    name: "",
    selfMs: 0,
    criticalMs: 0,
    error: false,
    errorType: "",
    ...part,
  };
}

const call = (callee: string, offsetMs: number, durationMs: number, error = false): TraceSpan =>
  span({
    parent: 0,
    kind: "client",
    callee: service(callee),
    name: callee,
    offsetMs,
    durationMs,
    error,
  });

function play(spans: readonly TraceSpan[], change: Partial<typeof UNCHANGED> = {}): number {
  const trace: Trace = {
    traceId: "t",
    operation: entityId("operation", "a GET /"),
    startMs: 0,
    durationMs: spans[0]?.durationMs ?? 0,
    error: false,
    spans,
  };
  const exemplar = compile(trace);
  return exemplar === undefined ? Number.NaN : replay(exemplar, { ...UNCHANGED, ...change });
}

const root = (durationMs: number): TraceSpan => span({ parent: -1, offsetMs: 0, durationMs });
const SEQUENCE = [root(100), call("b", 10, 30), call("c", 50, 40)];
const PARALLEL = [root(100), call("b", 10, 80), call("c", 12, 40)];

test("an unchanged replay gives the time that was observed", () => {
  expect(play(SEQUENCE)).toBeCloseTo(100, 9);
  expect(play(PARALLEL)).toBeCloseTo(100, 9);
});

test("calls one after another add up; of calls side by side the longest counts", () => {
  const slowC = { gap: (edge: string) => (edge === "a->c" ? 2 : 1) };
  expect(play(SEQUENCE, slowC)).toBeCloseTo(140, 9);
  expect(play(PARALLEL, slowC)).toBeCloseTo(102, 9);
});

test("own time scales without touching the calls", () => {
  expect(play(SEQUENCE, { self: () => 2 })).toBeCloseTo(130, 9);
});

test("a timeout cuts a call off", () => {
  expect(play(SEQUENCE, { timeoutMs: (edge) => (edge === "a->c" ? 15 : undefined) })).toBeCloseTo(
    75,
    9,
  );
});

test("fewer retries take the repeated attempts away", () => {
  const retried = [root(100), call("b", 10, 20, true), call("b", 40, 20, true), call("b", 70, 20)];
  expect(play(retried, { attemptsMax: () => 1 })).toBeCloseTo(60, 9);
  expect(play(retried, { attemptsMax: () => 2 })).toBeCloseTo(80, 9);
});
