import { z } from "zod";
import { sumIn } from "../src/model/dynamics/columns.ts";
import { entityName } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { StationWindow, WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import { sloEvidence, sloStatuses } from "./get-slo-status.ts";
import { type Health, healthRow, healthSchema, healthValues, stationHealth } from "./health.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { nameText } from "./untrusted.ts";
import { coverageOf, coverageSchema, lastMinutes, windowSchema, windowText } from "./window.ts";

/** Limit: services of one answer, worst first. */
const SERVICES_MAX = 14;
/** Limit: services and objectives that become evidence. */
const SERVICES_CITED_MAX = 4;
const SLOS_CITED_MAX = 4;
const VERSIONS_MAX = 3;
const SURVEY_MINUTES = 2;
const CHANGES_MINUTES = 60;

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
  const stations = view.stations(window);
  return view
    .entities({ type: "service" })
    .map((service): Surveyed => {
      const own = stations.filter((one) => one.service === service.id);
      const busy = own.filter((one) => sumIn(one, one.count, window) > 0);
      return {
        name: nameText(service.name),
        instances: new Set(busy.flatMap((one) => one.instance ?? [])).size,
        versions: versionsServing(own, window).slice(0, VERSIONS_MAX).map(nameText),
        health: stationHealth(own, window),
      };
    })
    .sort((a, b) => badness(b.health) - badness(a.health) || (a.name < b.name ? -1 : 1));
}

/** Silent services first, then by failures, then by slowness. */
function badness(health: Health): number {
  if (health.count === 0) return 1e9;
  return health.errorRatio * 1e6 + health.p95Ms;
}

function serviceEvidence({ name, health, versions }: Surveyed, window: Window): EvidenceDraft {
  const text =
    health.count === 0
      ? `${name} served nothing`
      : `${name} serves {{requestRate}} with p95 {{p95Ms}} and {{errorRatio}} errors`;
  const version: Record<string, string> = versions[0] === undefined ? {} : { version: versions[0] };
  return {
    kind: "service",
    about: name,
    text,
    values: { ...healthValues(health), ...version },
    window,
  };
}

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
    const { kept, notes } = firstOf(surveyServices(view, window), SERVICES_MAX, "services");
    const statuses = sloStatuses(view);
    const coverage = coverageOf(view, window);
    const hour = lastMinutes(view, CHANGES_MINUTES);
    const changes = view.changes({ ...hour.window, toMs: view.asOfMs }).length;
    const stores = (["database", "cache", "queue", "external"] as const)
      .flatMap((type) => view.entities({ type }))
      .map((one) => nameText(entityName(one.id)));
    const overview: EvidenceDraft = {
      kind: "topology",
      about: "system",
      text: "{{services}} services were observed, with {{changes}} changes in the last hour",
      values: {
        ...quantities("count", { services: view.entities({ type: "service" }).length, changes }),
        ...quantities("time", { asOf: view.asOfMs }),
      },
    };
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        window: windowText(window),
        services: kept.map(({ health, name, instances, versions }) => {
          const { requestsPerSecond, errorRatio, p95Ms } = healthRow(health);
          return { name, instances, versions: [...versions], requestsPerSecond, errorRatio, p95Ms };
        }),
        objectives: statuses.map(({ slo, state }) => ({ id: slo.id, state })),
        stores,
        hosts: view.entities({ type: "host" }).length,
        changesLastHour: changes,
        seen: coverage.seen,
      },
      [
        overview,
        ...statuses.slice(0, SLOS_CITED_MAX - 1).map((one) => sloEvidence(one, view.asOfMs)),
        ...kept.slice(0, SERVICES_CITED_MAX).map((one) => serviceEvidence(one, window)),
      ],
      [...notes, ...coverage.notes],
    );
  },
});
