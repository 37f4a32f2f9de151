import { assertNever } from "../../assert.ts";
import { changeTouches } from "../causes/change-evidence.ts";
import { sickInstance } from "../causes/instance-contrast.ts";
import type { EdgePicture, Picture } from "../causes/picture.ts";
import { stationParameters } from "../dynamics/station.ts";
import { type EntityId, entityName, entityType } from "../entity.ts";
import { formatQuantity } from "../quantity.ts";
import type { Change } from "../view.ts";
import { type Effect, guess, repairService, resolveName } from "./effect.ts";
import type { Intervention } from "./intervention.ts";

/** Requests on a version from which its numbers are believed. */
const VERSION_REQUESTS_MIN = 20;
/** A change this long after the healthy window's end still counts as after it. */
const SLACK_MS = 15_000;

/** What undoes or mends something: the state before it was seen. */
export type Repair = Extract<
  Intervention,
  { readonly type: "rollback" | "restart" | "flag" | "setting" | "pool" | "limit" }
>;

/** Adds what a repair does to `effect`; what cannot be told goes to `missing`. */
export function applyRepair(effect: Effect, picture: Picture, repair: Repair): void {
  switch (repair.type) {
    case "rollback":
      applyRollback(effect, picture, repair);
      return;
    case "restart":
      applyRestart(effect, picture, repair.entity);
      return;
    case "flag":
      applyRestore(effect, picture, {
        key: repair.flag,
        value: repair.variant,
        what: `flag ${repair.flag}`,
      });
      return;
    case "setting":
      applyRestore(effect, picture, {
        key: repair.setting,
        value: repair.value,
        what: `${repair.setting} of ${repair.entity}`,
        entity: repair.entity,
      });
      return;
    case "pool":
      applyRestore(effect, picture, poolRestore(repair));
      return;
    case "limit":
      applyLimit(effect, picture, repair);
      return;
  }
  assertNever(repair);
}

const poolRestore = ({ from, to, size }: Extract<Repair, { readonly type: "pool" }>): Restore => ({
  key: "pool",
  value: String(size),
  what: `the pool of ${from} to ${to}`,
  entity: from,
});

/** Whether a pool of this size is what a change since the healthy time took away. */
export function restoresPool(
  picture: Picture,
  repair: Extract<Repair, { readonly type: "pool" }>,
): boolean {
  const change = lastChangeOf(picture, poolRestore(repair));
  return (
    picture.stretch.deviates &&
    change !== undefined &&
    picture.stretch.healthy.toMs <= change.timeMs + SLACK_MS
  );
}

function applyRollback(
  effect: Effect,
  picture: Picture,
  intervention: { readonly entity: string; readonly to_version: string },
): void {
  const recent = picture.stretch.incident;
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
    guess(effect);
  }
  effect.assumptions.push(`${name} ${version} behaves as it did over ${past.requests} requests`);
  effect.falsifiers.push(
    `self time of ${name} on ${version} stays above ${formatQuantity({ value: past.selfMs * 1.5, unit: "ms" })}`,
  );
  if (recent.toMs - recent.fromMs < 20_000) effect.assumptions.push("the incident is seconds old");
}

function ownChange(picture: Picture, service: EntityId): Change | undefined {
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
function repairInstance(effect: Effect, picture: Picture, instance: EntityId): void {
  const owner = [...picture.services.values()].find((one) => one.instances.has(instance));
  const sick = owner === undefined ? undefined : sickInstance(picture, owner.service);
  const cause = owner === undefined ? undefined : ownChange(picture, owner.service);
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
  guess(effect);
}

function applyRestart(effect: Effect, picture: Picture, name: string): void {
  const entity = resolveName(picture, name);
  if (entity === undefined) {
    effect.missing.push(`nothing called ${name} was seen`);
    return;
  }
  effect.assumptions.push("the cause does not come back with the restarted process");
  effect.falsifiers.push(`${entityName(entity)} deviates again within minutes of the restart`);
  if (entityType(entity) === "service.instance") {
    repairInstance(effect, picture, entity);
    return;
  }
  const known = picture.services.get(entity);
  const cause = known === undefined ? undefined : ownChange(picture, entity);
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
  guess(effect);
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

function lastChangeOf({ view }: Picture, restore: Restore): Change | undefined {
  const window = { fromMs: view.retainedFromMs, toMs: view.closedMs + 1 };
  return view.changes(window).findLast((one) => isOf(one, restore));
}

/** Putting back what a change replaced: the state before that change was seen, and is the anchor. */
function applyRestore(effect: Effect, picture: Picture, restore: Restore): void {
  const { healthy } = picture.stretch;
  const change = lastChangeOf(picture, restore);
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
    guess(effect);
  }
  for (const service of services) repairService(effect, picture, service);
  effect.assumptions.push(
    `with ${restore.value}, ${restore.what} acts as it did before its change`,
  );
  effect.falsifiers.push(`the deviation stays after ${restore.what} is ${restore.value} again`);
}

function applyLimit(
  effect: Effect,
  picture: Picture,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const [caller, callee] = [resolveName(picture, from), resolveName(picture, to)];
  const link = [...picture.edges.values()].find(
    (edge) => edge.caller === caller && edge.callee === callee,
  )?.id;
  if (link === undefined) {
    effect.missing.push(`no calls of ${from} to ${to} were seen`);
    return;
  }
  effect.missing.push(`what ${from} answers when a call to ${to} is refused by the limit`);
  effect.assumptions.push("retries to the slow callee vanish with the calls that are refused");
  effect.falsifiers.push(
    `the objective does not recover although calls of ${from} to ${to} are limited`,
  );
}
