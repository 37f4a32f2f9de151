import { must } from "../assert.ts";
import { Changed } from "./changed.ts";
import type { Attributes, EntityId } from "./entity.ts";
import { EntityStore, type Sighting } from "./entity-store.ts";
import type { RelationType } from "./relation.ts";
import { RelationStore } from "./relation-store.ts";
import {
  descriptiveAttributes,
  identityKey,
  type ResourceIdentity,
  resourceIdentity,
  serviceAlone,
} from "./resource-identity.ts";
import type { Sender } from "./site.ts";
import { type FirstSight, VersionsSeen } from "./versions-seen.ts";

/** Limit: distinct senders (instance and version); further ones count with their service, without an instance. */
const SENDERS_MAX = 20_000;
/** Two hosts that claim one instance at the same time share it; one that fell silent for this long has lost it. */
const MOVE_AFTER_MS = 10_000;

/** When something was said, by the data's own time and by ours. */
export type Heard = Sighting;

/** Entities and relations as telemetry shows them: who sends, where it runs, what belongs to what. */
export class Topology {
  readonly entities = new EntityStore();
  readonly relations = new RelationStore();
  readonly versions: VersionsSeen;
  /** Services that have sent telemetry themselves, and since when. */
  readonly heardServices = new Map<number, number>();
  readonly changedHeard = new Changed<number>();
  readonly #byResource = new WeakMap<Attributes, Sender>();
  readonly #byKey = new Map<string, Sender>();
  readonly #instanceOfPod = new Map<string, number>();
  /** Senders whose relations are to be recorded when the bucket closes. */
  readonly #due = new Set<Sender>();
  sendersRefused = 0;

  constructor(onVersion: (sight: FirstSight) => void) {
    this.versions = new VersionsSeen(onVersion);
  }

  get senders(): Iterable<Sender> {
    return this.#byKey.values();
  }

  /** The sender that a resource describes; undefined when it names no service or there is no room for one more. */
  sender(resource: Attributes, heard: Heard): Sender | undefined {
    const cached = this.#byResource.get(resource);
    const sender =
      cached === undefined || cached.isForgotten ? this.#find(resource, heard) : cached;
    if (sender !== undefined) this.#touch(sender, heard);
    return sender;
  }

