import { z } from "zod";
import { errorText, isOperationError, OperationError } from "../errors.ts";
import type { Incident, ProposalRecord } from "../incident/contract.ts";
import { isNews, type Top, topOf } from "../incident/diagnosis-news.ts";
import { foldIncident } from "../incident/incident.ts";
import { foldProposal } from "../incident/proposal.ts";
import {
  diagnosisCard,
  diagnosisFacts,
  symptomLine,
  verdictLine,
} from "./blocks/diagnosis-card.ts";
import { pageCard } from "./blocks/page-card.ts";
import {
  actionLine,
  outcomeReply,
  type ProposalCard,
  proposalCard,
} from "./blocks/proposal-card.ts";
import { context, type Message, section } from "./blocks/text.ts";
import type { Channels } from "./channels.ts";
import { uploadChart } from "./chart-upload.ts";
import type { SlackDeps } from "./deps.ts";
import type { Outbox, Posted } from "./outbox.ts";
import { mayPost } from "./speech.ts";
import type { Turn, Turns } from "./turns.ts";
import type { SlackClients } from "./wire.ts";

const BUCKET = "slack-incident";
const THREADS_BUCKET = "slack-threads";
/** Actions named on the summary. */
const ACTIONS_SHOWN_MAX = 4;
/** A page is no news after this long: after a long stop its card is not posted any more. */
const CHANGE_ATTEMPTS_MAX = 5;
export const PAGE_STALE_MS = 6 * 3_600_000;

const recordSchema = z.object({
  hushed: z.boolean(),
  spokenMs: z.array(z.number()),
  top: z.object({ root: z.string(), probability: z.number() }).optional(),
  /** `wanted`: due, and begun again after a restart; `begun`: the turn itself is durable. */
  investigation: z.enum(["wanted", "begun"]).optional(),
});
type IncidentRecord = z.infer<typeof recordSchema>;
const EMPTY_RECORD: IncidentRecord = { hushed: false, spokenMs: [] };

export interface IncidentRoomDeps {
  readonly deps: SlackDeps;
  readonly clients: SlackClients;
  readonly outbox: Outbox;
  readonly channels: Channels;
  readonly turns: Turns;
}

export const pageKey = (incidentId: string): string => `incident/${incidentId}/page`;
const fallbackKey = (key: string): string => `${key}/fallback`;
const diagnosisKey = (incidentId: string): string => `incident/${incidentId}/diagnosis`;
export const proposalKey = (proposalId: string): string => `proposal/${proposalId}/card`;
export const incidentConversation = (incidentId: string): string => `incident-${incidentId}`;

/** Keeps an incident's messages equal to its record. Every method may be repeated: nothing is posted twice. */
export class IncidentRoom {
  readonly #room: IncidentRoomDeps;
  readonly #edits = new Map<string, Promise<unknown>>();

  constructor(room: IncidentRoomDeps) {
    this.#room = room;
  }

  async view(incidentId: string): Promise<Incident | undefined> {
    return foldIncident(await this.#room.deps.store.read(`incident/${incidentId}`));
  }

  async proposal(proposalId: string): Promise<ProposalRecord | undefined> {
    return foldProposal(await this.#room.deps.store.read(`proposal/${proposalId}`));
  }

  /** The incident whose thread this is. */
  async incidentOfThread(channel: string, threadTs: string): Promise<string | undefined> {
    const found = await this.#room.deps.store.get(THREADS_BUCKET, `${channel}/${threadTs}`);
    return typeof found === "string" ? found : undefined;
  }

  /** Where the thread of an incident is rooted. */
  async #root(incidentId: string): Promise<(Posted & { readonly key: string }) | undefined> {
    const { outbox } = this.#room;
    for (const key of [pageKey(incidentId), fallbackKey(pageKey(incidentId))]) {
      // biome-ignore lint/performance/noAwaitInLoops: the second is looked for only without the first
      const posted = await outbox.find(key);
      if (posted !== undefined) return { ...posted, key };
    }
    return undefined;
  }

  /** Posts the summary at the root of the thread, or edits it. Undefined: the page is too old to be news. */
  showSummary(incidentId: string): Promise<Posted | undefined> {
    // One after another: an older state must not overwrite a newer one.
    const before = this.#edits.get(incidentId) ?? Promise.resolve();
    const show = (): Promise<Posted | undefined> => this.#showSummary(incidentId);
    const job = before.then(show, show).finally(() => {
      if (this.#edits.get(incidentId) === job) this.#edits.delete(incidentId);
    });
    this.#edits.set(incidentId, job);
    return job;
  }

  async #showSummary(incidentId: string): Promise<Posted | undefined> {
    const { outbox, deps } = this.#room;
    const view = await this.view(incidentId);
    if (view === undefined) return undefined;
    const message = await this.#summary(view);
    const known = await this.#root(incidentId);
    if (known !== undefined) {
      await outbox.edit(known, message, known.key);
      return known;
    }
    if (deps.clock.nowMs() - view.openedMs > PAGE_STALE_MS) {
      deps.meter.add("orrery_slack_stale_pages_total");
      return undefined;
    }
    const posted = await this.#postRoot(view, message);
    await deps.store.put(THREADS_BUCKET, `${posted.channel}/${posted.ts}`, incidentId);
    return posted;
  }

  async #postRoot(view: Incident, message: Message): Promise<Posted> {
    const { outbox, channels, deps } = this.#room;
    const key = pageKey(view.id);
    try {
      return await outbox.post({ key, channel: await channels.idOf(view.channel), message });
    } catch (error) {
      const isFinal =
        isOperationError(error, "channel_unknown") || isOperationError(error, "slack_refused");
      const fallback = deps.config.defaultChannel;
      if (!isFinal || fallback === view.channel) throw error;
      deps.log.warn("slack_channel_fallback", { channel: view.channel, error: errorText(error) });
      deps.meter.add("orrery_slack_channel_fallbacks_total");
      const channel = await channels.idOf(fallback);
      return outbox.post({ key: fallbackKey(key), channel, message });
    }
  }

