import { z } from "zod";
import type { Entity, EntityId } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import { answer, isoTime, quantities } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import {
  edgeHealth,
  type Health,
  healthRow,
  healthSchema,
  healthValues,
  stationHealth,
} from "./health.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { placeName, resolveEntity } from "./named-entity.ts";
import { versionsServing } from "./survey-system.ts";
import { nameText, untrustedText } from "./untrusted.ts";
import { lastMinutes, windowSchema, windowText } from "./window.ts";

/** Limits of one answer. */
const ATTRIBUTES_MAX = 16;
const RELATED_MAX = 12;
const METRICS_MAX = 16;
const VERSIONS_MAX = 5;
const MINUTES = 5;

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

/** Neighbours by relation, both directions, by name. */
function relatedTo(view: WorldView, id: EntityId, window: Window): Record<string, string[]> {
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
    if (one.type !== "calls" && one.type !== "exposes") add(`${one.type} (of)`, one.from);
  }
  for (const edge of view.edges(window)) {
    if (edge.caller === id) add("calls", edge.callee);
    if (edge.callee === id) add("called by", edge.caller);
  }
  return Object.fromEntries(
    [...related].map(([key, names]) => [key, [...names].sort().slice(0, RELATED_MAX)]),
  );
}

/** As it serves; something outside the telemetry is seen only from its callers' side. */
function healthOfEntity(view: WorldView, entity: Entity, window: Window): Health {
  const { id } = entity;
  const own = view
    .stations(window)
    .filter((one) => [one.service, one.instance, one.host, one.zone, one.operation].includes(id));
  if (own.length > 0) return stationHealth(own, window);
  return edgeHealth(
    view.edges(window).filter((edge) => edge.callee === id),
    window,
  );
}

function evidenceOf(view: WorldView, entity: Entity, health: Health): EvidenceDraft {
  const name = placeName(entity.id);
  const isSilent = health.count === 0;
  return {
    kind: isSilent ? "topology" : "service",
    about: name,
    text: isSilent
      ? `${name} was last seen at {{lastSeen}}`
      : `${name} serves {{requestRate}} with p95 {{p95Ms}} and {{errorRatio}} errors`,
    values: {
      ...healthValues(health),
      ...quantities("time", { firstSeen: entity.firstSeenMs, lastSeen: entity.lastSeenMs }),
      ...quantities("count", {
        instances: view.relations({ type: "instance_of", to: entity.id }).length,
      }),
    },
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
    const found = viewAtInstant(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const resolved = resolveEntity(view, text);
    if (!resolved.ok) return resolved;
    const { entity } = resolved;
    const { window } = lastMinutes(view, MINUTES);
    const health = healthOfEntity(view, entity, window);
    const own = view.stations(window).filter((one) => one.service === entity.id);
    const attributes = Object.entries(entity.attributes).slice(0, ATTRIBUTES_MAX);
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        id: nameText(entity.id),
        type: entity.type,
        name: nameText(entity.name),
        firstSeen: isoTime(entity.firstSeenMs),
        lastSeen: isoTime(entity.lastSeenMs),
        untrustedAttributes: Object.fromEntries(
          attributes.map(([key, value]) => [nameText(key), untrustedText(String(value), 80)]),
        ),
        versionsServing: versionsServing(own, window).slice(0, VERSIONS_MAX).map(nameText),
        related: relatedTo(view, entity.id, window),
        window: windowText(window),
        health: healthRow(health),
        metrics: view
          .metrics(entity.id)
          .slice(0, METRICS_MAX)
          .map((one) => nameText(one.metric)),
      },
      [evidenceOf(view, entity, health)],
    );
  },
});
