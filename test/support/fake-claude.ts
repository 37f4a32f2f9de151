import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface FakeCall {
  readonly name: string;
  readonly input?: unknown;
  /** Sent instead of `input`, however broken. */
  readonly json?: string;
  readonly id?: string;
}

/** What the model at the other end says, or how the line fails. */
export interface FakeReply {
  readonly thinking?: string;
  readonly text?: string;
  readonly calls?: readonly FakeCall[];
  readonly stopReason?: string;
  /** An error instead of a reply. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection breaks after so many events. */
  readonly cutAfter?: number;
  /** The stream closes in good order after so many events, without its end. */
  readonly closeAfter?: number;
  /** An `error` event after so many events. */
  readonly failAfter?: number;
  /** Nothing more comes after so many events. */
  readonly hangAfter?: number;
}

interface FakeBlock {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly thinking?: string;
}

interface FakeMessage {
  readonly role: string;
  readonly content: string | readonly FakeBlock[];
}

export interface FakeRequest {
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly model: string;
    readonly max_tokens: number;
    readonly stream?: boolean;
    readonly system?: string;
    readonly messages: readonly FakeMessage[];
    readonly tools?: readonly { readonly name: string }[];
    readonly tool_choice?: { readonly type: string };
    readonly cache_control?: unknown;
    readonly thinking?: unknown;
  };
}

export interface FakeClaude {
  readonly url: string;
  readonly requests: FakeRequest[];
  close(): Promise<void>;
}

export type Script = (request: FakeRequest, number: number) => FakeReply | Promise<FakeReply>;

const DELTA_CHARS = 7;
const blocksOf = ({ content }: FakeMessage): readonly FakeBlock[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : content;

/** Results of the newest tool calls, as text. */
export function toolResults({ body }: FakeRequest): readonly string[] {
  const last = body.messages.at(-1);
  return (last === undefined ? [] : blocksOf(last))
    .filter((block) => block.type === "tool_result")
    .map((block) =>
      typeof block.content === "string" ? block.content : JSON.stringify(block.content),
    );
}

/** The whole request as the model reads it. */
export function requestText({ body }: FakeRequest): string {
  return JSON.stringify(body);
}

/** What the real API refuses in a conversation; undefined: it is in order. */
function fault({ headers, body }: FakeRequest): string | undefined {
  if (headers["anthropic-version"] === undefined) return "anthropic-version: header is required";
  if (!Array.isArray(body.messages) || body.messages.length === 0) return "messages: empty";
  if (!(body.max_tokens > 0)) return "max_tokens: Field required";
  const ids = new Set<string>();
  for (const [index, message] of body.messages.entries()) {
    const blocks = blocksOf(message);
    if (blocks.length === 0) return `messages.${index}: content is empty`;
    if (blocks.some((block) => block.type === "text" && (block.text ?? "").trim() === ""))
      return `messages.${index}: text content blocks must contain non-whitespace text`;
    const problem = toolFault(body.messages, index, ids);
    if (problem !== undefined) return `messages.${index}: ${problem}`;
  }
  return undefined;
}

function toolFault(
  messages: readonly FakeMessage[],
  index: number,
  ids: Set<string>,
): string | undefined {
  const blocks = blocksOf(messages[index] ?? { role: "user", content: [] });
  const before = index === 0 ? [] : blocksOf(messages[index - 1] ?? { role: "user", content: [] });
  const asked = before.flatMap((block) => (block.type === "tool_use" ? [block.id ?? ""] : []));
  const given = blocks.flatMap((block) =>
    block.type === "tool_result" ? [block.tool_use_id ?? ""] : [],
  );
  const missing = asked.filter((id) => !given.includes(id));
  if (missing.length > 0) return `tool_use without tool_result right after: ${missing.join(", ")}`;
  const lost = given.filter((id) => !asked.includes(id));
  if (lost.length > 0) return `tool_result without tool_use right before: ${lost.join(", ")}`;
  for (const block of blocks) {
    if (block.type !== "tool_use") continue;
    if (ids.has(block.id ?? "")) return `tool_use ids must be unique: ${block.id}`;
    ids.add(block.id ?? "");
  }
  return undefined;
}

interface Event {
  readonly type: string;
  readonly [key: string]: unknown;
}

const cut = (text: string): readonly string[] =>
  text.match(new RegExp(`[^]{1,${DELTA_CHARS}}`, "gu")) ?? [];

function blockEvents(index: number, start: object, deltas: readonly object[]): readonly Event[] {
  return [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

function contentEvents(reply: FakeReply, number: number): readonly Event[] {
  const blocks: (readonly [object, readonly object[]])[] = [];
  if (reply.thinking !== undefined)
    blocks.push([
      { type: "thinking", thinking: "", signature: "" },
      [
        ...cut(reply.thinking).map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: `signed-${number}` },
      ],
    ]);
  if (reply.text !== undefined)
    blocks.push([
      { type: "text", text: "" },
      cut(reply.text).map((text) => ({ type: "text_delta", text })),
    ]);
  for (const [index, call] of (reply.calls ?? []).entries()) {
    const json = call.json ?? JSON.stringify(call.input ?? {});
    const id = call.id ?? `toolu_${number}_${index}`;
    blocks.push([
      { type: "tool_use", id, name: call.name, input: {} },
      ["", ...cut(json)].map((partial_json) => ({ type: "input_json_delta", partial_json })),
    ]);
  }
  return blocks.flatMap(([start, deltas], index) => blockEvents(index, start, deltas));
}

function replyEvents(reply: FakeReply, request: FakeRequest, number: number): readonly Event[] {
  const input_tokens = Math.ceil(requestText(request).length / 4);
  const stop_reason =
    reply.stopReason ?? ((reply.calls ?? []).length > 0 ? "tool_use" : "end_turn");
  const message = {
    id: `msg_${number}`,
    type: "message",
    role: "assistant",
    model: request.body.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens, output_tokens: 1 },
  };
  return [
    { type: "message_start", message },
    { type: "ping" },
    ...contentEvents(reply, number),
    {
      type: "message_delta",
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: Math.ceil((reply.text ?? "").length / 4) + 20 },
    },
    { type: "message_stop" },
  ];
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function sendError(
  response: ServerResponse,
  status: number,
  { message, headers }: { readonly message: string; readonly headers?: FakeReply["headers"] },
): void {
  const error = { type: ERROR_TYPES[status] ?? "api_error", message };
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ type: "error", error }));
}

