// Arbitrary histories: clicks of all kinds, drift, waiting, two executors whose steps interleave, crashes at any step,
// answers that get lost. Whatever happens, an effect has a valid approval, comes once, and nothing is left in the air.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Action, actionHash } from "../../src/incident/action.ts";
import type { ProposalEvent } from "../../src/incident/events.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import { createExecutor, type Executor } from "../../src/remediation/executor.ts";
import { endOf } from "../../src/remediation/standing.ts";
import type { Target } from "../../src/remediation/target.ts";
import type { Store, StoredEvent, StreamName } from "../../src/store/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { type SleepingClock, sleepingClock } from "../support/sleeping-clock.ts";
import { ALICE, approved, MALLORY, made, NOW_MS, proposal, record } from "./proposals.ts";

const PROPOSALS = 3;
const TTL_MS = 120_000;
const FRESH_MS = 60_000;
const IDS = Array.from({ length: PROPOSALS }, (_, i) => `p-${i}`);

const actionOf = (id: string): Action => ({
  type: "rollback",
  service: `service-${id}`,
  toVersion: "1.0.0",
});
const preconditionsOf = (id: string) => ({ facts: { [`version:service-${id}`]: "2.0.0" } });

type Outcome = "answered" | "lost-after" | "lost-before" | "refused";

/** The world that is changed; it judges every effect when it happens. */
class World {
  readonly values = new Map<string, string>(IDS.map((id) => [`version:service-${id}`, "2.0.0"]));
  readonly effects: string[] = [];
  /** Kept, because whoever asks for an effect may well survive an error. */
  readonly violations: unknown[] = [];
  readonly #askedMs = new Map<string, number>();
  readonly outcomes: Outcome[];
  readonly store: Store;
  readonly clock: SleepingClock;

  constructor(outcomes: readonly Outcome[]) {
    this.outcomes = [...outcomes];
    this.store = createMemoryStore();
    this.clock = sleepingClock(NOW_MS);
  }

  /** An executor sends its request now; on its way it may take any time. */
  asked(key: string): void {
    this.#askedMs.set(key, this.clock.nowMs());
  }

  async affect(action: Action, key: string): Promise<void> {
    try {
      await this.#judge(action, key);
    } catch (error) {
      this.violations.push(error);
    }
    this.effects.push(key);
    this.values.set(`version:service-${key}`, "1.0.0");
  }

  async #judge(action: Action, key: string): Promise<void> {
    const events = await this.store.read(`proposal/${key}`);
    // What somebody writes after the claim comes too late for this action.
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual([
      "proposal-made",
      "proposal-approved",
      "action-started",
    ]);
    const approval = events[1]?.body as Extract<ProposalEvent, { type: "proposal-approved" }>;
    expect(action).toEqual(actionOf(key));
    expect(approval.by).toBe(ALICE);
    expect(approval.actionHash).toBe(actionHash(actionOf(key), preconditionsOf(key)));
    const approvedMs = events[1]?.atMs ?? Number.NaN;
    expect(approvedMs).toBeLessThan(NOW_MS + TTL_MS);
    expect((this.#askedMs.get(key) ?? Number.NaN) - approvedMs).toBeLessThan(FRESH_MS);
    expect(this.effects).not.toContain(key);
  }

  readonly target: Target = {
    name: "world",
    actions: ["rollback"],
    look: async () => ({ kinds: new Set(["version"]), values: new Map(this.values) }),
    execute: async (action, key) => {
      const outcome = this.outcomes.shift() ?? "answered";
      if (outcome === "refused") return { type: "refused", code: "no", detail: "no" };
      if (outcome !== "lost-before") await this.affect(action, key);
      return outcome === "answered"
        ? { type: "done", detail: "done" }
        : { type: "unclear", detail: "lost" };
    },
  };
}

/** Everything of an object's outside world, gated: a step may have to wait for others, or be the last. */
function gated<T extends object>(subject: T, gate: () => Promise<void>): T {
  return new Proxy(subject, {
    get: (from, name) => {
      const value: unknown = Reflect.get(from, name);
      if (typeof value !== "function") return value;
      return async (...given: unknown[]) => {
        await gate();
        const result: unknown = await value.apply(from, given);
        await gate();
        return result;
      };
    },
  });
}

/** An executor that dies after so many steps into the outside world. */
class Life {
  readonly executor: Executor;
  readonly died: Promise<void>;
  isDead = false;

  constructor(world: World, id: string, options: { steps: number; turn: () => Promise<void> }) {
    let left = options.steps;
    let die: () => void = () => undefined;
    this.died = new Promise((resolve) => {
      die = resolve;
    });
    const gate = async (): Promise<void> => {
      await options.turn();
      left -= 1;
      if (left > 0) return;
      this.isDead = true;
      die();
      await new Promise(() => undefined);
    };
    const target = gated(world.target, gate);
    this.executor = createExecutor({
      store: gated(world.store, gate),
      target: {
        ...world.target,
        look: target.look,
        execute: (action, key) => {
          world.asked(key);
          return target.execute(action, key);
        },
      },
      clock: world.clock,
      log: silentLog,
      meter: createMeter(),
      id,
      approvers: [ALICE],
      settleMs: 3_000,
    });
  }

