import { type EdgeId, type EntityId, entityName } from "../entity.ts";
import type { Finding, HypothesisType } from "./diagnosis.ts";
import type { PlaceEvidence } from "./places/place-evidence.ts";
import type { LogEvidence } from "./text/log-evidence.ts";

/** A hypothesis before it is weighed. */
export interface Suspect {
  type: HypothesisType;
  readonly root: EntityId | EdgeId;
  readonly name: string;
  /** The service whose changes may have brought it about. */
  readonly service?: EntityId;
  addedMs: number;
  addedFailures: number;
  /** Failures that callers try again: they cost time, and no request fails by them. */
  maskedFailures: number;
  /** Robust standard score of its own deviation. */
  score: number;
  onsetMs?: number;
  /** 0 to 1: set apart from its like (siblings, other callers, other hosts). */
  contrast: number;
  /** What its metrics say. */
  place?: PlaceEvidence;
  logs?: LogEvidence;
  /** How far a replica of it, or the host below it, accounts for what it shows. */
  elsewhere: number;
  /** Its telemetry has stopped. */
  isSilent: boolean;
  /** Logarithm of how much its load grew together with the load at the entry. */
  loadRise: number;
  readonly supporting: Finding[];
  readonly opposing: Finding[];
}

/** How a suspect is called in a sentence, and its name as a place. */
export function suspectWord(suspect: Suspect): string {
  return suspect.type === "edge" ? suspect.root : entityName(suspect.root as EntityId);
}

/** The suspect of a root, made where there is none yet. */
export function suspectFor(
  suspects: Map<string, Suspect>,
  root: EntityId | EdgeId,
  type: HypothesisType,
): Suspect {
  const known = suspects.get(root);
  if (known !== undefined) return known;
  const isEdge = type === "edge";
  const name = isEdge ? root : entityName(root as EntityId);
  const prefixed = type === "instance" || type === "host" || type === "zone" || type === "traffic";
  const created: Suspect = {
    type,
    root,
    name: prefixed ? `${type}:${name}` : name,
    ...(type === "service" || type === "stopped" ? { service: root as EntityId } : {}),
    addedMs: 0,
    addedFailures: 0,
    maskedFailures: 0,
    score: 0,
    contrast: 0,
    elsewhere: 0,
    isSilent: false,
    loadRise: 0,
    supporting: [],
    opposing: [],
  };
  suspects.set(root, created);
  return created;
}
