import type { Behaviour } from "./system-spec.ts";

/** What people do to a system: each is told as a change. */
export type Operation =
  /** The behaviour of a version that the specification does not name. */
  | {
      readonly type: "deploy";
      readonly service: string;
      readonly version: string;
      readonly behaviour?: Behaviour;
    }
  | { readonly type: "rollback"; readonly service: string; readonly version: string }
  | { readonly type: "scale"; readonly service: string; readonly replicas: number }
  /** Starts again what was stopped, too. */
  | { readonly type: "restart"; readonly service: string; readonly instance?: string }
  | { readonly type: "flag"; readonly flag: string; readonly variant: string }
  | {
      readonly type: "setting";
      readonly service: string;
      readonly setting: string;
      readonly value: string;
    }
  /** Most concurrent calls from one instance of the caller. */
  | {
      readonly type: "limit";
      readonly caller: string;
      readonly callee: string;
      readonly maxConcurrent: number;
    };

/** What befalls a system: nobody tells. A factor of 1, a share or time of 0 ends it. */
export type Mishap =
  /** Requests arrive this many times as often as specified; of one operation, or of all. */
  | { readonly type: "load"; readonly factor: number; readonly operation?: string }
  | { readonly type: "slow-host"; readonly host: string; readonly factor: number }
  | { readonly type: "slow-instance"; readonly instance: string; readonly factor: number }
  /** The process runs and stands still in turn, as a starved or throttled one does. */
  | {
      readonly type: "ration";
      readonly instance: string;
      readonly pausedMs: number;
      readonly runningMs: number;
    }
  /** The process ends in the middle of its requests and is not started again. */
  | { readonly type: "stop"; readonly service: string; readonly instance?: string }
  /** Added to each way of each call. */
  | {
      readonly type: "delay";
      readonly caller: string;
      readonly callee: string;
      readonly ms: number;
    }
  /** This share of the calls never arrives: the caller waits until it gives up. */
  | {
      readonly type: "loss";
      readonly caller: string;
      readonly callee: string;
      readonly share: number;
    }
  /** A database or external takes this many times as long. */
  | { readonly type: "pace"; readonly of: string; readonly factor: number }
  | { readonly type: "failing"; readonly external: string; readonly share: number }
  /** Somebody else takes a row's lock, for so long, again and again. */
  | {
      readonly type: "lock";
      readonly database: string;
      readonly table: string;
      readonly heldMs: number;
      readonly freeMs: number;
    };

export type Intervention = Operation | Mishap;
