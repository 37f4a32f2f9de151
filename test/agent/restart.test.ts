import { describe, expect, test, vi } from "vitest";
import type { AgentEvent } from "../../src/agent/events.ts";
import type { Store } from "../../src/store/store.ts";
import type { AnyTool } from "../../tools/define-tool.ts";
import { TOOLS } from "../../tools/registry.ts";
import { startFakeClaude } from "../support/fake-claude.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import type { Written } from "../tools/tool-world.ts";
import {
  type AgentOptions,
  INCIDENT,
  PAGE,
  question,
  startAgent,
  type Told,
  toldBy,
} from "./running-agent.ts";

// Whole turns by the dozen, on whatever machine.
vi.setConfig({ testTimeout: 90_000 });

/** A process that dies at its n-th write, before or after it is on disk; nothing of it is written later. */
function dyingStore(inner: Store, writes: number, when: "before" | "after"): Store {
  let count = 0;
  return {
    ...inner,
    append: async (stream, version, events) => {
      count += 1;
      if (count < writes) return inner.append(stream, version, events);
      if (count === writes && when === "after") await inner.append(stream, version, events);
      throw new Error("killed");
    },
  };
}

function countingTools(ran: string[]): readonly AnyTool[] {
  return TOOLS.map((tool) => ({
    ...tool,
    run: (context, input) => {
      ran.push(`${tool.name} ${JSON.stringify(input)}`);
      return tool.run(context, input);
    },
  }));
}

const keysOf = ({ proposals, hypotheses }: Written): unknown => ({
  proposals: [...new Set(proposals.map((one) => one.key))],
  hypotheses: [...new Set(hypotheses.map((one) => (one as { key: string }).key))],
});

const written = (): Written => ({ proposals: [], hypotheses: [] });

interface Run {
  readonly told: Told;
  readonly ran: readonly string[];
  readonly keys: unknown;
}

async function undisturbed(options: AgentOptions = {}): Promise<Run & { readonly writes: number }> {
  const ran: string[] = [];
  const store = createMemoryStore();
  const agent = startAgent({ ...options, store, tools: countingTools(ran) });
  const told = await agent.ask(PAGE);
  const events = await store.read(`conversation/${INCIDENT.id}`);
  return { told, ran, keys: keysOf(agent.written), writes: events.length };
}

async function killedAt(
  writes: number,
  when: "before" | "after",
  options: AgentOptions = {},
): Promise<Run> {
  const ran: string[] = [];
  const disk = createMemoryStore();
  const kept = written();
  const shared = { ...options, tools: countingTools(ran), written: kept };
  const first = startAgent({ ...shared, store: dyingStore(disk, writes, when) });
  expect((await first.ask(PAGE)).end.outcome).toBe("failed");
  const second = startAgent({ ...shared, store: disk });
  const told = await second.ask(PAGE);
  return { told, ran, keys: keysOf(kept) };
}

describe("a process that dies", () => {
  test("at any write continues where it stopped, and nothing is recorded twice", async () => {
    const whole = await undisturbed();
    expect(whole.writes).toBeGreaterThan(12);
    for (let writes = 1; writes <= whole.writes; writes += 1) {
      for (const when of ["before", "after"] as const) {
        const run = await killedAt(writes, when);
        expect(run.told.end.outcome, `${when} write ${writes}`).toBe("complete");
        expect(run.told.text, `${when} write ${writes}`).toBe(whole.told.text);
        expect(run.told.calls).toEqual(whole.told.calls);
        expect(run.keys).toEqual(whole.keys);
      }
    }
  });

  test("does not repeat a tool call that had its answer", async () => {
    const whole = await undisturbed();
    for (let writes = 1; writes <= whole.writes; writes += 1) {
      const { ran } = await killedAt(writes, "after");
      const repeated = ran.length - new Set(ran).size;
      // Only calls that ran side by side with the one whose answer was the last write.
      expect(repeated, `after write ${writes}`).toBeLessThanOrEqual(3);
      if (writes > 1)
        expect(ran.filter((one) => one.startsWith("rank_causes")).length).toBeLessThanOrEqual(2);
    }
  });

  test("while Claude writes sends a conversation in order", async () => {
    const script = (_request: unknown, number: number) =>
      number % 2 === 1
        ? { calls: [{ name: "rank_causes" }, { name: "list_changes" }] }
        : { text: "It is {{e2.probability}} likely catalog." };
    const fake = await startFakeClaude(script);
    const claude = { apiKey: "k", baseUrl: fake.url };
    try {
      const whole = await undisturbed({ claude });
      for (let writes = 3; writes <= 4; writes += 1) {
        const { told } = await killedAt(writes, "after", { claude });
        expect(told.end.llm).toBe("claude-opus-5-5");
        expect(told.end.outcome).toBe("complete");
      }
      expect(whole.told.text).toMatch(/^It is \d+ % likely catalog\.$/);
    } finally {
      await fake.close();
    }
  });
});

