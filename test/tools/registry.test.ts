import { expect, test } from "vitest";
import { z } from "zod";
import { OperationError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { TOOL_ANSWER_BYTES_MAX } from "../../tools/answer.ts";
import { type AnyTool, defineTool, type ToolResult } from "../../tools/define-tool.ts";
import { callTitle, catalogue, effectOf, runTool, TOOLS } from "../../tools/registry.ts";
import { checkLawful, testRegistry } from "./lawful.ts";
import { contextOf, sharedShop } from "./tool-world.ts";

const VERBS =
  /^(?:survey|get|list|query|search|compare|rank|simulate|check|record|propose|page|read|write)_[a-z]+(?:_[a-z]+)*$/;

/** A tool that does what a test says. */
function stub(run: () => Promise<ToolResult<unknown>> | ToolResult<unknown>): AnyTool {
  return defineTool<Record<string, never>, unknown>({
    name: "read_stub",
    description: "",
    input: z.strictObject({}),
    output: z.unknown(),
    effect: "read",
    timeoutMs: 1_000,
    run,
  });
}

test("the whole catalogue as sent stays below 12 KB, always the same bytes", () => {
  const sent = JSON.stringify(catalogue());
  expect(new TextEncoder().encode(sent).length).toBeLessThanOrEqual(12_000);
  expect(JSON.stringify(catalogue())).toBe(sent);
  expect(catalogue()).toHaveLength(TOOLS.length);
});

test("tools are called by the verbs of the glossary, each name once, and described briefly", () => {
  expect(TOOLS.length).toBeGreaterThanOrEqual(15);
  expect(new Set(TOOLS.map((tool) => tool.name)).size).toBe(TOOLS.length);
  for (const tool of TOOLS) {
    expect(tool.name).toMatch(VERBS);
    expect(tool.description.length, tool.name).toBeLessThanOrEqual(400);
    expect(tool.timeoutMs).toBeGreaterThan(0);
  }
});

test("the schema as sent admits what the door admits, and names every field", () => {
  for (const { name, inputSchema } of catalogue()) {
    expect(inputSchema.type, name).toBe("object");
    const tool = TOOLS.find((one) => one.name === name);
    const fields = Object.keys((inputSchema.properties ?? {}) as object);
    const shape = tool !== undefined && "shape" in tool.input ? tool.input.shape : {};
    expect(fields, name).toEqual(Object.keys(shape as object));
  }
});

test("only what asks for a human proposes, and only what tells responders notifies", () => {
  const registry = testRegistry();
  const others = TOOLS.filter((tool) => tool.effect !== "read").map((tool) => tool.name);
  expect(others).toEqual(["record_hypothesis", "propose_action"]);
  expect(effectOf(registry, "propose_action")).toBe("propose");
  expect(effectOf(registry, "no_such_tool")).toBeUndefined();
});

test("says in words what is wrong with an input", async () => {
  const context = contextOf(sharedShop());
  const message = async (name: string, input: unknown): Promise<string> => {
    const result = await runTool(testRegistry(), context, name, input);
    checkLawful(result);
    return result.ok ? "" : `${result.code}: ${result.message}`;
  };
  expect(await message("get_entity", {})).toBe("input_invalid: get_entity: entity is missing.");
  expect(await message("get_topology", { hops: 9, depth: 2 })).toBe(
    "input_invalid: get_topology: hops too big: expected number to be <=3; the input has no field depth; it takes around, hops, at.",
  );
  expect(await message("get_entity", { entity: 7 })).toContain("entity expected string");
  expect(await message("get_entity", "catalog")).toContain("the input expected object");
  expect(await message("search_traces", { kind: "fast" })).toContain('"slow"|"error"|"any"');
  expect(await message("get_entity", { entity: "x", [`${"k".repeat(9_000)}\u202e`]: 1 })).toContain(
    "has no field kkk",
  );
  expect(await message("survey_system", null)).toBe("");
});

test("offers the tools that are most alike for a name that is none", async () => {
  const result = await runTool(testRegistry(), contextOf(sharedShop()), "get_traces", {});
  checkLawful(result);
  expect(result).toMatchObject({ ok: false, code: "tool_unknown" });
  expect(result.ok ? [] : result.didYouMean).toContain("search_traces");
});

test("turns a failure inside a tool into a refusal, and logs and counts it", async () => {
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line));
  const failing = stub(() => {
    throw new TypeError("cannot read properties of undefined");
  });
  const registry = testRegistry([failing], log);
  const result = await runTool(registry, contextOf(sharedShop()), "read_stub", {});
  checkLawful(result);
  expect(result).toMatchObject({ ok: false, code: "tool_failed" });
  expect(JSON.stringify(result)).not.toContain("properties of undefined");
  expect(lines.join()).toContain("cannot read properties of undefined");
  const labels = { tool: "read_stub", outcome: "tool_failed" };
  expect(registry.meter.get("orrery_tool_calls_total", labels)).toBe(1);
});

