import type { Incident, Incidents, Proposals } from "../incident/contract.ts";
import { isNews, topOf } from "../incident/diagnosis-news.ts";
import type { Page } from "../incident/events.ts";
import { reachesBack } from "../incident/incident-memory.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import { diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { formatQuantity, type Quantity } from "../model/quantity.ts";
import type { WorldView } from "../model/view.ts";
import { admissionOf, isConfident, ownerOf } from "./admission.ts";
import { conditionOf } from "./pages.ts";

/** A first diagnosis that is not sure waits for the next closed bucket, but the thread has one within this. */
const FIRST_DIAGNOSIS_WAIT_MAX_MS = 4_000;
/** Objectives met for this long after the last rule fired: recovered. */
const RECOVERED_AFTER_MS = 30_000;
/** Recovered for this long: closed. What fires again before that may be the same trouble. */
const CLOSED_AFTER_MS = 30 * 60_000;
/** The diagnosis follows an episode for this long … */
const FOLLOWED_MS = 15 * 60_000;
/** … and is renewed this often, however little of it is news: what people look at must be as things are. */
const RENEWED_EVERY_MS = 60_000;

export interface DeskDeps {
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  readonly log: Log;
  readonly meter: Meter;
  /** Where incidents go whose objective names no channel. */
  readonly defaultChannel: string;
}

interface Attention {
  /** The last time that a rule of it fired, or an objective of it was not met. */
  unwellMs: number;
  /** End of the last closed bucket that was diagnosed. */
  diagnosedMs: number;
}

/** Turns due pages into incidents: opens or joins, diagnoses without any LLM, follows, and sees them end. */
export class IncidentDesk {
  readonly #deps: DeskDeps;
  readonly #attention = new Map<string, Attention>();

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /** One look at the system. Contract: calls do not overlap. */
  async look(view: WorldView, due: readonly Page[], nowMs: number): Promise<void> {
    for (const page of due) {
      // biome-ignore lint/performance/noAwaitInLoops: a page may join the incident that the one before opened
      await this.#admit(view, page, nowMs);
    }
    const firing = new Set(due.map(conditionOf));
    const unresolved = await this.#deps.incidents.unresolved();
    for (const incident of unresolved) {
      // A rule that fires says nothing of an incident that is over when another has its condition.
      const own = [...firing].filter((condition) => ownerOf(unresolved, condition) === incident);
      // biome-ignore lint/performance/noAwaitInLoops: one after another, in the order of their opening
      await this.#follow(view, incident, { isFiring: own.length > 0, nowMs });
    }
  }

  async #admit(view: WorldView, page: Page, nowMs: number): Promise<void> {
    const { incidents, log, meter } = this.#deps;
    const admission = admissionOf(view, page, await incidents.unresolved());
    switch (admission.type) {
      case "known":
        return;
      case "reopens": {
        await incidents.reopen(admission.incident.id, page, nowMs);
        meter.add("orrery_incidents_reopened_total", 1, { type: page.type });
        log.info("incident_reopened", { incidentId: admission.incident.id, title: page.title });
        return;
      }
      case "joins":
        await incidents.join(admission.incident.id, page, admission.reason, nowMs);
        meter.add("orrery_pages_joined_total");
        return;
      case "opens": {
        const channel = view.slos().find((slo) => slo.id === page.sloId)?.channel;
        const opened = await incidents.open(page, channel ?? this.#deps.defaultChannel, nowMs);
        meter.add("orrery_incidents_opened_total", 1, { type: page.type });
        log.info("incident_opened", { incidentId: opened.id, title: page.title });
      }
    }
  }

