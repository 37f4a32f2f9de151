import type { ServerResponse } from "node:http";
import type { Log } from "../../log.ts";
import type { Json, LocalCommand, LocalMessage } from "./contract.ts";
import type { ApiContext } from "./methods.ts";
import { BOT_USER_ID, type Change, type Channel, type Workspace } from "./workspace.ts";

const MAX_PAGES = 32;
/** A page that does not read what it is sent is let go; it reconnects and loads the state anew. */
const MAX_UNREAD_BYTES = 8_000_000;

/** What stays the same while the server runs. */
export interface PageShows {
  readonly faults: readonly string[];
  readonly commands: readonly LocalCommand[];
}

/** What the page shows of the workspace for one person: the state when it loads, then every change. */
export class PageFeed {
  readonly #context: ApiContext;
  readonly #log: Log;
  readonly #shows: PageShows;
  readonly #pages = new Map<ServerResponse, string>();
  readonly #stop: () => void;

  constructor(context: ApiContext, log: Log, shows: PageShows) {
    this.#context = context;
    this.#log = log;
    this.#shows = shows;
    this.#stop = context.workspace.listen((change) => this.#spread(change));
  }

  get #workspace(): Workspace {
    return this.#context.workspace;
  }

  /** An unknown or empty user id falls back to the first person of the workspace. */
  state(userId: string): Json {
    const workspace = this.#workspace;
    const me = workspace.users.has(userId) ? userId : ([...workspace.users.keys()][0] ?? "");
    const channels = [...workspace.channels.values()].filter((channel) => channel.members.has(me));
    return {
      me,
      nowMs: workspace.clock.nowMs(),
      bot: {
        id: BOT_USER_ID,
        name: workspace.botName,
        connected: this.#context.socketMode.connected,
      },
      users: [...workspace.users.values()],
      channels: channels.map(channelView),
      messages: Object.fromEntries(
        channels.map(({ id }) => [
          id,
          workspace
            .messages(id)
            .filter((message) => isVisible(message, me))
            .map((message) => this.#view(message)),
        ]),
      ),
      statuses: [...workspace.statuses.values()],
      prompts: Object.fromEntries(workspace.prompts),
      ...this.#shows,
    };
  }

  /** False when too many pages are open. */
  subscribe(userId: string, response: ServerResponse): boolean {
    if (this.#pages.size >= MAX_PAGES) return false;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.write("retry: 1000\n\n");
    this.#pages.set(response, userId);
    response.on("close", () => this.#pages.delete(response));
    return true;
  }

  #view(message: LocalMessage): Json {
    const files = (message.fileIds ?? []).flatMap((id) => {
      const file = this.#workspace.files.get(id);
      if (file === undefined) return [];
      const { bytes, ...about } = file;
      return [{ ...about, size: bytes.length }];
    });
    return { ...message, ...(files.length === 0 ? {} : { files }) };
  }

  #spread(change: Change): void {
    const shown =
      change.type === "message" ? { ...change, message: this.#view(change.message) } : change;
    const line = `data: ${JSON.stringify(shown)}\n\n`;
    for (const [page, userId] of this.#pages) {
      if (!concerns(this.#workspace, change, userId)) continue;
      if (page.writableLength > MAX_UNREAD_BYTES) {
        this.#log.warn("local_slack_page_too_slow", { userId });
        page.destroy();
      } else page.write(line);
    }
  }

  close(): void {
    this.#stop();
    for (const page of this.#pages.keys()) page.end();
  }
}

function channelView(channel: Channel): Json {
  const { id, name, topic, kind, members } = channel;
  return { id, name, topic, kind, memberCount: members.size };
}

function isVisible(message: LocalMessage, userId: string): boolean {
  return message.ephemeralTo === undefined || message.ephemeralTo === userId;
}

function concerns(workspace: Workspace, change: Change, userId: string): boolean {
  const isIn = (channel: string): boolean =>
    workspace.channels.get(channel)?.members.has(userId) === true;
  if (change.type === "message")
    return isIn(change.message.channel) && isVisible(change.message, userId);
  if (change.type === "deleted")
    return isIn(change.channel) && (change.only === undefined || change.only === userId);
  if (change.type === "status") return isIn(change.status.channel);
  if (change.type === "prompts") return isIn(change.channel);
  return change.type === "presence" || change.userId === userId;
}