test("passes on what the world refused, by its code", async () => {
  const failing = stub(() => Promise.reject(new OperationError("store_full", "The disk is full.")));
  const result = await runTool(testRegistry([failing]), contextOf(sharedShop()), "read_stub", {});
  expect(result).toEqual({ ok: false, code: "store_full", message: "The disk is full." });
});

test("ends a call after the tool's time-out, and leaves no timer behind", async () => {
  const slow = stub(() => new Promise<never>(() => undefined));
  const registry = testRegistry([slow]);
  const call = runTool(registry, contextOf(sharedShop()), "read_stub", {});
  registry.clock.advance(999);
  registry.clock.advance(1);
  const result = await call;
  expect(result).toMatchObject({ ok: false, code: "tool_timeout" });
  const quick = testRegistry();
  await runTool(quick, contextOf(sharedShop()), "survey_system", {});
  expect(quick.clock.sleeping).toBe(0);
});

test("tells after a time-out that a proposal may still have been made", async () => {
  const slow = { ...stub(() => new Promise<never>(() => undefined)), effect: "propose" as const };
  const registry = testRegistry([slow]);
  const call = runTool(registry, contextOf(sharedShop()), "read_stub", {});
  registry.clock.advance(1_000);
  const result = await call;
  expect(result.ok ? "" : result.message).toContain("check_outcome");
});

test("ends a call when the turn is cancelled, before and while it runs", async () => {
  const slow = stub(() => new Promise<never>(() => undefined));
  const turn = new AbortController();
  const context = contextOf(sharedShop(), { signal: turn.signal });
  const running = runTool(testRegistry([slow]), context, "read_stub", {});
  turn.abort();
  expect(await running).toMatchObject({ ok: false, code: "cancelled" });
  let ran = false;
  const noted = stub(() => {
    ran = true;
    return { ok: false, code: "x", message: "x" };
  });
  const late = await runTool(testRegistry([noted]), context, "read_stub", {});
  expect(late).toMatchObject({ ok: false, code: "cancelled" });
  expect(ran).toBe(false);
});

test("counts an answer that had to be cut", async () => {
  const large = {
    ...stub(() => ({
      ok: true,
      data: { rows: Array(900).fill("a row") },
      evidence: [],
      notes: [],
    })),
    output: z.object({ rows: z.array(z.string()) }),
  };
  const registry = testRegistry([large]);
  const result = await runTool(registry, contextOf(sharedShop()), "read_stub", {});
  expect(JSON.stringify(result).length).toBeLessThanOrEqual(TOOL_ANSWER_BYTES_MAX);
  expect(registry.meter.get("orrery_tool_answers_cut_total", { tool: "read_stub" })).toBe(1);
});

test("shows while it runs what a call is about, in at most 80 characters", () => {
  const registry = testRegistry();
  expect(callTitle(registry, "rank_causes", { about: "checkout" })).toBe(
    "Ranking the causes of checkout",
  );
  const long = callTitle(registry, "get_entity", { entity: "x".repeat(200) });
  expect(long.length).toBeLessThanOrEqual(80);
  expect(callTitle(registry, "get_entity", { wrong: 1 })).toBe("get entity");
  expect(callTitle(registry, "no_such_tool", {})).toBe("no such tool");
});
