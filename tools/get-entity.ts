import { z } from "zod";
import type { Entity, EntityId, EntityType } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import {
  edgeHealth,
  type Health,
  healthRow,
  healthSchema,
  healthValues,
  stationHealth,
} from "./health.ts";
import { atSchema, pastViewAt } from "./instant.ts";
import { placeName, resolveEntity } from "./named-entity.ts";
import { versionsServing } from "./survey-system.ts";
import { nameText, untrustedText } from "./untrusted.ts";
import { lastMinutes, windowSchema, windowText } from "./window.ts";

/** Limits of one answer. */
const ATTRIBUTES_MAX = 16;
const RELATED_MAX = 12;
const METRICS_MAX = 30;
const VERSIONS_MAX = 5;
const MINUTES = 5;
/** An instance that was not heard for this long counts as stopped. */
const SILENT_MS = 60_000;

const input = z.strictObject({
  entity: z
    .string()
    .min(1)
    .max(200)
    .describe("Service, instance, host, database, external or flag."),
  at: atSchema,
});
const output = z.object({
  asOf: z.string(),
  id: z.string(),
  type: z.string(),
  name: z.string(),
  firstSeen: z.string(),
  lastSeen: z.string(),
  untrustedAttributes: z.record(z.string(), z.string()),
  versionsServing: z.array(z.string()),
  related: z.record(z.string(), z.array(z.string())),
  window: windowSchema,
  health: healthSchema,
  metrics: z.array(z.string()),
});

/** A distribution's mean with its other series beside it: `http.server.duration (also .p95 .rate)`. */
function metricNames(view: WorldView, id: EntityId): readonly string[] {
  const names = view.metrics(id).map((one) => one.metric);
  const known = new Set(names);
  const baseOf = (name: string): string => {
    const base = name.replace(/\.(?:p\d+(?:_\d+)?|rate)$/, "");
    return known.has(base) ? base : name;
  };
  return [...Map.groupBy(names, baseOf)].map(([base, group]) => {
    const also = group.filter((name) => name !== base).map((name) => name.slice(base.length));
    return also.length === 0 ? nameText(base) : `${nameText(base)} (also ${also.join(" ")})`;
  });
}

/** Neighbours by relation, both directions, by name. */
function relatedTo(
  view: WorldView,
  id: EntityId,
  window: Window,
): { readonly related: Record<string, string[]>; readonly notes: readonly string[] } {
  const related = new Map<string, Set<string>>();
  const add = (key: string, other: EntityId): void => {
    const names = related.get(key) ?? new Set<string>();
    names.add(placeName(other));
    related.set(key, names);
  };
  for (const one of view.relations({ from: id })) {
    if (one.type !== "calls" && one.type !== "exposes") add(one.type, one.to);
  }
  for (const one of view.relations({ to: id })) {
    if (!["calls", "exposes", "instance_of"].includes(one.type)) add(`${one.type} (of)`, one.from);
  }
  for (const instance of runningInstances(view, id)) add("instance_of (of)", instance);
  for (const edge of view.edges(window)) {
    if (edge.caller === id) add("calls", edge.callee);
    if (edge.callee === id) add("called by", edge.caller);
  }
  const shown = [...related].map(
    ([key, names]) => [key, firstOf([...names].sort(), RELATED_MAX, key)] as const,
  );
  return {
    related: Object.fromEntries(shown.map(([key, { kept }]) => [key, [...kept]])),
    notes: shown.flatMap(([, { notes }]) => notes),
  };
}

/** Entities whose own side of the work is seen. */
const SERVING: ReadonlySet<EntityType> = new Set([
  "service",
  "service.instance",
  "host",
  "zone",
  "operation",
]);

/** As it serves; something outside the telemetry is seen only from its callers' side. */
export function entityHealth(
  view: WorldView,
  { id, type }: Entity,
  window: Window,
): { readonly health: Health; readonly versions: readonly string[] } {
  const own = SERVING.has(type)
    ? view
        .stations(window)
        .filter((one) =>
          [one.service, one.instance, one.host, one.zone, one.operation].includes(id),
        )
    : [];
  const versions = versionsServing(own, window).slice(0, VERSIONS_MAX).map(nameText);
  if (own.length > 0) return { health: stationHealth(own, window), versions };
  const calls = view.edges(window).filter((edge) => edge.callee === id);
  return { health: edgeHealth(calls, window), versions };
}

/** Instances that were heard of late: nothing tells that one has stopped, but its silence. */
function runningInstances(view: WorldView, service: EntityId): readonly EntityId[] {
  const sinceMs = view.closedMs - SILENT_MS;
  return view
    .relations({ type: "instance_of", to: service })
    .map(({ from }) => from)
    .filter((id) => (view.entity(id)?.lastSeenMs ?? 0) >= sinceMs);
}

function evidenceOf(
  view: WorldView,
  entity: Entity,
  { health, window }: { readonly health: Health; readonly window: Window },
): EvidenceDraft {
  const name = placeName(entity.id);
  const isSilent = health.count === 0;
  const instances = runningInstances(view, entity.id).length;
  return {
    kind: isSilent ? "topology" : "service",
    about: name,
    text: isSilent
      ? `${name} was last seen at {{lastSeen}}`
      : `${name} serves {{requestRate}} with p95 {{p95Ms}} and {{errorRatio}} errors in the last {{over}}`,
    values: {
      ...healthValues(health),
      ...quantities("ms", { over: window.toMs - window.fromMs }),
      ...quantities("time", { firstSeen: entity.firstSeenMs, lastSeen: entity.lastSeenMs }),
      ...(entity.type === "service" ? quantities("count", { instances }) : {}),
    },
    window,
  };
}

export const getEntity = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "get_entity",
  description:
    "One entity: type, attributes, versions serving, instances, placement, callers and callees, health of the last 5 minutes, and the names of its metrics for query_series.",
  input,
  output,
  effect: "read",
  timeoutMs: 2_000,
  title: ({ entity }) => `Looking at ${nameText(entity)}`,
  run(context, { entity: text, at }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const resolved = resolveEntity(view, text);
    if (!resolved.ok) return resolved;
    const { entity } = resolved;
    const { window, notes: told } = lastMinutes(view, MINUTES);
    const { health, versions } = entityHealth(view, entity, window);
    const attributes = firstOf(Object.entries(entity.attributes), ATTRIBUTES_MAX, "attributes");
    const metrics = firstOf(metricNames(view, entity.id), METRICS_MAX, "metrics");
    const { related, notes } = relatedTo(view, entity.id, window);
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        id: nameText(entity.id),
        type: entity.type,
        name: nameText(entity.name),
        firstSeen: isoTime(entity.firstSeenMs),
        lastSeen: isoTime(entity.lastSeenMs),
        untrustedAttributes: Object.fromEntries(
          attributes.kept.map(([key, value]) => [nameText(key), untrustedText(String(value), 80)]),
        ),
        versionsServing: [...versions],
        related,
        window: windowText(window),
        health: healthRow(health),
        metrics: [...metrics.kept],
      },
      [evidenceOf(view, entity, { health, window })],
      [
        ...(window.stepMs === undefined ? [] : told),
        ...attributes.notes,
        ...notes,
        ...metrics.notes,
      ],
    );
  },
});
