import { assertNever } from "../assert.ts";
import type { Clock } from "../clock.ts";
import { errorText, isOperationError } from "../errors.ts";
import { actionTitle } from "../incident/action.ts";
import type { ProposalEvent } from "../incident/events.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Store, StreamName } from "../store/store.ts";
import { driftOf, type Facts, factsBefore, isReached } from "./facts.ts";
import type { RecordedProposal, RecordedStart } from "./recorded-proposal.ts";
import { ageRefusal, endOf, type Refusal, type Standing, standingOf } from "./standing.ts";
import type { Target } from "./target.ts";

/** Looks before an action; then it is not done. */
const LOOKS_BEFORE_MAX = 3;
const LOOK_PAUSE_MS = 1_000;
const LOOK_PAUSE_MAX_MS = 8_000;
/** Appends of one end, should others write to the stream at the same time. */
const END_ATTEMPTS_MAX = 5;
/** A start by another executor without an end is settled by this one when it is older than any execution takes. */
export const ABANDONED_AFTER_MS = 240_000;

export interface ExecutionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly target: Target;
  /** Of this process, unlike that of any other. */
  readonly id: string;
  readonly approvers: readonly string[];
  /** How long an effect that nobody confirmed is looked for. */
  readonly settleMs: number;
}

/** `later`: another executor has it. */
export type Dealt = "over" | "later";

type End = Extract<
  ProposalEvent,
  { type: "action-done" } | { type: "action-failed" } | { type: "action-unknown" }
>;

interface Claim {
  readonly stream: StreamName;
  readonly proposal: RecordedProposal;
  readonly start: RecordedStart;
  /** Of the stream, with the claim as its last event. */
  readonly version: number;
}

/**
 * Carries out one approved proposal, at most once. The claim is durable before the effect; the end is recorded after
 * it; what lies between, after a crash, is settled by looking at the target and never by doing it again.
 */
export class Execution {
  readonly #deps: ExecutionDeps;

  constructor(deps: ExecutionDeps) {
    this.#deps = deps;
  }

  /** `bootPosition`: what was started up to there was started by a process that no longer lives, or by another. */
  async deal(stream: StreamName, bootPosition: number): Promise<Dealt> {
    const { store, clock, target, approvers } = this.#deps;
    const events = await store.read(stream);
    const rules = { approvers, actions: target.actions };
    const standing = standingOf(events, rules, clock.nowMs());
    switch (standing.type) {
      case "nothing":
        return "over";
      case "refuse":
        return this.#refuse(stream, events.length, standing.refusal);
      case "run":
        return this.#run(stream, standing);
      case "started":
        return this.#isLeftOver(standing, bootPosition)
          ? this.#takeOver(stream, standing)
          : "later";
    }
    assertNever(standing);
  }

  #isLeftOver({ start, event }: Extract<Standing, { type: "started" }>, boot: number): boolean {
    if (event.position <= boot || start?.executor === this.#deps.id) return true;
    return this.#deps.clock.nowMs() - event.atMs > ABANDONED_AFTER_MS;
  }

