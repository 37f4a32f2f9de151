import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../clock.ts";
import { errorText } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Json, LocalCall, MethodFault } from "./contract.ts";
import { type FaultSwitches, strikesAfterCommit } from "./faults.ts";
import { fileBytes, parseArguments, parseJson, readBody, sendJson } from "./http-body.ts";
import { asString } from "./json.ts";
import type { ApiContext, Method } from "./methods.ts";
import { CHAT_METHODS } from "./methods-chat.ts";
import { DIRECTORY_METHODS } from "./methods-directory.ts";
import { FILE_METHODS, MAX_FILE_BYTES } from "./methods-files.ts";
import type { ResponseUrls } from "./response-urls.ts";
import { SlackError } from "./workspace.ts";

/** A Web API body; Slack's own bound is not documented. */
const MAX_BODY_BYTES = 2_000_000;
/** The call log keeps the latest. */
const MAX_CALLS = 20_000;
const METHODS: Readonly<Record<string, Method>> = {
  ...CHAT_METHODS,
  ...DIRECTORY_METHODS,
  ...FILE_METHODS,
};
const POSTS = new Set(["chat.postMessage", "chat.postEphemeral"]);

/** What the app shows: one for messages, one for opening its socket. */
interface WorkspaceTokens {
  readonly bot: string;
  readonly app: string;
}

export interface WebApiOptions {
  readonly tokens: WorkspaceTokens;
  readonly context: ApiContext;
  readonly responses: ResponseUrls;
  readonly faults: FaultSwitches;
  readonly clock: Clock;
  readonly log: Log;
}

/** Slack's Web API, upload addresses and response_urls over HTTP, with the faults that tests switch on. */
export class WebApi {
  readonly calls: LocalCall[] = [];
  readonly #options: WebApiOptions;

  constructor(options: WebApiOptions) {
    this.#options = options;
  }

  /** Whether this request was for the app's side of Slack. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, area = "", name = ""] = pathname.split("/");
    if (area === "api") await this.#api(name, request, response);
    else if (area === "upload") await this.#upload(name, request, response);
    else if (area === "response") await this.#answer(name, request, response);
    else return false;
    return true;
  }

  async #api(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#withFault(name, response, async () => {
      try {
        const contentType = request.headers["content-type"] ?? "";
        const body = await readBody(request, MAX_BODY_BYTES);
        const url = new URL(request.url ?? "/", "http://localhost");
        const query = Object.fromEntries(url.searchParams);
        const args = { ...query, ...parseArguments(contentType, body) };
        checkToken(name, request, { args, tokens: this.#options.tokens });
        this.#record(name, args);
        return this.#isTooFast(name, args) ? rateLimited(1) : { body: this.#call(name, args) };
      } catch (error) {
        return { body: refusal(error) };
      }
    });
  }

  #call(name: string, args: Json): Json {
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (method === undefined) throw new SlackError("unknown_method");
    return { ok: true, ...method(args, this.#options.context) };
  }

  #record(method: string, args: Json): void {
    const { token: _token, ...kept } = args;
    this.calls.push({ method, args: kept, atMs: this.#options.clock.nowMs() });
    if (this.calls.length > MAX_CALLS) this.calls.shift();
  }

  #isTooFast(name: string, args: Json): boolean {
    const { faults, clock } = this.#options;
    return POSTS.has(name) && faults.isTooFast(asString(args.channel) ?? "", clock.nowMs());
  }

  async #upload(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#withFault("upload", response, async () => {
      try {
        const body = await readBody(request, MAX_FILE_BYTES + 10_000);
        const bytes = fileBytes(request.headers["content-type"] ?? "", body);
        this.#options.context.uploads.receive(id, bytes);
        return { body: `OK - ${bytes.length}` };
      } catch (error) {
        return { status: 400, body: refusal(error) };
      }
    });
  }

  async #answer(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#withFault("response_url", response, async () => {
      try {
        const body = parseJson(await readBody(request, MAX_BODY_BYTES));
        this.#record("response_url", body);
        this.#options.responses.answer(id, body);
        return { body: { ok: true } };
      } catch (error) {
        const gone = error instanceof SlackError && error.code.endsWith("_url");
        return { status: gone ? 404 : 400, body: refusal(error) };
      }
    });
  }

  /** Runs the request unless a fault strikes before; lets a fault strike after. */
  async #withFault(
    method: string,
    response: ServerResponse,
    run: () => Promise<Answer>,
  ): Promise<void> {
    const fault = this.#options.faults.take(method);
    if (fault === undefined || strikesAfterCommit(fault.kind)) {
      const answer = await run();
      if (fault?.kind === "reset_after_commit") response.socket?.resetAndDestroy();
      else {
        if (fault?.kind === "slow") await this.#options.clock.sleep(fault.delayMs ?? 1000);
        const { status = 200, headers = {} } = answer;
        sendJson(response, answer.body, { status, headers });
      }
      return;
    }
    this.#options.log.info("local_slack_fault", { method, kind: fault.kind });
    strike(fault, response);
  }
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function rateLimited(seconds: number): Answer {
  return {
    status: 429,
    headers: { "retry-after": String(seconds) },
    body: { ok: false, error: "ratelimited" },
  };
}

function strike(fault: MethodFault, response: ServerResponse): void {
  if (fault.kind === "reset_before_commit") response.socket?.resetAndDestroy();
  else if (fault.kind === "rate_limited") {
    const { status, headers, body } = rateLimited(fault.retryAfterS ?? 1);
    sendJson(response, body, {
      ...(status === undefined ? {} : { status }),
      headers: headers ?? {},
    });
  } else if (fault.kind === "server_error")
    sendJson(response, { ok: false, error: "internal_error" }, { status: 500 });
  else if (fault.kind === "error")
    sendJson(response, { ok: false, error: fault.code ?? "fatal_error" });
  // "hang": the client's own time-out has to end it.
}

function refusal(error: unknown): Json {
  if (!(error instanceof SlackError)) {
    return {
      ok: false,
      error: "internal_error",
      response_metadata: { messages: [errorText(error)] },
    };
  }
  if (error.messages.length === 0) return { ok: false, error: error.code };
  return {
    ok: false,
    error: error.code,
    errors: error.messages.map((message) => message.replace(/^\[ERROR\] /, "")),
    response_metadata: { messages: error.messages },
  };
}

/** A bot token for all but opening a socket, which takes an app token, in the header only. */
function checkToken(
  method: string,
  request: IncomingMessage,
  { args, tokens }: { readonly args: Json; readonly tokens: WorkspaceTokens },
): void {
  const header = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  const token = header ?? asString(args.token);
  if (token === undefined || token === "") throw new SlackError("not_authed");
  if (token !== tokens.bot && token !== tokens.app) throw new SlackError("invalid_auth");
  const wantsApp = method === "apps.connections.open";
  if (wantsApp !== (token === tokens.app)) throw new SlackError("not_allowed_token_type");
}
