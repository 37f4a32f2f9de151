import { identityText, textOf } from "./attribute-text.ts";
import type { Attributes, AttributeValue } from "./entity.ts";

const NAME_MAX = 160;

/** Who sent telemetry, by the OpenTelemetry resource conventions. Empty text means: not said. */
export interface ResourceIdentity {
  readonly service: string;
  readonly namespace: string;
  readonly environment: string;
  readonly version: string;
  /** What makes the instance unique within its service, and what to call it. */
  readonly instanceKey: string;
  readonly instanceName: string;
  /** The pod's uid and name, where it is one. */
  readonly pods: readonly string[];
  readonly host: string;
  readonly zone: string;
}

/** Attributes that say who, not what: they become entities and relations. */
const IDENTIFYING = new Set([
  "service.name",
  "service.namespace",
  "deployment.environment.name",
  "deployment.environment",
  "service.instance.id",
  "service.version",
  "host.name",
  "k8s.node.name",
  "cloud.availability_zone",
]);

/** Minted ids are for machines: where the instance is a pod, people know it by the pod's name. */
function instanceOf(resource: Attributes, host: string): { key: string; name: string } {
  const id = textOf(resource, "service.instance.id");
  const uid = textOf(resource, "k8s.pod.uid");
  const pod = textOf(resource, "k8s.pod.name");
  if (id !== "") return { key: id, name: pod === "" ? id : pod };
  if (uid !== "") return { key: uid, name: pod === "" ? uid : pod };
  if (pod !== "") return { key: pod, name: pod };
  const container = textOf(resource, "container.id");
  if (container !== "") return { key: container, name: container.slice(0, 12) };
  const pid = textOf(resource, "process.pid");
  if (host === "" || pid === "") return { key: "", name: "" };
  return { key: `${host}:${pid}`, name: `${host}:${pid}` };
}

const podsOf = (resource: Attributes): readonly string[] =>
  [textOf(resource, "k8s.pod.uid"), textOf(resource, "k8s.pod.name")]
    .filter((pod) => pod !== "")
    .map((pod) => identityText(pod, NAME_MAX));

/** In Kubernetes `host.name` is often the pod's own name, which is no host. */
function hostOf(resource: Attributes): string {
  const node = textOf(resource, "k8s.node.name");
  if (node !== "") return node;
  const host = textOf(resource, "host.name", "host.id");
  return host === textOf(resource, "k8s.pod.name") ? "" : host;
}

export function resourceIdentity(resource: Attributes): ResourceIdentity {
  const host = identityText(hostOf(resource), NAME_MAX);
  const instance = instanceOf(resource, host);
  return {
    service: identityText(textOf(resource, "service.name"), NAME_MAX),
    namespace: identityText(textOf(resource, "service.namespace"), NAME_MAX),
    environment: identityText(
      textOf(resource, "deployment.environment.name", "deployment.environment"),
      NAME_MAX,
    ),
    version: identityText(textOf(resource, "service.version"), NAME_MAX),
    instanceKey: identityText(instance.key, NAME_MAX),
    instanceName: identityText(instance.name, NAME_MAX),
    pods: podsOf(resource),
    host,
    zone: identityText(textOf(resource, "cloud.availability_zone"), NAME_MAX),
  };
}

/** One key for one sender. Identity texts hold no line breaks. */
export function identityKey(identity: ResourceIdentity): string {
  const { service, namespace, environment, version, instanceKey, host, zone } = identity;
  return [service, namespace, environment, version, instanceKey, host, zone].join("\n");
}

/** What is left of a sender when there is no room to tell its instances and versions apart. */
export function serviceAlone(identity: ResourceIdentity): ResourceIdentity {
  const { service, namespace, environment } = identity;
  const unsaid = { version: "", instanceKey: "", instanceName: "", host: "", zone: "" };
  return { service, namespace, environment, ...unsaid, pods: [] };
}

/** What describes the sender, for the instance's attributes. */
export function descriptiveAttributes(resource: Attributes): Record<string, AttributeValue> {
  const described: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(resource)) {
    if (!IDENTIFYING.has(name)) described[name] = value;
  }
  return described;
}
