import { type Attributes, type EntityId, entityId } from "../model/entity.ts";
import { resourceIdentity } from "../model/resource-identity.ts";

/** Kubernetes objects that are no service, pod or node, by the attribute that names them. */
const OBJECTS = [
  "k8s.object.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.job.name",
  "k8s.cluster.name",
  "db.instance.id",
  "cloud.resource_id",
] as const;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What telemetry with this resource is about: the narrowest thing that it names. */
export function senderEntity(resource: Attributes): EntityId | undefined {
  const identity = resourceIdentity(resource);
  const pod = text(resource["k8s.pod.name"]);
  if (identity.service !== "") {
    return identity.instanceName === ""
      ? entityId("service", identity.service)
      : entityId("service.instance", identity.instanceName);
  }
  if (pod !== "") return entityId("service.instance", pod);
  if (identity.host !== "") return entityId("host", identity.host);
  if (identity.zone !== "") return entityId("zone", identity.zone);
  for (const key of OBJECTS) {
    const name = text(resource[key]);
    if (name !== "") return entityId("external", name.slice(0, 160));
  }
  return undefined;
}
