import type { Json } from "./contract.ts";
import { asString } from "./json.ts";
import type { SocketMode } from "./socket-mode.ts";
import type { Streams } from "./streams.ts";
import { SlackError, type Workspace } from "./workspace.ts";

/** What every Web API method can reach. */
export interface ApiContext {
  readonly workspace: Workspace;
  readonly streams: Streams;
  readonly socketMode: SocketMode;
  readonly uploads: Uploads;
  readonly triggers: Triggers;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  baseUrl(): string;
}

/** Opened upload addresses; see methods-files.ts. */
export interface Uploads {
  open(file: { readonly name: string; readonly length: number; readonly altText: string }): string;
  receive(id: string, bytes: Buffer): void;
  complete(id: string, title: string | undefined): string;
}

/** trigger_ids that people's clicks and commands handed out; each opens one view within 3 s. */
export interface Triggers {
  issue(): string;
  use(id: string | undefined): void;
}

/** Answers with what Slack adds to `ok: true`; refuses with SlackError. */
export type Method = (args: Json, context: ApiContext) => Json;

/** An argument that Slack requires. */
export function required(args: Json, name: string): string {
  const value = asString(args[name]);
  if (value === undefined || value === "")
    throw new SlackError("invalid_arguments", [`[ERROR] missing required field: ${name}`]);
  return value;
}

/** A whole number within bounds, whether it came as a number or as a form's text. */
function count(args: Json, name: string, fallback: number): number {
  const value = Number(args[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new SlackError("invalid_limit");
  return value;
}

export function isTrue(value: unknown): boolean {
  return value === true || value === "true" || value === "1";
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string;
}

/** Slack's cursor paging; the cursor is opaque to the client. */
export function paged<T>(all: readonly T[], args: Json, fallbackLimit: number): Page<T> {
  const limit = count(args, "limit", fallbackLimit);
  const cursor = asString(args.cursor) ?? "";
  const from = cursor === "" ? 0 : Number(Buffer.from(cursor, "base64url").toString());
  if (!Number.isInteger(from) || from < 0) throw new SlackError("invalid_cursor");
  const next = from + limit;
  const nextCursor = next < all.length ? Buffer.from(String(next)).toString("base64url") : "";
  return { items: all.slice(from, next), nextCursor };
}
