import { must } from "../assert.ts";
import type { Attributes, EntityId } from "./entity.ts";
import { EntityStore } from "./entity-store.ts";
import type { RelationType } from "./relation.ts";
import { RelationStore } from "./relation-store.ts";
import {
  descriptiveAttributes,
  identityKey,
  type ResourceIdentity,
  resourceIdentity,
} from "./resource-identity.ts";
import type { Sender } from "./site.ts";

/** Limit: distinct senders (instance and version); further ones are counted with their service, without an instance. */
const SENDERS_MAX = 20_000;

/** Limit: versions remembered for one service; older ones are forgotten and would be news again. */
const VERSIONS_MAX = 500;
/** Two hosts that claim one instance at the same time share it; one that fell silent for this long has lost it. */
const MOVE_AFTER_MS = 10_000;

/** A version of a service that was never seen before, although the service was. */
export interface FirstSight {
  readonly service: number;
  readonly serviceId: EntityId;
  readonly version: string;
  readonly previousVersion: string;
  readonly seenMs: number;
}

/** When something was said, by the data's own time and by ours. */
export interface Heard {
  readonly seenMs: number;
  readonly nowMs: number;
}

/** Entities and relations as telemetry shows them: who sends, where it runs, what belongs to what. */
export class Topology {
  readonly entities = new EntityStore();
  readonly relations = new RelationStore();
  readonly senders: Sender[] = [];
  /** Services that have sent telemetry themselves. */
  readonly heardServices = new Set<number>();
  readonly #byResource = new WeakMap<Attributes, Sender>();
  readonly #byKey = new Map<string, Sender>();
  readonly #versions = new Map<number, string[]>();
  readonly #onVersion: (sight: FirstSight) => void;
  sendersRefused = 0;

  constructor(onVersion: (sight: FirstSight) => void) {
    this.#onVersion = onVersion;
  }

  /** The sender that a resource describes; undefined when it names no service or there is no room for one more. */
  sender(resource: Attributes, heard: Heard): Sender | undefined {
    const cached = this.#byResource.get(resource);
    if (cached !== undefined) {
      this.#touch(cached, heard);
      return cached;
    }
    const identity = resourceIdentity(resource);
    if (identity.service === "") return undefined;
    const key = identityKey(identity);
    const known = this.#byKey.get(key);
    const sender = known ?? this.#createSender(identity, resource, heard);
    if (sender === undefined) return undefined;
    if (known === undefined) this.#byKey.set(key, sender);
    this.#byResource.set(resource, sender);
    this.#touch(sender, heard);
    return sender;
  }

  /** The host that a resource without a service describes. */
  host(resource: Attributes, heard: Heard): number | undefined {
    const { host, zone } = resourceIdentity(resource);
    if (host === "") return undefined;
    const index = this.entities.claim({ type: "host", key: host, names: [host] }, heard.seenMs);
    if (index !== undefined && zone !== "") this.#place(index, zone, heard);
    return index;
  }

