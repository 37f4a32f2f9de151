import { z } from "zod";
import { sumIn } from "../src/model/dynamics/columns.ts";
import { entityName } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { SloStatus } from "../src/model/slo/slo.ts";
import type { StationWindow, WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import { sloEvidence, sloStatuses, standingOf } from "./get-slo-status.ts";
import { type Health, healthRow, healthSchema, healthValues, stationHealth } from "./health.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { nameText } from "./untrusted.ts";
import {
  coverageOf,
  coverageSchema,
  lastMinutes,
  lastMinutesOfChanges,
  windowSchema,
  windowText,
} from "./window.ts";

/** Limit: services of one answer, worst first. */
const SERVICES_MAX = 14;
/** Limits: services and objectives that become evidence for themselves; what is left out is told together. */
const SERVICES_CITED_MAX = 4;
const SLOS_CITED_MAX = 3;
/** Limits of one answer. */
const VERSIONS_MAX = 3;
const OBJECTIVES_MAX = 12;
const STORES_MAX = 16;
const SURVEY_MINUTES = 2;
const CHANGES_MINUTES = 60;
/** A service that was heard within this time, and serves no more, is missed. */
const MISSED_MS = 15 * 60_000;

const input = z.strictObject({ at: atSchema });
const output = z.object({
  asOf: z.string(),
  window: windowSchema,
  services: z.array(
    healthSchema.omit({ ownMs: true, meanMs: true }).extend({
      name: z.string(),
      instances: z.number(),
      versions: z.array(z.string()),
    }),
  ),
  objectives: z.array(z.object({ id: z.string(), state: z.string() })),
  stores: z.array(z.string()),
  hosts: z.number(),
  changesLastHour: z.number(),
  seen: coverageSchema,
});

interface Surveyed {
  readonly name: string;
  /** It has operations and was heard a little while ago: it ought to serve. Some services only call. */
  readonly isExpected: boolean;
  readonly instances: number;
  readonly versions: readonly string[];
  readonly health: Health;
}

/** Versions that served in a window, busiest first. */
export function versionsServing(
  stations: readonly StationWindow[],
  window: Window,
): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of stations) {
    if (one.version === undefined) continue;
    const count = sumIn(one, one.count, window);
    if (count > 0) counts.set(one.version, (counts.get(one.version) ?? 0) + count);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([version]) => version);
}

function surveyServices(view: WorldView, window: Window): readonly Surveyed[] {
  const byService = Map.groupBy(view.stations(window), (one) => one.service);
  const serving = new Set(view.relations({ type: "exposes" }).map((one) => one.from));
  return view
    .entities({ type: "service" })
    .map((service): Surveyed => {
      const own = byService.get(service.id) ?? [];
      const busy = own.filter((one) => sumIn(one, one.count, window) > 0);
      return {
        name: nameText(service.name),
        isExpected: serving.has(service.id) && view.asOfMs - service.lastSeenMs <= MISSED_MS,
        instances: new Set(busy.flatMap((one) => one.instance ?? [])).size,
        versions: versionsServing(own, window).slice(0, VERSIONS_MAX).map(nameText),
        health: stationHealth(own, window),
      };
    })
    .sort((a, b) => badness(b) - badness(a) || (a.name < b.name ? -1 : 1));
}

/** Services that fell silent first, then by failures, then by slowness; last those of which no service is expected. */
function badness({ health, isExpected }: Surveyed): number {
  if (health.count === 0) return isExpected ? 1e9 : -1;
  return health.errorRatio * 1e6 + health.p95Ms;
}

function serviceEvidence({ name, health, versions }: Surveyed, window: Window): EvidenceDraft {
  const text =
    health.count === 0
      ? `${name} served nothing in the last {{over}}`
      : `${name} serves {{requestRate}} with p95 {{p95Ms}} and {{errorRatio}} errors in the last {{over}}`;
  const version: Record<string, string> = versions[0] === undefined ? {} : { version: versions[0] };
  return {
    kind: "service",
    about: name,
    text,
    values: {
      ...healthValues(health),
      ...quantities("ms", { over: window.toMs - window.fromMs }),
      ...version,
    },
    window,
  };
}

/** All but the last place for themselves, and what is left together in one: nothing is left out. */
function citedTogether<T>(
  list: readonly T[],
  max: number,
  cite: {
    readonly one: (item: T) => EvidenceDraft;
    readonly rest: (items: readonly T[]) => EvidenceDraft;
  },
): readonly EvidenceDraft[] {
  if (list.length <= max) return list.map(cite.one);
  return [...list.slice(0, max - 1).map(cite.one), cite.rest(list.slice(max - 1))];
}

