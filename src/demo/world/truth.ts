import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An action that cures, in the words of the product's action type; a missing argument is free. */
export interface Remedy {
  readonly type: "rollback" | "scale" | "restart" | "set_flag" | "restore_setting" | "limit_caller";
  readonly [argument: string]: string | number;
}

/** The label of a run: what was really wrong (`truth.json` of the case format). Never shown to what is judged. */
export interface Truth {
  readonly healthy: boolean;
  readonly roots: readonly {
    readonly entity: string;
    readonly aliases: readonly string[];
    readonly fault: string;
    readonly detail?: string;
  }[];
  /** RFC 3339, UTC. */
  readonly onset: string;
  readonly path?: readonly (readonly [string, string])[];
  readonly remediation?: readonly Remedy[];
  readonly change: { readonly id: string | null; readonly decoys: readonly string[] };
  readonly external?: readonly string[];
}

export function writeTruth(folder: string, truth: Truth): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "truth.json");
  writeFileSync(path, `${JSON.stringify(truth, null, 2)}\n`, { mode: 0o600 });
  return path;
}