async function sendEvents(
  response: ServerResponse,
  reply: FakeReply,
  events: readonly Event[],
): Promise<void> {
  const { cutAfter, closeAfter, failAfter, hangAfter } = reply;
  const end = cutAfter ?? closeAfter ?? failAfter ?? hangAfter ?? events.length;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const send = (event: Event): void => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  for (const event of events.slice(0, end)) send(event);
  // What was sent has to reach the reader before the line breaks.
  await new Promise((resolve) => setTimeout(resolve, 15));
  if (cutAfter !== undefined) response.destroy();
  else if (failAfter !== undefined) {
    send({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } });
    response.end();
  } else if (hangAfter === undefined) response.end();
}

async function bodyOf(request: IncomingMessage): Promise<FakeRequest["body"]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}") as FakeRequest["body"];
}

/**
 * A Messages API over HTTP: server-sent events in small deltas, its rules about tool results, and every way in which it
 * fails. `script` is the mind at the other end.
 */
export async function startFakeClaude(script: Script): Promise<FakeClaude> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request: FakeRequest = { headers: incoming.headers, body: await bodyOf(incoming) };
    if (incoming.url?.startsWith("/v1/messages/count_tokens") === true) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ input_tokens: 3 }));
      return;
    }
    requests.push(request);
    const problem = fault(request);
    if (problem !== undefined) return sendError(response, 400, { message: problem });
    const reply = await script(request, requests.length);
    const { status, headers } = reply;
    if (status !== undefined)
      return sendError(response, status, {
        message: "as scripted",
        ...(headers === undefined ? {} : { headers }),
      });
    await sendEvents(response, reply, replyEvents(reply, request, requests.length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
