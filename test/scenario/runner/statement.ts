import type { Intervention } from "../../../src/simulator/intervention.ts";

/** A scenario as written: statements in the order of the text. Times are milliseconds since its beginning. */
export interface Scenario {
  readonly world: string;
  readonly seed: number;
  readonly perSecond: number;
  /** How long customers come. */
  readonly lengthMs: number;
  readonly steps: readonly Step[];
}

/** Where a statement stands, for messages. */
export interface Place {
  readonly line: number;
  readonly text: string;
}

export type Step = Place &
  (
    | { readonly type: "at"; readonly atMs: number; readonly event: Event }
    | {
        readonly type: "expect";
        readonly expectation: Expectation;
        /** Known to be wrong as yet: it fails when it holds, so that it is noticed. */
        readonly isNotYet: boolean;
      }
    | { readonly type: "ask"; readonly question: string }
    | { readonly type: "click"; readonly decision: "approve" | "reject"; readonly by: string }
  );

/** Something that happens to the system, to its telemetry, or to the product itself. */
export type Event =
  | { readonly type: "intervention"; readonly intervention: Intervention }
  | { readonly type: "telemetry"; readonly isOn: boolean; readonly service?: string }
  /** Stopped as by a deploy, or killed: then what it had not saved is lost. */
  | { readonly type: "restart"; readonly isKilled: boolean; readonly downMs: number };

export type Expectation =
  | {
      readonly type: "page";
      readonly kind: "burn" | "absent" | "blind";
      readonly withinMs: number;
      /** Entry operation as customers name it. */
      readonly operation?: string;
    }
  | { readonly type: "no-page"; readonly untilMs?: number }
  | { readonly type: "incidents"; readonly count: number }
  /** Clauses about one diagnosis: the first, or the newest as soon as it fits within a time. */
  | {
      readonly type: "diagnosis";
      readonly withinMs?: number;
      readonly clauses: readonly DiagnosisClause[];
    }
  | { readonly type: "recovered"; readonly withinMs: number }
  | { readonly type: "reply"; readonly clauses: readonly ReplyClause[] }
  | { readonly type: "proposal"; readonly withinMs: number; readonly action: readonly string[] }
  /** Of this action, or of any; for so long. */
  | { readonly type: "no-proposal"; readonly action: readonly string[]; readonly forMs: number }
  | { readonly type: "refused"; readonly code: string }
  | {
      readonly type: "action";
      readonly withinMs: number;
      readonly action: readonly string[];
      readonly state: string;
    }
  | { readonly type: "outcome"; readonly withinMs: number; readonly verdicts: readonly string[] };

export type DiagnosisClause =
  | {
      readonly type: "cause";
      readonly name: string;
      readonly version?: string;
      readonly probabilityMin: number;
      readonly rankMax: number;
    }
  | { readonly type: "none"; readonly probabilityMin: number }
  /** Of the cause named before it. */
  | { readonly type: "path"; readonly entities: readonly string[] }
  | { readonly type: "change"; readonly words: string }
  | { readonly type: "blind-spot"; readonly words: string };

export type ReplyClause =
  | { readonly type: "mentions"; readonly words: readonly string[] }
  | { readonly type: "numbers-have-evidence" };
