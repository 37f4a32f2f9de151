import { checkBlocks, LIMITS } from "./block-rules.ts";
import type { Json, LocalMessage } from "./contract.ts";
import { asObject, asObjects, asString } from "./json.ts";
import { type Draft, SlackError, type Workspace } from "./workspace.ts";

interface Task {
  readonly id: string;
  title: string;
  status: string;
  details?: string;
  output?: string;
  sources?: readonly Json[];
}

type Part =
  | { readonly type: "markdown"; text: string }
  | { readonly type: "task"; readonly id: string }
  | { readonly type: "blocks"; readonly blocks: readonly Json[] };

interface Stream {
  readonly channel: string;
  readonly ts: string;
  readonly asPlan: boolean;
  readonly tasks: Map<string, Task>;
  readonly parts: Part[];
  planTitle: string;
  touchedMs: number;
}

const DEFAULT_PLAN_TITLE = "Working on it";

function richText(text: string): Json {
  return {
    type: "rich_text",
    elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
  };
}

function taskCard(task: Task): Json {
  return {
    type: "task_card",
    task_id: task.id,
    title: task.title,
    status: task.status,
    ...(task.details === undefined ? {} : { details: richText(task.details) }),
    ...(task.output === undefined ? {} : { output: richText(task.output) }),
    ...(task.sources === undefined ? {} : { sources: task.sources }),
  };
}

/** What a stream shows so far, as the blocks that Slack would keep. */
function blocksOf(stream: Stream): Json[] {
  const cards = [...stream.tasks.values()].map(taskCard);
  const plan: Json[] =
    stream.asPlan && (cards.length > 0 || stream.planTitle !== DEFAULT_PLAN_TITLE)
      ? [{ type: "plan", title: stream.planTitle, tasks: cards }]
      : [];
  return [...plan, ...stream.parts.flatMap((part) => blocksOfPart(stream, part))];
}

function blocksOfPart(stream: Stream, part: Part): readonly Json[] {
  if (part.type === "blocks") return part.blocks;
  if (part.type === "markdown") return [{ type: "markdown", text: part.text }];
  const task = stream.tasks.get(part.id);
  return stream.asPlan || task === undefined ? [] : [taskCard(task)];
}

function textOf(stream: Stream): string {
  return stream.parts.map((part) => (part.type === "markdown" ? part.text : "")).join("");
}

/**
 * `chat.startStream`, `appendStream`, `stopStream`: a message that grows until it is stopped, or was silent for so long
 * that the server closes it; every later call then answers `message_not_in_streaming_state`.
 */
export class Streams {
  readonly #open = new Map<string, Stream>();
  readonly #workspace: Workspace;
  readonly #idleMs: number;

  constructor(workspace: Workspace, idleMs: number) {
    this.#workspace = workspace;
    this.#idleMs = idleMs;
  }

  start(draft: Draft, args: Json): LocalMessage {
    const fed = this.#checked(args);
    const message = this.#workspace.post({ ...draft, streaming: true });
    const stream: Stream = {
      channel: message.channel,
      ts: message.ts,
      asPlan: args.task_display_mode === "plan",
      tasks: new Map(),
      parts: [],
      planTitle: DEFAULT_PLAN_TITLE,
      touchedMs: this.#workspace.clock.nowMs(),
    };
    this.#open.set(key(message.channel, message.ts), stream);
    this.#feed(stream, fed);
    return this.#show(stream, message);
  }

  append(channel: string, args: Json): LocalMessage {
    const [stream, message] = this.#get(channel, asString(args.ts));
    const fed = this.#checked(args);
    if (fed.length === 0) throw new SlackError("no_text");
    this.#feed(stream, fed);
    stream.touchedMs = this.#workspace.clock.nowMs();
    return this.#show(stream, message);
  }

