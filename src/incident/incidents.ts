import { isOperationError, OperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { Quantity } from "../model/quantity.ts";
import type { Store } from "../store/store.ts";
import { canonicalJson } from "./action.ts";
import type { Incident, Incidents } from "./contract.ts";
import type { IncidentEvent, Page, RecordedHypothesis } from "./events.ts";
import { IncidentIndex, type IndexedIncident } from "./incident-index.ts";
import { mintedId } from "./minted-id.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { newEvent } from "./stored-event.ts";

/** Limit: attempts of one record when another writer is in the way, which only a misuse of the store can bring about. */
const ATTEMPTS_MAX = 5;

/** What to write, given what is known; undefined: it is recorded already. */
type Decide = (known: IndexedIncident) => IncidentEvent | undefined;

function identityOf({ type, sloId, service, operation, atMs }: Page): string {
  return canonicalJson({ type, sloId, service, operation, atMs });
}

function isKnownPage({ page, joined, earlier }: Incident, other: Page): boolean {
  return [page, ...joined.map((one) => one.page), ...earlier].some(
    (one) => identityOf(one) === identityOf(other),
  );
}

const resolvedError = ({ id }: Incident, page: Page): OperationError =>
  new OperationError(
    "incident_resolved",
    `${id} is resolved: open another incident for "${page.title}"`,
  );

/** The record of incidents on a store. */
export function createIncidents(deps: { readonly store: Store; readonly meter: Meter }): Incidents {
  return new IncidentRecord(new IncidentIndex(deps.store, deps.meter));
}

class IncidentRecord implements Incidents {
  readonly #index: IncidentIndex;
  readonly #queue = new OneAtATime();

  constructor(index: IncidentIndex) {
    this.#index = index;
  }

  async read(incidentId: string): Promise<Incident | undefined> {
    return (await this.#index.find(incidentId))?.incident;
  }

  async unresolved(): Promise<readonly Incident[]> {
    return (await this.#index.all()).filter(({ resolved }) => resolved === undefined);
  }

  /** The id is minted from the page, so that the one append at version 0 is the opening. */
  open(page: Page, channel: string, nowMs: number): Promise<Incident> {
    const incidentId = mintedId("i", identityOf(page));
    return this.#queue.run(incidentId, async () => {
      const known = await this.#index.find(incidentId);
      if (known !== undefined) return known.incident;
      const opened = newEvent({ type: "incident-opened", page, channel }, nowMs);
      return this.#index.append(incidentId, 0, opened);
    });
  }

  async join(incidentId: string, page: Page, reason: string, nowMs: number): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) => {
      if (isKnownPage(incident, page)) return undefined;
      if (incident.resolved === undefined) return { type: "page-joined", page, reason };
      throw resolvedError(incident, page);
    });
  }

  async reopen(incidentId: string, page: Page, nowMs: number): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) => {
      if (isKnownPage(incident, page)) return undefined;
      if (incident.resolved !== undefined) throw resolvedError(incident, page);
      return incident.recovered === undefined ? undefined : { type: "reopened", page };
    });
  }

  async recordDiagnosis(
    incidentId: string,
    which: "first" | "updated",
    diagnosis: Diagnosis,
    nowMs: number,
  ): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) => {
      const isKnown =
        which === "first"
          ? incident.firstDiagnosis !== undefined
          : incident.diagnosis?.asOfMs === diagnosis.asOfMs;
      return isKnown ? undefined : { type: "diagnosis-recorded", which, diagnosis };
    });
  }

  async recordHypothesis(
    incidentId: string,
    hypothesis: RecordedHypothesis,
    nowMs: number,
    key?: string,
  ): Promise<void> {
    await this.#record(incidentId, nowMs, ({ keys }) => {
      if (key !== undefined && keys.has(key)) return undefined;
      return { type: "hypothesis-recorded", hypothesis, ...(key === undefined ? {} : { key }) };
    });
  }

  async recordInvestigation(
    incidentId: string,
    investigation: Parameters<Incidents["recordInvestigation"]>[1],
    nowMs: number,
  ): Promise<void> {
    await this.#record(incidentId, nowMs, ({ investigations }) => {
      if (investigations.get(investigation.conversationId) === investigation.type) return undefined;
      return investigation.type === "started"
        ? { ...investigation, type: "investigation-started" }
        : { ...investigation, type: "investigation-ended" };
    });
  }

  async recordProposal(incidentId: string, proposalId: string, nowMs: number): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) =>
      incident.proposalIds.includes(proposalId) ? undefined : { type: "proposal-made", proposalId },
    );
  }

  async recordRecovered(
    incidentId: string,
    values: Readonly<Record<string, Quantity>>,
    nowMs: number,
  ): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) =>
      incident.recovered === undefined ? { type: "recovered", atMs: nowMs, values } : undefined,
    );
  }

  async resolve(incidentId: string, by: string, nowMs: number): Promise<void> {
    await this.#record(incidentId, nowMs, ({ incident }) =>
      incident.resolved === undefined ? { type: "resolved", atMs: nowMs, by } : undefined,
    );
  }

  #record(incidentId: string, nowMs: number, decide: Decide): Promise<void> {
    return this.#queue.run(incidentId, async () => {
      for (let tried = 0; tried < ATTEMPTS_MAX; tried += 1) {
        // biome-ignore lint/performance/noAwaitInLoops: a retry reads what the winner wrote
        if (await this.#attempt(incidentId, nowMs, decide)) return;
      }
      throw new OperationError(
        "record_contended",
        `the record of ${incidentId} keeps changing: only one process may write incidents`,
      );
    });
  }

  /** `false`: somebody else wrote to it meanwhile. */
  async #attempt(incidentId: string, nowMs: number, decide: Decide): Promise<boolean> {
    const known = await this.#index.find(incidentId);
    if (known === undefined)
      throw new OperationError("incident_unknown", `there is no incident ${incidentId}`);
    const event = decide(known);
    if (event === undefined) return true;
    try {
      await this.#index.append(incidentId, known.version, newEvent(event, nowMs));
      return true;
    } catch (error) {
      if (isOperationError(error, "version_conflict")) return false;
      throw error;
    }
  }
}
