import { randomBytes } from "node:crypto";
import type { Json } from "./contract.ts";
import { asString } from "./json.ts";
import { isTrue } from "./methods.ts";
import { contentOf } from "./methods-chat.ts";
import { BOT_USER_ID, SlackError, type Workspace } from "./workspace.ts";

/** Slack's bounds: five answers within 30 minutes. */
const MAX_USES = 5;
const LIFE_MS = 30 * 60_000;
const MAX_OPEN = 1000;

/** Where an answer belongs. */
export interface ResponseTarget {
  readonly channel: string;
  readonly userId: string;
  readonly threadTs?: string;
  /** The message whose button was clicked; absent for a command. */
  readonly messageTs?: string;
}

interface Issued {
  readonly target: ResponseTarget;
  readonly atMs: number;
  uses: number;
}

/** The `response_url`s of clicks and commands, and what an app posts to them. */
export class ResponseUrls {
  readonly #issued = new Map<string, Issued>();
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** The last part of the address; hard to guess, as at Slack. */
  issue(target: ResponseTarget): string {
    const id = randomBytes(18).toString("base64url");
    this.#issued.set(id, { target, atMs: this.#workspace.clock.nowMs(), uses: 0 });
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > MAX_OPEN && oldest !== undefined) this.#issued.delete(oldest);
    return id;
  }

  answer(id: string, body: Json): void {
    const issued = this.#issued.get(id);
    if (issued === undefined) throw new SlackError("invalid_url");
    if (this.#workspace.clock.nowMs() - issued.atMs > LIFE_MS) throw new SlackError("expired_url");
    if (issued.uses >= MAX_USES) throw new SlackError("used_url");
    issued.uses += 1;
    this.post(issued.target, body);
  }

  /** What an app says in answer to a person: in the acknowledgement of a command or through the response_url. */
  post(target: ResponseTarget, body: Json): void {
    const original = this.#workspace.find(target.channel, target.messageTs);
    if (isTrue(body.delete_original)) {
      if (original === undefined) throw new SlackError("message_not_found");
      this.#workspace.remove(original.channel, original.ts);
      return;
    }
    const content = contentOf(body);
    if (isTrue(body.replace_original) && original !== undefined) {
      const { blocks: _blocks, ...rest } = original;
      const edited = { user: BOT_USER_ID, ts: this.#workspace.nextTs() };
      this.#workspace.replace({ ...rest, ...content, edited });
      return;
    }
    const threadTs = asString(body.thread_ts) ?? target.threadTs;
    this.#workspace.post({
      channel: target.channel,
      user: BOT_USER_ID,
      ...content,
      ...(threadTs === undefined ? {} : { threadTs }),
      ...(body.response_type === "in_channel" ? {} : { ephemeralTo: target.userId }),
    });
  }
}
