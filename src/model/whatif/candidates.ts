import type { Diagnosis, Hypothesis } from "../causes/diagnosis.ts";
import { seconds, sumIn } from "../dynamics/columns.ts";
import { stationParameters } from "../dynamics/station.ts";
import type { Attributes } from "../entity.ts";
import { type EntityId, entityName, entityType } from "../entity.ts";
import { takesBack, versionsLeft } from "../taken-back.ts";
import type { Change, WorldView } from "../view.ts";
import type { Intervention } from "./intervention.ts";

export interface Candidate {
  readonly intervention: Intervention;
  /** One clause, written by code. */
  readonly why: string;
  readonly hypothesisId: string;
}

/** Hypotheses below this are not acted on. */
const PROBABILITY_MIN = 0.08;
/** Limit: hypotheses that are turned into interventions. */
const HYPOTHESES_MAX = 3;
/** Limit: candidates. */
const CANDIDATES_MAX = 6;
/** Replicas are planned for this busy share. */
const BUSY_TARGET = 0.6;
/** Limit: replicas that are ever proposed, as a multiple of those seen. */
const SCALE_FACTOR_MAX = 4;

const text = (attributes: Attributes, key: string): string | undefined => {
  const value = attributes[key];
  return value === undefined || value === "" ? undefined : String(value);
};

/** The sensible interventions for the leading hypotheses, best first, with observed names and values only. */
export function proposeCandidates(view: WorldView, diagnosis: Diagnosis): readonly Candidate[] {
  const seen = new Set<string>();
  return diagnosis.hypotheses
    .filter((one) => one.probability >= PROBABILITY_MIN)
    .slice(0, HYPOTHESES_MAX)
    .flatMap((hypothesis) => candidatesFor(view, diagnosis, hypothesis))
    .filter((candidate) => {
      const key = JSON.stringify(candidate.intervention);
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    })
    .slice(0, CANDIDATES_MAX);
}

function candidatesFor(
  view: WorldView,
  diagnosis: Diagnosis,
  hypothesis: Hypothesis,
): readonly Candidate[] {
  const make = (intervention: Intervention, why: string): Candidate => ({
    intervention,
    why,
    hypothesisId: hypothesis.id,
  });
  const service = serviceOf(view, hypothesis);
  // What takes something back was done to mend it: to undo that would break it again.
  const undo = hypothesis.changes.flatMap((change) => {
    if (takesBack(view, change)) return [];
    const intervention =
      service === undefined ? undefined : undoing(change, service, diagnosis, view);
    return intervention === undefined
      ? []
      : [make(intervention, `undoes the ${change.kind} change before the trouble`)];
  });
  const own = hypothesisActions(view, diagnosis, hypothesis);
  const ordered = hypothesis.type === "instance" ? [...own, ...undo] : [...undo, ...own];
  return ordered.map((one) => ("why" in one ? one : make(one, reasonFor(one, hypothesis))));
}

function reasonFor(intervention: Intervention, hypothesis: Hypothesis): string {
  switch (intervention.type) {
    case "restart":
      return hypothesis.type === "stopped"
        ? `${hypothesis.name} has stopped serving`
        : `${hypothesis.name} is sick and no change explains it`;
    case "limit":
      return `calls to ${hypothesis.name} are retried and hold their callers`;
    case "scale":
      return `${intervention.entity} lacks capacity for the requests that it gets`;
    case "rollback":
      return `${intervention.to_version} served well before the trouble`;
    default:
      return `${hypothesis.name} leads the ranking`;
  }
}

function serviceOf(view: WorldView, hypothesis: Hypothesis): EntityId | undefined {
  if (hypothesis.type === "edge") return undefined;
  const root = hypothesis.root as EntityId;
  if (entityType(root) === "service") return root;
  if (entityType(root) !== "service.instance") return undefined;
  return view.relations({ type: "instance_of", from: root })[0]?.to;
}

/** Versions of a service that served in the healthy window and were not gone back from, busiest first. */
function healthyVersions(
  view: WorldView,
  service: EntityId,
  diagnosis: Diagnosis,
): readonly string[] {
  const counts = new Map<string, number>();
  for (const station of view.stations(diagnosis.healthy)) {
    if (station.service !== service || station.version === undefined) continue;
    const seen = sumIn(station, station.count, diagnosis.healthy);
    if (seen > 0) counts.set(station.version, (counts.get(station.version) ?? 0) + seen);
  }
  const left = versionsLeft(view, service);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .flatMap(([version]) => (left.has(version) ? [] : [version]));
}

function currentVersions(view: WorldView, service: EntityId, diagnosis: Diagnosis): Set<string> {
  const found = view
    .stations(diagnosis.incident)
    .filter((one) => one.service === service && sumIn(one, one.count, diagnosis.incident) > 0);
  return new Set(found.flatMap((one) => one.version ?? []));
}

