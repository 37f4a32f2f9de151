import { join } from "node:path";
import { createRegistry } from "../../tools/registry.ts";
import { checkClaude } from "../agent/claude.ts";
import type { Investigate } from "../agent/events.ts";
import { createInvestigator } from "../agent/investigator.ts";
import { loadPrompts } from "../agent/prompts.ts";
import { createPngRenderer } from "../chart/png-renderer.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/env.ts";
import { interventionOf } from "../incident/action.ts";
import type { Incidents, Proposals } from "../incident/contract.ts";
import { createIncidents } from "../incident/incidents.ts";
import { createProposals } from "../incident/proposals.ts";
import { createChangeIntake } from "../intake/change-intake.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import { predict } from "../model/whatif/predict.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import { createSlack } from "../slack/app.ts";
import type { SlackApp } from "../slack/deps.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { createReceiver } from "../telemetry/receiver.ts";
import { createWatch } from "../watch/watch.ts";
import { chartPainter } from "./chart-painter.ts";
import { declaredSignals } from "./inputs.ts";
import { createModelQueries } from "./model-queries.ts";
import { hurtOperations, toolContext } from "./tool-contexts.ts";
import { WorldMemory } from "./world-memory.ts";

/** Changes of this long ago still explain something. */
const CHANGES_KEPT_MS = 24 * 3_600_000;

export interface Ground {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly random: () => number;
}

/** The running product. */
export interface Orrery {
  /** Where telemetry is received. */
  readonly url: string;
  /** Interrupts what runs so that the next start goes on with it, and closes what is open; safe to call twice. */
  stop(): Promise<void>;
}

type Close = () => Promise<void>;

