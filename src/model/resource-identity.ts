import { boundedName, textOf } from "./attribute-text.ts";
import type { Attributes, AttributeValue } from "./entity.ts";

const NAME_MAX = 160;

/** Who sent telemetry, by the OpenTelemetry resource conventions. Empty text means: not said. */
export interface ResourceIdentity {
  readonly service: string;
  readonly namespace: string;
  readonly version: string;
  /** What makes the instance unique within its service, and what to call it. */
  readonly instanceKey: string;
  readonly instanceName: string;
  readonly host: string;
  readonly zone: string;
}

/** Attributes that say who, not what: they become entities and relations. */
const IDENTIFYING = new Set([
  "service.name",
  "service.namespace",
  "service.instance.id",
  "service.version",
  "host.name",
  "k8s.node.name",
  "cloud.availability_zone",
]);

function instanceOf(resource: Attributes, host: string): { key: string; name: string } {
  const id = textOf(resource, "service.instance.id");
  if (id !== "") return { key: id, name: id };
  const uid = textOf(resource, "k8s.pod.uid");
  const pod = textOf(resource, "k8s.pod.name");
  if (uid !== "") return { key: uid, name: pod === "" ? uid : pod };
  if (pod !== "") return { key: pod, name: pod };
  const container = textOf(resource, "container.id");
  if (container !== "") return { key: container, name: container.slice(0, 12) };
  const pid = textOf(resource, "process.pid");
  if (host === "" || pid === "") return { key: "", name: "" };
  return { key: `${host}:${pid}`, name: `${host}:${pid}` };
}

/** In Kubernetes `host.name` is often the pod's own name, which is no host. */
function hostOf(resource: Attributes): string {
  const node = textOf(resource, "k8s.node.name");
  if (node !== "") return node;
  const host = textOf(resource, "host.name", "host.id");
  return host === textOf(resource, "k8s.pod.name") ? "" : host;
}

export function resourceIdentity(resource: Attributes): ResourceIdentity {
  const host = boundedName(hostOf(resource), NAME_MAX);
  const instance = instanceOf(resource, host);
  return {
    service: boundedName(textOf(resource, "service.name"), NAME_MAX),
    namespace: boundedName(textOf(resource, "service.namespace"), NAME_MAX),
    version: boundedName(textOf(resource, "service.version"), NAME_MAX),
    instanceKey: boundedName(instance.key, NAME_MAX),
    instanceName: boundedName(instance.name, NAME_MAX),
    host,
    zone: boundedName(textOf(resource, "cloud.availability_zone"), NAME_MAX),
  };
}

export function identityKey(identity: ResourceIdentity): string {
  const { service, namespace, version, instanceKey, host, zone } = identity;
  return `${service}\n${namespace}\n${version}\n${instanceKey}\n${host}\n${zone}`;
}

/** What describes the sender, for the instance's attributes. */
export function descriptiveAttributes(resource: Attributes): Record<string, AttributeValue> {
  const described: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(resource)) {
    if (!IDENTIFYING.has(name)) described[name] = value;
  }
  return described;
}
