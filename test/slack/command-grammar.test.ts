import { expect, test } from "vitest";
import { parseCommand, parseInstant, parseSpan } from "../../src/slack/command-grammar.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 2, 20, 0);
const at = (hours: number, minutes: number, day = 24): number =>
  Date.UTC(2026, 10, day, hours, minutes);

test.each([
  ["", { type: "menu" }],
  ["help", { type: "menu" }],
  ["status", { type: "status" }],
  ["status checkout", { type: "status", about: "checkout" }],
  ["STATUS --at 02:10", { type: "status", atMs: at(2, 10) }],
  ["status --at 23:10", { type: "status", atMs: at(23, 10, 23) }],
  ["status cart --since 1h", { type: "status", about: "cart", sinceMs: NOW_MS - 3_600_000 }],
  ["why POST /checkout —at 02:10", { type: "why", about: "POST /checkout", atMs: at(2, 10) }],
  ["what-if scale cart to 4", { type: "what-if", text: "scale cart to 4" }],
  ["what-if load +30%", { type: "what-if", text: "load +30%" }],
  ["changes", { type: "changes", sinceMs: NOW_MS - 3_600_000 }],
  ["changes cart --since 30m", { type: "changes", about: "cart", sinceMs: NOW_MS - 1_800_000 }],
  ["changes --since 02:00", { type: "changes", sinceMs: at(2, 0) }],
])("reads %s", (text, command) => {
  expect(parseCommand(text, NOW_MS)).toEqual({ ok: true, command, isPublic: false });
});

test("an answer is shared only when asked to", () => {
  expect(parseCommand("status --post", NOW_MS)).toMatchObject({ ok: true, isPublic: true });
});

test.each([
  ["statsu", ["/sre status"]],
  ["wy checkout", ["/sre why"]],
  ["what", ["/sre what-if", "/sre why"]],
  ["status --att 02:10", ["--at"]],
  ["frobnicate", []],
  ["why", []],
  ["what-if", []],
  ["status --at later", []],
  ["status --at", []],
  ["changes --since forever", []],
  ["changes --at 02:10", []],
  ["x".repeat(2_000), []],
])("refuses %s with what was perhaps meant", (text, didYouMean) => {
  expect(parseCommand(text, NOW_MS)).toMatchObject({ ok: false, didYouMean });
});

test("a time to come is not a past time", () => {
  expect(parseInstant("2026-11-24T02:21Z", NOW_MS)).toBeUndefined();
  expect(parseInstant("2026-11-24T02:10", NOW_MS)).toBe(at(2, 10));
  expect(parseInstant("24:00", NOW_MS)).toBeUndefined();
});

test("a span has a unit, is not nothing, and has an end", () => {
  expect(parseSpan("90s")).toBe(90_000);
  expect(parseSpan("2d")).toBe(172_800_000);
  for (const wrong of ["", "0h", "1", "h", "1w", "99999d", "-1h"])
    expect(parseSpan(wrong)).toBeUndefined();
});