  /** Resolves also when it dies on the way. */
  async tick(): Promise<void> {
    if (!this.isDead) await Promise.race([this.executor.tick(), this.died]);
  }
}

type Step =
  | { readonly type: "decide"; readonly id: string; readonly event: ProposalEvent }
  | { readonly type: "drift"; readonly id: string }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "tick"; readonly life: number }
  | { readonly type: "restart"; readonly life: number; readonly steps: number };

const someId = fc.constantFrom(...IDS);
const rightful = (id: string): ProposalEvent =>
  approved(proposal({ id, action: actionOf(id), preconditions: preconditionsOf(id) }));
const decision = fc
  .tuple(
    someId,
    fc.constantFrom("right", "right", "right", "mallory", "hash", "reject", "expire", "supersede"),
  )
  .map(([id, kind]): Step => {
    const events: Readonly<Record<string, ProposalEvent>> = {
      mallory: { ...rightful(id), by: MALLORY } as ProposalEvent,
      hash: { ...rightful(id), actionHash: "0".repeat(64) } as ProposalEvent,
      reject: { type: "proposal-rejected", by: ALICE },
      expire: { type: "proposal-expired" },
      supersede: { type: "proposal-superseded", reason: "drift" },
    };
    return { type: "decide", id, event: events[kind] ?? rightful(id) };
  });
const life = fc.nat(1);
const fewSteps = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(1_000_000));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: decision },
  { weight: 5, arbitrary: life.map((n): Step => ({ type: "tick", life: n })) },
  { weight: 1, arbitrary: someId.map((id): Step => ({ type: "drift", id })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(600, 20_000, 61_000).map((ms): Step => ({ type: "wait", ms })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(life, fewSteps)
      .map(([n, steps]): Step => ({ type: "restart", life: n, steps })),
  },
);
/** Steps of one round happen at the same time. */
const rounds = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const outcomes = fc.array(
  fc.constantFrom<Outcome>("answered", "answered", "lost-after", "lost-before", "refused"),
  { maxLength: PROPOSALS },
);

async function take(world: World, lives: Life[], turn: () => Promise<void>, one: Step) {
  switch (one.type) {
    case "decide": {
      await turn();
      // As the gate does, another's being first is no failure; it looks before it writes.
      await record(world.store, one.id, [one.event], world.clock.nowMs()).catch(() => undefined);
      return;
    }
    case "drift":
      await turn();
      world.values.set(`version:service-${one.id}`, "3.0.0");
      return;
    case "wait":
      await turn();
      world.clock.advance(one.ms);
      return;
    case "tick":
      await lives[one.life]?.tick();
      return;
    case "restart":
      lives[one.life] = new Life(
        world,
        `life-${lives.length}-${one.steps}-${world.clock.nowMs()}`,
        {
          steps: one.steps,
          turn,
        },
      );
  }
}

/** How a proposal may end, given whether it had its effect. */
function expectSettled(events: readonly StoredEvent[], hasEffect: boolean): void {
  const types = events.map(({ type }) => type);
  const end = endOf(events)?.type;
  const isStarted = types.includes("action-started");
  if (hasEffect) expect(["action-done", "action-unknown"]).toContain(end);
  else expect(types).not.toContain("action-done");
  if (isStarted) expect(end).toBeDefined();
  else expect(types.at(-1)).not.toBe("proposal-approved");
}

test("an effect has a valid approval, comes once, and every approval comes to an end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), rounds, outcomes, async (scheduler, plan, ends) => {
      const world = new World(ends);
      const turn = (): Promise<void> => scheduler.schedule(Promise.resolve());
      for (const id of IDS) {
        const over = { action: actionOf(id), preconditions: preconditionsOf(id) };
        await record(world.store, id, [made({ id, ...over, expiresMs: NOW_MS + TTL_MS })], NOW_MS);
      }
      const lives = ["life-a", "life-b"].map(
        (id) => new Life(world, id, { steps: 1_000_000, turn }),
      );
      for (const round of plan)
        await scheduler.waitFor(Promise.all(round.map((one) => take(world, lives, turn, one))));
      // All others die; a last one lives.
      world.outcomes.length = 0;
      const last = new Life(world, "life-last", { steps: Infinity, turn: async () => undefined });
      for (let i = 0; i < 4; i++) {
        await last.tick();
        world.clock.advance(120_000);
      }
      expect(world.violations).toEqual([]);
      for (const id of IDS)
        expectSettled(await world.store.read(`proposal/${id}`), world.effects.includes(id));
    }),
    { numRuns: 2_000 },
  );
});

test("a rightful approval in a quiet world is carried out", async () => {
  const world = new World([]);
  const stream: StreamName = "proposal/p-0";
  const over = { action: actionOf("p-0"), preconditions: preconditionsOf("p-0") };
  await record(world.store, "p-0", [made({ id: "p-0", ...over }), rightful("p-0")], NOW_MS);
  await new Life(world, "life", { steps: Infinity, turn: async () => undefined }).tick();
  expect(world.effects).toEqual(["p-0"]);
  expect((await world.store.read(stream)).at(-1)?.type).toBe("action-done");
});
