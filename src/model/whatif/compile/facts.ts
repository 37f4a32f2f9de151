import type { Attributes, EntityId } from "../../entity.ts";
import { entityId, entityName, entityType } from "../../entity.ts";
import type { WorldView } from "../../view.ts";

/** A capacity fact by its name in the case format; undefined: not written down, or no number. */
export function factOf(attributes: Attributes, name: string): number | undefined {
  const value = attributes[name];
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** A fact about a link: of this callee, else of all of the caller's links. */
export function linkFact(
  caller: Attributes,
  callee: EntityId,
  name: "timeout_ms" | "retries" | "pool_size",
): number | undefined {
  return factOf(caller, `${name}.${entityName(callee)}`) ?? factOf(caller, name);
}

export const isService = (id: EntityId): boolean => entityType(id) === "service";

/** What reports the use of a station: its own instances, or those of the service of a store's name. */
export function instancesOf(view: WorldView, station: EntityId): readonly EntityId[] {
  const service = isService(station) ? station : entityId("service", entityName(station));
  return view.relations({ type: "instance_of", to: service }).map((relation) => relation.from);
}

export function hostOf(view: WorldView, instance: EntityId): EntityId | undefined {
  return view.relations({ type: "runs_on", from: instance }).at(-1)?.to;
}

export function attributesOf(view: WorldView, id: EntityId): Attributes {
  return view.entity(id)?.attributes ?? {};
}
