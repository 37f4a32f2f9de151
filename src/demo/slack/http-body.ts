import type { IncomingMessage, ServerResponse } from "node:http";
import type { Json } from "./contract.ts";
import { asObject, parseIfJson } from "./json.ts";
import { SlackError } from "./workspace.ts";

/** Reads a body up to `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) throw new SlackError("request_too_large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Arguments of a Web API call: JSON, or a form whose values may hold JSON. */
export function parseArguments(contentType: string, body: Buffer): Json {
  if (contentType.includes("json")) return parseJson(body);
  return Object.fromEntries(
    [...new URLSearchParams(body.toString())].map(([name, value]) => [
      name,
      NEVER_JSON.has(name) ? value : parseIfJson(value),
    ]),
  );
}

/** Texts of people and models: a text that happens to look like JSON stays a text. */
const NEVER_JSON = new Set(["text", "markdown_text", "initial_comment", "status", "title"]);

export function parseJson(body: Buffer): Json {
  try {
    return asObject(JSON.parse(body.toString() || "{}"));
  } catch (error) {
    throw error instanceof SyntaxError ? new SlackError("invalid_json") : error;
  }
}

/** The first file part of a multipart form, or the body itself when it is none. */
export function fileBytes(contentType: string, body: Buffer): Buffer {
  const boundary = /multipart\/form-data;.*boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  const mark = Buffer.from(`--${boundary}`);
  let start = body.indexOf(mark);
  while (start >= 0) {
    const end = body.indexOf(mark, start + mark.length);
    const headEnd = body.indexOf("\r\n\r\n", start);
    if (end < 0 || headEnd < 0 || headEnd > end) break;
    const head = body.subarray(start, headEnd).toString();
    if (/filename=/i.test(head)) return body.subarray(headEnd + 4, end - 2);
    start = end;
  }
  throw new SlackError("no_file_data");
}

export function sendJson(
  response: ServerResponse,
  body: unknown,
  options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  response.writeHead(options.status ?? 200, {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...options.headers,
  });
  response.end(JSON.stringify(body));
}
