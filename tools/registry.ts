import { z } from "zod";
import type { Clock } from "../src/clock.ts";
import { errorText, isOperationError } from "../src/errors.ts";
import type { Log } from "../src/log.ts";
import type { Meter } from "../src/meter.ts";
import { refuse } from "./answer.ts";
import { checkOutcome } from "./check-outcome.ts";
import { compareWindows } from "./compare-windows.ts";
import type { AnyTool, ToolContext, ToolEffect, ToolRefusal, ToolResult } from "./define-tool.ts";
import { fitAnswer } from "./fit-answer.ts";
import { getEntity } from "./get-entity.ts";
import { getSloStatus } from "./get-slo-status.ts";
import { getTopology } from "./get-topology.ts";
import { inputProblems } from "./input-problems.ts";
import { listChanges } from "./list-changes.ts";
import { proposeAction } from "./propose-action.ts";
import { querySeries } from "./query-series.ts";
import { rankCauses } from "./rank-causes.ts";
import { readInput } from "./read-input.ts";
import { readPlaybook } from "./read-playbook.ts";
import { recordHypothesis } from "./record-hypothesis.ts";
import { searchLogs } from "./search-logs.ts";
import { searchTraces } from "./search-traces.ts";
import { simulateIntervention } from "./simulate-intervention.ts";
import { surveySystem } from "./survey-system.ts";
import { nameText } from "./untrusted.ts";

/** Every tool there is, in the order in which an investigation meets them. */
export const TOOLS: readonly AnyTool[] = [
  surveySystem,
  getSloStatus,
  rankCauses,
  compareWindows,
  listChanges,
  searchTraces,
  searchLogs,
  querySeries,
  getEntity,
  getTopology,
  simulateIntervention,
  recordHypothesis,
  proposeAction,
  checkOutcome,
  readPlaybook,
];

/** Limit: characters of a title. */
const TITLE_CHARS_MAX = 80;

/** The tools, and what running them needs. */
export interface Registry {
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

export function createRegistry(
  ground: Pick<Registry, "clock" | "meter" | "log">,
  tools: readonly AnyTool[] = TOOLS,
): Registry {
  return { ...ground, tools: new Map(tools.map((tool) => [tool.name, tool])) };
}

/** What a model is told of one tool. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  /** JSON schema; the door itself is stricter (unknown fields, lengths) and says so in words. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** All tools as they are sent to the model, always the same bytes. */
export function catalogue(tools: readonly AnyTool[] = TOOLS): readonly CatalogueEntry[] {
  return tools.map(({ name, description, input }) => ({
    name,
    description,
    inputSchema: compact(z.toJSONSchema(input, { io: "input" })) as Record<string, unknown>,
  }));
}

/** Left out of a schema as sent: what costs tokens and tells a model nothing that it can use. */
const UNTOLD = new Set(["$schema", "additionalProperties", "minLength", "maxLength"]);

function compact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(compact);
  if (typeof schema !== "object" || schema === null) return schema;
  const told = Object.entries(schema).filter(([key]) => !UNTOLD.has(key));
  return Object.fromEntries(told.map(([key, value]) => [key, compact(value)]));
}

export function effectOf(registry: Registry, name: string): ToolEffect | undefined {
  return registry.tools.get(name)?.effect;
}

/** What is shown while a call runs; the tool's name in words when its input cannot be read. */
export function callTitle(registry: Registry, name: string, rawInput: unknown): string {
  const tool = registry.tools.get(name);
  const plain = nameText(name.replaceAll("_", " "));
  const parsed = tool === undefined ? undefined : readInput(tool, rawInput);
  const title =
    tool?.title === undefined || parsed?.ok !== true ? plain : tool.title(parsed.data as never);
  return title.length <= TITLE_CHARS_MAX ? title : `${title.slice(0, TITLE_CHARS_MAX - 1)}…`;
}

/**
 * Runs one tool call. Contract: never throws and never rejects; the answer takes at most `TOOL_ANSWER_BYTES_MAX` bytes of
 * JSON; a refusal names a code and what to do, and no stack trace leaves it. After the tool's time-out, or when the turn is
 * cancelled, it answers at once; what was to be proposed or recorded may then still be done, once (`callKey`).
 */
export async function runTool(
  registry: Registry,
  context: ToolContext,
  name: string,
  rawInput: unknown,
): Promise<ToolResult<unknown>> {
  const tool = registry.tools.get(name);
  const result =
    tool === undefined
      ? unknownTool(registry, name)
      : await runGuarded(registry, context, { tool, rawInput });
  const outcome = result.ok ? "ok" : result.code;
  const label = tool?.name ?? "unknown";
  registry.meter.add("orrery_tool_calls_total", 1, { tool: label, outcome });
  return result;
}

async function runGuarded(
  registry: Registry,
  context: ToolContext,
  { tool, rawInput }: { readonly tool: AnyTool; readonly rawInput: unknown },
): Promise<ToolResult<unknown>> {
  try {
    const parsed = readInput(tool, rawInput);
    if (!parsed.ok) return inputProblems(tool, parsed.error);
    if (parsed.isMended)
      registry.meter.add("orrery_tool_inputs_mended_total", 1, { tool: tool.name });
    const result = await inTime(registry, context, {
      tool,
      run: async () => tool.run(context, parsed.data as never),
    });
    if (!result.ok) return result;
    const fitted = fitAnswer(result, tool.output);
    if (fitted !== result) {
      registry.meter.add("orrery_tool_answers_cut_total", 1, { tool: tool.name });
    }
    return fitted;
  } catch (error) {
    if (isOperationError(error)) return refuse(error.code, error.message);
    registry.log.error("tool_failed", { tool: tool.name, error: errorText(error) });
    return refuse("tool_failed", `${tool.name} failed inside. Try another tool, or say so.`);
  }
}

/** The first of: the answer, the tool's time-out, the end of the turn. */
async function inTime(
  registry: Registry,
  { signal }: ToolContext,
  { tool, run }: { readonly tool: AnyTool; readonly run: () => Promise<ToolResult<unknown>> },
): Promise<ToolResult<unknown>> {
  const cancelled = refuse("cancelled", "The turn was cancelled before the tool had answered.");
  if (signal.aborted) return cancelled;
  const settled = new AbortController();
  const ended = new Promise<ToolRefusal>((resolve) => {
    const end = (): void => resolve(cancelled);
    signal.addEventListener("abort", end, { once: true, signal: settled.signal });
  });
  const late = registry.clock.sleep(tool.timeoutMs, settled.signal).then(
    () => timedOut(tool),
    () => cancelled,
  );
  try {
    return await Promise.race([run(), ended, late]);
  } finally {
    settled.abort();
  }
}

function timedOut({ name, effect, timeoutMs }: AnyTool): ToolRefusal {
  const doubt =
    effect === "read" ? "Ask for less." : "It may still be recorded: look with check_outcome.";
  return refuse("tool_timeout", `${name} took longer than ${timeoutMs / 1000} s. ${doubt}`);
}

function unknownTool(registry: Registry, name: string): ToolRefusal {
  const names = [...registry.tools.keys()];
  const words = new Set(name.toLowerCase().split(/[^a-z]+/));
  const alike = (one: string): number => one.split("_").filter((word) => words.has(word)).length;
  const near = names.filter((one) => alike(one) > 0).sort((a, b) => alike(b) - alike(a));
  const known = near.length > 0 ? near : names;
  return refuse("tool_unknown", `There is no tool ${nameText(name)}.`, known);
}
