// Random histories of people, investigators, sweeps, an executor and crashes, all at once on one record.
import fc from "fast-check";
import { expect, test } from "vitest";
import { isOperationError } from "../../src/errors.ts";
import { type Action, actionHash } from "../../src/incident/action.ts";
import type { Incidents, ProposalRecord, Proposals } from "../../src/incident/contract.ts";
import type { Proposal, ProposalEvent } from "../../src/incident/events.ts";
import { removeRegistration, writeRegistration } from "../../src/incident/executor-registration.ts";
import { createIncidents } from "../../src/incident/incidents.ts";
import { foldProposal, isOver } from "../../src/incident/proposal.ts";
import { createProposals } from "../../src/incident/proposals.ts";
import { PROPOSALS_MAX, PROPOSALS_OPEN_MAX } from "../../src/incident/proposing.ts";
import { newEvent, proposalEvent } from "../../src/incident/stored-event.ts";
import { createMeter } from "../../src/meter.ts";
import type { WorldView } from "../../src/model/view.ts";
import type { Store, StoredEvent } from "../../src/store/store.ts";
import { outcome, page } from "../slack/samples.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import {
  ALICE,
  BOB,
  CAROL,
  draftOf,
  FLAG_OFF,
  modelOf,
  RESTART,
  ROLLBACK,
  SCALE,
} from "./proposal-record.ts";
import { CHANGES, NOW_MS, SEEN_S, sharedShop, shopView } from "./shop.ts";

const APPROVERS = [ALICE, CAROL];
const ACTIONS: readonly Action[] = [ROLLBACK, RESTART, SCALE, FLAG_OFF];
const MINUTE_MS = 60_000;

