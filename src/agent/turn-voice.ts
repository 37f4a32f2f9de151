import type { TurnRecord } from "./conversation.ts";
import type { RecordedCall, Said, ToolAnswered } from "./conversation-events.ts";
import type { AgentEvent } from "./events.ts";

/** What a turn says to its reader: messages apart from each other, and all of it again after a reset. */
export class TurnVoice {
  readonly #emit: (event: AgentEvent) => void;
  #hasText = false;
  #isNewMessage = false;

  constructor(emit: (event: AgentEvent) => void) {
    this.#emit = emit;
  }

  /** What comes next stands for itself. */
  beginMessage(): void {
    this.#isNewMessage = this.#hasText;
  }

  text(text: string): void {
    if (text === "") return;
    if (this.#isNewMessage && text.trim() === "") return;
    const delta = this.#isNewMessage ? `\n\n${text.trimStart()}` : text;
    this.#isNewMessage = false;
    this.#hasText = true;
    this.#emit({ type: "text-delta", text: delta });
  }

  call(call: RecordedCall, title: string): void {
    this.#emit({ type: "tool-call", callId: call.id, tool: call.tool, title });
  }

  answer({ callId, tool, reply, summary, evidence, proposalId }: ToolAnswered): void {
    this.#emit({ type: "tool-result", callId, tool, ok: reply.ok, summary, evidence });
    if (proposalId !== undefined) this.#emit({ type: "proposal", proposalId });
  }

  /** Takes everything back, and says again what stands. */
  reset(reason: string, turn: TurnRecord): void {
    this.#emit({ type: "text-reset", reason });
    this.#hasText = false;
    this.#isNewMessage = false;
    this.replay(turn);
  }

  replay(turn: TurnRecord): void {
    for (const step of turn.steps) {
      this.beginMessage();
      if (step.type === "line") this.text(step.shown);
      else {
        this.text(step.said.shown);
        this.#replayCalls(step.said, step.answers);
      }
    }
  }

  #replayCalls({ calls }: Said, answers: ReadonlyMap<string, ToolAnswered>): void {
    for (const call of calls) {
      const answer = answers.get(call.id);
      if (answer === undefined) continue;
      this.call(call, answer.title);
      this.answer(answer);
    }
  }
}