describe("a stop", () => {
  test("at any event ends the turn at once, and the next start goes on with it", async () => {
    const whole = await undisturbed();
    for (let stopAt = 1; stopAt < whole.told.events.length; stopAt += 2) {
      const disk = createMemoryStore();
      const kept = written();
      const first = startAgent({ store: disk, written: kept });
      const stopping = new AbortController();
      const seen: AgentEvent[] = [];
      for await (const event of first.events(PAGE, { signal: stopping.signal })) {
        seen.push(event);
        if (seen.length === stopAt) stopping.abort();
      }
      const stopped = toldBy(seen);
      if (stopped.end.outcome === "complete") continue;
      expect(stopped.end).toMatchObject({ outcome: "partial", reason: "it was stopped" });
      const told = await startAgent({ store: disk, written: kept }).ask(PAGE);
      expect(told.text, `stopped at ${stopAt}`).toBe(whole.told.text);
      expect(keysOf(kept)).toEqual(whole.keys);
    }
  });

  test("tells the reader that what was shown is void before it shows it again", async () => {
    const disk = createMemoryStore();
    await startAgent({ store: dyingStore(disk, 6, "after") }).ask(PAGE);
    const { events } = await startAgent({ store: disk }).ask(PAGE);
    expect(events[0]?.type).toBe("turn-start");
    expect(events[1]).toEqual({ type: "text-reset", reason: "a restart interrupted it" });
    expect(events[2]).toMatchObject({ type: "tool-call", tool: "rank_causes" });
  });

  test("of the reader ends the turn too", async () => {
    const agent = startAgent();
    for await (const event of agent.events(PAGE)) if (event.type === "tool-call") break;
    expect((await agent.ask(PAGE)).end.outcome).toBe("complete");
  });
});

describe("what is asked again", () => {
  test("after its end gets the same answer without another look", async () => {
    const ran: string[] = [];
    const store = createMemoryStore();
    const agent = startAgent({ store, tools: countingTools(ran) });
    const first = await agent.ask(PAGE);
    const looks = ran.length;
    const again = await startAgent({ store, tools: countingTools(ran) }).ask(PAGE);
    expect(again.text).toBe(first.text);
    expect(again.end).toEqual(first.end);
    expect(ran).toHaveLength(looks);
  });

  test("while a turn is open closes that one, and answers", async () => {
    const disk = createMemoryStore();
    await startAgent({ store: dyingStore(disk, 5, "after") }).ask(PAGE);
    const told = await startAgent({ store: disk }).ask(question("what changed?"));
    expect(told.end.outcome).toBe("complete");
    expect(told.calls).toEqual(["list_changes"]);
    const ends = (await disk.read(`conversation/${INCIDENT.id}`)).filter(
      (event) => event.type === "turn-ended",
    );
    expect(ends[0]?.body).toMatchObject({ end: { outcome: "failed" } });
  });
});

test("evidence keeps its ids over turns and restarts", async () => {
  const store = createMemoryStore();
  await startAgent({ store }).ask(PAGE);
  const { events } = await startAgent({ store }).ask(question("what changed?"));
  const all = await store.read(`conversation/${INCIDENT.id}`);
  const ids = all.flatMap((event) => {
    const { answer } = event.body as { answer?: { evidence: { id: string }[] } };
    return answer?.evidence.map((one) => one.id) ?? [];
  });
  expect(ids).toEqual(ids.map((_id, index) => `e${index + 1}`));
  const shown = events.flatMap((event) =>
    event.type === "tool-result" ? event.evidence.map((one) => one.id) : [],
  );
  expect(shown).toEqual(ids.slice(-shown.length));
});

test("the journal grows with what happens, not with its own length", async () => {
  const store = createMemoryStore();
  const agent = startAgent({ store });
  const sizes: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) {
    const before = JSON.stringify(await store.read(`conversation/${INCIDENT.id}`)).length;
    await agent.ask(question(`what changed in the last ${turn + 10} minutes?`));
    sizes.push(JSON.stringify(await store.read(`conversation/${INCIDENT.id}`)).length - before);
  }
  expect(Math.max(...sizes)).toBeLessThan(Math.min(...sizes) * 1.2);
});

test("two writers of one conversation are noticed", async () => {
  const store = createMemoryStore();
  const [one, two] = await Promise.all([
    startAgent({ store }).ask(PAGE),
    startAgent({ store }).ask(PAGE),
  ]);
  const ends = [one.end, two.end];
  expect(ends.filter((end) => end.outcome === "failed")).toHaveLength(1);
});
