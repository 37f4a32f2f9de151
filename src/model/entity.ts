/** The object types of the model (OpenTelemetry's entity words). */
export type EntityType =
  | "service"
  | "service.instance"
  | "host"
  | "zone"
  | "database"
  | "cache"
  | "queue"
  | "external"
  | "operation"
  | "deployment"
  | "flag"
  | "team"
  | "slo";

/** `TYPE:NAME`, for example `service:cart`, `service.instance:cart-0`, `operation:gateway GET /product/{id}`. */
export type EntityId = string & { readonly __brand: "EntityId" };

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface Entity {
  readonly id: EntityId;
  readonly type: EntityType;
  /** As the telemetry names it: `cart`, `cart-0`, `node-a1`, `gateway GET /product/{id}`. */
  readonly name: string;
  /**
   * Descriptive attributes and capacity facts: `version`, `host`, `zone`, `replicas`, `workers`, `pool_size`,
   * `timeout_ms`, `retries`, `cpu_limit_cores` (CASE_FORMAT words), `db.system`, …
   */
  readonly attributes: Attributes;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export function entityId(type: EntityType, name: string): EntityId {
  return `${type}:${name}` as EntityId;
}

/** The name part of an id. */
export function entityName(id: EntityId): string {
  return id.slice(id.indexOf(":") + 1);
}

export function entityType(id: EntityId): EntityType {
  return id.slice(0, id.indexOf(":")) as EntityType;
}

/** The link from one entity to another; the network, pool and wait in between belong to it. */
export type EdgeId = string & { readonly __brand: "EdgeId" };

/** `service:a` and `database:b` give `a->b`, as answers and people name a link. */
export function edgeId(caller: EntityId, callee: EntityId): EdgeId {
  return `${entityName(caller)}->${entityName(callee)}` as EdgeId;
}
