import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorText, isOperationError, OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";

/** Limits: bytes of one request, and answers kept by idempotency key. */
const BODY_MAX = 16_384;
const ANSWERS_MAX = 1_000;

interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Answers one request, or throws an OperationError. */
export type ControlHandler = (request: ControlRequest) => Promise<unknown>;

export interface ControlPort {
  readonly url: string;
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A loopback HTTP port behind a bearer token. A repeated `Idempotency-Key` gets the first answer; nothing is done twice. */
export async function openControlPort(options: {
  readonly token: string;
  readonly log: Log;
  readonly handle: ControlHandler;
}): Promise<ControlPort> {
  const answers = new Map<string, Promise<Answer>>();
  const server = createServer((request, response) => {
    answer(request, options, answers).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        options.log.error("control_port_failed", { error: errorText(error) });
        send(response, 500, { ok: false, code: "internal", message: "see the demo's log" });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return { url: urlOf(server), close: () => closeServer(server) };
}

async function answer(
  request: IncomingMessage,
  options: { readonly token: string; readonly handle: ControlHandler },
  answers: Map<string, Promise<Answer>>,
): Promise<Answer> {
  if (!isAllowed(request, options.token))
    return {
      status: 401,
      body: { ok: false, code: "unauthorized", message: "wrong bearer token" },
    };
  const text = await bodyOf(request);
  if (text === undefined)
    return { status: 413, body: { ok: false, code: "too_large", message: "body too large" } };
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const ask: () => Promise<Answer> = () =>
    perform(options.handle, request.method ?? "GET", path, text);
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || request.method !== "POST") return ask();
  const known = answers.get(`${path} ${key}`);
  if (known !== undefined) return known;
  const first = ask();
  answers.set(`${path} ${key}`, first);
  const oldest = answers.size > ANSWERS_MAX ? answers.keys().next().value : undefined;
  if (oldest !== undefined) answers.delete(oldest);
  return first;
}

async function perform(
  handle: ControlHandler,
  method: string,
  path: string,
  text: string,
): Promise<Answer> {
  try {
    const body = text === "" ? {} : parseJson(text);
    return { status: 200, body: await handle({ method, path, body }) };
  } catch (error) {
    if (!isOperationError(error)) throw error;
    const status = error.code === "not_found" ? 404 : 422;
    return { status, body: { ok: false, code: error.code, message: error.message } };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

const notJson = (cause: unknown): OperationError =>
  new OperationError("bad_json", "the body is not JSON", { cause });

function isAllowed(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  // A browser page that guesses the port is not a client of it.
  if (request.headers.origin !== undefined) return false;
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_MAX) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address !== "object" || address === null)
    throw new OperationError("port_failed", "the control port has no address");
  return `http://127.0.0.1:${address.port}`;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
