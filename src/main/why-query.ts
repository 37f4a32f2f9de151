import { entriesThrough, ownerOf } from "../../tools/entry-operation.ts";
import type { Answer } from "../incident/contract.ts";
import { type DiagnoseQuery, diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { type Entity, entityName } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { WhyAnswer } from "../slack/deps.ts";
import { causeAt, isEntry, placeReading, statusesThrough, unknown } from "./asked-place.ts";
import { sloReading } from "./slo-reading.ts";

export function whyAnswer(view: WorldView, about: string): Answer<WhyAnswer> {
  const slo = view.slos().find((one) => one.id === about || one.operation === about);
  if (slo !== undefined)
    return { ok: true, data: told(view, diagnose(view, { sloId: slo.id }), undefined) };
  const resolved = view.resolve(about);
  if (!resolved.ok) return unknown(view, about, resolved.didYouMean);
  const { entity } = resolved;
  return { ok: true, data: told(view, diagnose(view, causeQuery(view, entity)), entity) };
}

/** Causes are ranked for requests that enter the system: of a place within, for those that spend most time there. */
function causeQuery(view: WorldView, entity: Entity): DiagnoseQuery {
  if (entity.type === "operation") return { operation: entity.name };
  if (isEntry(view, entity)) return { service: entity.name };
  const hurt = statusesThrough(view, entity).find(({ state }) => state !== "ok");
  if (hurt !== undefined) return { sloId: hurt.slo.id };
  const [through] = entriesThrough(view, ownerOf(view, entity));
  if (through !== undefined) return { operation: entityName(through.operation) };
  return entity.type === "service" ? { service: entity.name } : {};
}

/** The diagnosis, with what it does not hold: how the named place does, and what has come since. */
function told(view: WorldView, diagnosis: Diagnosis, entity: Entity | undefined): WhyAnswer {
  const { symptom } = diagnosis;
  const status = symptom.sloId === undefined ? undefined : view.sloStatus(symptom.sloId);
  const since = { fromMs: symptom.onsetMs, toMs: view.asOfMs + 1 };
  const known = new Set(diagnosis.recentChanges.map(({ id }) => id));
  const isNamed = entity !== undefined && entity.type !== "operation" && !isEntry(view, entity);
  const cause = isNamed ? causeAt(view, diagnosis, entity) : undefined;
  return {
    diagnosis,
    ...(status === undefined ? {} : { objective: sloReading(view, status) }),
    changesSince:
      symptom.kind === "none"
        ? []
        : view
            .changes(since)
            .filter(({ id }) => !known.has(id))
            .toReversed(),
    ...(isNamed
      ? {
          place: { reading: placeReading(view, entity), ...(cause === undefined ? {} : { cause }) },
        }
      : {}),
  };
}
