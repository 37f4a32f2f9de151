import { formatQuantity } from "../model/quantity.ts";

/** What one turn may spend. */
export interface Budget {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly wallMs: number;
  /** Cached ones included. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export const BUDGET: Budget = {
  modelCalls: 14,
  toolCalls: 32,
  wallMs: 4 * 60_000,
  inputTokens: 600_000,
  outputTokens: 40_000,
};

/** At this share of its time a turn is asked for its findings, so that there is time to write them. */
const CLOSING_SHARE = 0.75;

/** What a turn has spent. Only grows. */
export class Spending {
  readonly #budget: Budget;
  readonly #startedMs: number;
  modelCalls = 0;
  toolCalls = 0;
  inputTokens = 0;
  outputTokens = 0;
  claimsDropped = 0;

  constructor(budget: Budget, startedMs: number) {
    this.#budget = budget;
    this.#startedMs = startedMs;
  }

  get wallMs(): number {
    return this.#budget.wallMs;
  }

  durationMs(nowMs: number): number {
    return nowMs - this.#startedMs;
  }

  /** The budget that is spent, in words; undefined: the model may be asked once more. */
  spent(nowMs: number): string | undefined {
    const budget = this.#budget;
    if (this.durationMs(nowMs) >= budget.wallMs)
      return `its time of ${formatQuantity({ value: budget.wallMs, unit: "ms" })} is over`;
    if (this.modelCalls >= budget.modelCalls)
      return `its ${budget.modelCalls} calls of the model are spent`;
    if (this.inputTokens >= budget.inputTokens || this.outputTokens >= budget.outputTokens)
      return "its tokens are spent";
    return undefined;
  }

  /** The budget that comes to its end, in words: this is the call to write the findings with. */
  closing(nowMs: number): string | undefined {
    const budget = this.#budget;
    if (this.toolCalls >= budget.toolCalls) return `its ${budget.toolCalls} tool calls are spent`;
    if (this.modelCalls === budget.modelCalls - 1 && budget.modelCalls > 1)
      return `its ${budget.modelCalls} calls of the model are spent`;
    if (this.durationMs(nowMs) >= budget.wallMs * CLOSING_SHARE)
      return `its time of ${formatQuantity({ value: budget.wallMs, unit: "ms" })} is nearly over`;
    if (
      this.inputTokens >= budget.inputTokens * CLOSING_SHARE ||
      this.outputTokens >= budget.outputTokens * CLOSING_SHARE
    )
      return "its tokens are nearly spent";
    return undefined;
  }

  mayCallTool(): boolean {
    return this.toolCalls < this.#budget.toolCalls;
  }
}
