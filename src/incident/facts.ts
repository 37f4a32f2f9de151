import { entityId } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { Action, Preconditions } from "./action.ts";
import { flagHistory, limitInForce, settingHistory } from "./change-history.ts";
import { type Observed, observe } from "./observed.ts";
import { isPresent, observedReplicas } from "./observed-replicas.ts";
import { currentVersion, SERVING_MS } from "./observed-versions.ts";
import { shownName } from "./refusal.ts";

type Facts = Preconditions["facts"];

const only = (key: string, value: string | number | undefined): Facts =>
  value === undefined ? {} : { [key]: value };

function replicaFacts(observed: Observed, service: string): Facts {
  const { count, isSure } = observedReplicas(observed, entityId("service", service));
  return isSure ? { [`replicas:${service}`]: count } : {};
}

function versionFacts(observed: Observed, service: string): Facts {
  return only(`version:${service}`, currentVersion(observed, entityId("service", service)));
}

/** All that is known now of what an action may assume. */
function observedFacts(observed: Observed, action: Action): Facts {
  switch (action.type) {
    case "rollback":
      return versionFacts(observed, action.service);
    case "scale":
      return replicaFacts(observed, action.service);
    case "restart": {
      const { service, instance } = action;
      if (instance === undefined)
        return { ...versionFacts(observed, service), ...replicaFacts(observed, service) };
      const isThere = isPresent(observed, entityId("service.instance", instance));
      return isThere ? { [`instance:${service}.${instance}`]: "present" } : {};
    }
    case "set_flag":
      return only(`flag:${action.flag}`, flagHistory(observed, action.flag).current);
    case "restore_setting": {
      const { service, setting } = action;
      const { current } = settingHistory(observed, entityId("service", service), setting);
      return only(`setting:${service}.${setting}`, current);
    }
    case "limit_caller": {
      const { caller, callee } = action;
      const limit = limitInForce(observed, entityId("service", caller), callee);
      return only(`limit:${caller}.${callee}`, limit);
    }
  }
}

/**
 * What an action assumes of the world, as far as the model observes it: `version:SERVICE`, `replicas:SERVICE`,
 * `flag:KEY`, `setting:SERVICE.SETTING`, `instance:SERVICE.INSTANCE` = "present", `limit:CALLER.CALLEE` (a number, or
 * "none"). The executor compares them with what is true. Invariant: what may be outdated already is left out, because the
 * model learns slowly that an instance has gone.
 */
export function factsOf(observed: Observed, action: Action): Facts {
  const facts = observedFacts(observed, action);
  if (action.type !== "restart" || action.instance !== undefined) return facts;
  // A stopped service is started again; one that runs is restarted as it is, however many its replicas are.
  const replicas = `replicas:${action.service}`;
  if (facts[replicas] === 0) return { [replicas]: 0 };
  const { [replicas]: _any, ...rest } = facts;
  return rest;
}

/** One fact that no longer holds. */
export interface Drift {
  readonly key: string;
  readonly was: string | number;
  readonly is: string | number;
}

/**
 * The facts that no longer hold in a later view; what it does not tell is left to the executor. `sinceMs`: when the facts
 * were read, so that only changes since have to be looked at.
 */
export function driftOf(
  view: WorldView,
  plan: { readonly action: Action; readonly preconditions: Preconditions },
  sinceMs: number,
): readonly Drift[] {
  const { action, preconditions } = plan;
  const now = observedFacts(observe(view, sinceMs - SERVING_MS), action);
  return Object.entries(preconditions.facts).flatMap(([key, was]) => {
    const is = now[key];
    return is === undefined || String(is) === String(was) ? [] : [{ key, was, is }];
  });
}

/** "the version of catalog was 1.1.0 and is 1.0.0 now", for a card. */
export function driftText(drifts: readonly Drift[]): string {
  return drifts
    .map(({ key, was, is }) => {
      const [what, name = ""] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
      const [before, now] = [shownName(String(was)), shownName(String(is))];
      return `${FACT_WORDS[what] ?? what} ${shownName(name)} was ${before} and is ${now} now`;
    })
    .join("; ");
}

const FACT_WORDS: Readonly<Record<string, string>> = {
  version: "the version of",
  replicas: "the number of replicas of",
  flag: "flag",
  setting: "setting",
  instance: "instance",
  limit: "the limit of",
};
