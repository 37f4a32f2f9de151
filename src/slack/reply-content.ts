import type { KnownBlock } from "@slack/types";
import { MARKDOWN_CHARS_MAX } from "./blocks/limits.ts";
import { context, type Message } from "./blocks/text.ts";
import { createEgressStream, type EgressStream, egressText } from "./egress.ts";

type TaskStatus = "pending" | "in_progress" | "complete" | "error";

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly status: TaskStatus;
  /** One line, when it is over. */
  readonly output?: string;
}

export type Chunk =
  | { readonly type: "markdown_text"; readonly text: string }
  | ({ readonly type: "task_update" } & Task)
  /** The head over the tasks. */
  | { readonly type: "plan_update"; readonly title: string };

/** The text of one reply; Slack takes 12,000 in one message, and the footer needs some. */
const REPLY_CHARS_MAX = MARKDOWN_CHARS_MAX - 500;
/** Tool calls that are shown one by one. */
const TASKS_MAX = 45;
const TASK_TITLE_CHARS_MAX = 200;
const TASK_OUTPUT_CHARS_MAX = 500;
const REPLY_CUT_MARK = "\n\n_… the rest is cut: the answer is longer than one message can be._";

const oneLine = (text: string, charsMax: number): string =>
  egressText(text).replace(/\s+/g, " ").trim().slice(0, charsMax);

/**
 * What a reply says so far. Everything from a model or a tool passes the egress filter on its way in, so that whatever
 * is shown, as a stream or as an edit, is safe.
 */
export class ReplyContent {
  readonly #tasks = new Map<string, Task>();
  #text = "";
  #egress: EgressStream = createEgressStream();
  #isCut = false;

  /** Model text; returns what may be shown now. */
  addText(delta: string): readonly Chunk[] {
    return this.#admit(this.#egress.push(delta));
  }

  /** Lets out what the filter still holds. */
  endText(): readonly Chunk[] {
    return this.#admit(this.#egress.end());
  }

  setTask(task: Task): readonly Chunk[] {
    const old = this.#tasks.get(task.id);
    if (old === undefined && this.#tasks.size >= TASKS_MAX) return [];
    const next: Task = {
      id: task.id,
      title: oneLine(task.title, TASK_TITLE_CHARS_MAX),
      status: task.status,
      ...(task.output === undefined ? {} : { output: oneLine(task.output, TASK_OUTPUT_CHARS_MAX) }),
    };
    const head: readonly Chunk[] =
      this.#tasks.size > 0 ? [] : [{ type: "plan_update", title: UNDER_WAY }];
    this.#tasks.set(task.id, next);
    return [...head, { type: "task_update", ...next }];
  }

  endTask(id: string, status: "complete" | "error", output?: string): readonly Chunk[] {
    const task = this.#tasks.get(id);
    return task === undefined
      ? []
      : this.setTask({ ...task, status, ...(output === undefined ? {} : { output }) });
  }

  /** The task that is under way, if any: a heartbeat shows it again. */
  runningTask(): Task | undefined {
    return [...this.#tasks.values()].findLast((task) => task.status === "in_progress");
  }

  /** Open tasks end with the turn. */
  endTasks(status: "complete" | "error"): readonly Chunk[] {
    const open = [...this.#tasks.values()].filter((task) => !isOver(task));
    const ended = open.flatMap((task) => this.setTask({ ...task, status }));
    if (this.#tasks.size === 0) return ended;
    return [...ended, { type: "plan_update", title: planTitle([...this.#tasks.values()]) }];
  }

  /** What was said so far is void. */
  reset(): void {
    this.#text = "";
    this.#isCut = false;
    this.#egress = createEgressStream();
    this.#tasks.clear();
  }

  get text(): string {
    return this.#text;
  }

  get isEmpty(): boolean {
    return this.#text.trim() === "" && this.#tasks.size === 0;
  }

  /** The whole reply as one message, for edits. */
  message(notes: readonly string[], footer: readonly KnownBlock[]): Message {
    const tasks = [...this.#tasks.values()];
    const blocks: KnownBlock[] = [];
    if (notes.length > 0) blocks.push(context(...notes));
    if (tasks.length > 0) blocks.push(planBlock(tasks));
    if (this.#text.trim() !== "") blocks.push({ type: "markdown", text: this.#text });
    blocks.push(...footer);
    if (blocks.length === 0) blocks.push(context("working on it"));
    return { text: plainLine(this.#text), blocks };
  }

  #admit(safeText: string): readonly Chunk[] {
    if (safeText === "" || this.#isCut) return [];
    const room = REPLY_CHARS_MAX - this.#text.length;
    this.#isCut = safeText.length > room;
    const shown = this.#isCut
      ? `${safeText.slice(0, room).toWellFormed()}${REPLY_CUT_MARK}`
      : safeText;
    this.#text += shown;
    return [{ type: "markdown_text", text: shown }];
  }
}

function richText(text: string): Extract<KnownBlock, { type: "rich_text" }> {
  return {
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
  };
}

const UNDER_WAY = "Investigating";

const isOver = ({ status }: Task): boolean => status === "complete" || status === "error";

/** What the tasks come to: under way, or how many looks it took. */
function planTitle(tasks: readonly Task[]): string {
  if (!tasks.every(isOver)) return UNDER_WAY;
  return tasks.length === 1 ? "Looked once" : `Looked at ${tasks.length} things`;
}

function planBlock(tasks: readonly Task[]): KnownBlock {
  return {
    type: "plan",
    title: planTitle(tasks),
    tasks: tasks.map((task) => ({
      type: "task_card",
      task_id: task.id,
      title: task.title === "" ? "tool" : task.title,
      status: task.status,
      ...(task.output === undefined || task.output === "" ? {} : { output: richText(task.output) }),
    })),
  };
}

/** Notifications show the first line; escaped, since this field is read as mrkdwn. */
function plainLine(text: string): string {
  const line = text.trim().split("\n")[0]?.slice(0, 200) ?? "";
  const escaped = line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped === "" ? "Working on it" : escaped;
}
