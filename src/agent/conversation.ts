import { assert, must } from "../assert.ts";
import type { ConversationEvent, Said, ToolAnswered, TurnEnded } from "./conversation-events.ts";
import type { Evidence, TurnInput } from "./events.ts";

/** A message of the model with the answers to its tool calls so far, or a line of code's own. */
export type Step =
  | { readonly type: "said"; readonly said: Said; readonly answers: Map<string, ToolAnswered> }
  | { readonly type: "line"; readonly shown: string };

export interface TurnRecord {
  /** 1, 2, 3 … in its conversation. */
  readonly number: number;
  readonly input: TurnInput;
  readonly beganMs: number;
  readonly steps: Step[];
  /** Which model goes on after a failure. */
  llmChange?: string;
  end?: TurnEnded;
}

/** A conversation folded from its events. Only `apply` changes it. */
export class ConversationState {
  readonly turns: TurnRecord[] = [];
  readonly #evidence = new Map<string, Evidence>();
  readonly #callIds = new Set<string>();

  apply(event: ConversationEvent, atMs: number): void {
    switch (event.type) {
      case "turn-began":
        this.turns.push({
          number: this.turns.length + 1,
          input: event.input,
          beganMs: atMs,
          steps: [],
        });
        return;
      case "model-answered":
        for (const call of event.said.calls) this.#callIds.add(call.id);
        this.#turn().steps.push({ type: "said", said: event.said, answers: new Map() });
        return;
      case "tool-answered":
        this.#answer(this.#turn(), event.answer);
        return;
      case "llm-changed": {
        const turn = this.#turn();
        turn.llmChange = event.llm;
        turn.steps.push({ type: "line", shown: event.line });
        return;
      }
      case "turn-ended":
        this.#turn().end = event.end;
        return;
    }
  }

  #turn(): TurnRecord {
    return must(this.turns.at(-1), "a conversation begins with a turn");
  }

  #answer(turn: TurnRecord, answer: ToolAnswered): void {
    const step = turn.steps.findLast(
      (one) => one.type === "said" && one.said.calls.some((call) => call.id === answer.callId),
    );
    assert(step?.type === "said", "a tool answers a call of its own turn");
    step.answers.set(answer.callId, answer);
    for (const one of answer.evidence) this.#evidence.set(one.id, one);
  }

  evidence(id: string): Evidence | undefined {
    return this.#evidence.get(id);
  }

  get evidenceCount(): number {
    return this.#evidence.size;
  }

  hasCall(id: string): boolean {
    return this.#callIds.has(id);
  }
}

/** Whether the model has told the reader anything in this turn. */
export function hasSpoken(turn: TurnRecord): boolean {
  return turn.steps.some((step) => step.type === "said" && step.said.shown.trim() !== "");
}