  async #follow(
    view: WorldView,
    incident: Incident,
    at: { readonly isFiring: boolean; readonly nowMs: number },
  ): Promise<void> {
    const attention = this.#attentionOf(incident, at.nowMs);
    if (incident.recovered === undefined) {
      const well = isWell(view, incident);
      if (at.isFiring || !well) attention.unwellMs = at.nowMs;
      // A rule that looks far back fires on for a while after the trouble: there is nothing to diagnose any more.
      await this.#diagnose(view, incident, { ...at, isFiring: at.isFiring && !well, attention });
    }
    await this.#end(view, incident, { attention, nowMs: at.nowMs });
  }

  #attentionOf(incident: Incident, nowMs: number): Attention {
    const known = this.#attention.get(incident.id);
    if (known !== undefined) return known;
    const fresh: Attention = { unwellMs: nowMs, diagnosedMs: 0 };
    this.#attention.set(incident.id, fresh);
    return fresh;
  }

  async #diagnose(
    view: WorldView,
    incident: Incident,
    at: { readonly attention: Attention; readonly isFiring: boolean; readonly nowMs: number },
  ): Promise<void> {
    const { attention, nowMs } = at;
    const isFirst = incident.firstDiagnosis === undefined;
    const ageMs = nowMs - incident.episodeMs;
    const isOverdue = isFirst && ageMs >= FIRST_DIAGNOSIS_WAIT_MAX_MS;
    if (incident.page.type === "blind") return;
    if (view.closedMs <= attention.diagnosedMs && !isOverdue) return;
    if (!isFirst && (!at.isFiring || ageMs > FOLLOWED_MS || !reachesBack(view, incident))) return;
    if (!isFirst && (await this.#isActedOn(incident))) return;
    attention.diagnosedMs = view.closedMs;
    const diagnosis = this.#compute(view, incident.page);
    if (isFirst) {
      if (!isOverdue && !isConfident(diagnosis)) return;
      await this.#deps.incidents.recordDiagnosis(incident.id, "first", diagnosis, nowMs);
      return;
    }
    if (isOfUse(incident.diagnosis, diagnosis, nowMs))
      await this.#deps.incidents.recordDiagnosis(incident.id, "updated", diagnosis, nowMs);
  }

  #compute(view: WorldView, page: Page): Diagnosis {
    this.#deps.meter.add("orrery_diagnoses_total");
    return diagnose(view, page.sloId === undefined ? {} : { sloId: page.sloId });
  }

  /** While an action runs or is being verified, its own effect must not be read as a new cause. */
  async #isActedOn(incident: Incident): Promise<boolean> {
    const proposals = await this.#deps.proposals.list(incident.id);
    return proposals.some(
      ({ state, outcome }) =>
        state === "approved" || state === "running" || (state === "done" && outcome === undefined),
    );
  }

  async #end(
    view: WorldView,
    incident: Incident,
    at: { readonly attention: Attention; readonly nowMs: number },
  ): Promise<void> {
    const { incidents, log } = this.#deps;
    const { attention, nowMs } = at;
    if (nowMs - attention.unwellMs < RECOVERED_AFTER_MS) return;
    if (incident.recovered === undefined) {
      await incidents.recordRecovered(incident.id, wellValues(view, incident), nowMs);
      log.info("incident_recovered", { incidentId: incident.id });
    } else if (nowMs - incident.recovered.atMs >= CLOSED_AFTER_MS) {
      const quiet = formatQuantity({ value: CLOSED_AFTER_MS, unit: "ms" });
      await incidents.resolve(incident.id, `itself: no rule fired for ${quiet}`, nowMs);
      this.#attention.delete(incident.id);
    }
  }
}

/** News, or what is on record has aged. */
function isOfUse(before: Diagnosis | undefined, diagnosis: Diagnosis, nowMs: number): boolean {
  if (before === undefined || nowMs - before.asOfMs >= RENEWED_EVERY_MS) return true;
  return isNews(topOf(before), topOf(diagnosis));
}

/** The shortest window of an objective's rules, ending now. */
function shortWindow(view: WorldView, sloId: string): { fromMs: number; toMs: number } {
  const slo = view.slos().find((one) => one.id === sloId);
  const shortMs = Math.min(...(slo?.rules.map((rule) => rule.shortMs) ?? []), 60_000);
  return { fromMs: view.asOfMs - shortMs, toMs: view.asOfMs };
}

/** Every objective of the incident has traffic again and is met in its short window. */
function isWell(view: WorldView, incident: Incident): boolean {
  return sloIdsOf(incident).every((sloId) => {
    const status = view.sloStatus(sloId);
    if (status === undefined) return true;
    if (status.state === "absent" || status.state === "no-data") return false;
    return view.sli(sloId, shortWindow(view, sloId)).ratio >= status.slo.objective;
  });
}

function sloIdsOf(incident: Incident): readonly string[] {
  return [incident.page, ...incident.joined.map(({ page }) => page)].flatMap(
    ({ sloId }) => sloId ?? [],
  );
}

function wellValues(view: WorldView, incident: Incident): Readonly<Record<string, Quantity>> {
  const ratios = sloIdsOf(incident).map((sloId) => view.sli(sloId, shortWindow(view, sloId)).ratio);
  return ratios.length === 0 ? {} : { badRatio: { value: 1 - Math.min(...ratios), unit: "ratio" } };
}
