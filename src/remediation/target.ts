import type { Action } from "../incident/action.ts";
import type { Facts } from "./facts.ts";

/** How an attempt ended, as far as anybody knows. */
export type Execution =
  /** It took effect. `detail` in words, fit for a card. */
  | { readonly type: "done"; readonly detail: string }
  /** Surely nothing was done. */
  | { readonly type: "refused"; readonly code: string; readonly detail: string }
  /** Nobody knows: only a look can tell. Never tried again. */
  | { readonly type: "unclear"; readonly detail: string };

/**
 * What can be changed: one system behind its own port, and the only place where its credentials are. Contract: every
 * promise settles within a bound of its own, and `execute` sends at most once.
 */
export interface Target {
  readonly name: string;
  readonly actions: readonly Action["type"][];
  /** What is so now. Errors: OperationError `target_unreachable`, `target_unauthorized`, `target_unreadable`. */
  look(): Promise<Facts>;
  /** `key` is the same for the same approved proposal, for ever. */
  execute(action: Action, key: string): Promise<Execution>;
}
