import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { EntityType } from "../model/entity.ts";
import type { RelationType } from "../model/relation.ts";
import type { TopologySignal } from "../model/signal.ts";
import { cleanText } from "../redact.ts";
import { flatAttributes } from "./flat-attributes.ts";

/** Limits of one file. */
const ENTITIES_MAX = 20_000;
const RELATIONS_MAX = 100_000;
const NAME_CHARS_MAX = 256;

/** Other words for an entity type that topology files use. */
const KINDS: Readonly<Record<string, EntityType>> = {
  service: "service",
  function: "service",
  workflow: "service",
  gateway: "service",
  cluster: "service",
  "service.instance": "service.instance",
  instance: "service.instance",
  pod: "service.instance",
  "k8s.pod": "service.instance",
  process: "service.instance",
  container: "service.instance",
  host: "host",
  node: "host",
  "k8s.node": "host",
  zone: "zone",
  availability_zone: "zone",
  database: "database",
  db: "database",
  cache: "cache",
  queue: "queue",
  topic: "queue",
  storage: "database",
  external: "external",
  client: "external",
  cloud_service: "external",
  operation: "operation",
  deployment: "deployment",
  flag: "flag",
  team: "team",
  slo: "slo",
};

const name = z
  .string()
  .min(1)
  .max(NAME_CHARS_MAX)
  .transform((text) => cleanText(text, NAME_CHARS_MAX));

const file = z.object({
  entities: z
    .array(
      z.object({
        id: name,
        kind: z.string(),
        name: name.optional(),
        attributes: flatAttributes.nullish(),
      }),
    )
    .max(ENTITIES_MAX),
  relations: z
    .array(z.object({ from: name, to: name, kind: z.enum(["calls", "runs_on", "part_of"]) }))
    .max(RELATIONS_MAX)
    .optional(),
});

const invalid = (what: string, cause?: unknown): OperationError =>
  new OperationError("topology_invalid", `The topology file is not usable: ${what}.`, { cause });

/**
 * A topology file (`entities` and `relations`) as a signal. `part_of` becomes `hosted_in` between a host and a zone,
 * `instance_of` for an instance, and `runs_on` for anything else on a host.
 * Errors: `OperationError("topology_invalid")` that names the place and what is wrong there.
 */
export function parseTopologyFile(
  text: string,
  options: { readonly source: string; readonly receivedMs: number },
): TopologySignal {
  const parsed = file.safeParse(parseJson(text));
  if (!parsed.success) throw invalid(faultText(parsed.error), parsed.error);
  const entities = parsed.data.entities.map(({ id, kind, name: given, attributes }, index) => ({
    id,
    kind: kindOf(kind, index),
    name: given ?? id,
    attributes: attributes ?? {},
  }));
  const kinds = new Map<string, EntityType>();
  for (const { id, kind } of entities) {
    if (kinds.has(id)) throw invalid(`the entity "${id}" occurs twice`);
    kinds.set(id, kind);
  }
  const relations = (parsed.data.relations ?? []).map(({ from, to, kind }, index) => ({
    from,
    to,
    type: relationType(kind, endOf(kinds, from, index), endOf(kinds, to, index)),
  }));
  return { type: "topology", ...options, entities, relations };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid("it is not JSON", error);
  }
}

function faultText(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it has an unknown form";
  const at = issue.path.length === 0 ? "its top level" : issue.path.join(".");
  return cleanText(`${at}: ${issue.message}`, 300);
}

function kindOf(kind: string, index: number): EntityType {
  const known = Object.hasOwn(KINDS, kind.toLowerCase()) ? KINDS[kind.toLowerCase()] : undefined;
  if (known !== undefined) return known;
  const words = [...new Set(Object.values(KINDS))].join(", ");
  throw invalid(`entities.${index}.kind is "${cleanText(kind, 64)}"; use one of ${words}`);
}

function endOf(kinds: ReadonlyMap<string, EntityType>, id: string, index: number): EntityType {
  const kind = kinds.get(id);
  if (kind !== undefined) return kind;
  throw invalid(`relations.${index} names "${id}", which is not among the entities`);
}

function relationType(
  kind: "calls" | "runs_on" | "part_of",
  from: EntityType,
  to: EntityType,
): RelationType {
  switch (kind) {
    case "calls":
      return from === "operation" || to === "operation" || to === "service"
        ? "calls"
        : "depends_on";
    case "runs_on":
      return "runs_on";
    case "part_of":
      if (to === "zone") return "hosted_in";
      return to === "host" ? "runs_on" : "instance_of";
  }
}
