import { errorText, isOperationError } from "../errors.ts";
import type { Incident, ProposalRecord } from "../incident/contract.ts";
import { isNews, isOtherCause, topOf } from "../incident/diagnosis-news.ts";
import { foldIncident } from "../incident/incident.ts";
import { foldProposal, isIdle } from "../incident/proposal.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import {
  diagnosisCard,
  diagnosisFacts,
  symptomLine,
  verdictLine,
} from "./blocks/diagnosis-card.ts";
import { pageCard, reopenedReply } from "./blocks/page-card.ts";
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
import { type RoomRecord, RoomRecords } from "./room-records.ts";
import { mayPost } from "./speech.ts";
import type { Turn, Turns } from "./turns.ts";
import type { SlackClients } from "./wire.ts";

const THREADS_BUCKET = "slack-threads";
/** Actions named on the summary. */
const ACTIONS_SHOWN_MAX = 4;
/** Limit: investigations of one incident: one an episode, and one when another cause is believed. */
const ROUNDS_MAX = 8;
/** Up to this episode the channel is told; an alert that flaps goes on in its thread. */
const EPISODES_BROADCAST_MAX = 2;
/** A page is no news after this long: after a long stop its card is not posted any more. */
export const PAGE_STALE_MS = 6 * 3_600_000;

export interface IncidentRoomDeps {
  readonly deps: SlackDeps;
  readonly clients: SlackClients;
  readonly outbox: Outbox;
  readonly channels: Channels;
  readonly turns: Turns;
}

export const pageKey = (incidentId: string): string => `incident/${incidentId}/page`;
const fallbackKey = (key: string): string => `${key}/fallback`;
/** The second and later of a kind have their number in the key. */
const numbered = (key: string, number: number): string => (number > 1 ? `${key}-${number}` : key);
const diagnosisKey = ({ id, episode }: Incident): string =>
  numbered(`incident/${id}/diagnosis`, episode);
export const proposalKey = (proposalId: string): string => `proposal/${proposalId}/card`;
export const incidentConversation = (incidentId: string): string => `incident-${incidentId}`;

/** Keeps an incident's messages equal to its record. Every method may be repeated: nothing is posted twice. */
export class IncidentRoom {
  readonly #room: IncidentRoomDeps;
  readonly #records: RoomRecords;
  readonly #edits = new Map<string, Promise<unknown>>();

