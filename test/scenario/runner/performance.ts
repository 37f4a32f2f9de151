import { OperationError } from "../../../src/errors.ts";
import type { Answer, Incident } from "../../../src/incident/contract.ts";
import type { Stage } from "./stage.ts";

/** A statement that did not hold. */
export interface Failure {
  readonly line: number;
  readonly text: string;
  /** What was so instead. */
  readonly message: string;
}

/** A scenario while it runs: what has been seen so far, which later statements are about. */
export interface Performance {
  readonly stage: Stage;
  /** Customers come for this long. */
  readonly lengthMs: number;
  /** When the last event happened, or is to happen. */
  lastEventMs: number;
  /** Pages that were expected, and the incidents that they belong to. */
  readonly expectedPages: Set<string>;
  readonly expectedIncidents: Set<string>;
  /** Events that could not happen. */
  readonly broken: Failure[];
  /** The incident that was expected last. */
  incidentId?: string;
  /** The proposal that was expected last. */
  proposalId?: string;
  /** How the last click was answered. */
  clicked?: Answer<null>;
}

/** What was wrong, or nothing. */
export type Verdict = Promise<string | undefined>;

/** `6m12s`, as scenarios write times. */
export function timeText(ms: number): string {
  const seconds = Math.round(ms / 100) / 10;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round((seconds - 60 * minutes) * 10) / 10;
  return minutes === 0 ? `${rest}s` : `${minutes}m${rest === 0 ? "" : `${rest}s`}`;
}

export async function currentIncident({ stage, incidentId }: Performance): Promise<Incident> {
  const incident =
    incidentId === undefined ? undefined : await stage.product.incidents.read(incidentId);
  if (incident === undefined)
    throw new OperationError("no_incident", "no page has been expected before, or none came");
  return incident;
}