  #createSender(
    identity: ResourceIdentity,
    resource: Attributes,
    heard: Heard,
  ): Sender | undefined {
    const { service: name, namespace } = identity;
    const full = namespace === "" ? name : `${namespace}/${name}`;
    const service = this.entities.claim(
      { type: "service", key: `${namespace}|${name}`, names: [name, full] },
      heard.seenMs,
    );
    if (service === undefined) return undefined;
    const isFull = this.senders.length >= SENDERS_MAX;
    if (isFull) this.sendersRefused += 1;
    const instance =
      identity.instanceKey === "" || isFull
        ? undefined
        : this.entities.claim(
            {
              type: "service.instance",
              key: `${service}|${identity.instanceKey}`,
              names: [identity.instanceName, `${name}/${identity.instanceName}`],
            },
            heard.seenMs,
          );
    const host =
      identity.host === ""
        ? undefined
        : this.entities.claim(
            { type: "host", key: identity.host, names: [identity.host] },
            heard.seenMs,
          );
    const zone = identity.zone === "" ? undefined : this.#zone(identity.zone, heard);
    this.heardServices.add(service);
    this.#describe({ service, instance, identity, resource });
    this.#seeVersion(service, identity.version, heard);
    const sender: Sender = {
      index: this.senders.length,
      service,
      serviceId: this.id(service),
      instance,
      instanceId: instance === undefined ? undefined : this.id(instance),
      hostId: host === undefined ? undefined : this.id(host),
      zoneId: zone === undefined ? undefined : this.id(zone),
      hostIndex: host,
      version: identity.version,
      relations: [],
      stations: new Map(),
      calls: new Map(),
      internals: new Map(),
      callsKept: 0,
      internalsKept: 0,
      spansLate: 0,
    };
    this.senders.push(sender);
    return sender;
  }

  #describe(of: {
    readonly service: number;
    readonly instance: number | undefined;
    readonly identity: ResourceIdentity;
    readonly resource: Attributes;
  }): void {
    const { identity } = of;
    const { version, namespace, host, zone } = identity;
    this.entities.describe(of.service, said({ version, namespace }));
    if (of.instance === undefined) return;
    this.entities.describe(of.instance, {
      ...said({ version, host, zone }),
      ...descriptiveAttributes(of.resource),
    });
  }

  #zone(name: string, heard: Heard): number | undefined {
    return this.entities.claim({ type: "zone", key: name, names: [name] }, heard.seenMs);
  }

  #place(host: number, zoneName: string, heard: Heard): void {
    const zone = this.#zone(zoneName, heard);
    if (zone !== undefined) this.hold("hosted_in", [host, zone], heard, "resource");
  }

  /** Says that a sender was heard. */
  touch(sender: Sender | undefined, heardMs: number): void {
    if (sender === undefined) return;
    this.#touch(sender, { seenMs: heardMs, nowMs: heardMs });
  }

  /** Keeps entities and relations of a sender alive. */
  #touch(sender: Sender, heard: Heard): void {
    this.entities.touch(sender.service, heard.seenMs);
    if (sender.instance !== undefined) this.entities.touch(sender.instance, heard.seenMs);
    if (sender.hostIndex !== undefined) this.entities.touch(sender.hostIndex, heard.seenMs);
    const { relations } = sender;
    if (relations.length > 0 && relations.every((held) => !held.hasEnded)) {
      for (const held of relations) held.seenMs = Math.max(held.seenMs, heard.seenMs);
      return;
    }
    this.#relate(sender, heard);
  }

  #relate(sender: Sender, heard: Heard): void {
    const at = { ...heard, source: "resource" };
    const { serviceId, instanceId, hostId, zoneId } = sender;
    const place = hostId ?? instanceId;
    if (instanceId !== undefined && hostId !== undefined)
      this.#moveIfElsewhere(instanceId, hostId, heard);
    const wanted: (readonly [RelationType, EntityId | undefined, EntityId | undefined])[] = [
      ["instance_of", instanceId, serviceId],
      ["runs_on", instanceId, hostId],
      ["hosted_in", place, zoneId],
    ];
    sender.relations.length = 0;
    for (const [type, from, to] of wanted) {
      if (from === undefined || to === undefined) continue;
      const held = this.relations.hold({ type, from, to }, at);
      if (held !== undefined) sender.relations.push(held);
    }
  }

  /** An instance runs on one host at a time: where it was before ends now. */
  #moveIfElsewhere(instance: EntityId, host: EntityId, heard: Heard): void {
    for (const held of this.relations.heldFrom("runs_on", instance)) {
      const quietMs = heard.seenMs - held.seenMs;
      if (held.to !== host && quietMs > MOVE_AFTER_MS) {
        this.relations.end(held, held.seenMs, heard.nowMs);
      }
    }
  }

  #seeVersion(service: number, version: string, heard: Heard): void {
    if (version === "") return;
    const versions = this.#versions.get(service) ?? [];
    if (versions.includes(version)) return;
    const previousVersion = versions.at(-1);
    versions.push(version);
    if (versions.length > VERSIONS_MAX) versions.shift();
    this.#versions.set(service, versions);
    const serviceId = this.id(service);
    const name = `${this.name(service)}@${version}`;
    const deployment = this.entities.claim(
      { type: "deployment", key: name, names: [name] },
      heard.seenMs,
    );
    if (deployment !== undefined) {
      this.entities.describe(deployment, { version, service: this.name(service) });
      this.hold("version_of", [deployment, service], heard, "version");
    }
    if (previousVersion === undefined) return;
    this.#onVersion({ service, serviceId, version, previousVersion, seenMs: heard.seenMs });
  }

  hold(
    type: RelationType,
    [from, to]: readonly [number, number],
    heard: Heard,
    source: string,
  ): ReturnType<RelationStore["hold"]> {
    return this.relations.hold(
      { type, from: this.id(from), to: this.id(to) },
      { ...heard, source },
    );
  }

  id(index: number): EntityId {
    return must(this.entities.record(index), "an entity index is never reused").id;
  }

  name(index: number): string {
    return must(this.entities.record(index), "an entity index is never reused").name;
  }

  versions(): readonly (readonly [EntityId, readonly string[]])[] {
    return [...this.#versions].map(([service, versions]) => [this.id(service), versions] as const);
  }

  /** Contract: after entities are restored. */
  restoreVersions(versions: readonly (readonly [EntityId, readonly string[]])[]): void {
    for (const [id, seen] of versions) {
      const index = this.entities.indexOf(id);
      if (index !== undefined) this.#versions.set(index, [...seen]);
    }
  }
}

/** Without the texts that are empty. */
function said(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}
