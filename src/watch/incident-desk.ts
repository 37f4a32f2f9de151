import type { Incident, Incidents, Proposals } from "../incident/contract.ts";
import { isNews, topOf } from "../incident/diagnosis-news.ts";
import type { Page } from "../incident/events.ts";
import { reachesBack } from "../incident/incident-memory.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import { diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { entityName } from "../model/entity.ts";
import { formatQuantity, type Quantity } from "../model/quantity.ts";
import type { WorldView } from "../model/view.ts";
import { conditionOf } from "./pages.ts";

/** A first diagnosis that is not sure waits for the next closed bucket, but the thread has one within this. */
const FIRST_DIAGNOSIS_WAIT_MAX_MS = 4_000;
/** A cause this likely is not waited with. */
const CONFIDENT_PROBABILITY = 0.6;
/** A first cause this likely makes two pages one incident. */
const SAME_CAUSE_PROBABILITY = 0.3;
/** A rival this likely is considered: a replica and its service are one trouble by two names. */
const CONSIDERED_PROBABILITY = 0.05;
/** Pages that begin together are one incident, unless their causes say otherwise. */
const TOGETHER_MS = 60_000;
/** A recovered incident whose rules fire again within this is the same incident. */
const REOPEN_MS = 30 * 60_000;
/** Objectives met for this long after the last rule fired: recovered. */
const RECOVERED_AFTER_MS = 30_000;
/** Recovered for this long: closed. */
const CLOSED_AFTER_MS = REOPEN_MS;
/** The diagnosis follows the incident for this long. */
const FOLLOWED_MS = 15 * 60_000;

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
    for (const incident of await this.#deps.incidents.unresolved()) {
      // biome-ignore lint/performance/noAwaitInLoops: one after another, in the order of their opening
      await this.#follow(view, incident, { firing, nowMs });
    }
  }

  async #admit(view: WorldView, page: Page, nowMs: number): Promise<void> {
    const { incidents, log, meter } = this.#deps;
    const unresolved = await incidents.unresolved();
    const own = unresolved.findLast((one) => conditionsOf(one).has(conditionOf(page)));
    if (own !== undefined && own.recovered === undefined) return;
    if (own?.recovered !== undefined && nowMs - own.recovered.atMs < REOPEN_MS) {
      await incidents.join(own.id, page, "it fires again", nowMs);
      meter.add("orrery_pages_joined_total");
      return;
    }
    const host = page.type === "blind" ? undefined : hostOf(view, page, unresolved);
    if (host !== undefined) {
      await incidents.join(host.incident.id, page, host.reason, nowMs);
      meter.add("orrery_pages_joined_total");
      return;
    }
    const channel = view.slos().find((slo) => slo.id === page.sloId)?.channel;
    const opened = await incidents.open(page, channel ?? this.#deps.defaultChannel, nowMs);
    meter.add("orrery_incidents_opened_total", 1, { type: page.type });
    log.info("incident_opened", { incidentId: opened.id, title: page.title });
  }

  async #follow(
    view: WorldView,
    incident: Incident,
    at: { readonly firing: ReadonlySet<string>; readonly nowMs: number },
  ): Promise<void> {
    const attention = this.#attentionOf(incident, at.nowMs);
    const isFiring = [...conditionsOf(incident)].some((condition) => at.firing.has(condition));
    if (isFiring || !isWell(view, incident)) attention.unwellMs = at.nowMs;
    await this.#diagnose(view, incident, { attention, isFiring, nowMs: at.nowMs });
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
    const ageMs = nowMs - incident.openedMs;
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
    const before = incident.diagnosis === undefined ? undefined : topOf(incident.diagnosis);
    if (!isNews(before, topOf(diagnosis))) return;
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

function conditionsOf(incident: Incident): ReadonlySet<string> {
  return new Set([incident.page, ...incident.joined.map(({ page }) => page)].map(conditionOf));
}

function isConfident({ hypotheses }: Diagnosis): boolean {
  return (hypotheses[0]?.probability ?? 0) >= CONFIDENT_PROBABILITY;
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

/** The incident that a new page belongs to: the same likely cause, a cause that reaches it, or the same moment. */
function hostOf(
  view: WorldView,
  page: Page,
  unresolved: readonly Incident[],
): { readonly incident: Incident; readonly reason: string } | undefined {
  const open = unresolved.filter((one) => one.recovered === undefined && one.page.type !== "blind");
  if (open.length === 0) return undefined;
  const diagnosis = diagnose(view, page.sloId === undefined ? {} : { sloId: page.sloId });
  const [top] = diagnosis.hypotheses;
  for (const incident of open) {
    const other = incident.diagnosis?.hypotheses[0];
    if (top === undefined || other === undefined || top.root !== other.root) continue;
    if (Math.min(top.probability, other.probability) < SAME_CAUSE_PROBABILITY) continue;
    const likely = formatQuantity({ value: top.probability, unit: "probability" });
    return { incident, reason: `same likely cause: ${top.name}, ${likely}` };
  }
  const hosts = open.filter((one) => !isElse(diagnosis, one.diagnosis));
  const reached = hosts.find((one) =>
    one.diagnosis?.blastRadius.operations.some(({ operation }) => operation === page.operation),
  );
  if (reached !== undefined) return { incident: reached, reason: "within its blast radius" };
  const together = hosts.findLast((one) => page.atMs - one.openedMs <= TOGETHER_MS);
  if (together === undefined) return undefined;
  const where = page.service === undefined ? "" : ` on ${entityName(page.service)}`;
  return { incident: together, reason: `began at the same time${where}` };
}

/** Both are sure of a first cause, and neither even considers the other's. */
function isElse(diagnosis: Diagnosis, other: Diagnosis | undefined): boolean {
  if (other === undefined || !isConfident(diagnosis) || !isConfident(other)) return false;
  return !considers(diagnosis, other) && !considers(other, diagnosis);
}

function considers({ hypotheses }: Diagnosis, other: Diagnosis): boolean {
  const root = other.hypotheses[0]?.root;
  return hypotheses.some((one) => one.root === root && one.probability >= CONSIDERED_PROBABILITY);
}
