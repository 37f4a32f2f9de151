import type { ToolContext } from "../../tools/define-tool.ts";
import type { Registry } from "../../tools/registry.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store/store.ts";
import type { Budget } from "./budget.ts";
import type { ClaudeSettings } from "./claude.ts";
import type { Conversation } from "./events.ts";
import type { Prompts } from "./prompts.ts";

/** Who asks, and until when. */
interface TurnIdentity {
  readonly conversation: Conversation;
  /** The speaker of a question; "orrery" for the page's own investigation. */
  readonly speaker: string;
  readonly signal: AbortSignal;
}

/** All that the loop needs from outside; `main.ts` puts it together. */
export interface InvestigatorDeps {
  readonly registry: Registry;
  /**
   * What the tools of one turn see: the view is fixed here, and stays. A plain object: the loop adds the identity of each
   * call, the evidence of the conversation and the claims checker. Errors: OperationError ends the turn with its message.
   */
  contextFor(turn: TurnIdentity): ToolContext | Promise<ToolContext>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly prompts: Prompts;
  /** Absent: the offline investigator answers. */
  readonly claude?: ClaudeSettings;
  readonly budget?: Partial<Budget>;
}
