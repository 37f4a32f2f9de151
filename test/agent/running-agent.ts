import type { InvestigatorDeps } from "../../src/agent/deps.ts";
import type { AgentEvent, Conversation, TurnInput } from "../../src/agent/events.ts";
import { createInvestigator } from "../../src/agent/investigator.ts";
import { loadPrompts } from "../../src/agent/prompts.ts";
import { createLog } from "../../src/log.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import type { World } from "../../src/model/world.ts";
import type { Store } from "../../src/store/store.ts";
import type { AnyTool, ToolContext } from "../../tools/define-tool.ts";
import { createRegistry, TOOLS } from "../../tools/registry.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { at, contextOf, SHOP_S, sharedShop, type Written } from "../tools/tool-world.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";

export const prompts = loadPrompts();
export const INCIDENT: Conversation = { id: "incident-i-1", incidentId: "i-1" };
export const PAGE: TurnInput = {
  type: "incident",
  incidentId: "i-1",
  sloId: "product",
  summary: "GET /product/{id} is burning its error budget 21×",
};

export interface TestAgent {
  readonly clock: ManualClock;
  readonly meter: Meter;
  readonly store: Store;
  readonly written: Written;
  readonly contexts: ToolContext[];
  /** Lines of the log from "warn" on. */
  readonly logged: string[];
  ask(input: TurnInput, options?: AskOptions): Promise<Told>;
  events(input: TurnInput, options?: AskOptions): AsyncIterable<AgentEvent>;
}

interface AskOptions {
  readonly conversation?: Conversation;
  readonly signal?: AbortSignal;
}

export interface AgentOptions extends Partial<Pick<InvestigatorDeps, "claude" | "budget">> {
  readonly world?: World;
  readonly store?: Store;
  readonly clock?: ManualClock;
  readonly tools?: readonly AnyTool[];
  readonly context?: Partial<ToolContext>;
  readonly written?: Written;
}

/** What a turn told its reader. */
export interface Told {
  readonly events: readonly AgentEvent[];
  /** As the reader has it at the end: resets take back what came before. */
  readonly text: string;
  readonly calls: readonly string[];
  readonly end: Extract<AgentEvent, { type: "turn-end" }>;
}

export function toldBy(events: readonly AgentEvent[]): Told {
  const last = events.at(-1);
  if (last?.type !== "turn-end") throw new Error("a turn ends with turn-end");
  const standing = events.slice(events.findLastIndex((one) => one.type === "text-reset") + 1);
  return {
    events,
    text: standing.map((one) => (one.type === "text-delta" ? one.text : "")).join(""),
    calls: standing.flatMap((one) => (one.type === "tool-call" ? [one.tool] : [])),
    end: last,
  };
}

export function startAgent(options: AgentOptions = {}): TestAgent {
  const clock = options.clock ?? manualClock(at(SHOP_S + 10));
  const meter = createMeter();
  const store = options.store ?? createMemoryStore();
  const written: Written = options.written ?? { proposals: [], hypotheses: [] };
  const contexts: ToolContext[] = [];
  const logged: string[] = [];
  const log = createLog("warn", (line) => logged.push(line));
  const investigate = createInvestigator({
    // Tools have time-outs of their own, which are not what passes here.
    registry: createRegistry(
      { clock: manualClock(clock.nowMs()), meter, log },
      options.tools ?? TOOLS,
    ),
    contextFor: ({ conversation, speaker, signal }) => {
      const made = contextOf(options.world ?? sharedShop(), {
        speaker,
        signal,
        playbook: prompts.playbook,
        playbookNames: prompts.playbookNames,
        ...options.context,
      });
      const context: ToolContext = {
        ...made,
        recordHypothesis: async (hypothesis, key) => {
          written.hypotheses.push({ hypothesis, key });
        },
        propose: async (request) => {
          written.proposals.push(request);
          return made.propose(request);
        },
        ...(conversation.incidentId === undefined
          ? { incidentId: undefined as never }
          : { incidentId: conversation.incidentId }),
        ...options.context,
      };
      contexts.push(context);
      return context;
    },
    store,
    clock,
    log,
    meter,
    prompts,
    ...(options.claude === undefined ? {} : { claude: options.claude }),
    ...(options.budget === undefined ? {} : { budget: options.budget }),
  });
  const events: TestAgent["events"] = (input, { conversation = INCIDENT, signal } = {}) =>
    investigate(conversation, input, signal ?? new AbortController().signal);
  return {
    clock,
    meter,
    store,
    written,
    contexts,
    logged,
    events,
    ask: async (input, how) => {
      const seen: AgentEvent[] = [];
      for await (const event of events(input, how)) seen.push(event);
      return toldBy(seen);
    },
  };
}

export function question(
  text: string,
  over: Partial<Extract<TurnInput, { type: "question" }>> = {},
): TurnInput {
  return { type: "question", text, speaker: "alice", thread: [], ...over };
}