const greatest = (values: readonly number[]): number =>
  Math.max(0, ...values.filter((value) => Number.isFinite(value)));

function otherServices(services: readonly Surveyed[], window: Window): EvidenceDraft {
  const serving = services.filter(({ health }) => health.count > 0);
  const silent = services.length - serving.length;
  const names = serving.map(({ name }) => name).join(", ");
  return {
    kind: "service",
    about: "other services",
    text: [
      ...(serving.length === 0
        ? []
        : [`${names} serve with p95 of at most {{p95Ms}} and at most {{errorRatio}} errors`]),
      ...(silent === 0 ? [] : ["{{silent}} more served nothing"]),
    ].join("; "),
    values: {
      ...quantities("ms", { p95Ms: greatest(serving.map(({ health }) => health.p95Ms)) }),
      ...quantities("ratio", {
        errorRatio: greatest(serving.map(({ health }) => health.errorRatio)),
      }),
      ...quantities("count", { silent }),
    },
    window,
  };
}

/** Worst first, so that all of them are kept when the first is. */
function otherObjectives(view: WorldView, statuses: readonly SloStatus[]): EvidenceDraft {
  const names = (well: boolean): string =>
    statuses
      .filter((one) => ["met", "recovered"].includes(standingOf(view, one)) === well)
      .map(({ slo }) => nameText(slo.operation))
      .join(", ");
  const [kept, hurt] = [names(true), names(false)];
  return {
    kind: "slo",
    about: "other objectives",
    text: [
      ...(hurt === "" ? [] : [`${hurt} miss their objectives too`]),
      ...(kept === "" ? [] : [`${kept} keep their objectives`]),
    ].join("; "),
    values: {},
  };
}

const storesOf = (view: WorldView): readonly string[] =>
  (["database", "cache", "queue", "external"] as const)
    .flatMap((type) => view.entities({ type }))
    .map((one) => nameText(entityName(one.id)));

export const surveySystem = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "survey_system",
  description:
    "The whole system at one instant: services (worst first) with rate, errors, p95, versions, instances; objectives; stores; how much was seen. Use it first, and for how it looked at a past time.",
  input,
  output,
  effect: "read",
  timeoutMs: 3_000,
  title: ({ at }) => (at === undefined ? "Looking over the system" : `Looking at ${nameText(at)}`),
  run(context, { at }) {
    const found = viewAtInstant(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const { window } = lastMinutes(view, SURVEY_MINUTES);
    const services = surveyServices(view, window);
    const shown = firstOf(services, SERVICES_MAX, "services");
    const statuses = sloStatuses(view);
    const objectives = firstOf(statuses, OBJECTIVES_MAX, "objectives");
    const stores = firstOf(storesOf(view), STORES_MAX, "stores");
    const coverage = coverageOf(view, window);
    const changes = view.changes(lastMinutesOfChanges(view, CHANGES_MINUTES)).length;
    const overview: EvidenceDraft = {
      kind: "topology",
      about: "system",
      text: `{{services}} services were observed, with {{changes}} change${changes === 1 ? "" : "s"} in the last hour`,
      values: {
        ...quantities("count", { services: services.length, changes }),
        ...quantities("time", { asOf: view.asOfMs, retainedFrom: view.retainedFromMs }),
      },
    };
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        window: windowText(window),
        services: shown.kept.map(({ health, name, instances, versions }) => {
          const { requestsPerSecond, errorRatio, p95Ms } = healthRow(health);
          return { name, instances, versions: [...versions], requestsPerSecond, errorRatio, p95Ms };
        }),
        objectives: objectives.kept.map(({ slo, state }) => ({ id: nameText(slo.id), state })),
        stores: [...stores.kept],
        hosts: view.entities({ type: "host" }).length,
        changesLastHour: changes,
        seen: coverage.seen,
      },
      [
        overview,
        ...citedTogether(statuses, SLOS_CITED_MAX, {
          one: (status) => sloEvidence(view, status),
          rest: (left) => otherObjectives(view, left),
        }),
        ...citedTogether(services, SERVICES_CITED_MAX, {
          one: (service) => serviceEvidence(service, window),
          rest: (left) => otherServices(left, window),
        }),
      ],
      [...shown.notes, ...objectives.notes, ...stores.notes, ...coverage.notes],
    );
  },
});
