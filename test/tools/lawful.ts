import { expect } from "vitest";
import type { ZodType } from "zod";
import type { Clock } from "../../src/clock.ts";
import { type Log, silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import { EVIDENCE_MAX, TOOL_ANSWER_BYTES_MAX } from "../../tools/answer.ts";
import type {
  AnyTool,
  EvidenceDraft,
  ToolContext,
  ToolOutcome,
  ToolRefusal,
  ToolResult,
} from "../../tools/define-tool.ts";
import { answerBytes } from "../../tools/fit-answer.ts";
import { createRegistry, type Registry, runTool, TOOLS } from "../../tools/registry.ts";

/** A clock whose sleepers wake when a test says so. */
export class HandClock implements Clock {
  #now = 0;
  readonly #sleepers: { atMs: number; wake: () => void }[] = [];

  nowMs(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { atMs: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal.reason);
      });
    });
  }

  every(): () => void {
    return () => undefined;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.atMs <= this.#now) sleeper.wake();
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }
}

export function testRegistry(
  tools: readonly AnyTool[] = TOOLS,
  log: Log = silentLog,
): Registry & { readonly clock: HandClock } {
  const clock = new HandClock();
  return { ...createRegistry({ clock, meter: createMeter(), log }, tools), clock };
}

const bytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** Control and hidden characters, which no answer may carry. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}]/u;

function strings(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { path: `${path}.(key)`, text: key },
    ...strings(item, `${path}.${key}`),
  ]);
}

function checkEvidence(draft: EvidenceDraft): void {
  expect(draft.about).not.toBe("");
  expect(draft.text).not.toBe("");
  expect(draft.text.length).toBeLessThanOrEqual(700);
  const cited = [...draft.text.matchAll(/\{\{(.*?)\}\}/g)].map((match) => match[1] ?? "");
  expect(Object.keys(draft.values), draft.text).toEqual(expect.arrayContaining(cited));
  for (const [key, value] of Object.entries(draft.values)) {
    expect(key).toMatch(/^\w+$/);
    if (typeof value !== "string") expect(Number.isFinite(value.value), key).toBe(true);
  }
  const { window } = draft;
  if (window !== undefined) expect(window.toMs).toBeGreaterThanOrEqual(window.fromMs);
}

/** What holds for any answer of any tool, whatever the world was and whatever was asked. */
export function checkLawful(result: ToolResult<unknown>, tool?: AnyTool): void {
  expect(result.ok ? answerBytes(result) : bytes(result)).toBeLessThanOrEqual(
    TOOL_ANSWER_BYTES_MAX,
  );
  for (const { path, text } of strings(result)) {
    expect(HIDDEN.test(text), `${path}: ${JSON.stringify(text)}`).toBe(false);
    if (path !== ".data.text") expect(text.includes("\n"), path).toBe(false);
    expect(text, path).not.toMatch(/\bat (?:file:|node:|\/|async )|\.ts:\d+/);
    expect(text.isWellFormed(), path).toBe(true);
  }
  if (!result.ok) {
    expect(result.code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(result.message).not.toBe("");
    expect((result.didYouMean ?? []).length).toBeLessThanOrEqual(6);
    return;
  }
  if (tool !== undefined) expect(tool.output.parse(result.data)).toEqual(result.data);
  expect(result.evidence.length).toBeLessThanOrEqual(EVIDENCE_MAX);
  for (const draft of result.evidence) checkEvidence(draft);
}

/** Runs a tool as the agent does, and holds its answer to what holds for all. */
export async function run(
  context: ToolContext,
  name: string,
  input: unknown = {},
): Promise<ToolResult<unknown>> {
  const registry = testRegistry();
  const result = await runTool(registry, context, name, input);
  expect(result.ok ? "" : result.code).not.toBe("tool_failed");
  checkLawful(result, registry.tools.get(name));
  return result;
}

/** The answer of a tool that must give one. */
export async function answered<Output>(
  context: ToolContext,
  tool: { readonly name: string; readonly output: ZodType<Output> },
  input: unknown = {},
): Promise<ToolOutcome<Output>> {
  const result = await run(context, tool.name, input);
  if (!result.ok) throw new Error(`${tool.name} refused: ${result.code} ${result.message}`);
  return { ...result, data: tool.output.parse(result.data) };
}

export async function refused(
  context: ToolContext,
  tool: { readonly name: string },
  input: unknown,
): Promise<ToolRefusal> {
  const result = await run(context, tool.name, input);
  if (result.ok) throw new Error(`${tool.name} answered ${JSON.stringify(result.data)}`);
  return result;
}

export function quantityOf(draft: EvidenceDraft | undefined, key: string): number {
  const value = draft?.values[key];
  if (value === undefined || typeof value === "string") throw new Error(`no quantity ${key}`);
  return value.value;
}
