import { type Entity, type EntityId, type EntityType, entityId } from "./entity.ts";
import type { EntityCapture } from "./entity-store.ts";
import { NameIndex } from "./near-names.ts";
import { describedAt, lastHeardBy, type Steps } from "./past.ts";
import type { Resolution } from "./view.ts";

export interface EntityViewInput {
  readonly asOfMs: number;
  readonly knownAtMs: number;
  readonly entities: EntityCapture;
  /** What was heard when, the finest steps first. */
  readonly heardIn: readonly Steps[];
  readonly indexOf: (id: EntityId) => number | undefined;
  /** Outside entities that were services after all, by index. */
  readonly aliases: ReadonlyMap<number, number>;
}

/** What sends telemetry itself: that it was heard is in the frames. */
const isSender = (type: EntityType): boolean =>
  type === "service" || type === "service.instance" || type === "host";

/** The entities as they were, and were known, at one instant. */
export class EntityView {
  readonly #of: EntityViewInput;
  readonly #made: (Entity | undefined)[] = [];
  readonly #names: NameIndex;
  readonly #found = new Map<string, EntityId | undefined>();
  #visible: readonly Entity[] | undefined;
  #heard: ReadonlyMap<number, number> | undefined;

  constructor(of: EntityViewInput) {
    this.#of = of;
    this.#names = new NameIndex({
      byId: (id) => this.entity(id as EntityId),
      all: () => this.entities(),
    });
  }

  /** The id of an entity, or of the service that it turned out to be. */
  idOf(index: number): EntityId {
    const service = this.#of.aliases.get(index) ?? index;
    return this.#of.entities.records[service]?.id ?? entityId("external", "{unknown}");
  }

  entity(id: EntityId): Entity | undefined {
    const index = this.#of.indexOf(id);
    return index === undefined ? undefined : this.#at(this.#of.aliases.get(index) ?? index);
  }

  entities(type?: EntityType): readonly Entity[] {
    this.#visible ??= this.#of.entities.records.flatMap((_, index) =>
      this.#of.aliases.has(index) ? [] : (this.#at(index) ?? []),
    );
    if (type === undefined) return this.#visible;
    return this.#visible.filter((entity) => entity.type === type);
  }

  #at(index: number): Entity | undefined {
    const known = this.#made[index];
    if (known !== undefined) return known;
    const { entities, asOfMs, knownAtMs } = this.#of;
    const record = entities.records[index];
    if (record === undefined || record.recordedMs > knownAtMs) return;
    const { firstSeenMs } = describedAt(record, knownAtMs);
    if (firstSeenMs > asOfMs) return;
    const { id, type, name } = record;
    const { attributes } = describedAt(record, Math.min(asOfMs, knownAtMs));
    const lastSeenMs = Math.max(firstSeenMs, this.#lastSeenMs(index, type));
    const entity: Entity = { id, type, name, attributes, firstSeenMs, lastSeenMs };
    this.#made[index] = entity;
    return entity;
  }

  #lastSeenMs(index: number, type: EntityType): number {
    const { entities, heardIn, asOfMs } = this.#of;
    const newestMs = entities.lastSeenMs[index] ?? 0;
    if (newestMs <= asOfMs) return newestMs;
    if (!isSender(type)) return asOfMs;
    this.#heard ??= lastHeardBy(heardIn, asOfMs);
    return this.#heard.get(index) ?? asOfMs;
  }

  resolve(text: string, types?: readonly EntityType[]): Resolution {
    return this.#names.resolve(text, types);
  }

  /** The id of what a text names, without a search for near names. */
  idNamed(text: string): EntityId | undefined {
    if (this.#found.has(text)) return this.#found.get(text);
    const id = this.#names.find(text)?.id;
    this.#found.set(text, id);
    return id;
  }
}