/** Starts everything; rejects with an OperationError in one line, and then nothing is left open. */
export async function startOrrery(config: Config, ground: Ground): Promise<Orrery> {
  const closing: Close[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= closeAll(closing);
    return stopped;
  };
  try {
    const url = await compose(config, ground, closing);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function closeAll(closing: readonly Close[]): Promise<void> {
  for (const close of closing.toReversed()) {
    // biome-ignore lint/performance/noAwaitInLoops: what was opened last is closed first
    await close();
  }
}

interface DurableRecord {
  readonly store: Store;
  readonly incidents: Incidents;
  readonly proposals: Proposals;
}

async function openRecord(
  config: Config,
  ground: Ground,
  closing: Close[],
): Promise<DurableRecord> {
  const { clock, meter } = ground;
  const store = await openSqliteStore({
    path: join(config.dataDir, "orrery.sqlite"),
    clock,
    meter,
  });
  closing.push(() => store.close());
  const { approvers } = config.slack;
  const incidents = createIncidents({ store, meter });
  return { store, incidents, proposals: createProposals({ store, meter, incidents, approvers }) };
}

async function compose(config: Config, ground: Ground, closing: Close[]): Promise<string> {
  const { clock, log, meter } = ground;
  const declared = await declaredSignals(config, { nowMs: clock.nowMs(), log });
  const record = await openRecord(config, ground, closing);
  const { store, incidents, proposals } = record;
  const memory = await WorldMemory.open(config.dataDir, {
    ...ground,
    memoryBytesMax: config.modelBytesMax,
  });
  closing.push(() => memory.close());
  const { world } = memory;
  const intake = createChangeIntake({ store, meter });
  const nowMs = clock.nowMs();
  for (const signal of declared) world.apply(signal);
  for (const change of await intake.recover(nowMs - CHANGES_KEPT_MS))
    world.apply({ type: "change", source: "changes", receivedMs: nowMs, change });
  let slack: SlackApp | undefined;
  const receiver = createReceiver({
    ...config.listen,
    ...ground,
    onChanges: (records) => intake.accept(records),
    health: () => ({
      status: watch.isBlind ? "blind" : "ok",
      slack: slack === undefined ? "connecting" : "connected",
      queue: receiver.depth,
      lastSignalMs: world.stats().lastSignalMs,
    }),
  });
  const watch = createWatch({
    ...ground,
    world,
    incidents,
    proposals,
    take: (itemsMax) => receiver.take(itemsMax),
    defaultChannel: config.slack.channel,
    knewSystem: memory.knewSystem,
    save: () => memory.save(),
  });
  const { url } = await receiver.start();
  closing.push(() => receiver.stop());
  watch.start();
  closing.push(() => watch.stop());
  const connecting = openSlack(config, ground, {
    ...record,
    at: (atMs) => world.at(atMs),
    closing,
  });
  slack = await connecting;
  return url;
}

interface SlackParts extends DurableRecord {
  at(atMs: number): WorldView;
  readonly closing: Close[];
}

type Foresee = (
  view: WorldView,
  interventions: readonly Intervention[],
  operations?: readonly string[],
) => Promise<Prediction>;

async function createAgent(
  config: Config,
  ground: Ground,
  parts: SlackParts & { readonly foresee: Foresee },
): Promise<Investigate> {
  const { clock, log, meter } = ground;
  const { store, incidents, proposals, at, foresee } = parts;
  const prompts = loadPrompts();
  const { apiKey, baseUrl, model, budget } = config.llm;
  const claude =
    apiKey === undefined
      ? undefined
      : { apiKey, model, ...(baseUrl === undefined ? {} : { baseUrl }) };
  if (claude !== undefined) {
    const trouble = await checkClaude(claude);
    if (trouble !== undefined) log.warn("claude_not_ready", { trouble });
  }
  const context = { incidents, proposals, clock, at, predict: foresee, playbook: prompts };
  return createInvestigator({
    registry: createRegistry({ clock, meter, log }),
    contextFor: ({ conversation, speaker, signal }) =>
      toolContext(context, {
        speaker,
        signal,
        ...(conversation.incidentId === undefined ? {} : { incidentId: conversation.incidentId }),
      }),
    store,
    clock,
    log,
    meter,
    prompts,
    budget,
    ...(claude === undefined ? {} : { claude }),
  });
}

/** What the prediction of a proposal is about. */
async function operationsOf(
  { incidents, proposals }: Pick<DurableRecord, "incidents" | "proposals">,
  proposalId: string,
): Promise<readonly string[]> {
  const record = await proposals.read(proposalId);
  const incident =
    record === undefined ? undefined : await incidents.read(record.proposal.incidentId);
  return incident === undefined ? [] : hurtOperations(incident);
}

async function openSlack(config: Config, ground: Ground, parts: SlackParts): Promise<SlackApp> {
  const { clock, log, meter } = ground;
  const { store, incidents, proposals, at, closing } = parts;
  const now = (): WorldView => at(clock.nowMs());
  const foresee: Foresee = async (view, interventions, operations) =>
    predict(view, {
      interventions,
      ...(operations === undefined ? {} : { operations }),
      track: await proposals.trackRecord(),
    });
  const investigate = await createAgent(config, ground, { ...parts, foresee });
  const renderer = createPngRenderer({ meter });
  closing.push(() => renderer.close());
  const { apiUrl } = config.slack;
  const slack = createSlack({
    config: {
      botToken: config.slack.botToken,
      appToken: config.slack.appToken,
      ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
      approvers: config.slack.approvers,
      defaultChannel: config.slack.channel,
    },
    store,
    clock,
    log,
    meter,
    investigate,
    incidents: {
      approve: async (proposalId, by, actionHash) => {
        const view = now();
        const operations = await operationsOf(parts, proposalId);
        const model = {
          view,
          predict: (list: readonly Intervention[]) => foresee(view, list, operations),
        };
        return proposals.approve({ proposalId, by, actionHash }, model, clock.nowMs());
      },
      reject: (proposalId, by) => proposals.reject(proposalId, by, clock.nowMs()),
      recordInvestigation: (incidentId, investigation) =>
        incidents.recordInvestigation(incidentId, investigation, clock.nowMs()),
    },
    queries: createModelQueries({ incidents, now, at, predict: foresee }),
    trackLine: async (proposalId) => {
      const record = await proposals.read(proposalId);
      return record === undefined
        ? ""
        : proposals.trackLine(interventionOf(record.proposal.action).type);
    },
    chartFor: chartPainter({ incidents, now, renderer }),
  });
  await slack.start();
  closing.push(() => slack.stop());
  return slack;
}
