import { canonicalJson } from "../../incident/action.ts";
import type { Look, TranscriptTurn } from "./transcript.ts";

export interface PlannedCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What to do next: look, or write. */
export type Move =
  | { readonly type: "look"; readonly calls: readonly PlannedCall[] }
  | { readonly type: "write"; readonly text: string };

/** What a plan of moves goes by. */
export interface Situation {
  /** Oldest first; the last one is being answered. */
  readonly turns: readonly TranscriptTurn[];
  readonly turn: TranscriptTurn;
  hasTool(name: string): boolean;
  /** There is no more looking: write from what is there. */
  readonly mustWrite: boolean;
}

export function lookFor(turn: TranscriptTurn, { tool, input }: PlannedCall): Look | undefined {
  const wanted = canonicalJson(input);
  return turn.looks.findLast((look) => look.tool === tool && canonicalJson(look.input) === wanted);
}

/** The first stage that still has something to look at; else the text. So a plan goes on from wherever it stopped. */
export function firstMove(
  situation: Situation,
  stages: readonly (() => readonly PlannedCall[])[],
  write: () => string,
): Move {
  if (!situation.mustWrite) {
    for (const stage of stages) {
      const calls = stage().filter(
        (call) => situation.hasTool(call.tool) && lookFor(situation.turn, call) === undefined,
      );
      if (calls.length > 0) return { type: "look", calls };
    }
  }
  return { type: "write", text: write() };
}
