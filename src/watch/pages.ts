import type { Page } from "../incident/events.ts";
import type { EntityId } from "../model/entity.ts";
import { entityName } from "../model/entity.ts";
import type { Quantity } from "../model/quantity.ts";
import type { BurnRate, SloStatus } from "../model/slo/slo.ts";

/** All telemetry gone for this long pages as "I am blind": silence is a symptom. */
export const BLIND_AFTER_MS = 30_000;

const span = (ms: number): string => {
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return ms >= 120_000 || ms % 60_000 !== 0
    ? ms >= 60_000
      ? `${ms / 60_000} min`
      : `${ms / 1000} s`
    : `${ms / 1000} s`;
};

/** The windows and settle times behind a page, as configured: cards say so. */
export function ruleText(status: SloStatus): string {
  const { rules, settle, objective } = status.slo;
  const pairs = rules
    .filter((rule) => rule.severity === "page")
    .map((rule) => `${span(rule.longMs)} and ${span(rule.shortMs)} at ${rule.burnRate}×`);
  return `objective ${objective * 100} %; pages on ${pairs.join(", or ")}; settles after ${span(settle.effectMs)} + ${span(settle.observeMs)}`;
}

function worstFiring(status: SloStatus): BurnRate | undefined {
  return status.burnRates
    .filter((burn) => burn.firing && burn.rule.severity === "page")
    .sort((a, b) => b.long / b.rule.burnRate - a.long / a.rule.burnRate)[0];
}

function serviceOf(status: SloStatus): EntityId {
  return `service:${status.slo.service}` as EntityId;
}

function burnPage(status: SloStatus, burn: BurnRate, nowMs: number): Page {
  const worst = Math.min(burn.long, burn.short);
  const values: Record<string, Quantity> = {
    burnRate: { value: worst, unit: "factor" },
    badRatio: { value: 1 - status.sli.ratio, unit: "ratio" },
    errors: { value: status.sli.errors, unit: "count" },
    slow: { value: status.sli.slow, unit: "count" },
    longWindow: { value: burn.rule.longMs, unit: "ms" },
  };
  return {
    type: "burn",
    sloId: status.slo.id,
    service: serviceOf(status),
    ...(status.operation === undefined ? {} : { operation: status.operation }),
    title: `${status.slo.operation} is burning its error budget ${Number(worst.toPrecision(2))}×`,
    atMs: nowMs,
    values,
    ruleText: ruleText(status),
  };
}

function absentPage(status: SloStatus, nowMs: number): Page {
  const silentMs = nowMs - (status.lastSampleMs ?? nowMs);
  return {
    type: "absent",
    sloId: status.slo.id,
    service: serviceOf(status),
    ...(status.operation === undefined ? {} : { operation: status.operation }),
    title: `${status.slo.operation} has vanished: no traffic for ${Math.round(silentMs / 1000)} s`,
    atMs: nowMs,
    values: { silent: { value: silentMs, unit: "ms" } },
    ruleText: ruleText(status),
  };
}

function blindPage(lastSignalMs: number, nowMs: number): Page {
  return {
    type: "blind",
    title: `I am blind: no telemetry from any service for ${Math.round((nowMs - lastSignalMs) / 1000)} s`,
    atMs: nowMs,
    values: { silent: { value: nowMs - lastSignalMs, unit: "ms" } },
    ruleText: `pages after ${span(BLIND_AFTER_MS)} without any telemetry`,
  };
}

/**
 * The pages that are due now. While blind, only that is said: absence of one operation means nothing when all are
 * silent. `lastSignalMs` is 0 while nothing has ever arrived, which is a system not yet connected, not a blind one.
 */
export function duePages(
  statuses: readonly SloStatus[],
  { lastSignalMs, nowMs }: { readonly lastSignalMs: number; readonly nowMs: number },
): readonly Page[] {
  if (lastSignalMs > 0 && nowMs - lastSignalMs > BLIND_AFTER_MS)
    return [blindPage(lastSignalMs, nowMs)];
  return statuses.flatMap((status) => {
    if (status.state === "absent") return [absentPage(status, nowMs)];
    const burn = worstFiring(status);
    return burn === undefined ? [] : [burnPage(status, burn, nowMs)];
  });
}

/** Two pages are the same condition when they are of one kind for one objective. */
export function pageKey(page: Page): string {
  return `${page.type}:${page.sloId ?? ""}`;
}

/** "checkout" of `service:checkout`, for a title. */
export function pageService(page: Page): string {
  return page.service === undefined ? "all services" : entityName(page.service);
}