const propose = fc.record({
  type: fc.constant("propose" as const),
  key: fc.option(fc.constantFrom("k0", "k1", "k2"), { nil: undefined }),
  action: fc.nat(ACTIONS.length - 1),
});
const goodClick = fc.record({
  type: fc.constant("approve" as const),
  which: fc.nat(7),
  by: fc.constantFrom(ALICE, CAROL),
  isOwnHash: fc.constant(true),
});
const badClick = fc.record({
  type: fc.constant("approve" as const),
  which: fc.nat(7),
  by: fc.constantFrom(ALICE, BOB),
  isOwnHash: fc.boolean(),
});
const reject = fc.record({
  type: fc.constant("reject" as const),
  which: fc.nat(7),
  by: fc.constantFrom(ALICE, BOB, CAROL),
});
const sweep = fc.record({ type: fc.constant("sweep" as const), hasDrifted: fc.boolean() });
const execute = fc.record({ type: fc.constant("execute" as const), dies: fc.boolean() });
const settle = fc.record({ type: fc.constant("settle" as const) });
const wait = fc.record({
  type: fc.constant("wait" as const),
  ms: fc.constantFrom(1_000, 30_000, 8 * MINUTE_MS),
});
const crash = fc.record({ type: fc.constant("crash" as const) });
const step = fc.oneof(
  { weight: 5, arbitrary: propose },
  { weight: 6, arbitrary: goodClick },
  { weight: 2, arbitrary: badClick },
  { weight: 1, arbitrary: reject },
  { weight: 1, arbitrary: sweep },
  { weight: 4, arbitrary: execute },
  { weight: 1, arbitrary: settle },
  { weight: 1, arbitrary: wait },
  { weight: 1, arbitrary: crash },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

interface Life {
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  isAlive: boolean;
}

let driftedView: WorldView | undefined;
function drifted(): WorldView {
  const back = { kind: "deploy", entity: "catalog", attributes: { version: "1.0.0" } } as const;
  driftedView ??= shopView({ changes: [...CHANGES, [SEEN_S, back]], seconds: SEEN_S + 10 });
  return driftedView;
}

class Gone extends Error {}

/** One record, and everybody who uses it. */
class History {
  readonly store = createMemoryStore();
  readonly effects: string[] = [];
  readonly approvedOf = new Map<string, Set<string>>();
  readonly givenFor = new Map<string, string>();
  nowMs = NOW_MS;
  incidentId = "";
  #life: Life;
  readonly #scheduler: fc.Scheduler;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.#life = this.#begin();
  }

  /** Everything takes its turn; after the process has died nothing of it happens any more. */
  #slow(isAlive: () => boolean): Store {
    const turn = async <Result>(job: () => Promise<Result>): Promise<Result> => {
      await this.#scheduler.schedule(Promise.resolve());
      if (!isAlive()) throw new Gone();
      const result = await job();
      await this.#scheduler.schedule(Promise.resolve());
      if (!isAlive()) throw new Gone();
      return result;
    };
    const { store } = this;
    return {
      ...store,
      append: (...args) => turn(() => store.append(...args)),
      read: (...args) => turn(() => store.read(...args)),
      readCategory: (...args) => turn(() => store.readCategory(...args)),
      insertIfAbsent: (...args) => turn(() => store.insertIfAbsent(...args)),
      get: (...args) => turn(() => store.get(...args)),
    };
  }

  #begin(): Life {
    const life = { isAlive: true };
    const store = this.#slow(() => life.isAlive);
    const meter = createMeter();
    const incidents = createIncidents({ store, meter });
    const proposals = createProposals({ store, meter, incidents, approvers: APPROVERS });
    return Object.assign(life, { incidents, proposals });
  }

  async open(): Promise<void> {
    const { store } = this;
    const incidents = createIncidents({ store, meter: createMeter() });
    this.incidentId = (await incidents.open({ ...page, atMs: NOW_MS }, "#ops", NOW_MS)).id;
  }

  async streams(): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
    return Map.groupBy(await this.store.readCategory("proposal", 0, 1_000), (one) => one.stream);
  }

  async records(): Promise<readonly ProposalRecord[]> {
    return [...(await this.streams()).values()].flatMap((events) => foldProposal(events) ?? []);
  }

  async #nth(which: number): Promise<Proposal | undefined> {
    const records = await this.records();
    return records[which % Math.max(1, records.length)]?.proposal;
  }

  async run(one: Step): Promise<void> {
    try {
      await this.#do(one, this.#life);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    }
  }

  async #do(one: Step, { proposals }: Life): Promise<void> {
    switch (one.type) {
      case "propose":
        return this.#propose(one, proposals);
      case "approve":
        return this.#approve(one, proposals);
      case "reject": {
        const proposal = await this.#nth(one.which);
        if (proposal !== undefined) await proposals.reject(proposal.id, one.by, this.nowMs);
        return;
      }
      case "sweep":
        return proposals.sweep(one.hasDrifted ? drifted() : sharedShop(), this.nowMs);
      case "execute":
        return this.#execute(one.dies);
      case "settle":
        for (const { proposal } of await proposals.unsettled())
          await proposals.recordOutcome(proposal.id, outcome(), this.nowMs);
        return;
      case "wait":
        this.nowMs += one.ms;
        return;
      case "crash":
        this.#life.isAlive = false;
        this.#life = this.#begin();
    }
  }

  async #propose(one: Extract<Step, { type: "propose" }>, proposals: Proposals): Promise<void> {
    const key = one.key === undefined ? {} : { key: one.key };
    const draft = draftOf(this.incidentId, { action: ACTIONS[one.action] ?? ROLLBACK, ...key });
    const answer = await proposals.propose(draft, modelOf(), this.nowMs);
    if (!answer.ok || one.key === undefined) return;
    const before = this.givenFor.get(one.key) ?? answer.data.id;
    expect(answer.data.id, "the same key gave another proposal").toBe(before);
    this.givenFor.set(one.key, before);
  }

  async #approve(one: Extract<Step, { type: "approve" }>, proposals: Proposals): Promise<void> {
    const proposal = await this.#nth(one.which);
    if (proposal === undefined) return;
    const { id } = proposal;
    const hash = one.isOwnHash ? proposal.actionHash : "0".repeat(64);
    const click = { proposalId: id, by: one.by, actionHash: hash };
    const answer = await proposals.approve(click, modelOf(), this.nowMs);
    if (!answer.ok) return;
    this.approvedOf.set(id, (this.approvedOf.get(id) ?? new Set()).add(one.by));
  }

  /** As the executor does it: claim, effect, end; what an earlier one left running is settled by looking. */
  async #execute(dies: boolean): Promise<void> {
    const store = this.#slow(() => true);
    const events = await store.readCategory("proposal", 0, 1_000);
    for (const [stream, own] of Map.groupBy(events, (one) => one.stream)) {
      const record = foldProposal(own);
      const append = async (event: ProposalEvent, version: number): Promise<boolean> => {
        try {
          await store.append(stream, version, [newEvent(event, this.nowMs)]);
          return true;
        } catch (error) {
          if (isOperationError(error, "version_conflict")) return false;
          throw error;
        }
      };
      if (record?.state === "running")
        await append({ type: "action-unknown", detail: "" }, own.length);
      if (record?.state !== "approved" || this.nowMs >= record.proposal.expiresMs) continue;
      if (!(await append({ type: "action-started", executor: "x" }, own.length))) continue;
      this.effects.push(record.proposal.id);
      if (dies) return;
      await append({ type: "action-done", detail: "", finishedMs: this.nowMs }, own.length + 1);
    }
  }

  /** Long after, with nobody left but the loop. */
  async calm(): Promise<void> {
    await removeRegistration(this.store);
    this.nowMs += 30 * MINUTE_MS;
    const { incidents, proposals } = this.#life;
    await proposals.sweep(sharedShop(), this.nowMs);
    for (const { proposal } of await proposals.unsettled())
      await proposals.recordOutcome(proposal.id, outcome(), this.nowMs);
    const listed = (await incidents.read(this.incidentId))?.proposalIds ?? [];
    const made = (await this.records()).map(({ proposal }) => proposal.id);
    expect(listed.toSorted(), "the incident lists each of its proposals once").toEqual(
      made.toSorted(),
    );
  }
}