  async #summary(view: Incident): Promise<Message> {
    const record = await this.#record(view.id);
    const ids = view.proposalIds.slice(-ACTIONS_SHOWN_MAX);
    const proposals = await Promise.all(ids.map((id) => this.proposal(id)));
    const actions = proposals.flatMap((each) =>
      each === undefined ? [] : [actionLine(this.#card(each, true))],
    );
    const { diagnosis } = view;
    return pageCard({
      incidentId: view.id,
      page: view.page,
      joined: view.joined,
      actions,
      hushed: record.hushed,
      ...(diagnosis === undefined
        ? {}
        : { verdict: `${verdictLine(diagnosis)}\n${symptomLine(diagnosis)}` }),
      ...(view.recovered === undefined ? {} : { recovered: view.recovered }),
      ...(view.resolved === undefined ? {} : { resolved: view.resolved }),
    });
  }

  /** The computed diagnosis in the thread; later ones edit it, and material news is said once in a while. */
  async showDiagnosis(incidentId: string): Promise<void> {
    const { outbox, deps } = this.#room;
    const root = await this.showSummary(incidentId);
    const diagnosis = (await this.view(incidentId))?.diagnosis;
    if (root === undefined || diagnosis === undefined) return;
    const message = {
      ...diagnosisCard(diagnosis),
      facts: { incident: incidentId, ...diagnosisFacts(diagnosis) },
    };
    const record = await this.#record(incidentId);
    const top = topOf(diagnosis);
    const known = await outbox.find(diagnosisKey(incidentId));
    if (known !== undefined) {
      await outbox.edit(known, message, diagnosisKey(incidentId));
      if (record.top !== undefined && isNews(record.top, top))
        await this.#sayNews(incidentId, { root, top, verdict: verdictLine(diagnosis) });
      return;
    }
    if (!mayPost("diagnosis", record, deps.clock.nowMs())) return;
    const { channel, ts: threadTs } = root;
    await outbox.post({ key: diagnosisKey(incidentId), channel, threadTs, message });
    await this.#change(incidentId, (old) => ({ ...old, top }));
  }

  async #sayNews(
    incidentId: string,
    news: { readonly root: Posted; readonly top: Top; readonly verdict: string },
  ): Promise<void> {
    const { outbox, deps } = this.#room;
    const record = await this.#record(incidentId);
    const nowMs = deps.clock.nowMs();
    if (!mayPost("update", record, nowMs)) {
      deps.meter.add("orrery_slack_updates_held_total");
      return;
    }
    const message: Message = {
      text: news.verdict,
      blocks: [section(`The diagnosis has changed. ${news.verdict}`), context("Computed, no LLM")],
    };
    const { channel, ts: threadTs } = news.root;
    const key = `incident/${incidentId}/update-${record.spokenMs.length}`;
    await outbox.post({ key, channel, threadTs, message });
    await this.#change(incidentId, (old) => ({
      ...old,
      top: news.top,
      spokenMs: [...old.spokenMs, nowMs],
    }));
  }

  /** Durable: the investigation of this incident is due. */
  async wantInvestigation(incidentId: string): Promise<void> {
    const isDue = (old: IncidentRecord): IncidentRecord =>
      old.investigation === undefined ? { ...old, investigation: "wanted" } : old;
    await this.#change(incidentId, isDue);
  }

  /** Incidents whose investigation is due and has not begun. */
  async wantedInvestigations(): Promise<readonly string[]> {
    const rows = await this.#room.deps.store.list(BUCKET);
    return rows.flatMap(({ key, value }) => {
      const parsed = recordSchema.safeParse(value);
      return parsed.success && parsed.data.investigation === "wanted" ? [key] : [];
    });
  }

  /** The picture, then the investigation, in the thread of the page. Contract: never rejects. */
  async investigate(incidentId: string): Promise<void> {
    const { deps, turns } = this.#room;
    try {
      const root = await this.#root(incidentId);
      const view = await this.view(incidentId);
      const record = await this.#record(incidentId);
      if (root === undefined || view === undefined || record.investigation !== "wanted") return;
      await this.#showChart(view, root);
      if (mayPost("investigation", record, deps.clock.nowMs()))
        await turns.begin(investigationTurn(view, root, deps.config.approvers[0]));
      await this.#change(incidentId, (old) => ({ ...old, investigation: "begun" }));
    } catch (error) {
      deps.meter.add("orrery_slack_investigations_unstarted_total");
      deps.log.error("slack_investigation_failed", { incidentId, error: errorText(error) });
    }
  }

  async #showChart(view: Incident, root: Posted): Promise<void> {
    const { deps, clients } = this.#room;
    try {
      const png = await deps.chartFor(view.id);
      if (png === undefined) return;
      const { store, clock, log } = deps;
      await uploadChart(
        { clients, store, clock, log },
        {
          key: `incident-${view.id}-chart`,
          channel: root.channel,
          threadTs: root.ts,
          title: view.page.title.slice(0, 200),
          altText: `Chart of ${view.page.title.slice(0, 200)}: the shaded part is the incident, marks are changes.`,
          png,
        },
      );
    } catch (error) {
      deps.meter.add("orrery_slack_charts_missing_total");
      deps.log.warn("slack_chart_failed", { incidentId: view.id, error: errorText(error) });
    }
  }

  #card(view: ProposalRecord, clickable: boolean): ProposalCard {
    return { ...view, clickable, approvers: this.#room.deps.config.approvers };
  }

  /** Posts a proposal's card, which becomes clickable only when it is surely the one card; or edits it. */
  async showProposal(proposalId: string): Promise<void> {
    const { outbox } = this.#room;
    const view = await this.proposal(proposalId);
    if (view === undefined) return;
    const root = await this.showSummary(view.proposal.incidentId);
    if (root === undefined) return;
    const key = proposalKey(proposalId);
    const known = await outbox.find(key);
    const { channel, ts: threadTs } = root;
    const message = proposalCard(this.#card(view, false));
    const posted = known ?? (await outbox.post({ key, channel, threadTs, message }));
    // Read again: an approval may have come while the card was being posted.
    const latest = (await this.proposal(proposalId)) ?? view;
    await outbox.edit(posted, proposalCard(this.#card(latest, true)), key);
    const { outcome } = latest;
    if (outcome === undefined) return;
    const trackLine = await this.#room.deps.trackLine(proposalId);
    const reply = outcomeReply(this.#card(latest, false), outcome, trackLine);
    await outbox.post({ key: `proposal/${proposalId}/outcome`, channel, threadTs, message: reply });
  }

  async hush(incidentId: string): Promise<void> {
    await this.#change(incidentId, (old) => ({ ...old, hushed: true }));
    await this.showSummary(incidentId);
  }

  async #record(incidentId: string): Promise<IncidentRecord> {
    const parsed = recordSchema.safeParse(await this.#room.deps.store.get(BUCKET, incidentId));
    return parsed.success ? parsed.data : EMPTY_RECORD;
  }

  /** Compare-and-set: the feed and a click may change the same record at once. */
  async #change(incidentId: string, next: (old: IncidentRecord) => IncidentRecord): Promise<void> {
    const { store } = this.#room.deps;
    await store.insertIfAbsent(BUCKET, incidentId, EMPTY_RECORD);
    for (let tried = 0; tried < CHANGE_ATTEMPTS_MAX; tried++) {
      // biome-ignore lint/performance/noAwaitInLoops: a retry reads what the winner wrote
      const old = await store.get(BUCKET, incidentId);
      const parsed = recordSchema.safeParse(old);
      const base = parsed.success ? parsed.data : EMPTY_RECORD;
      if (await store.compareAndSet(BUCKET, incidentId, old, next(base))) return;
    }
    throw new OperationError(
      "record_contended",
      `the record of ${incidentId} keeps changing; try again`,
    );
  }
}

function investigationTurn(view: Incident, root: Posted, recipientUserId?: string): Turn {
  const { id, page } = view;
  return {
    id: `incident-${id}`,
    conversation: { id: incidentConversation(id), incidentId: id },
    input: {
      type: "incident",
      incidentId: id,
      summary: page.title,
      ...(page.sloId === undefined ? {} : { sloId: page.sloId }),
    },
    channel: root.channel,
    threadTs: root.ts,
    ...(recipientUserId === undefined ? {} : { recipientUserId }),
  };
}