  #find(resource: Attributes, heard: Heard): Sender | undefined {
    const told = resourceIdentity(resource);
    if (told.service === "") return undefined;
    const known = this.#byKey.get(identityKey(told));
    if (known !== undefined) {
      this.#byResource.set(resource, known);
      return known;
    }
    const isFull = this.#byKey.size >= SENDERS_MAX;
    if (isFull) this.sendersRefused += 1;
    const identity = isFull ? serviceAlone(told) : told;
    const key = identityKey(identity);
    const sender = this.#byKey.get(key) ?? this.#createSender(identity, resource, heard);
    if (sender === undefined) return undefined;
    this.#byKey.set(key, sender);
    this.#byResource.set(resource, sender);
    return sender;
  }

  /** The instance or host that a resource without a service describes. */
  reporter(resource: Attributes, heard: Heard): number | undefined {
    const { host, zone, pods } = resourceIdentity(resource);
    // What a node's agent says of a pod is the pod's, not the node's.
    if (pods.length > 0) return this.#instanceOf(pods);
    if (host === "") return undefined;
    const index = this.entities.claim({ type: "host", key: host, names: [host] }, heard);
    if (index !== undefined && zone !== "") this.#place(index, zone, heard);
    return index;
  }

  #instanceOf(pods: readonly string[]): number | undefined {
    const known = pods.find((pod) => this.#instanceOfPod.has(pod));
    return known === undefined ? undefined : this.#instanceOfPod.get(known);
  }

  /**
   * The first environment of which a service is heard owns its plain name; telemetry that names no environment is taken
   * as that one's.
   */
  #service(
    { service, namespace, environment }: ResourceIdentity,
    heard: Heard,
  ): number | undefined {
    const full = namespace === "" ? service : `${namespace}/${service}`;
    const key = `${namespace}\n${service}`;
    const names = [service, full];
    const first = this.entities.indexOfKey("service", key);
    const owner = first === undefined ? undefined : this.entities.record(first);
    const owned = owner?.attributes.environment ?? "";
    if (environment === "" || owned === "" || owned === environment) {
      const index = this.entities.claim({ type: "service", key, names }, heard);
      if (index !== undefined) this.entities.describe(index, said({ environment }), heard.nowMs);
      return index;
    }
    const inEnvironment = [`${environment}/${service}`, `${environment}/${full}`];
    const index = this.entities.claim(
      { type: "service", key: `${key}\n${environment}`, names: inEnvironment },
      heard,
    );
    if (index !== undefined) this.entities.describe(index, said({ environment }), heard.nowMs);
    return index;
  }

  #createSender(
    identity: ResourceIdentity,
    resource: Attributes,
    heard: Heard,
  ): Sender | undefined {
    const service = this.#service(identity, heard);
    if (service === undefined) return undefined;
    const instance = this.#instance(identity, service, heard);
    const { host: hostName, zone: zoneName } = identity;
    const host =
      hostName === ""
        ? undefined
        : this.entities.claim({ type: "host", key: hostName, names: [hostName] }, heard);
    const zone = zoneName === "" ? undefined : this.#zone(zoneName, heard);
    if (!this.heardServices.has(service)) {
      this.heardServices.set(service, heard.nowMs);
      this.changedHeard.add(service);
    }
    return {
      key: identityKey(identity),
      service,
      serviceId: this.id(service),
      instance,
      instanceId: instance === undefined ? undefined : this.id(instance),
      hostId: host === undefined ? undefined : this.id(host),
      zoneId: zone === undefined ? undefined : this.id(zone),
      host,
      zone,
      version: identity.version,
      pods: identity.pods,
      deployment: undefined,
      isForgotten: false,
      firstSeenMs: heard.seenMs,
      lastHeardMs: heard.nowMs,
      dueMs: undefined,
      says: describe(identity, resource),
      relations: [],
      stations: new Map(),
      stationsKept: 0,
      calls: new Map(),
      callsKept: 0,
      restOfCalls: undefined,
      internals: new Map(),
      internalsKept: 0,
      recentSpans: 0,
    };
  }

  #instance(identity: ResourceIdentity, service: number, heard: Heard): number | undefined {
    const { instanceKey, instanceName, pods } = identity;
    if (instanceKey === "") return undefined;
    const names = [instanceName, instanceKey, `${identity.service}/${instanceKey}`];
    const key = `${this.id(service)}\n${instanceKey}`;
    const index = this.entities.claim({ type: "service.instance", key, names }, heard);
    if (index !== undefined) for (const pod of pods) this.#instanceOfPod.set(pod, index);
    return index;
  }

  #zone(name: string, heard: Heard): number | undefined {
    return this.entities.claim({ type: "zone", key: name, names: [name] }, heard);
  }

  #place(host: number, zoneName: string, heard: Heard): void {
    const zone = this.#zone(zoneName, heard);
    if (zone !== undefined) this.hold("hosted_in", [host, zone], heard, "resource");
  }

  /** Keeps entities and relations of a sender alive. */
  #touch(sender: Sender, heard: Heard): void {
    const { entities } = this;
    const { service, instance, host, zone, deployment } = sender;
    for (const index of [service, instance, host, zone, deployment]) {
      if (index !== undefined) entities.touch(index, heard);
    }
    sender.lastHeardMs = Math.max(sender.lastHeardMs, heard.nowMs);
    const { relations } = sender;
    if (relations.length > 0 && relations.every((held) => !held.hasEnded)) {
      for (const held of relations) held.seenMs = Math.max(held.seenMs, heard.seenMs);
      return;
    }
    sender.firstSeenMs = Math.min(sender.firstSeenMs, heard.seenMs);
    sender.dueMs = Math.min(sender.dueMs ?? Number.POSITIVE_INFINITY, heard.seenMs);
    this.#due.add(sender);
  }

  /**
   * Records what the senders of a bucket show of structure and versions: when it closes, from the earliest sight on, so
   * that the order in which they were heard makes no difference.
   */
  settle(nowMs: number): void {
    const due = [...this.#due].sort(
      (a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0) || compareSenders(a, b),
    );
    this.#due.clear();
    for (const sender of due) {
      const heard = { seenMs: sender.dueMs ?? nowMs, nowMs };
      sender.dueMs = undefined;
      this.#describe(sender, nowMs);
      this.#relate(sender, heard);
      if (sender.version !== "" && sender.deployment === undefined) this.#deploy(sender, nowMs);
    }
  }

  #describe(sender: Sender, nowMs: number): void {
    const { says, service, instance } = sender;
    if (says === undefined) return;
    sender.says = undefined;
    this.entities.describe(service, says.service, nowMs);
    if (instance !== undefined) this.entities.describe(instance, says.instance, nowMs);
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

  #deploy(sender: Sender, nowMs: number): void {
    const { service, serviceId, version, firstSeenMs } = sender;
    const heard = { seenMs: firstSeenMs, nowMs };
    const name = `${this.name(service)}@${version}`;
    const deployment = this.entities.claim({ type: "deployment", key: name, names: [name] }, heard);
    if (deployment !== undefined) {
      sender.deployment = deployment;
      this.entities.describe(deployment, { version, service: this.name(service) }, nowMs);
      this.hold("version_of", [deployment, service], heard, "version");
    }
    this.versions.see({ serviceId, service: this.name(service), version, seenMs: firstSeenMs });
  }

  /** Lets go of a sender that has long been silent. Its entities stay. */
  forget(sender: Sender): void {
    sender.isForgotten = true;
    this.#byKey.delete(sender.key);
    this.#due.delete(sender);
    for (const pod of sender.pods) {
      if (this.#instanceOfPod.get(pod) === sender.instance) this.#instanceOfPod.delete(pod);
    }
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
    return must(this.entities.record(index), "an entity in use is never forgotten").id;
  }

  name(index: number): string {
    return must(this.entities.record(index), "an entity in use is never forgotten").name;
  }
}

const compareSenders = (a: Sender, b: Sender): number => {
  const key = (one: Sender): string => `${one.serviceId}\n${one.version}\n${one.instanceId ?? ""}`;
  return key(a) < key(b) ? -1 : 1;
};

function describe(identity: ResourceIdentity, resource: Attributes): Sender["says"] {
  const { version, namespace, host, zone } = identity;
  return {
    service: said({ version, namespace }),
    instance: { ...said({ version, host, zone }), ...descriptiveAttributes(resource) },
  };
}

/** Without the texts that are empty. */
function said(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}
