import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isOperationError } from "../errors.ts";
import type { TopologySignal } from "../model/signal.ts";
import { parseTopologyFile } from "../telemetry/topology-file.ts";
import { type Faults, noteFault } from "./line-file.ts";

type Row = Readonly<Record<string, unknown>>;

const rowsOf = (value: unknown): readonly Row[] =>
  Array.isArray(value)
    ? value.filter((one): one is Row => typeof one === "object" && one !== null)
    : [];

/** Whether the reader of topology files takes an entity; kinds are many, and one unknown word must not cost the rest. */
function isReadable(entity: Row): boolean {
  try {
    parseTopologyFile(JSON.stringify({ entities: [entity] }), { source: "case", receivedMs: 0 });
    return true;
  } catch (error) {
    if (isOperationError(error)) return false;
    throw error;
  }
}

function mended(text: string, faults: Faults): string {
  const held: Row = { ...JSON.parse(text) };
  const seen = new Set<unknown>();
  const entities = rowsOf(held.entities).flatMap((entity) => {
    if (seen.has(entity.id)) return [];
    seen.add(entity.id);
    if (isReadable(entity)) return [entity];
    const other = { id: entity.id, name: entity.name, kind: "external" };
    noteFault(faults, `topology.json: kind ${String(entity.kind).slice(0, 40)} is not known`);
    return isReadable(other) ? [other] : [];
  });
  const known = new Set(entities.map((entity) => entity.id));
  const kinds = new Set(["calls", "runs_on", "part_of"]);
  const relations = rowsOf(held.relations).filter(
    ({ from, to, kind }) => known.has(from) && known.has(to) && kinds.has(String(kind)),
  );
  const lost = rowsOf(held.relations).length - relations.length;
  if (lost > 0) noteFault(faults, "topology.json: a relation is not known", lost);
  return JSON.stringify({ entities, relations });
}

/** `topology.json` as a signal; what it says in unknown words is left out and counted. Undefined: there is none. */
export function readTopology(
  folder: string,
  receivedMs: number,
  faults: Faults,
): TopologySignal | undefined {
  const path = join(folder, "topology.json");
  if (!existsSync(path)) return undefined;
  const options = { source: "case", receivedMs };
  try {
    const text = readFileSync(path, "utf8");
    try {
      return parseTopologyFile(text, options);
    } catch {
      return parseTopologyFile(mended(text, faults), options);
    }
  } catch {
    noteFault(faults, "topology.json: cannot be read");
    return undefined;
  }
}
