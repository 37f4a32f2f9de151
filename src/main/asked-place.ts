import { entriesSeen, entriesThrough, ownerOf } from "../../tools/entry-operation.ts";
import { entityHealth } from "../../tools/get-entity.ts";
import type { Answer } from "../incident/contract.ts";
import type { Diagnosis, Hypothesis } from "../model/causes/diagnosis.ts";
import type { Entity, EntityId } from "../model/entity.ts";
import type { SloDefinition, SloStatus } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import type { PlaceReading } from "../slack/deps.ts";

/** What a place does is told of this time. */
const PLACE_MS = 5 * 60_000;
/** Limits: characters of a name in a refusal, and names offered. */
const NAME_CHARS_MAX = 80;
const NEAR_MAX = 6;

export function unknown(view: WorldView, text: string, near: readonly string[]): Answer<never> {
  const slos = view.slos().map((slo) => slo.id);
  const known = view.entities({ type: "service" }).map((one) => one.name);
  const names = near.map((id) => view.entity(id as EntityId)?.name ?? id);
  return {
    ok: false,
    code: "entity_unknown",
    message: `I know no "${text.slice(0, NAME_CHARS_MAX)}".`,
    didYouMean: [...new Set(names.length > 0 ? names : [...known, ...slos])].slice(0, NEAR_MAX),
  };
}

/** The objectives that a text names: one by its id or operation, all of a service by its name. */
export function slosNamed(view: WorldView, text: string): readonly SloDefinition[] {
  return view
    .slos()
    .filter(({ id, service, operation }) =>
      [id, service, operation, `${service} ${operation}`].includes(text),
    );
}

/** How a place does by itself. */
export function placeReading(view: WorldView, entity: Entity): PlaceReading {
  const toMs = view.closedMs;
  const window = { fromMs: Math.max(view.retainedFromMs, toMs - PLACE_MS), toMs };
  const { health } = entityHealth(view, entity, window);
  const { count, requestRate, errorRatio, p95Ms } = health;
  const { name, type, lastSeenMs } = entity;
  return { name, type, lastSeenMs, window, count, requestRate, errorRatio, p95Ms };
}

/** Whether requests enter the system here. */
export function isEntry(view: WorldView, { id }: Entity): boolean {
  return entriesSeen(view).some(({ service, operation }) => service === id || operation === id);
}

/** The objectives whose requests pass a place, those that spend most time there first. */
export function statusesThrough(view: WorldView, entity: Entity): readonly SloStatus[] {
  const operations = entriesThrough(view, ownerOf(view, entity)).map((one) => one.operation);
  const statuses = view.slos().flatMap((slo) => view.sloStatus(slo.id) ?? []);
  return operations.flatMap((operation) =>
    statuses.filter((status) => status.operation === operation),
  );
}

/** The likeliest of the causes that stand for a place: itself, one of its instances, or a link to what is no service. */
export function causeAt(
  view: WorldView,
  { hypotheses }: Diagnosis,
  entity: Entity,
): Hypothesis | undefined {
  const place = ownerOf(view, entity);
  return hypotheses.find(({ root }) => {
    const at = view.entity(root as EntityId);
    if (at !== undefined) return at.id === entity.id || ownerOf(view, at).id === place.id;
    return place.type !== "service" && root.endsWith(`->${place.name}`);
  });
}
