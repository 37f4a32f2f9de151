import type { Conversation, Investigate, TurnInput } from "../../../src/agent/events.ts";
import { createInvestigator } from "../../../src/agent/investigator.ts";
import { loadPrompts } from "../../../src/agent/prompts.ts";
import type { Answer, Incident, Incidents, Proposals } from "../../../src/incident/contract.ts";
import { isOtherCause, type Top, topOf } from "../../../src/incident/diagnosis-news.ts";
import { createIncidents } from "../../../src/incident/incidents.ts";
import { isIdle } from "../../../src/incident/proposal.ts";
import { createProposals } from "../../../src/incident/proposals.ts";
import type { Log } from "../../../src/log.ts";
import { hurtOperations, toolContext } from "../../../src/main/tool-contexts.ts";
import type { Meter } from "../../../src/meter.ts";
import type { Signal } from "../../../src/model/signal.ts";
import type { WorldView } from "../../../src/model/view.ts";
import type { Intervention } from "../../../src/model/whatif/intervention.ts";
import { predict } from "../../../src/model/whatif/predict.ts";
import type { Prediction } from "../../../src/model/whatif/prediction.ts";
import type { World } from "../../../src/model/world.ts";
import type { Store } from "../../../src/store/store.ts";
import { createSignalQueue } from "../../../src/telemetry/queue.ts";
import { createWatch } from "../../../src/watch/watch.ts";
import { createRegistry } from "../../../tools/registry.ts";
import type { EarlierLife } from "../../support/earlier-life.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";
import { type Reply, replyOf } from "./reply.ts";

/** Who may approve. */
export const APPROVER = "alice";
const CHANNEL = "incidents";
/** As much as a receiver holds. */
const QUEUE_ITEMS_MAX = 200_000;
/** Pages that got their first diagnosis are looked for this often. */
const FOLLOW_EVERY_MS = 500;

/** What outlives the process. */
export interface Memory {
  readonly store: Store;
  readonly life: EarlierLife;
}

export interface ProductDeps {
  readonly clock: VirtualClock;
  readonly log: Log;
  readonly meter: Meter;
  readonly memory: Memory;
  /** Objectives and declared structure. */
  readonly declared: readonly Signal[];
}

/** The product's own rooms, put together as its composition root does it, without Slack. */
export interface Product {
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  /** Everything that the investigator has said in this life, oldest first. */
  readonly replies: readonly Reply[];
  deliver(signals: readonly Signal[]): void;
  view(): WorldView;
  /** In the thread of an incident, or in none. */
  ask(question: string, incident: Incident | undefined): Promise<void>;
  decide(proposalId: string, decision: "approve" | "reject", by: string): Promise<Answer<null>>;
  stop(): Promise<void>;
  /** Ends without saving anything more. */
  kill(): Promise<void>;
}

type Foresee = (
  view: WorldView,
  interventions: readonly Intervention[],
  operations?: readonly string[],
) => Promise<Prediction>;

export function startProduct(deps: ProductDeps): Product {
  const { clock, log, meter, memory } = deps;
  const { store } = memory;
  const world = rememberedWorld(deps);
  const incidents = createIncidents({ store, meter });
  const proposals = createProposals({ store, meter, incidents, approvers: [APPROVER] });
  const queue = createSignalQueue(QUEUE_ITEMS_MAX);
  const foresee: Foresee = async (view, interventions, operations) =>
    predict(view, {
      interventions,
      ...(operations === undefined ? {} : { operations }),
      track: await proposals.trackRecord(),
    });
  const rooms: Rooms = { world, incidents, proposals, foresee };
  const speaker = new Speaker(clock, createAgent(deps, rooms));
  let isKilled = false;
  let isFirstSave = true;
  const watch = createWatch({
    clock,
    log,
    meter,
    world,
    incidents,
    proposals,
    take: (itemsMax) => queue.take(itemsMax),
    defaultChannel: CHANNEL,
    knewSystem: !memory.life.isEmpty,
    save: async () => {
      if (!isKilled) memory.life.save(world, isFirstSave);
      isFirstSave = false;
    },
  });
  watch.start();
  const stopFollowing = followPages(deps, { incidents, proposals }, speaker);
  const stop = async (): Promise<void> => {
    stopFollowing();
    await watch.stop();
  };
  return {
    incidents,
    proposals,
    replies: speaker.replies,
    deliver: (signals) => {
      if (!queue.offer(signals)) meter.add("scenario_signals_refused_total");
    },
    view: () => world.at(clock.nowMs()),
    ask: (question, incident) => speaker.answer(question, incident),
    decide: (proposalId, decision, by) =>
      decision === "approve"
        ? approve(rooms, clock.nowMs(), { proposalId, by })
        : proposals.reject(proposalId, by, clock.nowMs()),
    stop,
    kill: () => {
      isKilled = true;
      return stop();
    },
  };
}

