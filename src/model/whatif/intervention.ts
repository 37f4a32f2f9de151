/** A what-if input (CASE_FORMAT words). Entities are given as people or telemetry name them. */
export type Intervention =
  | { readonly type: "none" }
  | { readonly type: "load"; readonly factor: number; readonly operation?: string }
  | { readonly type: "scale"; readonly entity: string; readonly replicas: number }
  | { readonly type: "rollback"; readonly entity: string; readonly to_version: string }
  | { readonly type: "drain"; readonly entity: string }
  | { readonly type: "shed"; readonly share: number; readonly operation?: string }
  | { readonly type: "restart"; readonly entity: string }
  | { readonly type: "demand"; readonly entity: string; readonly factor: number }
  | { readonly type: "pool"; readonly from: string; readonly to: string; readonly size: number }
  | { readonly type: "timeout"; readonly from: string; readonly to: string; readonly ms: number }
  | { readonly type: "retries"; readonly from: string; readonly to: string; readonly count: number }
  | { readonly type: "flag"; readonly flag: string; readonly variant: string }
  /** Put a setting of a service back to an earlier value. */
  | {
      readonly type: "setting";
      readonly entity: string;
      readonly setting: string;
      readonly value: string;
    }
  /** Let a caller have at most this many concurrent calls to a callee; the rest takes its fallback. */
  | {
      readonly type: "limit";
      readonly from: string;
      readonly to: string;
      readonly max_concurrent: number;
    };
