import { type EntityId, type EntityType, entityName, entityType } from "../../entity.ts";
import type { WorldView } from "../../view.ts";

type PlaceKind = "service" | "instance" | "host" | "zone" | "store" | "external" | "queue";

/** Something that can be to blame: all entities of one name are one place, whatever the source calls their type. */
export interface Place {
  readonly name: string;
  readonly kind: PlaceKind;
  readonly ids: readonly EntityId[];
}

/** Who calls whom, what belongs to what and where it runs, by name. */
export interface SystemMap {
  readonly places: ReadonlyMap<string, Place>;
  readonly callees: ReadonlyMap<string, ReadonlySet<string>>;
  readonly callers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Service (or store) of an instance. */
  readonly ownerOf: ReadonlyMap<string, string>;
  readonly instancesOf: ReadonlyMap<string, ReadonlySet<string>>;
  readonly hostOf: ReadonlyMap<string, string>;
  readonly zoneOf: ReadonlyMap<string, string>;
}

const KINDS: Readonly<Partial<Record<EntityType, PlaceKind>>> = {
  service: "service",
  "service.instance": "instance",
  host: "host",
  zone: "zone",
  database: "store",
  cache: "store",
  queue: "queue",
  external: "external",
};
/** Of two kinds with one name, the more telling one. */
const ORDER: readonly PlaceKind[] = [
  "store",
  "queue",
  "service",
  "host",
  "zone",
  "instance",
  "external",
];

const add = (map: Map<string, Set<string>>, key: string, value: string): void => {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
};

function placesOf(view: WorldView): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { id, type } of view.entities()) {
    const kind = KINDS[type];
    if (kind === undefined) continue;
    const name = entityName(id);
    const known = places.get(name);
    const isMore = known === undefined || ORDER.indexOf(kind) < ORDER.indexOf(known.kind);
    places.set(name, {
      name,
      kind: isMore ? kind : known.kind,
      ids: [...(known?.ids ?? []), id],
    });
  }
  return places;
}

/** Reads the map off a view. */
export function systemMapOf(view: WorldView): SystemMap {
  const places = placesOf(view);
  const callees = new Map<string, Set<string>>();
  const callers = new Map<string, Set<string>>();
  const ownerOf = new Map<string, string>();
  const instancesOf = new Map<string, Set<string>>();
  const hostOf = new Map<string, string>();
  const zoneOf = new Map<string, string>();
  for (const { type, from, to } of view.relations({})) {
    const [source, target] = [entityName(from), entityName(to)];
    const isOperation = entityType(from) === "operation" || entityType(to) === "operation";
    switch (type) {
      case "calls":
      case "depends_on":
      case "produces":
        if (isOperation || source === target) break;
        add(callees, source, target);
        add(callers, target, source);
        break;
      case "instance_of":
        ownerOf.set(source, target);
        add(instancesOf, target, source);
        break;
      case "runs_on":
        hostOf.set(source, target);
        break;
      case "hosted_in":
        zoneOf.set(source, target);
        break;
      default:
        break;
    }
  }
  return { places, callees, callers, ownerOf, instancesOf, hostOf, zoneOf };
}

/** Everything that a place depends on through calls, itself included. */
export function reachableFrom(map: SystemMap, names: Iterable<string>): ReadonlySet<string> {
  const reached = new Set(names);
  const queue = [...reached];
  for (let at = 0; at < queue.length; at += 1) {
    for (const callee of map.callees.get(queue[at] ?? "") ?? []) {
      if (reached.has(callee)) continue;
      reached.add(callee);
      queue.push(callee);
    }
  }
  return reached;
}

/** The same with what it runs on: replicas, their hosts and zones. */
export function withGround(map: SystemMap, reached: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(reached);
  const add = (name: string | undefined): string | undefined => {
    if (name !== undefined) all.add(name);
    return name;
  };
  for (const name of reached) {
    for (const replica of [name, ...(map.instancesOf.get(name) ?? [])]) {
      add(map.zoneOf.get(add(map.hostOf.get(add(replica) ?? "")) ?? ""));
    }
  }
  return all;
}

const normal = (text: string): string => text.trim().toLowerCase();

/**
 * The places that a pager's word may mean: of that name; else of a name that begins with it at a word's end
 * (`PetSite` is `PetSite_AWS::ECS::Container`); else none.
 */
export function placesNamed(map: SystemMap, word: string): readonly Place[] {
  const asked = normal(word);
  if (asked === "") return [];
  const all = [...map.places.values()];
  const exact = all.filter(({ name }) => normal(name) === asked);
  if (exact.length > 0) return exact;
  return all.filter(({ name, kind }) => {
    const text = normal(name);
    return (
      kind !== "instance" && text.startsWith(asked) && !/[a-z\d]/.test(text[asked.length] ?? "")
    );
  });
}
