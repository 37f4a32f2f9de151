import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseScenario } from "./parse.ts";

const HEAD = "world shop\nload 40/s for 10m\n";

test("reads every kind of statement, with where it stands", () => {
  const scenario = parseScenario(`# A comment.
world shop     # another
seed 7
load 12.5/s for 10m

at 5m20s deploy catalog 1.1.0 { cpu x3, errors 30%, asks shop x2, calls shop "SELECT product" x2, only "GET /" }
at 6m telemetry of cart lost
at 6m30s orrery killed for 5s
expect page within 45s on "GET /product" absent
expect cause catalog@1.1.0 p >= 0.7 rank <= 2 ; path catalog -> gateway ; change "deploy catalog"
not yet expect none p >= 0.2 within 2m
ask "why?"
click approve by alice ; expect action scale cart 3 done within 10s
expect reply mentions catalog 1.1.0, cart ; every number has evidence
`);
  expect(scenario).toMatchObject({ world: "shop", seed: 7, perSecond: 12.5, lengthMs: 600_000 });
  const call = { to: "shop", what: "SELECT product" };
  expect(scenario.steps).toMatchObject([
    {
      line: 6,
      type: "at",
      atMs: 320_000,
      event: {
        type: "intervention",
        intervention: {
          type: "deploy",
          service: "catalog",
          version: "1.1.0",
          behaviour: {
            cpuFactor: 3,
            errorShare: 0.3,
            calleeFactor: { shop: 2 },
            extraCalls: [call, call],
            operations: ["GET /"],
          },
        },
      },
    },
    { line: 7, event: { type: "telemetry", isOn: false, service: "cart" } },
    { line: 8, event: { type: "restart", isKilled: true, downMs: 5_000 } },
    {
      line: 9,
      expectation: { type: "page", kind: "absent", withinMs: 45_000, operation: "GET /product" },
    },
    {
      line: 10,
      isNotYet: false,
      expectation: {
        type: "diagnosis",
        clauses: [
          { type: "cause", name: "catalog", version: "1.1.0", probabilityMin: 0.7, rankMax: 2 },
          { type: "path", entities: ["catalog", "gateway"] },
          { type: "change", words: "deploy catalog" },
        ],
      },
    },
    { line: 11, isNotYet: true, expectation: { type: "diagnosis", withinMs: 120_000 } },
    { line: 12, type: "ask", question: "why?" },
    { line: 13, type: "click", decision: "approve", by: "alice" },
    {
      line: 13,
      expectation: {
        type: "action",
        action: ["scale", "cart", "3"],
        state: "done",
        withinMs: 10_000,
      },
    },
    {
      line: 14,
      expectation: {
        type: "reply",
        clauses: [
          { type: "mentions", words: ["catalog 1.1.0", "cart"] },
          { type: "numbers-have-evidence" },
        ],
      },
    },
  ]);
});

test.each([
  ["load 40/s for 10m", "line 1: no world is named"],
  ["world shop", "line 1: nobody comes"],
  ["world shop\nload 40 for 10m", 'line 2: "40" is no rate'],
  [`${HEAD}at noon stop gateway`, 'line 3: "noon" is no time'],
  [`${HEAD}\n# words\nat 5m explode gateway`, 'line 5: "explode" is no event'],
  [`${HEAD}at 5m deploy catalog`, "line 3: a version is missing"],
  [`${HEAD}at 5m deploy catalog 2 { cpu 3 }`, 'line 3: "3" is no factor'],
  [`${HEAD}at 5m deploy catalog 2 { heat x3 }`, 'line 3: "heat" is no effect'],
  [`${HEAD}at 5m deploy catalog 2 { cpu x3`, 'line 3: expected "}" before "the end"'],
  [`${HEAD}at 5m stop gateway now please`, 'line 3: "please" is too much'],
  [`${HEAD}at 5m telemetry slow`, "line 3: telemetry is lost or back"],
  [`${HEAD}expect miracles`, 'line 3: "miracles" cannot be expected'],
  [`${HEAD}expect no bread`, "line 3: no bread"],
  [`${HEAD}expect cause catalog p > 0.7`, 'line 3: expected ">=" before ">"'],
  [`${HEAD}expect cause catalog p >= much`, 'line 3: "much" is no number'],
  [`${HEAD}expect cause catalog ; colour red`, 'line 3: "colour" is nothing of a diagnosis'],
  [`${HEAD}expect incidents 1 ; path a -> b`, 'line 3: "path" continues nothing'],
  [`${HEAD}click approve by alice ;`, "line 3: nothing stands between semicolons"],
  [`${HEAD}click maybe by alice`, "line 3: one can approve or reject"],
  [`${HEAD}expects page`, 'line 3: "expects" is no statement'],
  [`${HEAD}not yet page`, 'line 3: expected "expect" before "page"'],
])("names the line and what is wrong: %j", (text, message) => {
  expect(() => parseScenario(text)).toThrowError(message);
});

test("the example of the reference is a scenario, the same as the one that is played", () => {
  const read = (path: string): string =>
    readFileSync(join(import.meta.dirname, "../../..", path), "utf8");
  const [, example = ""] = /```scenario\n(.*?)```/s.exec(read("docs/reference/scenarios.md")) ?? [];
  const { steps } = parseScenario(example);
  const played = parseScenario(read("test/scenario/bad-deploy.scenario")).steps;
  const texts = played.map(({ text }) => text);
  expect(steps.length).toBeGreaterThan(8);
  expect(steps.map(({ text }) => text).filter((text) => !texts.includes(text))).toEqual([]);
});
