import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caseFolders, readCase } from "../../src/cases/case-folder.ts";
import { worldOf } from "../../src/cases/case-world.ts";
import { TraceThinner } from "../../src/cases/trace-thinner.ts";
import { casesFolder, gauge, spans, writeCase } from "./case-writer.ts";

const DETECTED = Date.UTC(2026, 0, 2, 3, 4, 5);

const call = (trace: number, startMs: number) => [
  spans("shop", [
    { trace, span: 1, name: "GET /", kind: 2, startMs, durationMs: 50 },
    {
      trace,
      span: 2,
      parent: 1,
      name: "GET /x",
      kind: 3,
      startMs: startMs + 5,
      durationMs: 40,
      peer: "cart",
    },
  ]),
  spans("cart", [
    { trace, span: 3, parent: 2, name: "GET /x", kind: 2, startMs: startMs + 6, durationMs: 30 },
  ]),
];

test("reads what was known at the instant of the answer, in order of time, packed or not", async () => {
  const folder = writeCase(casesFolder(), {
    id: "one",
    detectedMs: DETECTED,
    changes: [
      {
        time: new Date(DETECTED - 1000).toISOString(),
        kind: "commit",
        summary: "b",
        attributes: { sha: "abc1234", files: ["x"] },
      },
      {
        time: new Date(DETECTED - 9000).toISOString(),
        kind: "failover",
        entity: "cart",
        summary: "a",
        attributes: {},
      },
      {
        time: new Date(DETECTED + 61_000).toISOString(),
        kind: "deploy",
        entity: "cart",
        summary: "later",
        attributes: {},
      },
    ],
    lines: {
      "metrics.jsonl.gz": [
        gauge("cart", "latency", [
          { timeMs: DETECTED + 59_000, value: 3 },
          { timeMs: DETECTED - 300_000, value: 1 },
          { timeMs: DETECTED + 90_000, value: 4 },
        ]),
      ],
      "traces.jsonl": [
        ...call(2, DETECTED - 2000),
        ...call(1, DETECTED - 20_000),
        ...call(3, DETECTED + 100_000),
      ],
    },
  });
  const { telemetry, changes, faults } = await readCase(folder, 60_000);
  expect(telemetry.metrics.flatMap(({ points }) => points.map(({ value }) => value))).toEqual([
    1, 3,
  ]);
  expect(telemetry.spans.flatMap((one) => one.spans.map(({ traceId }) => Number(traceId)))).toEqual(
    [1, 1, 1, 2, 2, 2],
  );
  expect(changes.map(({ id, kind, summary }) => [summary, kind, id.startsWith("change-")])).toEqual(
    [
      ["a", "other", true],
      ["b", "commit", false],
    ],
  );
  expect([...faults]).toEqual([]);
});

test("a damaged file costs its own content, with a count, and never the rest", async () => {
  const folder = writeCase(casesFolder(), {
    id: "damaged",
    detectedMs: DETECTED,
    head: { trace_sampling: "half", page: 7 },
    topology: {
      entities: [
        { id: "a", kind: "service", name: "a" },
        { id: "a", kind: "service", name: "a" },
        { id: "q", kind: "quota", name: "q" },
      ],
      relations: [
        { from: "a", to: "q", kind: "calls" },
        { from: "a", to: "gone", kind: "calls" },
      ],
    },
    changes: ["not json", { kind: "deploy" }],
    lines: { "metrics.jsonl": ["{", gauge("a", "m", [{ timeMs: DETECTED - 5, value: 1 }])] },
  });
  writeFileSync(join(folder, "logs.jsonl.gz"), "no gzip at all");
  const record = await readCase(folder, 0);
  expect(record.traceSampling).toBe(1);
  expect(record.topology?.entities.map(({ kind }) => kind)).toEqual(["service", "external"]);
  expect(record.topology?.relations).toHaveLength(1);
  expect(record.telemetry.metrics).toHaveLength(1);
  expect([...record.faults.keys()].sort()).toEqual([
    "changes.jsonl: not a change",
    "logs.jsonl: cannot be read to its end",
    "metrics.jsonl: a line is not OTLP",
    "topology.json: a relation is not known",
    "topology.json: kind quota is not known",
  ]);
});

test("a folder that holds no case says which and why", async () => {
  const root = casesFolder();
  writeFileSync(join(root, "case.json"), JSON.stringify({ detected_at: "yesterday" }));
  await expect(readCase(root, 0)).rejects.toThrow(/case\.json is not a case: detected_at/);
});

test("cases are found at any depth, in order", () => {
  const root = casesFolder();
  mkdirSync(join(root, "set", "empty"), { recursive: true });
  writeCase(join(root, "set"), { id: "b", detectedMs: DETECTED });
  writeCase(join(root, "set"), { id: "a", detectedMs: DETECTED });
  expect([...caseFolders(root)].map((path) => path.slice(root.length))).toEqual([
    "/set/a",
    "/set/b",
  ]);
});

test("the world of a case stands at its end", async () => {
  const folder = writeCase(casesFolder(), {
    id: "world",
    detectedMs: DETECTED,
    lines: {
      "traces.jsonl": Array.from({ length: 30 }, (_, at) =>
        call(at + 1, DETECTED - 60_000 + at * 2000),
      ).flat(),
    },
  });
  const view = worldOf(await readCase(folder, 0)).at(DETECTED);
  expect(view.edges({ fromMs: DETECTED - 120_000, toMs: DETECTED }).map(({ id }) => id)).toEqual([
    "shop->cart",
  ]);
  expect(DETECTED - view.closedMs).toBeLessThan(5_000);
});

test("too many spans cost whole traces, and the share says how many", () => {
  const thinner = new TraceThinner(100);
  const ids = Array.from({ length: 1000 }, (_, at) => at.toString(16).padStart(32, "0"));
  const kept = ids
    .filter((traceId) => thinner.admits({ traceId }))
    .filter((id) => thinner.keeps(id));
  expect(thinner.share).toBeLessThan(1);
  expect(kept.length / ids.length / thinner.share).toBeGreaterThan(0.5);
  expect(kept.length).toBeLessThanOrEqual(110);
});