interface Rooms {
  readonly world: World;
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  readonly foresee: Foresee;
}

async function approve(
  { world, incidents, proposals, foresee }: Rooms,
  nowMs: number,
  { proposalId, by }: { readonly proposalId: string; readonly by: string },
): Promise<Answer<null>> {
  const record = await proposals.read(proposalId);
  const incident =
    record === undefined ? undefined : await incidents.read(record.proposal.incidentId);
  const operations = incident === undefined ? [] : hurtOperations(incident);
  const view = world.at(nowMs);
  const model = {
    view,
    predict: (list: readonly Intervention[]) => foresee(view, list, operations),
  };
  const actionHash = record?.proposal.actionHash ?? "";
  return proposals.approve({ proposalId, by, actionHash }, model, nowMs);
}

function rememberedWorld({ memory, declared }: ProductDeps): World {
  const world = memory.life.restore();
  for (const signal of declared) world.apply(signal);
  return world;
}

function createAgent({ clock, log, meter, memory }: ProductDeps, rooms: Rooms): Investigate {
  const { world, incidents, proposals, foresee } = rooms;
  const prompts = loadPrompts();
  const context = {
    incidents,
    proposals,
    clock,
    at: (atMs: number) => world.at(atMs),
    predict: foresee,
    playbook: prompts,
  };
  return createInvestigator({
    registry: createRegistry({ clock, meter, log }),
    contextFor: ({ conversation, speaker, signal }) =>
      toolContext(context, {
        speaker,
        signal,
        ...(conversation.incidentId === undefined ? {} : { incidentId: conversation.incidentId }),
      }),
    store: memory.store,
    clock,
    log,
    meter,
    prompts,
  });
}

/** Lets the investigator speak. Time stands still meanwhile: a turn takes none. */
class Speaker {
  readonly replies: Reply[] = [];
  readonly #clock: VirtualClock;
  readonly #investigate: Investigate;

  constructor(clock: VirtualClock, investigate: Investigate) {
    this.#clock = clock;
    this.#investigate = investigate;
  }

  async answer(question: string, incident: Incident | undefined): Promise<void> {
    const conversation =
      incident === undefined
        ? { id: `question-${this.replies.length}` }
        : { id: `incident-${incident.id}`, incidentId: incident.id };
    const text = question.replace(/^@orrery\s+/, "");
    const input = { type: "question", text, speaker: APPROVER, thread: [] } as const;
    await this.#turn(conversation, input, question);
  }

  async investigate({ id, page }: Incident): Promise<Reply> {
    const sloId = page.sloId === undefined ? {} : { sloId: page.sloId };
    const summary = `${page.title} (after ${this.replies.length} replies)`;
    const input = { type: "incident", incidentId: id, summary, ...sloId } as const;
    return this.#turn({ id: `incident-${id}`, incidentId: id }, input, page.title);
  }

  async #turn(conversation: Conversation, input: TurnInput, question: string): Promise<Reply> {
    const events = this.#investigate(conversation, input, new AbortController().signal);
    const reply = await this.#clock.hold(replyOf(question, events));
    this.replies.push(reply);
    return reply;
  }
}

/** Every episode of an incident is investigated when its first diagnosis is there, and when another cause is believed. */
function followPages(
  { clock, log }: ProductDeps,
  { incidents, proposals }: Pick<Product, "incidents" | "proposals">,
  speaker: Speaker,
): () => void {
  const lookedAt = new Map<string, Top>();
  const isDue = async (incident: Incident): Promise<boolean> => {
    const { id, episode, diagnosis, investigation } = incident;
    if (diagnosis === undefined) return false;
    const before = lookedAt.get(`${id} ${episode}`);
    const idle = isIdle(incident, await proposals.list(id));
    if (before !== undefined && !isOtherCause(before, diagnosis, idle)) return false;
    lookedAt.set(`${id} ${episode}`, topOf(diagnosis));
    return before !== undefined || investigation === "none" || investigation === "running";
  };
  const follow = async (): Promise<void> => {
    for (const incident of await incidents.unresolved()) {
      if (!(await isDue(incident))) continue;
      const { id } = incident;
      const conversationId = `incident-${id}`;
      await incidents.recordInvestigation(id, { type: "started", conversationId }, clock.nowMs());
      const { outcome } = await speaker.investigate(incident);
      const ended = { type: "ended", conversationId, outcome, llm: "offline" } as const;
      await incidents.recordInvestigation(id, ended, clock.nowMs());
    }
  };
  return clock.every(FOLLOW_EVERY_MS, follow, (error) =>
    log.error("scenario_investigation_failed", { error: String(error) }),
  );
}