/** The intervention that takes a change back, where the change or the telemetry says what was before. */
function undoing(
  change: Change,
  service: EntityId,
  diagnosis: Diagnosis,
  view: WorldView,
): Intervention | undefined {
  const entity = entityName(service);
  const { attributes } = change;
  switch (change.kind) {
    case "deploy":
    case "commit": {
      const version = text(attributes, "version");
      const previous =
        healthyVersions(view, service, diagnosis).find((one) => one !== version) ??
        text(attributes, "previous_version");
      return previous === undefined || previous === version
        ? undefined
        : { type: "rollback", entity, to_version: previous };
    }
    case "flag": {
      const flag = text(attributes, "flag") ?? flagName(change);
      const variant = text(attributes, "previous_variant");
      return flag === undefined || variant === undefined
        ? undefined
        : { type: "flag", flag, variant };
    }
    case "config":
    case "limit":
    case "other": {
      const setting = text(attributes, "setting");
      const value = text(attributes, "previous_value");
      return setting === undefined || value === undefined
        ? undefined
        : { type: "setting", entity, setting, value };
    }
    case "scale": {
      const replicas = Number(attributes.previous_replicas);
      return Number.isInteger(replicas) && replicas > 0
        ? { type: "scale", entity, replicas }
        : undefined;
    }
    case "restart":
      return undefined;
  }
}

function flagName(change: Change): string | undefined {
  return change.entity !== undefined && entityType(change.entity) === "flag"
    ? entityName(change.entity)
    : undefined;
}

function hypothesisActions(
  view: WorldView,
  diagnosis: Diagnosis,
  hypothesis: Hypothesis,
): readonly Intervention[] {
  const service = serviceOf(view, hypothesis);
  const entity = hypothesis.type === "edge" ? "" : entityName(hypothesis.root as EntityId);
  switch (hypothesis.type) {
    case "instance":
    case "stopped":
      return [{ type: "restart", entity }];
    case "version": {
      const current = service === undefined ? new Set() : currentVersions(view, service, diagnosis);
      const before = service === undefined ? [] : healthyVersions(view, service, diagnosis);
      const back = before.find((one) => !current.has(one) || current.size > 1);
      return back === undefined ? [] : [{ type: "rollback", entity, to_version: back }];
    }
    case "external":
    case "store":
      return limits(view, diagnosis, hypothesis);
    case "traffic":
    case "capacity":
      return scales(view, diagnosis, hypothesis);
    case "service":
    case "leak":
      return hypothesis.changes.length > 0 ? [] : [{ type: "restart", entity }];
    case "host":
    case "zone":
      return [{ type: "drain", entity }];
    case "edge":
    case "change":
    case "unknown":
      return [];
  }
}

/** More calls at once than this are rare where so many run at once in the mean: room to breathe, but not to pile up. */
const roomFor = (concurrent: number): number =>
  Math.ceil(concurrent + 3 * Math.sqrt(concurrent)) + 1;

/** A limit on the caller whose calls pile up; what more refused calls would spare. */
function limits(
  view: WorldView,
  diagnosis: Diagnosis,
  hypothesis: Hypothesis,
): readonly Intervention[] {
  const callee = hypothesis.root as EntityId;
  const healthy = new Map<EntityId, number>();
  const now = new Map<EntityId, number>();
  for (const [window, busy] of [
    [diagnosis.healthy, healthy],
    [diagnosis.incident, now],
  ] as const) {
    for (const edge of view.edges(window)) {
      if (edge.callee !== callee) continue;
      const concurrent = sumIn(edge, edge.durationMsSum, window) / 1000 / seconds(window);
      busy.set(edge.caller, (busy.get(edge.caller) ?? 0) + concurrent);
    }
  }
  return (
    [...now]
      // A limit that is never reached does nothing.
      .filter(([caller, concurrent]) => concurrent > roomFor(healthy.get(caller) ?? 0))
      .sort((a, b) => b[1] - a[1])
      .slice(0, 1)
      .map(([caller]) => ({
        type: "limit" as const,
        from: entityName(caller),
        to: entityName(callee),
        max_concurrent: roomFor(healthy.get(caller) ?? 0),
      }))
  );
}

function scales(
  view: WorldView,
  diagnosis: Diagnosis,
  hypothesis: Hypothesis,
): readonly Intervention[] {
  const services =
    hypothesis.type === "traffic" ? diagnosis.blastRadius.services : [hypothesis.root as EntityId];
  const short = services
    .flatMap((service) => stationParameters(view, service, { window: diagnosis.incident }) ?? [])
    .filter((station) => (station.utilisation ?? 0) > BUSY_TARGET)
    .sort((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0));
  return short.slice(0, 1).map((station) => {
    const { replicas } = station.capacity;
    const wanted = Math.ceil((replicas * (station.utilisation ?? 1)) / BUSY_TARGET);
    return {
      type: "scale" as const,
      entity: entityName(station.service),
      replicas: Math.max(replicas + 1, Math.min(wanted, replicas * SCALE_FACTOR_MAX)),
    };
  });
}
