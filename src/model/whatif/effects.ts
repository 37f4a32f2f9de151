import { assertNever } from "../../assert.ts";
import { changeTouches } from "../causes/change-evidence.ts";
import { sickInstance } from "../causes/instance-contrast.ts";
import type { EdgePicture, Picture } from "../causes/picture.ts";
import { stationParameters } from "../dynamics/station.ts";
import { type EntityId, entityName, entityType } from "../entity.ts";
import { formatQuantity } from "../quantity.ts";
import type { Change } from "../view.ts";
import { type Effect, linkOf, repairService, resolveName, type Situation } from "./effect.ts";
import type { Intervention } from "./intervention.ts";

/** Requests on a version from which its numbers are believed. */
const VERSION_REQUESTS_MIN = 20;
/** A change this long after the healthy window's end still counts as after it. */
const SLACK_MS = 15_000;
/** Load beyond this factor of what was seen is extrapolation. */
const LOAD_SEEN = 1.3;

/** Adds what an intervention does to `effect`; what cannot be told goes to `missing`. */
export function applyIntervention(
  effect: Effect,
  situation: Situation,
  intervention: Intervention,
): void {
  switch (intervention.type) {
    case "none":
      return;
    case "load":
      applyLoad(effect, intervention.factor);
      return;
    case "shed":
      effect.assumptions.push(
        "figures are of the requests that are still accepted; the shed share is refused",
      );
      applyLoad(effect, 1 - Math.max(0, Math.min(1, intervention.share)));
      return;
    case "rollback":
      applyRollback(effect, situation, intervention);
      return;
    case "restart":
      applyRestart(effect, situation, intervention.entity);
      return;
    case "scale":
      applyScale(effect, situation, intervention);
      return;
    case "drain":
      applyDrain(effect, situation, intervention.entity);
      return;
    case "demand":
      applyDemand(effect, situation, intervention);
      return;
    case "flag":
      applyRestore(effect, situation, {
        key: intervention.flag,
        value: intervention.variant,
        what: `flag ${intervention.flag}`,
      });
      return;
    case "setting":
      applyRestore(effect, situation, {
        key: intervention.setting,
        value: intervention.value,
        what: `${intervention.setting} of ${intervention.entity}`,
        entity: intervention.entity,
      });
      return;
    case "pool":
      applyRestore(effect, situation, {
        key: "pool",
        value: String(intervention.size),
        what: `the pool of ${intervention.from} to ${intervention.to}`,
        entity: intervention.from,
      });
      return;
    case "timeout":
    case "retries":
    case "limit":
      applyLink(effect, situation, intervention);
      return;
  }
  assertNever(intervention);
}

function applyLoad(effect: Effect, factor: number): void {
  effect.load *= factor;
  if (factor > LOAD_SEEN) effect.extrapolates = true;
  effect.falsifiers.push("the request rate does not change as assumed");
}

function applyRollback(
  effect: Effect,
  { picture, recent }: Situation,
  intervention: { readonly entity: string; readonly to_version: string },
): void {
  const service = resolveName(picture, intervention.entity);
  const known = service === undefined ? undefined : picture.services.get(service);
  if (service === undefined || known === undefined) {
    effect.missing.push(`no service ${intervention.entity} was seen`);
    return;
  }
  const version = intervention.to_version;
  const name = entityName(service);
  const past = stationParameters(picture.view, service, {
    window: { fromMs: picture.view.retainedFromMs, toMs: picture.view.closedMs },
    version,
  });
  if (past === undefined || past.requests < VERSION_REQUESTS_MIN) {
    effect.missing.push(
      `no numbers of ${name} ${version}: it served too little in what is retained`,
    );
    return;
  }
  const running = new Set(known.versionOf.values());
  if (running.size === 1 && running.has(version)) {
    effect.assumptions.push(`${name} runs ${version} already: nothing changes`);
    return;
  }
  repairService(effect, picture, service);
  if (!known.versionsBefore.has(version)) {
    const before = stationParameters(picture.view, service, { window: picture.stretch.healthy });
    if (before !== undefined) effect.self.set(service, past.selfMs / Math.max(0.01, before.selfMs));
    effect.extrapolates = true;
  }
  effect.assumptions.push(`${name} ${version} behaves as it did over ${past.requests} requests`);
  effect.falsifiers.push(
    `self time of ${name} on ${version} stays above ${formatQuantity({ value: past.selfMs * 1.5, unit: "ms" })}`,
  );
  if (recent.toMs - recent.fromMs < 20_000) effect.assumptions.push("the incident is seconds old");
}

