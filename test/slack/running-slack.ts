import type { AgentEvent, Investigate, TurnInput } from "../../src/agent/events.ts";
import { systemClock } from "../../src/clock.ts";
import type { LocalMessage, LocalSlack } from "../../src/demo/slack/contract.ts";
import { startLocalSlack } from "../../src/demo/slack/local-slack.ts";
import type { Answer } from "../../src/incident/contract.ts";
import type { IncidentEvent, Proposal, ProposalEvent } from "../../src/incident/events.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import { createSlack } from "../../src/slack/app.ts";
import type { ModelQueries, SlackDeps } from "../../src/slack/deps.ts";
import type { Store, StreamName } from "../../src/store/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { deploy, diagnosis, prediction, sloReading } from "./samples.ts";

export const ALICE = "U0ALICE";
export const BOB = "U0BOB";
export const GUEST = "U0GUEST";
export const CHANNEL = "C0CHECKOUT";

export function turnEnd(over: Partial<Extract<AgentEvent, { type: "turn-end" }>> = {}): AgentEvent {
  return {
    type: "turn-end",
    outcome: "complete",
    llm: "offline investigator",
    usage: {
      modelCalls: 2,
      toolCalls: 1,
      inputTokens: 0,
      outputTokens: 0,
      durationMs: 2_000,
      claimsDropped: 0,
    },
    ...over,
  };
}

/** A turn that looks once and says `text`. */
export function scripted(text: string): Investigate {
  return async function* (conversation) {
    yield { type: "turn-start", conversationId: conversation.id, llm: "offline investigator" };
    yield { type: "tool-call", callId: "c1", tool: "rank_causes", title: "Ranking causes" };
    yield {
      type: "tool-result",
      callId: "c1",
      tool: "rank_causes",
      ok: true,
      summary: "catalog 1.1.0 leads with 82 %",
      evidence: [],
    };
    for (const word of text.split(/(?<= )/)) yield { type: "text-delta", text: word };
    yield turnEnd();
  };
}

const answers: ModelQueries = {
  status: async () => ({
    ok: true,
    data: {
      asOfMs: 0,
      objectives: [sloReading()],
      latestChange: deploy,
      openIncidents: [],
      blindSpots: [],
    },
  }),
  why: async ({ about }) =>
    about === "chekout"
      ? {
          ok: false,
          code: "entity_unknown",
          message: 'I know no "chekout".',
          didYouMean: ["checkout"],
        }
      : { ok: true, data: { diagnosis: diagnosis(), changesSince: [] } },
  whatIf: async () => ({ ok: true, data: prediction() }),
  changes: async ({ sinceMs }) => ({
    ok: true,
    data: { window: { fromMs: sinceMs, toMs: sinceMs + 3_600_000 }, changes: [deploy] },
  }),
};

export interface Running extends AsyncDisposable {
  readonly slack: LocalSlack;
  readonly store: Store;
  readonly meter: Meter;
  readonly decisions: string[];
  readonly inputs: TurnInput[];
  readonly recorded: string[];
  /** Another app on the same store and workspace, as after a restart. */
  restart(over?: Partial<SlackDeps>): Promise<void>;
  record(incidentId: string, ...events: readonly IncidentEvent[]): Promise<void>;
  recordProposal(proposalId: string, ...events: readonly ProposalEvent[]): Promise<void>;
  ours(): readonly LocalMessage[];
}

async function append(
  store: Store,
  stream: StreamName,
  events: readonly { readonly type: string }[],
): Promise<void> {
  const version = (await store.read(stream)).length;
  const atMs = systemClock.nowMs();
  await store.append(
    stream,
    version,
    events.map((event) => ({ type: event.type, atMs, body: event })),
  );
}

function startWorkspace(): Promise<LocalSlack> {
  return startLocalSlack({
    port: 0,
    log: silentLog,
    users: [
      { id: ALICE, name: "alice", realName: "Alice Ops" },
      { id: BOB, name: "bob", realName: "Bob Dev" },
      { id: GUEST, name: "gus", realName: "Gus Guest", guest: true },
    ],
    channels: [{ id: CHANNEL, name: "checkout-incidents" }],
    retryDelaysMs: [0, 50, 100],
  });
}

interface Seen {
  readonly decisions: string[];
  readonly inputs: TurnInput[];
  readonly recorded: string[];
}

interface Surroundings {
  readonly slack: LocalSlack;
  readonly store: Store;
  readonly meter: Meter;
  readonly seen: Seen;
}

function depsOf({ slack, store, meter, seen }: Surroundings, over: Partial<SlackDeps>): SlackDeps {
  const { investigate = scripted("catalog 1.1.0 is the likely cause."), ...rest } = over;
  const answered = async (proposalId: string, what: string): Promise<Answer<null>> => {
    seen.decisions.push(`${what} ${proposalId}`);
    return { ok: true, data: null };
  };
  return {
    config: {
      botToken: slack.botToken,
      appToken: slack.appToken,
      slackApiUrl: slack.apiUrl,
      approvers: [ALICE, GUEST],
      defaultChannel: "#checkout-incidents",
    },
    store,
    clock: systemClock,
    log: silentLog,
    meter,
    incidents: {
      approve: (id) => answered(id, "approve"),
      reject: (id) => answered(id, "reject"),
      recordInvestigation: async (id, { type }) => {
        seen.recorded.push(`${type} ${id}`);
      },
    },
    queries: answers,
    trackLine: async () => "rollback predictions here: 1 of 1 inside the 90 % band",
    chartFor: async () => new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]),
    ...rest,
    investigate: (conversation, input, signal) => {
      seen.inputs.push(input);
      return investigate(conversation, input, signal);
    },
  };
}

/** The unmodified Bolt app against the local workspace, on a store that outlives it. */
export async function startRunning(over: Partial<SlackDeps> = {}): Promise<Running> {
  const slack = await startWorkspace();
  const store = createMemoryStore();
  const meter = createMeter();
  const seen: Seen = { decisions: [], inputs: [], recorded: [] };
  const surroundings: Surroundings = { slack, store, meter, seen };
  let app = createSlack(depsOf(surroundings, over));
  await app.start();
  await slack.waitForApp(5_000);
  return {
    slack,
    store,
    meter,
    ...seen,
    restart: async (more = {}) => {
      await app.stop();
      app = createSlack(depsOf(surroundings, { ...over, ...more }));
      await app.start();
      await slack.waitForApp(5_000);
    },
    record: (id, ...events) => append(store, `incident/${id}`, events),
    recordProposal: (id, ...events) => append(store, `proposal/${id}`, events),
    ours: () => slack.messages(CHANNEL).filter((message) => message.user === slack.botUserId),
    async [Symbol.asyncDispose]() {
      await app.stop();
      await slack.close();
    },
  };
}

/** All text of a message, blocks included. */
export function textOf(
  message: { readonly text: string; readonly blocks?: unknown } | undefined,
): string {
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === "object" && value !== null)
      for (const [key, item] of Object.entries(value)) {
        if ((key === "text" || key === "title") && typeof item === "string") found.push(item);
        else collect(item);
      }
  };
  collect(message?.blocks);
  if (message !== undefined) found.push(message.text);
  return found.join("\n");
}

export function made(proposal: Proposal): ProposalEvent {
  return { type: "proposal-made", proposal };
}