  constructor(room: IncidentRoomDeps) {
    this.#room = room;
    this.#records = new RoomRecords(room.deps.store);
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
    const record = await this.#records.read(view.id);
    const ids = view.proposalIds.slice(-ACTIONS_SHOWN_MAX);
    const proposals = await Promise.all(ids.map((id) => this.proposal(id)));
    const actions = proposals.flatMap((each) =>
      each === undefined ? [] : [actionLine(this.#card(each, true))],
    );
    const { diagnosis } = view;
    return pageCard({
      incidentId: view.id,
      page: view.page,
      episode: view.episode,
      openedMs: view.openedMs,
      joined: view.joined,
      actions,
      hushed: record.hushed,
      ...(diagnosis === undefined ? {} : { verdict: verdictOf(view, diagnosis) }),
      ...(view.recovered === undefined ? {} : { recovered: view.recovered }),
      ...(view.resolved === undefined ? {} : { resolved: view.resolved }),
    });
  }

  /** Says aloud that a recovered incident fires again: whoever hushed it, or went back to bed, must hear of it. */
  async showReopened(incidentId: string): Promise<void> {
    const { outbox, deps } = this.#room;
    const view = await this.view(incidentId);
    if (view === undefined || view.episode < 2) return;
    const key = numbered(`incident/${incidentId}/reopened`, view.episode);
    if ((await outbox.find(key)) !== undefined) return;
    await this.#records.change(incidentId, (old) => ({ ...old, hushed: false }));
    const root = await this.showSummary(incidentId);
    if (root === undefined || deps.clock.nowMs() - view.episodeMs > PAGE_STALE_MS) return;
    await outbox.post({
      key,
      channel: root.channel,
      threadTs: root.ts,
      broadcast: view.episode <= EPISODES_BROADCAST_MAX,
      message: reopenedReply(view),
    });
  }

  /**
   * The computed diagnosis in the thread, one card an episode; later ones edit it, and material news is said once in a
   * while. `true`: it was said that another cause is believed now.
   */
  async showDiagnosis(incidentId: string): Promise<boolean> {
    const { outbox, deps } = this.#room;
    const root = await this.showSummary(incidentId);
    const view = await this.view(incidentId);
    const diagnosis = view?.diagnosis;
    if (root === undefined || view === undefined || diagnosis === undefined) return false;
    const message = {
      ...diagnosisCard(diagnosis),
      facts: { incident: incidentId, ...diagnosisFacts(diagnosis) },
    };
    const record = await this.#records.read(incidentId);
    const top = topOf(diagnosis);
    const key = diagnosisKey(view);
    const known = await outbox.find(key);
    if (known !== undefined) {
      await outbox.edit(known, message, key);
      if (record.top === undefined || !isNews(record.top, top)) return false;
      const isOther = isOtherCause(record.top, diagnosis, await this.#isIdle(view));
      const isSaid = await this.#sayNews(incidentId, { root, diagnosis, isOther });
      return isSaid && isOther;
    }
    if (!mayPost("diagnosis", record, deps.clock.nowMs())) return false;
    const { channel, ts: threadTs } = root;
    await outbox.post({ key, channel, threadTs, message });
    await this.#records.change(incidentId, (old) => ({ ...old, top }));
    return false;
  }

  async #isIdle(view: Incident): Promise<boolean> {
    const proposals = await Promise.all(view.proposalIds.map((id) => this.proposal(id)));
    return isIdle(
      view,
      proposals.flatMap((one) => one ?? []),
    );
  }

  /** `false`: held back for now; what is still news with the next diagnosis is said then. */
  async #sayNews(
    incidentId: string,
    news: { readonly root: Posted; readonly diagnosis: Diagnosis; readonly isOther: boolean },
  ): Promise<boolean> {
    const { outbox, deps } = this.#room;
    const record = await this.#records.read(incidentId);
    const nowMs = deps.clock.nowMs();
    if (!mayPost(news.isOther ? "other-cause" : "update", record, nowMs)) {
      deps.meter.add("orrery_slack_updates_held_total");
      return false;
    }
    const verdict = verdictLine(news.diagnosis);
    const message: Message = {
      text: verdict,
      blocks: [section(`The diagnosis has changed. ${verdict}`), context("Computed, no LLM")],
    };
    const { channel, ts: threadTs } = news.root;
    const key = `incident/${incidentId}/update-${record.spokenMs.length}`;
    await outbox.post({ key, channel, threadTs, message });
    await this.#records.change(incidentId, (old) => ({
      ...old,
      top: topOf(news.diagnosis),
      spokenMs: [...old.spokenMs, nowMs],
    }));
    return true;
  }

  /** Durable: an investigation is due, because of the diagnosis of that instant; asked again, it is the same one. */
  async wantInvestigation(incidentId: string, diagnosisMs: number): Promise<void> {
    await this.#records.change(incidentId, (old) => this.#due(old, diagnosisMs));
  }

  #due(old: RoomRecord, diagnosisMs: number): RoomRecord {
    if (old.roundMs !== undefined && diagnosisMs <= old.roundMs) return old;
    if (old.rounds >= ROUNDS_MAX) {
      this.#room.deps.meter.add("orrery_slack_investigations_withheld_total");
      return old;
    }
    return { ...old, investigation: "wanted", rounds: old.rounds + 1, roundMs: diagnosisMs };
  }

  /** Incidents whose investigation is due and has not begun. */
  wantedInvestigations(): Promise<readonly string[]> {
    return this.#records.wanted();
  }

  /** The picture, then the investigation, in the thread of the page. Contract: never rejects. */
  async investigate(incidentId: string): Promise<void> {
    const { deps, turns } = this.#room;
    try {
      const root = await this.#root(incidentId);
      const view = await this.view(incidentId);
      const record = await this.#records.read(incidentId);
      if (root === undefined || view === undefined || record.investigation !== "wanted") return;
      const { rounds } = record;
      await this.#showChart(view, root, rounds);
      if (mayPost("investigation", record, deps.clock.nowMs()))
        await turns.begin(
          investigationTurn(view, root, { rounds, reader: deps.config.approvers[0] }),
        );
      await this.#records.change(incidentId, (old) => ({ ...old, investigation: "begun" }));
    } catch (error) {
      deps.meter.add("orrery_slack_investigations_unstarted_total");
      deps.log.error("slack_investigation_failed", { incidentId, error: errorText(error) });
    }
  }

  async #showChart(view: Incident, root: Posted, rounds: number): Promise<void> {
    const { deps, clients } = this.#room;
    try {
      const png = await deps.chartFor(view.id);
      if (png === undefined) return;
      const { store, clock, log } = deps;
      await uploadChart(
        { clients, store, clock, log },
        {
          key: numbered(`incident-${view.id}-chart`, rounds),
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

  /** Hushed, only actions and their outcome are posted, and that it fires again. */
  async hush(incidentId: string, hushed: boolean): Promise<void> {
    await this.#records.change(incidentId, (old) => ({ ...old, hushed }));
    await this.showSummary(incidentId);
  }
}

/** What was hurt is told only while it is. */
function verdictOf({ recovered, resolved }: Incident, diagnosis: Diagnosis): string {
  const verdict = verdictLine(diagnosis);
  const isOver = recovered !== undefined || resolved !== undefined;
  return isOver ? verdict : `${verdict}\n${symptomLine(diagnosis)}`;
}

function investigationTurn(
  view: Incident,
  root: Posted,
  { rounds, reader }: { readonly rounds: number; readonly reader: string | undefined },
): Turn {
  const { id, page } = view;
  return {
    id: numbered(`incident-${id}`, rounds),
    conversation: { id: incidentConversation(id), incidentId: id },
    input: {
      type: "incident",
      incidentId: id,
      summary: rounds > 1 ? `${page.title} (look again: round ${rounds})` : page.title,
      ...(page.sloId === undefined ? {} : { sloId: page.sloId }),
    },
    channel: root.channel,
    threadTs: root.ts,
    ...(reader === undefined ? {} : { recipientUserId: reader }),
  };
}