function ownChange({ picture }: Situation, service: EntityId): Change | undefined {
  const { onsetMs, incident, healthy } = picture.stretch;
  const window = { fromMs: Math.max(healthy.fromMs, onsetMs - 300_000), toMs: incident.toMs };
  return picture.view
    .changes(window)
    .find(
      (change) =>
        changeTouches(picture, change, service) &&
        change.timeMs <= onsetMs + SLACK_MS &&
        change.kind !== "restart" &&
        change.kind !== "scale",
    );
}

/** One replica, and the waits in front of and behind it when it is the one that causes them. */
function repairInstance(effect: Effect, situation: Situation, instance: EntityId): void {
  const { picture } = situation;
  const owner = [...picture.services.values()].find((one) => one.instances.has(instance));
  const sick = owner === undefined ? undefined : sickInstance(picture, owner.service);
  const cause = owner === undefined ? undefined : ownChange(situation, owner.service);
  if (cause !== undefined && sick?.ownVersion !== false) {
    keepsChange(effect, cause, instance);
    return;
  }
  effect.repaired.add(instance);
  if (owner === undefined || sick?.instance !== instance) return;
  for (const edge of picture.edges.values()) {
    if (edge.caller === owner.service || edge.callee === owner.service)
      effect.repaired.add(edge.id);
  }
}

/** What a change brought is there again after a restart. */
function keepsChange(effect: Effect, cause: Change, entity: EntityId): void {
  effect.assumptions.push(
    `a restart keeps what the ${cause.kind} change of ${entityName(entity)} set`,
  );
  effect.extrapolates = true;
}

function applyRestart(effect: Effect, situation: Situation, name: string): void {
  const { picture } = situation;
  const entity = resolveName(picture, name);
  if (entity === undefined) {
    effect.missing.push(`nothing called ${name} was seen`);
    return;
  }
  effect.assumptions.push("the cause does not come back with the restarted process");
  effect.falsifiers.push(`${entityName(entity)} deviates again within minutes of the restart`);
  if (entityType(entity) === "service.instance") {
    repairInstance(effect, situation, entity);
    return;
  }
  const known = picture.services.get(entity);
  const cause = known === undefined ? undefined : ownChange(situation, entity);
  const silent = picture.stretch.absent;
  if (cause !== undefined && !silent) {
    keepsChange(effect, cause, entity);
    return;
  }
  if (known === undefined || silent) repairService(effect, picture, entity);
  else restartService(effect, picture, entity);
}

const DEVIATES = 3;
const deviates = ({ shift }: EdgePicture): boolean =>
  shift.score > DEVIATES || shift.errorScore > DEVIATES;

/** Whether the wait for a callee may be the caller's own: its connections to a store that serves its other callers well. */
function isOwnWait(picture: Picture, edge: EdgePicture): boolean {
  const others = [...picture.edges.values()].filter(
    (one) => one.callee === edge.callee && one.caller !== edge.caller,
  );
  return entityType(edge.callee) === "database" && !others.some(deviates);
}

/** A new process works well itself; what it calls stays as it is. */
function restartService(effect: Effect, picture: Picture, service: EntityId): void {
  effect.repaired.add(service);
  for (const instance of picture.services.get(service)?.instances.keys() ?? [])
    effect.repaired.add(instance);
  const elsewhere: EdgePicture[] = [];
  for (const edge of picture.edges.values()) {
    if (edge.callee === service || (edge.caller === service && isOwnWait(picture, edge)))
      effect.repaired.add(edge.id);
    else if (edge.caller === service && deviates(edge)) elsewhere.push(edge);
  }
  if (elsewhere.length === 0) return;
  const callees = elsewhere.map(({ callee }) => entityName(callee)).join(", ");
  effect.assumptions.push(`a restart of ${entityName(service)} does not mend ${callees}`);
  effect.extrapolates = true;
}

function applyScale(
  effect: Effect,
  situation: Situation,
  intervention: { readonly entity: string; readonly replicas: number },
): void {
  const service = resolveName(situation.picture, intervention.entity);
  const station = service === undefined ? undefined : situation.stations.get(service);
  if (service === undefined || station === undefined) {
    effect.missing.push(`no service ${intervention.entity} with traffic was seen`);
    return;
  }
  if (station.capacity.workers === undefined) {
    effect.missing.push(`how many requests one replica of ${entityName(service)} works on at once`);
    return;
  }
  effect.replicas.set(service, intervention.replicas);
  effect.assumptions.push("requests spread evenly over replicas, and new replicas are warm");
  effect.falsifiers.push(`busy share of ${entityName(service)} does not fall as it gets replicas`);
  if (intervention.replicas < station.capacity.replicas) effect.extrapolates = true;
}