function checkStream(stream: string, events: readonly StoredEvent[], history: History): void {
  const of = (type: ProposalEvent["type"]): readonly StoredEvent[] =>
    events.filter((event) => event.type === type);
  const made = events[0] === undefined ? undefined : proposalEvent(events[0]);
  if (made?.type !== "proposal-made") throw new Error(`${stream} does not begin with its making`);
  const { proposal } = made;
  expect(of("proposal-made")).toHaveLength(1);
  expect(of("proposal-approved").length + of("proposal-rejected").length).toBeLessThanOrEqual(1);
  expect(of("action-started").length).toBeLessThanOrEqual(1);
  expect(of("outcome-recorded").length).toBeLessThanOrEqual(1);
  const effects = history.effects.filter((id) => id === proposal.id);
  expect(effects.length).toBeLessThanOrEqual(of("action-started").length);
  const [approval] = of("proposal-approved").map((stored) => ({
    stored,
    event: proposalEvent(stored),
  }));
  const clicked = [...(history.approvedOf.get(proposal.id) ?? [])];
  if (approval?.event.type !== "proposal-approved") {
    expect(effects, "an effect without an approval").toEqual([]);
    expect(clicked, "told approved, and was not").toEqual([]);
    return;
  }
  const { by, actionHash: hash } = approval.event;
  expect(APPROVERS).toContain(by);
  expect(hash).toBe(actionHash(proposal.action, proposal.preconditions));
  expect(approval.stored.atMs).toBeLessThan(proposal.expiresMs);
  expect(
    clicked.every((one) => one === by),
    "two people were told that theirs counts",
  ).toBe(true);
  const [started] = of("action-started");
  if (started === undefined) return;
  expect(started.version).toBeGreaterThan(approval.stored.version);
  expect(started.atMs).toBeLessThan(proposal.expiresMs);
  const ended = [...of("proposal-expired"), ...of("proposal-superseded")];
  expect(ended, "ended and begun all the same").toEqual([]);
}

test("whatever happens at once, an effect follows a valid approval, once, and nothing is stuck", async () => {
  const seen = { effects: 0, unknown: 0, superseded: 0, crashes: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), {
        minLength: 2,
        maxLength: 12,
        size: "max",
      }),
      async (scheduler, batches) => {
        const history = new History(scheduler);
        await history.open();
        for (const batch of batches) {
          const beat = { id: "x", actions: ["rollback", "restart", "scale", "set_flag"] };
          await writeRegistration(history.store, { ...beat, beatMs: history.nowMs });
          await scheduler.waitFor(Promise.all(batch.map((one) => history.run(one))));
          const records = await history.records();
          const open = records.filter(({ state }) => state === "open");
          expect(open.length).toBeLessThanOrEqual(PROPOSALS_OPEN_MAX);
          expect(records.length).toBeLessThanOrEqual(PROPOSALS_MAX);
        }
        await scheduler.waitFor(history.calm());
        for (const [stream, events] of await history.streams())
          checkStream(stream, events, history);
        const records = await history.records();
        expect(records.filter((record) => !isOver(record))).toEqual([]);
        seen.effects += history.effects.length;
        seen.unknown += records.filter(({ state }) => state === "unknown").length;
        seen.superseded += records.filter(({ state }) => state === "superseded").length;
        seen.crashes += batches.flat().filter(({ type }) => type === "crash").length;
      },
    ),
    { numRuns: 150, seed: 20_261_124 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
}, 60_000);