  stop(channel: string, args: Json): LocalMessage {
    const [stream, message] = this.#get(channel, asString(args.ts));
    this.#feed(stream, this.#checked(args));
    const blocks = asObjects(args.blocks);
    this.#open.delete(key(stream.channel, stream.ts));
    const metadata = args.metadata;
    const { streaming: _streaming, ...rest } = message;
    return this.#workspace.replace({
      ...rest,
      text: textOf(stream),
      blocks: [...blocksOf(stream), ...blocks],
      ...(metadata === undefined ? {} : { metadata: asObject(metadata) }),
    });
  }

  isOpen(channel: string, ts: string): boolean {
    return this.#open.has(key(channel, ts));
  }

  /** Closes streams that were silent for too long, or all of them. */
  expire(all: boolean): void {
    const beforeMs = this.#workspace.clock.nowMs() - this.#idleMs;
    for (const [id, stream] of this.#open) {
      if (!all && stream.touchedMs > beforeMs) continue;
      this.#open.delete(id);
      const message = this.#workspace.find(stream.channel, stream.ts);
      if (message === undefined) continue;
      const { streaming: _streaming, ...rest } = message;
      this.#workspace.replace(rest);
    }
  }

  #get(channel: string, ts: string | undefined): readonly [Stream, LocalMessage] {
    const message = this.#workspace.find(channel, ts);
    if (message === undefined) throw new SlackError("message_not_found");
    if (message.bot_id === undefined) throw new SlackError("message_not_owned_by_app");
    this.expire(false);
    const stream = this.#open.get(key(channel, message.ts));
    if (stream === undefined) throw new SlackError("message_not_in_streaming_state");
    return [stream, message];
  }

  /** The chunks of one call, checked before any of them is shown. */
  #checked(args: Json): readonly Json[] {
    const text = asString(args.markdown_text);
    const chunks: Json[] = [...asObjects(args.chunks)];
    if (text !== undefined && text !== "") chunks.unshift({ type: "markdown_text", text });
    const length = chunks.reduce(
      (sum, chunk) =>
        sum + (chunk.type === "markdown_text" ? (asString(chunk.text) ?? "").length : 0),
      0,
    );
    if (length > LIMITS.markdownTotal) throw new SlackError("msg_too_long");
    for (const chunk of chunks) {
      const problems = chunk.type === "blocks" ? checkBlocks(chunk.blocks) : [];
      if (problems.length > 0) throw new SlackError("invalid_blocks", problems);
      if (!CHUNKS.has(asString(chunk.type) ?? "")) throw new SlackError("invalid_chunks");
    }
    return chunks;
  }

  #feed(stream: Stream, chunks: readonly Json[]): void {
    for (const chunk of chunks) {
      const type = chunk.type;
      if (type === "markdown_text") addText(stream, asString(chunk.text) ?? "");
      else if (type === "task_update") addTask(stream, chunk);
      else if (type === "plan_update") stream.planTitle = asString(chunk.title) ?? stream.planTitle;
      else stream.parts.push({ type: "blocks", blocks: asObjects(chunk.blocks) });
    }
  }

  #show(stream: Stream, message: LocalMessage): LocalMessage {
    const current = this.#workspace.find(message.channel, message.ts) ?? message;
    return this.#workspace.replace({
      ...current,
      text: textOf(stream),
      blocks: blocksOf(stream),
    });
  }
}

const CHUNKS = new Set(["markdown_text", "task_update", "plan_update", "blocks"]);

function key(channel: string, ts: string): string {
  return `${channel}/${ts}`;
}

function addText(stream: Stream, text: string): void {
  const last = stream.parts.at(-1);
  if (last?.type === "markdown") last.text += text;
  else stream.parts.push({ type: "markdown", text });
}

/** A task with a known id is updated in place; `details` and `output` add to what is there, as at Slack. */
function addTask(stream: Stream, chunk: Json): void {
  const id = asString(chunk.id) ?? "";
  const known = stream.tasks.get(id);
  const task: Task = known ?? { id, title: "", status: "pending" };
  task.title = asString(chunk.title) ?? task.title;
  task.status = asString(chunk.status) ?? task.status;
  const details = asString(chunk.details);
  const output = asString(chunk.output);
  if (details !== undefined) task.details = `${task.details ?? ""}${details}`;
  if (output !== undefined) task.output = `${task.output ?? ""}${output}`;
  if (chunk.sources !== undefined) task.sources = asObjects(chunk.sources);
  if (known !== undefined) return;
  stream.tasks.set(id, task);
  stream.parts.push({ type: "task", id });
}
