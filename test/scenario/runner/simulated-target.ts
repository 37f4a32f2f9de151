import { assertNever } from "../../../src/assert.ts";
import type { Clock } from "../../../src/clock.ts";
import { isOperationError } from "../../../src/errors.ts";
import type { Action } from "../../../src/incident/action.ts";
import type { Facts } from "../../../src/remediation/facts.ts";
import type { Target } from "../../../src/remediation/target.ts";
import type { Operation } from "../../../src/simulator/intervention.ts";
import type { Simulation, SystemState } from "../../../src/simulator/simulation.ts";

const LOOK_EVERY_MS = 500;
/** New instances start one after another. */
const ROLLED_OUT_MAX_MS = 60_000;

function operationOf(action: Action): Operation {
  switch (action.type) {
    case "rollback":
      return { type: "rollback", service: action.service, version: action.toVersion };
    case "scale":
    case "restart":
      return action;
    case "set_flag":
      return { type: "flag", flag: action.flag, variant: action.variant };
    case "restore_setting":
      return { ...action, type: "setting" };
    case "limit_caller":
      return { ...action, type: "limit" };
    default:
      return assertNever(action);
  }
}

/** How many instances changed hands when the action is through; undefined: it takes effect at once. */
function isRolledOut(action: Action, before: SystemState, now: SystemState): boolean {
  if (action.type !== "rollback" && action.type !== "restart" && action.type !== "scale")
    return true;
  const instancesIn = (state: SystemState): SystemState["services"][number]["instances"] =>
    state.services.find(({ service }) => service === action.service)?.instances ?? [];
  const old = new Set(instancesIn(before).map(({ id }) => id));
  const serving = instancesIn(now);
  switch (action.type) {
    case "scale":
      return serving.length === action.replicas;
    case "rollback":
      return serving.every(({ version }) => version === action.toVersion);
    case "restart":
      return action.instance === undefined
        ? serving.length > 0 && serving.every(({ id }) => !old.has(id))
        : serving.every(({ id }) => id !== action.instance);
    default:
      return assertNever(action);
  }
}

/** A simulated system as the executor changes it. */
export function createSimulatedTarget(simulation: Simulation, clock: Clock): Target {
  return {
    name: "simulation",
    actions: ["rollback", "scale", "restart", "set_flag", "restore_setting", "limit_caller"],
    look: async () => factsOf(simulation.state()),
    execute: async (action, key) => {
      const before = simulation.state();
      try {
        const change = simulation.operate(operationOf(action), `orrery ${key}`);
        const untilMs = clock.nowMs() + ROLLED_OUT_MAX_MS;
        while (!isRolledOut(action, before, simulation.state())) {
          if (clock.nowMs() >= untilMs)
            return { type: "unclear", detail: `${change.summary}: not through after a minute.` };
          await clock.sleep(LOOK_EVERY_MS);
        }
        return { type: "done", detail: `${change.summary} (change ${change.id})` };
      } catch (error) {
        if (!isOperationError(error)) throw error;
        return { type: "refused", code: error.code, detail: error.message };
      }
    },
  };
}

function factsOf({ services, flags }: SystemState): Facts {
  const values = new Map<string, string | number>();
  for (const { service, version, instances, settings, limits } of services) {
    values.set(`version:${service}`, version);
    values.set(`replicas:${service}`, instances.length);
    for (const { id } of instances) values.set(`instance:${service}.${id}`, "present");
    for (const [name, value] of Object.entries(settings))
      values.set(`setting:${service}.${name}`, value);
    for (const [callee, most] of Object.entries(limits))
      values.set(`limit:${service}.${callee}`, most);
  }
  for (const [flag, variant] of Object.entries(flags)) values.set(`flag:${flag}`, variant);
  return {
    kinds: new Set(["version", "replicas", "flag", "setting", "instance", "limit"]),
    values,
  };
}
