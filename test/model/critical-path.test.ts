import fc from "fast-check";
import { expect, test } from "vitest";
import { Assembled, type Line } from "./raw-trace.ts";

/** A tree of spans as lists of children; times are shares of the parent's, and may overflow it. */
interface Shape {
  readonly from: number;
  readonly length: number;
  readonly kind: "internal" | "client" | "server" | "producer" | "consumer";
  readonly skewMs: number;
  readonly children: readonly Shape[];
}

const share = (min: number, max: number) => fc.double({ min, max, noNaN: true });

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    from: share(-0.3, 1.2),
    length: share(0, 1.3),
    kind: fc.constantFrom("internal", "client", "server", "producer", "consumer"),
    skewMs: fc.constantFrom(0, 0, 0, -400, 250),
    children: fc.oneof(
      { depthSize: "small" },
      fc.constant([]),
      fc.array(tie("shape") as fc.Arbitrary<Shape>, { maxLength: 4 }),
    ),
  }),
}));

function linesOf(children: readonly Shape[]): Line[] {
  const lines: Line[] = [{ id: "r", service: "a", kind: "server", from: 0, to: 1000 }];
  let next = 0;
  const add = (shapes: readonly Shape[], parent: Line): void => {
    for (const one of shapes) {
      next += 1;
      const length = (parent.to - parent.from) * one.length;
      const from = parent.from + (parent.to - parent.from) * one.from + one.skewMs;
      const service =
        one.kind === "server" || one.kind === "consumer" ? `s${next}` : parent.service;
      const calls = one.kind === "client" ? { calls: `s${next + 1}` } : {};
      const line: Line = {
        id: `n${next}`,
        under: parent.id,
        service,
        kind: one.kind,
        from,
        to: from + length,
        ...calls,
      };
      lines.push(line);
      add(one.children, line);
    }
  };
  add(children, lines[0] as Line);
  return lines;
}

const trees = fc.array(shape, { maxLength: 5 });

test("critical times of a trace sum to its duration, however its spans overlap, overflow or are skewed", () => {
  fc.assert(
    fc.property(trees, (children) => {
      const seen = new Assembled(linesOf(children));
      expect(seen.trace.durationMs).toBe(1000);
      expect(seen.criticalSum).toBeCloseTo(1000, 3);
      for (const span of seen.trace.spans) {
        expect(span.criticalMs).toBeGreaterThanOrEqual(0);
        expect(span.criticalMs).toBeLessThanOrEqual(span.durationMs + 1e-6);
      }
    }),
    { numRuns: 150 },
  );
});

test("no span has more own time than it lasted, and none has less than nothing", () => {
  fc.assert(
    fc.property(trees, (children) => {
      for (const span of new Assembled(linesOf(children)).trace.spans) {
        expect(span.selfMs).toBeGreaterThanOrEqual(0);
        expect(span.selfMs).toBeLessThanOrEqual(span.durationMs + 1e-6);
      }
    }),
    { numRuns: 100 },
  );
});

/** Calls one after another, each inside its parent: own times and critical times are then the same. */
const nested = fc.array(fc.tuple(share(0.05, 0.9), fc.nat({ max: 3 })), { maxLength: 5 });

test("own times of a trace without overlap sum to its duration, as the critical times do", () => {
  fc.assert(
    fc.property(nested, (parts) => {
      const slot = 1000 / Math.max(1, parts.length);
      const children = parts.map(
        ([length, depth], index): Shape => ({
          from: index / Math.max(1, parts.length),
          length: (slot * length) / 1000,
          kind: "client",
          skewMs: 0,
          children: Array.from({ length: Math.min(1, depth) }, () => ({
            from: 0.1,
            length: 0.8,
            kind: "server" as const,
            skewMs: 0,
            children: [],
          })),
        }),
      );
      const { spans } = new Assembled(linesOf(children)).trace;
      expect(spans.reduce((sum, one) => sum + one.selfMs, 0)).toBeCloseTo(1000, 3);
      for (const span of spans) expect(span.selfMs).toBeCloseTo(span.criticalMs, 6);
    }),
    { numRuns: 100 },
  );
});