  async #refuse(stream: StreamName, version: number, refusal: Refusal): Promise<Dealt> {
    const { log, meter } = this.#deps;
    meter.add("orrery_executor_refusals_total", 1, { code: refusal.code });
    log.warn("executor_refused", { stream, code: refusal.code });
    const isFirst = await this.#append(stream, version, { type: "action-failed", ...refusal });
    return isFirst ? "over" : "later";
  }

  async #run(
    stream: StreamName,
    { proposal, approvedMs }: Extract<Standing, { type: "run" }>,
  ): Promise<Dealt> {
    const { clock, log, target, id } = this.#deps;
    const seen = await this.#factsBefore(proposal);
    if ("code" in seen) return this.#refuse(stream, 2, seen);
    const start: RecordedStart = {
      executor: id,
      before: factsBefore(proposal.action, seen.facts),
    };
    const isOurs = await this.#append(stream, 2, { type: "action-started", ...start });
    if (!isOurs) return "later";
    const claim: Claim = { stream, proposal, start, version: 3 };
    // Looking and claiming take their time, and a stopped process may wake up much later.
    const late = ageRefusal(approvedMs, clock.nowMs());
    if (late !== undefined) return this.#end(claim, { type: "action-failed", ...late });
    log.info("executor_acts", { stream, action: actionTitle(proposal.action) });
    const execution = await target.execute(proposal.action, proposal.id);
    switch (execution.type) {
      case "done":
        return this.#end(claim, this.#done(execution.detail));
      case "refused":
        return this.#end(claim, {
          type: "action-failed",
          code: execution.code,
          detail: execution.detail,
        });
      case "unclear":
        return this.#settle(claim, execution.detail);
    }
    assertNever(execution);
  }

  /** The facts of now if the preconditions hold in them. */
  async #factsBefore({
    preconditions,
  }: RecordedProposal): Promise<{ readonly facts: Facts } | Refusal> {
    let facts: Facts | Refusal = await this.#look();
    for (let look = 1; look < LOOKS_BEFORE_MAX && "code" in facts; look++) {
      // biome-ignore lint/performance/noAwaitInLoops: one look after another
      await this.#deps.clock.sleep(LOOK_PAUSE_MS);
      facts = await this.#look();
    }
    if ("code" in facts) return { ...facts, detail: `${facts.detail} Nothing was done.` };
    const drift = driftOf(preconditions, facts);
    if (drift.length === 0) return { facts };
    const words = drift.map(({ key, wanted, found }) => `${key} is ${found} and was ${wanted}`);
    return {
      code: "preconditions_drifted",
      detail: `The system has changed since: ${words.join("; ")}. Nothing was done.`,
    };
  }

  async #look(): Promise<Facts | Refusal> {
    try {
      return await this.#deps.target.look();
    } catch (error) {
      if (!isOperationError(error)) throw error;
      this.#deps.log.warn("executor_look_failed", { error: errorText(error) });
      return { code: error.code, detail: error.message };
    }
  }

  async #takeOver(
    stream: StreamName,
    { proposal, start, version }: Extract<Standing, { type: "started" }>,
  ): Promise<Dealt> {
    this.#deps.meter.add("orrery_executor_taken_over_total");
    this.#deps.log.warn("executor_settles", { stream, startedBy: start?.executor });
    if (proposal !== undefined && start !== undefined)
      return this.#settle(
        { stream, proposal, start, version },
        "The executor stopped before it had an answer.",
      );
    const detail = "The record of this action cannot be read: see by hand whether it took effect.";
    const isFirst = await this.#append(stream, version, { type: "action-unknown", detail });
    return isFirst ? "over" : "later";
  }

  /** Nobody knows whether it took effect. Looks for the state that it wants, and never does it again. */
  async #settle(claim: Claim, reason: string): Promise<Dealt> {
    const { clock, settleMs } = this.#deps;
    const { action } = claim.proposal;
    const untilMs = clock.nowMs() + settleMs;
    for (let pauseMs = LOOK_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_PAUSE_MAX_MS)) {
      // biome-ignore lint/performance/noAwaitInLoops: one look after another
      const facts = await this.#look();
      if (!("code" in facts) && isReached(action, claim.start.before, facts))
        return this.#end(claim, this.#done(`${reason} A look shows that it took effect.`));
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0)
        return this.#end(claim, { type: "action-unknown", detail: unknownText(reason, facts) });
      await clock.sleep(Math.min(pauseMs, leftMs));
    }
  }

  #done(detail: string): End {
    return { type: "action-done", detail, finishedMs: this.#deps.clock.nowMs() };
  }

  /** Records the end. Another executor may have settled it meanwhile: then ours only adds what it did not know. */
  async #end(claim: Claim, end: End): Promise<Dealt> {
    const { store, log, meter } = this.#deps;
    const { stream } = claim;
    meter.add("orrery_executor_ends_total", 1, { type: end.type });
    log.info("executor_ended", { stream, type: end.type });
    let { version } = claim;
    for (let tried = 0; tried < END_ATTEMPTS_MAX; tried++) {
      // biome-ignore lint/performance/noAwaitInLoops: each attempt builds on what the one before met
      if (await this.#append(stream, version, end)) return "over";
      const events = await store.read(stream);
      const known = endOf(events)?.type;
      const isNews = known === undefined || (known === "action-unknown" && end.type !== known);
      if (!isNews) return "over";
      version = events.length;
    }
    return "later";
  }

  /** `false`: somebody else was first, and nothing was recorded. */
  async #append(stream: StreamName, version: number, event: ProposalEvent): Promise<boolean> {
    const { store, clock } = this.#deps;
    const atMs = clock.nowMs();
    try {
      await store.append(stream, version, [{ type: event.type, atMs, body: event }]);
      return true;
    } catch (error) {
      if (!isOperationError(error, "version_conflict")) throw error;
      return false;
    }
  }
}

function unknownText(reason: string, looked: Facts | Refusal): string {
  const found =
    "code" in looked
      ? `It could not be looked at either: ${looked.detail}`
      : "A look does not show what it should have changed.";
  return `${reason} ${found} It is not tried again: see by hand what is so.`;
}
