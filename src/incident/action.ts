import { createHash } from "node:crypto";
import type { Intervention } from "../model/whatif/intervention.ts";

/**
 * The closed list of things that may be done to production. Every argument is the name of an observed entity, a bounded
 * number, or a value taken from the model's own history: no string ever becomes a command, a URL, an image or a query.
 */
export type Action =
  | { readonly type: "rollback"; readonly service: string; readonly toVersion: string }
  | { readonly type: "scale"; readonly service: string; readonly replicas: number }
  /** A service (all instances, one after another) or one instance by its id. */
  | { readonly type: "restart"; readonly service: string; readonly instance?: string }
  | { readonly type: "set_flag"; readonly flag: string; readonly variant: string }
  | {
      readonly type: "restore_setting";
      readonly service: string;
      readonly setting: string;
      readonly value: string;
    }
  | {
      readonly type: "limit_caller";
      readonly caller: string;
      readonly callee: string;
      readonly maxConcurrent: number;
    };

/** Canonical JSON: keys sorted at every depth, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** What an approval is bound to: SHA-256 over the action and what it assumes of the world. */
export function actionHash(action: Action, preconditions: Preconditions): string {
  return createHash("sha256").update(canonicalJson({ action, preconditions })).digest("hex");
}

/** The first 16 bits twice over, as people compare them on card, dialog and ledger: `9f3c-21ab`. */
export function hashWords(hash: string): string {
  return `${hash.slice(0, 4)}-${hash.slice(4, 8)}`;
}

/** What must still be so when the action is carried out; any drift supersedes the proposal. */
export interface Preconditions {
  /** Observed now: the version that a rollback leaves, the replicas that a scale starts from, the flag's variant. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** One line for a card: "Roll back catalog to 1.4.2". */
export function actionTitle(action: Action): string {
  switch (action.type) {
    case "rollback":
      return `Roll back ${action.service} to ${action.toVersion}`;
    case "scale":
      return `Scale ${action.service} to ${action.replicas} replicas`;
    case "restart":
      return action.instance === undefined
        ? `Restart ${action.service}`
        : `Restart ${action.instance} of ${action.service}`;
    case "set_flag":
      return `Set flag ${action.flag} to ${action.variant}`;
    case "restore_setting":
      return `Set ${action.setting} of ${action.service} back to ${action.value}`;
    case "limit_caller":
      return `Limit ${action.caller} to ${action.maxConcurrent} concurrent calls to ${action.callee}`;
  }
}

/** The what-if that asks what this action would do. */
export function interventionOf(action: Action): Intervention {
  switch (action.type) {
    case "rollback":
      return { type: "rollback", entity: action.service, to_version: action.toVersion };
    case "scale":
      return { type: "scale", entity: action.service, replicas: action.replicas };
    case "restart":
      return { type: "restart", entity: action.instance ?? action.service };
    case "set_flag":
      return { type: "flag", flag: action.flag, variant: action.variant };
    case "restore_setting":
      return {
        type: "setting",
        entity: action.service,
        setting: action.setting,
        value: action.value,
      };
    case "limit_caller":
      return {
        type: "limit",
        from: action.caller,
        to: action.callee,
        max_concurrent: action.maxConcurrent,
      };
  }
}
