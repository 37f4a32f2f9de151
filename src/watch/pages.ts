import type { Page } from "../incident/events.ts";
import { entityId } from "../model/entity.ts";
import { formatQuantity, type Quantity } from "../model/quantity.ts";
import type { BurnRate, SloStatus } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import { BLIND_AFTER_MS, type Listening } from "./listening.ts";

/** The usual rate of an operation is taken over this long before it fell silent, or what was heard of that … */
const USUAL_MS = 5 * 60_000;
/** … but over no less than this: a few requests after a start are no rate. */
const HEARD_MIN_MS = 60_000;
/** Requests that the silence would have held at the usual rate. Below this, silence is chance: e^-9 is one in 8,000. */
const MISSED_MIN = 9;

const minutes = (ms: number): string =>
  ms >= 3_600_000 ? `${ms / 3_600_000} h` : `${ms / 60_000} min`;
const span = (ms: number): string =>
  ms > 60_000 && ms % 60_000 === 0 ? minutes(ms) : `${ms / 1000} s`;

/** The windows behind a page, and how soon an action is judged, as configured: cards say so. */
function ruleText({ slo }: SloStatus): string {
  const pairs = slo.rules
    .filter((rule) => rule.severity === "page")
    .map((rule) => `${span(rule.longMs)} and ${span(rule.shortMs)} at ${rule.burnRate}×`);
  const judged = span(slo.settle.effectMs + slo.settle.observeMs);
  return `objective ${slo.objective * 100} %; pages on ${pairs.join(", or ")}; an action is judged ${judged} after it`;
}

function aboutSlo(status: SloStatus): Pick<Page, "sloId" | "service" | "operation" | "ruleText"> {
  const { slo, operation } = status;
  return {
    sloId: slo.id,
    service: entityId("service", slo.service),
    operation: operation ?? entityId("operation", `${slo.service} ${slo.operation}`),
    ruleText: ruleText(status),
  };
}

/** The pair that burns fastest, as a multiple of its threshold. */
function worstFiring({ burnRates }: SloStatus): BurnRate | undefined {
  const excess = ({ long, short, rule }: BurnRate): number => Math.min(long, short) / rule.burnRate;
  return burnRates
    .filter((burn) => burn.firing && burn.rule.severity === "page")
    .sort((a, b) => excess(b) - excess(a))[0];
}

function burnPage(status: SloStatus, burn: BurnRate, nowMs: number): Page {
  const burnRate: Quantity = { value: Math.min(burn.long, burn.short), unit: "factor" };
  return {
    ...aboutSlo(status),
    type: "burn",
    title: `${status.slo.operation} is burning its error budget ${formatQuantity(burnRate)}`,
    pastTitle: `${status.slo.operation} burned its error budget ${formatQuantity(burnRate)}`,
    atMs: nowMs,
    values: {
      burnRate,
      badRatio: { value: 1 - status.sli.ratio, unit: "ratio" },
      errors: { value: status.sli.errors, unit: "count" },
      slow: { value: status.sli.slow, unit: "count" },
    },
  };
}

function absentPage(status: SloStatus, silentMs: number, nowMs: number): Page {
  const silent: Quantity = { value: silentMs, unit: "ms" };
  return {
    ...aboutSlo(status),
    ruleText: `pages after ${span(status.slo.absentAfterMs)} without a request`,
    type: "absent",
    title: `${status.slo.operation} is absent: no request for ${formatQuantity(silent)}`,
    pastTitle: `${status.slo.operation} was absent`,
    atMs: nowMs,
    values: { silent },
  };
}

function blindPage(silentMs: number, nowMs: number): Page {
  const silent: Quantity = { value: silentMs, unit: "ms" };
  return {
    type: "blind",
    title: `I am blind: no telemetry from any service for ${formatQuantity(silent)}`,
    pastTitle: "I was blind: no telemetry from any service",
    atMs: nowMs,
    values: { silent },
    ruleText: `pages after ${span(BLIND_AFTER_MS)} without any telemetry`,
  };
}

/** How long an operation has been silent while others were still heard; 0 when that may be chance. */
function silenceOf(view: WorldView, status: SloStatus, listening: Listening): number {
  const { slo, lastSampleMs } = status;
  if (status.state !== "absent" || lastSampleMs === undefined) return 0;
  const silentMs = listening.lastSignalMs - Math.max(lastSampleMs, listening.sinceMs);
  if (silentMs < slo.absentAfterMs) return 0;
  const before = view.sli(slo.id, { fromMs: lastSampleMs - USUAL_MS, toMs: lastSampleMs });
  const heardMs = Math.max(HEARD_MIN_MS, before.covered * USUAL_MS);
  const missed = ((before.good + before.bad) / heardMs) * silentMs;
  return missed >= MISSED_MIN ? silentMs : 0;
}

/** The pages that are due now. While blind, only that is said: absence of one means nothing when all are silent. */
export function duePages(view: WorldView, listening: Listening, nowMs: number): readonly Page[] {
  if (listening.isBlind(nowMs)) return [blindPage(nowMs - listening.lastSignalMs, nowMs)];
  return view.slos().flatMap((slo) => {
    const status = view.sloStatus(slo.id);
    if (status === undefined) return [];
    const silentMs = silenceOf(view, status, listening);
    if (silentMs > 0) return [absentPage(status, silentMs, nowMs)];
    const burn = worstFiring(status);
    return burn === undefined ? [] : [burnPage(status, burn, nowMs)];
  });
}

/** Two pages are the same condition when they are about the same objective; blindness is about none. */
export function conditionOf(page: Page): string {
  return page.sloId ?? page.type;
}
