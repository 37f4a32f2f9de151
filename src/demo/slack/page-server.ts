import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname } from "node:path";
import { errorText, isOperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { FaultControl, Json, LocalCommand } from "./contract.ts";
import { parseJson, readBody, sendJson } from "./http-body.ts";
import { asString } from "./json.ts";
import type { ApiContext } from "./methods.ts";
import { PageFeed } from "./page-feed.ts";
import { isOwnPost } from "./page-guard.ts";
import type { People } from "./people.ts";
import { SlackError } from "./workspace.ts";

const MAX_BODY_BYTES = 64_000;
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};
/** The page's typeface comes with the product; without it the system's is used. */
const FONTS: Readonly<Record<string, string>> = {
  "inter-400.ttf": "400Regular/Inter_400Regular.ttf",
  "inter-500.ttf": "500Medium/Inter_500Medium.ttf",
  "inter-600.ttf": "600SemiBold/Inter_600SemiBold.ttf",
  "inter-700.ttf": "700Bold/Inter_700Bold.ttf",
};

function assetUrl(name: string): URL {
  const font = Object.hasOwn(FONTS, name) ? FONTS[name] : undefined;
  return font === undefined
    ? new URL(`page/${name}`, import.meta.url)
    : new URL(import.meta.resolve(`@expo-google-fonts/inter/${font}`));
}
const INLINE_TYPES = new Set(["image/png", "image/jpeg", "image/gif"]);

export interface PageServerOptions {
  readonly context: ApiContext;
  readonly people: People;
  readonly log: Log;
  readonly faultControl: FaultControl | undefined;
  readonly commands: readonly LocalCommand[];
}

type Action = (body: Json) => unknown;

/** The page: its files, the state and changes that it shows, and what a person does on it. */
export class PageServer {
  readonly feed: PageFeed;
  readonly #options: PageServerOptions;
  readonly #actions: Readonly<Record<string, Action>>;

  constructor(options: PageServerOptions) {
    const { context, people, faultControl } = options;
    this.#options = options;
    this.feed = new PageFeed(context, options.log, {
      faults: faultControl?.faults ?? [],
      commands: options.commands,
    });
    this.#actions = {
      say: (body) => {
        const threadTs = asString(body.threadTs);
        return people.say(text(body, "user"), text(body, "channel"), text(body, "text"), threadTs);
      },
      command: (body) =>
        people.command(
          text(body, "user"),
          text(body, "channel"),
          text(body, "command"),
          asString(body.text) ?? "",
        ),
      click: (body) => {
        const value = asString(body.value);
        const at = { channel: text(body, "channel"), ts: text(body, "ts") };
        const options = value === undefined ? {} : { value };
        return people.click(text(body, "user"), at, text(body, "actionId"), options);
      },
      open: (body) => people.openDirect(text(body, "user")),
      fault: async (body) => {
        const name = text(body, "name");
        if (faultControl?.faults.includes(name) !== true) throw new SlackError("unknown_fault");
        await faultControl.inject(name);
      },
      mend: async () => faultControl?.mend() ?? [],
      "world-status": () => faultControl?.status() ?? { state: "quiet" },
    };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, area = "", name = ""] = url.pathname.split("/");
    if (request.method === "POST" && area === "do") await this.#act(name, request, response);
    else if (request.method !== "GET")
      sendJson(response, { error: "not_allowed" }, { status: 405 });
    else if (area === "state") this.#state(url, response);
    else if (area === "events") this.#events(url, response);
    else if (area === "files") this.#file(name, response);
    else if (area === "page") await this.#asset(name, response);
    else if (area === "" || area === "archives") await this.#asset("index.html", response);
    else sendJson(response, { error: "not_found" }, { status: 404 });
  }

  async #act(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = Object.hasOwn(this.#actions, name) ? this.#actions[name] : undefined;
    if (action === undefined || !isOwnPost(request)) {
      sendJson(response, { error: "not_allowed" }, { status: action === undefined ? 404 : 403 });
      return;
    }
    try {
      const result = await action(parseJson(await readBody(request, MAX_BODY_BYTES)));
      sendJson(response, { ok: true, result: result ?? null });
    } catch (error) {
      this.#options.log.info("local_slack_refused", { action: name, error: errorText(error) });
      const code = error instanceof SlackError || isOperationError(error) ? error.code : "failed";
      const message = isOperationError(error) ? { message: error.message } : {};
      sendJson(response, { ok: false, error: code, ...message }, { status: 400 });
    }
  }

  #state(url: URL, response: ServerResponse): void {
    const user = url.searchParams.get("user") ?? "";
    sendJson(response, this.feed.state(user));
  }

  #events(url: URL, response: ServerResponse): void {
    const user = url.searchParams.get("user") ?? "";
    if (!this.feed.subscribe(user, response))
      sendJson(response, { error: "too_many_pages" }, { status: 503 });
  }

  /** Uploaded bytes: only real images are shown inline; anything else is a download, and never runs. */
  #file(id: string, response: ServerResponse): void {
    const file = this.#options.context.workspace.files.get(id);
    if (file === undefined) {
      sendJson(response, { error: "not_found" }, { status: 404 });
      return;
    }
    const shown = INLINE_TYPES.has(file.mimetype);
    response.writeHead(200, {
      "content-type": shown ? file.mimetype : "application/octet-stream",
      "content-disposition": shown ? "inline" : "attachment",
      "content-security-policy": "default-src 'none'; sandbox",
      "cache-control": "private, max-age=3600",
    });
    response.end(file.bytes);
  }

  async #asset(name: string, response: ServerResponse): Promise<void> {
    const type = TYPES[extname(name)];
    if (!/^[a-z0-9-]+\.[a-z]+$/.test(name) || type === undefined) {
      sendJson(response, { error: "not_found" }, { status: 404 });
      return;
    }
    try {
      const bytes = await readFile(assetUrl(name));
      response.writeHead(200, { "content-type": type, "cache-control": "no-cache" });
      response.end(bytes);
    } catch (error) {
      this.#options.log.warn("local_slack_asset_missing", { name, error: errorText(error) });
      sendJson(response, { error: "not_found" }, { status: 404 });
    }
  }
}

function text(body: Json, name: string): string {
  const value = asString(body[name]);
  if (value === undefined || value === "") throw new SlackError("invalid_arguments");
  return value;
}
