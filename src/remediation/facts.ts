import type { Action, Preconditions } from "../incident/action.ts";

/** The part of a fact's key before its first colon. */
export type FactKind = "version" | "replicas" | "flag" | "setting" | "instance" | "limit";

/** What a target shows of itself: `version:SERVICE`, `setting:SERVICE.SETTING`, `limit:CALLER.CALLEE` and so on. */
export interface Facts {
  /** A fact of another kind cannot be checked here. */
  readonly kinds: ReadonlySet<FactKind>;
  readonly values: ReadonlyMap<string, string | number>;
}

/** What it means that a fact of a shown kind is not listed. Of other kinds, it means that the thing is gone. */
const WHEN_ABSENT: Readonly<Partial<Record<FactKind, string | number>>> = {
  // After an outage nothing of a service may be left to list.
  replicas: 0,
  instance: "absent",
  limit: "none",
};

const kindOf = (key: string): FactKind => key.slice(0, key.indexOf(":")) as FactKind;

function factIn({ values }: Facts, key: string): string | number | undefined {
  return values.get(key) ?? WHEN_ABSENT[kindOf(key)];
}

export interface Drift {
  readonly key: string;
  readonly wanted: string | number;
  readonly found: string | number;
}

/** The preconditions that no longer hold. */
export function driftOf(preconditions: Preconditions, facts: Facts): readonly Drift[] {
  return Object.entries(preconditions.facts).flatMap(([key, wanted]) => {
    if (!facts.kinds.has(kindOf(key))) return [];
    const found = factIn(facts, key) ?? "gone";
    return String(found) === String(wanted) ? [] : [{ key, wanted, found }];
  });
}

/** What has to be known of the time before, to tell later whether the action took effect. */
export function factsBefore(
  action: Action,
  { values }: Facts,
): Readonly<Record<string, string | number>> {
  if (action.type !== "restart" || action.instance !== undefined) return {};
  const prefix = `instance:${action.service}.`;
  return Object.fromEntries([...values].filter(([key]) => key.startsWith(prefix)));
}

/** Whether the state that the action wants is there. `before` is what `factsBefore` gave. */
export function isReached(
  action: Action,
  before: Readonly<Record<string, string | number>>,
  facts: Facts,
): boolean {
  const is = (key: string, wanted: string | number): boolean =>
    String(factIn(facts, key)) === String(wanted);
  switch (action.type) {
    case "rollback":
      return is(`version:${action.service}`, action.toVersion);
    case "scale":
      return is(`replicas:${action.service}`, action.replicas);
    case "restart": {
      const { service, instance } = action;
      const old =
        instance === undefined ? Object.keys(before) : [`instance:${service}.${instance}`];
      return !is(`replicas:${service}`, 0) && old.every((key) => is(key, "absent"));
    }
    case "set_flag":
      return is(`flag:${action.flag}`, action.variant);
    case "restore_setting":
      return is(`setting:${action.service}.${action.setting}`, action.value);
    case "limit_caller":
      return is(`limit:${action.caller}.${action.callee}`, action.maxConcurrent);
  }
}