function applyDrain(effect: Effect, situation: Situation, name: string): void {
  const { picture } = situation;
  const place = resolveName(picture, name);
  if (place === undefined) {
    effect.missing.push(`no host or zone called ${name} was seen`);
    return;
  }
  const hosts = new Set<EntityId>([
    place,
    ...picture.view.relations({ type: "hosted_in", to: place }).map((relation) => relation.from),
  ]);
  for (const [service, station] of situation.stations) {
    const instances = [...(picture.services.get(service)?.instances.keys() ?? [])];
    const gone = instances.filter((instance) =>
      picture.view.relations({ type: "runs_on", from: instance }).some((one) => hosts.has(one.to)),
    );
    if (gone.length === 0) continue;
    const left = station.capacity.replicas - gone.length;
    for (const instance of gone) effect.repaired.add(instance);
    if (left <= 0) effect.missing.push(`${entityName(service)} has no replica elsewhere`);
    else if (station.capacity.workers === undefined) effect.extrapolates = true;
    else effect.replicas.set(service, left);
  }
  effect.assumptions.push("drained replicas are not started elsewhere");
}

function applyDemand(
  effect: Effect,
  situation: Situation,
  intervention: { readonly entity: string; readonly factor: number },
): void {
  const service = resolveName(situation.picture, intervention.entity);
  if (service === undefined || !situation.stations.has(service)) {
    effect.missing.push(`no service ${intervention.entity} with traffic was seen`);
    return;
  }
  effect.demand.set(service, intervention.factor);
  if (Math.abs(Math.log(Math.max(0.01, intervention.factor))) > Math.log(LOAD_SEEN)) {
    effect.extrapolates = true;
  }
}

interface Restore {
  readonly key: string;
  readonly value: string;
  readonly what: string;
  readonly entity?: string;
}

function isOf(change: Change, restore: Restore): boolean {
  const { attributes } = change;
  const named =
    attributes.flag === restore.key ||
    attributes.setting === restore.key ||
    change.entityText === restore.key ||
    change.entityText === `flag:${restore.key}` ||
    (restore.key === "pool" && String(attributes.setting ?? "").includes("pool"));
  const previous = attributes.previous_variant ?? attributes.previous_value;
  return named && (previous === undefined || String(previous) === restore.value);
}

/** Putting back what a change replaced: the state before that change was seen, and is the anchor. */
function applyRestore(effect: Effect, situation: Situation, restore: Restore): void {
  const { picture } = situation;
  const { healthy } = picture.stretch;
  const changes = picture.view.changes({
    fromMs: picture.view.retainedFromMs,
    toMs: picture.view.closedMs + 1,
  });
  const change = changes.filter((one) => isOf(one, restore)).at(-1);
  if (change === undefined) {
    effect.missing.push(`no time at which ${restore.what} was ${restore.value} is known`);
    return;
  }
  if (healthy.toMs > change.timeMs + SLACK_MS) {
    effect.missing.push(`the healthy time before ${restore.what} changed is not retained`);
    return;
  }
  const given = restore.entity === undefined ? undefined : resolveName(picture, restore.entity);
  const touched = [...picture.services.keys()].filter((one) => changeTouches(picture, change, one));
  const services = given === undefined ? touched : [given];
  if (services.length === 0) {
    // Telemetry ties the flag to nobody: whatever left its normal after the change is taken to obey it.
    const after = [...picture.services.values(), ...picture.edges.values()];
    for (const one of after) {
      if (one.shift.score <= 3 && one.shift.errorScore <= 3) continue;
      repairService(effect, picture, "service" in one ? one.service : one.caller);
    }
    effect.assumptions.push(`all that deviated after ${restore.what} changed obeys it`);
    effect.extrapolates = true;
  }
  for (const service of services) repairService(effect, picture, service);
  effect.assumptions.push(
    `with ${restore.value}, ${restore.what} acts as it did before its change`,
  );
  effect.falsifiers.push(`the deviation stays after ${restore.what} is ${restore.value} again`);
}

function applyLink(
  effect: Effect,
  { picture }: Situation,
  intervention: Extract<Intervention, { type: "timeout" | "retries" | "limit" }>,
): void {
  const link = linkOf(picture, intervention.from, intervention.to);
  if (link === undefined) {
    effect.missing.push(`no calls of ${intervention.from} to ${intervention.to} were seen`);
    return;
  }
  switch (intervention.type) {
    case "timeout":
      effect.timeoutMs.set(link, intervention.ms);
      effect.assumptions.push("a call that is cut off fails, and its request with it");
      effect.extrapolates = true;
      return;
    case "retries":
      effect.attempts.set(link, 1 + Math.max(0, intervention.count));
      effect.assumptions.push("attempts that are not made are as slow as those that were");
      effect.extrapolates = true;
      return;
    case "limit":
      effect.missing.push(
        `what ${intervention.from} answers when a call to ${intervention.to} is refused by the limit`,
      );
      effect.assumptions.push("retries to the slow callee vanish with the calls that are refused");
      effect.falsifiers.push(`the objective does not recover although calls ${link} are limited`);
      return;
  }
}
