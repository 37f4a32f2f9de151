import { entityName } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { Action, Preconditions } from "./action.ts";
import { actionSchema } from "./action-schema.ts";
import type { ValueHistory } from "./change-history.ts";
import { flagHistory, flagsKnown, settingHistory, settingsKnown } from "./change-history.ts";
import type { Answer } from "./contract.ts";
import { factsOf } from "./facts.ts";
import { entityNamed, linkNamed, serviceNamed, serviceOf } from "./named.ts";
import { type Observed, observe } from "./observed.ts";
import { observedReplicas } from "./observed-replicas.ts";
import { currentVersion, versionsKnown } from "./observed-versions.ts";
import { nearNames, refuse, shownName } from "./refusal.ts";

/** Limit: replicas that may be proposed, as a multiple of those that are seen. */
const SCALE_FACTOR_MAX = 4;

/** An action whose every argument is observed, under the names that telemetry uses, with what it assumes. */
export interface CheckedAction {
  readonly action: Action;
  readonly preconditions: Preconditions;
}

type Of<Type extends Action["type"]> = Extract<Action, { type: Type }>;

const ok = (action: Action): Answer<Action> => ({ ok: true, data: action });

function checkRollback(observed: Observed, action: Of<"rollback">): Answer<Action> {
  const service = serviceNamed(observed.view, action.service);
  if (!service.ok) return service;
  const { id, name } = service.data;
  const current = currentVersion(observed, id);
  const known = versionsKnown(observed, id);
  const others = known.filter((version) => version !== current);
  const { toVersion } = action;
  if (toVersion === current)
    return refuse("already_so", `${shownName(name)} runs ${shownName(toVersion)} already.`, others);
  if (!known.includes(toVersion))
    return refuse(
      "version_unknown",
      `${shownName(name)} was never seen to serve ${shownName(toVersion)}.`,
      others,
    );
  return ok({ ...action, service: name });
}

function checkScale(observed: Observed, action: Of<"scale">): Answer<Action> {
  const service = serviceNamed(observed.view, action.service);
  if (!service.ok) return service;
  const { id, name } = service.data;
  const { count } = observedReplicas(observed, id);
  const shown = shownName(name);
  if (count === 0)
    return refuse("not_running", `No replica of ${shown} is seen to run: restart it instead.`);
  if (action.replicas === count)
    return refuse("already_so", `${shown} has ${count} replicas already.`);
  const most = SCALE_FACTOR_MAX * count;
  if (!Number.isInteger(action.replicas) || action.replicas < 1 || action.replicas > most)
    return refuse("out_of_range", `${shown} has ${count} replicas: 1 to ${most} may be proposed.`);
  return ok({ ...action, service: name });
}

function checkRestart({ view }: Observed, action: Of<"restart">): Answer<Action> {
  const service = serviceNamed(view, action.service);
  if (!service.ok) return service;
  const { id, name } = service.data;
  if (action.instance === undefined) return ok({ type: "restart", service: name });
  const instance = entityNamed(view, action.instance, ["service.instance"]);
  if (!instance.ok) return instance;
  const owner = serviceOf(view, instance.data.id);
  if (owner !== id) {
    const own = view.relations({ type: "instance_of", to: id }).map(({ from }) => entityName(from));
    return refuse(
      "not_of_service",
      `${shownName(instance.data.name)} is no instance of ${shownName(name)}.`,
      own,
    );
  }
  return ok({ type: "restart", service: name, instance: instance.data.name });
}

/** A value may be set when the history of changes shows that it was in force before. */
function checkEarlier(history: ValueHistory, what: string, value: string): Answer<null> {
  if (value === history.current)
    return refuse("already_so", `${what} is ${shownName(value)} already.`, history.earlier);
  if (!history.earlier.includes(value))
    return refuse(
      "value_unknown",
      `${what} was never seen to be ${shownName(value)}.`,
      history.earlier,
    );
  return { ok: true, data: null };
}

function checkFlag(observed: Observed, action: Of<"set_flag">): Answer<Action> {
  const known = flagsKnown(observed);
  const { flag, variant } = action;
  if (!known.includes(flag))
    return refuse(
      "flag_unknown",
      `No change of a flag called ${shownName(flag)} was observed.`,
      nearNames(flag, known),
    );
  const checked = checkEarlier(flagHistory(observed, flag), `Flag ${shownName(flag)}`, variant);
  return checked.ok ? ok(action) : checked;
}

function checkSetting(observed: Observed, action: Of<"restore_setting">): Answer<Action> {
  const service = serviceNamed(observed.view, action.service);
  if (!service.ok) return service;
  const { id, name } = service.data;
  const known = settingsKnown(observed, id);
  const { setting, value } = action;
  const what = `${shownName(setting)} of ${shownName(name)}`;
  if (!known.includes(setting))
    return refuse(
      "setting_unknown",
      `No change of ${what} was observed.`,
      nearNames(setting, known),
    );
  const checked = checkEarlier(settingHistory(observed, id, setting), what, value);
  return checked.ok ? ok({ ...action, service: name }) : checked;
}

function checkLimit({ view }: Observed, action: Of<"limit_caller">): Answer<Action> {
  const link = linkNamed(view, action);
  if (!link.ok) return link;
  return ok({ ...action, caller: link.data.caller.name, callee: link.data.callee.name });
}

function checkNames(observed: Observed, action: Action): Answer<Action> {
  switch (action.type) {
    case "rollback":
      return checkRollback(observed, action);
    case "scale":
      return checkScale(observed, action);
    case "restart":
      return checkRestart(observed, action);
    case "set_flag":
      return checkFlag(observed, action);
    case "restore_setting":
      return checkSetting(observed, action);
    case "limit_caller":
      return checkLimit(observed, action);
  }
}

/**
 * Checks that an action is on the closed list and that each of its arguments is observed; gives it the names that
 * telemetry uses, and reads what it assumes. Refusals: `action_invalid`, `entity_unknown`, `not_of_service`,
 * `version_unknown`, `not_running`, `out_of_range`, `flag_unknown`, `setting_unknown`, `value_unknown`, `link_unknown`,
 * `already_so`.
 */
export function checkAction(view: WorldView, action: Action): Answer<CheckedAction> {
  const parsed = actionSchema.safeParse(action);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    return refuse("action_invalid", `This is no action: ${where} ${issue?.message ?? ""}`.trim());
  }
  const observed = observe(view);
  const checked = checkNames(observed, parsed.data);
  if (!checked.ok) return checked;
  const preconditions = { facts: factsOf(observed, checked.data) };
  return { ok: true, data: { action: checked.data, preconditions } };
}
