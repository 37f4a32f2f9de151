import fc from "fast-check";
import { expect, test } from "vitest";
import { compareWindows } from "../../tools/compare-windows.ts";
import type { AnyTool } from "../../tools/define-tool.ts";
import { proposeAction } from "../../tools/propose-action.ts";
import { readInput } from "../../tools/read-input.ts";
import { TOOLS } from "../../tools/registry.ts";
import { searchLogs } from "../../tools/search-logs.ts";
import { simulateIntervention } from "../../tools/simulate-intervention.ts";

const ROLLBACK = { type: "rollback", entity: "catalog", to_version: "1.0.0" };

const slips: readonly (readonly [slip: string, tool: AnyTool, sent: unknown, meant: unknown])[] = [
  ["a number as text", searchLogs, { minutes: "5" }, { minutes: 5 }],
  ["null for what is left out", searchLogs, { service: null, at: null }, {}],
  ["a field by its other name", searchLogs, { level: "error" }, { severity: "error" }],
  ["the place by its other name", compareWindows, { entity: "cart" }, { about: "cart" }],
  [
    "a list as text",
    simulateIntervention,
    { plans: JSON.stringify([[ROLLBACK]]) },
    { plans: [[ROLLBACK]] },
  ],
  [
    "one plan without its list",
    simulateIntervention,
    { plans: [ROLLBACK] },
    { plans: [[ROLLBACK]] },
  ],
  ["one plan without any list", simulateIntervention, { plans: ROLLBACK }, { plans: [[ROLLBACK]] }],
  [
    "an action where an intervention is asked",
    simulateIntervention,
    {
      plans: [
        [{ type: "rollback", service: "catalog", toVersion: "1.0.0" }],
        [{ type: "set_flag", flag: "f", variant: "off" }],
        [{ type: "limit_caller", caller: "a", callee: "b", maxConcurrent: "4" }],
      ],
    },
    {
      plans: [
        [ROLLBACK],
        [{ type: "flag", flag: "f", variant: "off" }],
        [{ type: "limit", from: "a", to: "b", max_concurrent: 4 }],
      ],
    },
  ],
  [
    "an intervention where an action is asked",
    proposeAction,
    { action: ROLLBACK, reason: "it came right before", evidenceIds: "e1" },
    {
      action: { type: "rollback", service: "catalog", toVersion: "1.0.0" },
      reason: "it came right before",
      evidenceIds: ["e1"],
    },
  ],
];

test.each(slips)("%s is read as what is meant", (_slip, tool, sent, meant) => {
  const before = structuredClone(sent);
  expect(readInput(tool, sent)).toEqual({
    ok: true,
    data: tool.input.parse(meant),
    isMended: true,
  });
  expect(sent).toEqual(before);
});

const unclear: readonly (readonly [what: string, tool: AnyTool, sent: unknown])[] = [
  ["a number with words", searchLogs, { minutes: "5 min" }],
  ["a field that there is not", searchLogs, { command: "rm" }],
  [
    "a second name for what is named",
    proposeAction,
    {
      action: { type: "restart", service: "cart", entity: "catalog" },
      reason: "it hangs since the deploy",
      evidenceIds: ["e1"],
    },
  ],
  [
    "an action that there is not",
    proposeAction,
    {
      action: { type: "run", service: "cart" },
      reason: "it hangs since the deploy",
      evidenceIds: ["e1"],
    },
  ],
  ["what is missing", simulateIntervention, { plans: [[{ type: "rollback", entity: "catalog" }]] }],
];

test.each(unclear)("%s is not guessed at", (_what, tool, sent) => {
  const read = readInput(tool, sent);
  expect(read.ok).toBe(false);
  expect(read).toEqual({ ok: false, error: tool.input.safeParse(sent).error });
});

test("for any input, what is read fits the schema, and what fitted is not touched", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TOOLS), fc.jsonValue(), (tool, raw) => {
      const read = readInput(tool, raw);
      const direct = tool.input.safeParse(raw ?? {});
      if (direct.success) expect(read).toEqual({ ok: true, data: direct.data, isMended: false });
      if (read.ok) expect(tool.input.safeParse(read.data).success).toBe(true);
    }),
  );
});
