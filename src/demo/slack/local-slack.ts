import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../../clock.ts";
import { errorText, OperationError } from "../../errors.ts";
import type {
  LocalCommand,
  LocalMessage,
  LocalSlack,
  LocalSlackOptions,
  SlackFaults,
} from "./contract.ts";
import { FaultSwitches } from "./faults.ts";
import { sendJson } from "./http-body.ts";
import type { ApiContext } from "./methods.ts";
import { createTriggers, createUploads } from "./methods-files.ts";
import { isOwnRequest, setSecurityHeaders } from "./page-guard.ts";
import { PageServer } from "./page-server.ts";
import { People } from "./people.ts";
import { ResponseUrls } from "./response-urls.ts";
import { SocketMode } from "./socket-mode.ts";
import { Streams } from "./streams.ts";
import { transcript } from "./text.ts";
import { WebApi } from "./web-api.ts";
import { BOT_USER_ID, directChannelId, SlackError, TEAM_ID, Workspace } from "./workspace.ts";

const BOT_TOKEN = "xoxb-local-workspace";
const APP_TOKEN = "xapp-local-workspace";
/** Slack's own times. */
const ACK_TIMEOUT_MS = 3000;
const RETRY_DELAYS_MS: readonly number[] = [0, 60_000, 300_000];
/** Slack closes a silent stream after some minutes; the exact time is not documented. */
const STREAM_IDLE_MS = 5 * 60_000;

const COMMANDS: readonly LocalCommand[] = [
  {
    command: "/sre",
    usage: "status | why | what-if | changes | help",
    description: "Ask about the running system",
    actions: [
      { name: "status", description: "Health, burn rates and the latest change" },
      { name: "why", description: "Likely causes, with evidence" },
      { name: "what-if", description: "Predict an action; nothing is executed" },
      { name: "changes", description: "What changed lately" },
      { name: "help", description: "What can be asked" },
    ],
  },
];

interface Rooms {
  readonly context: ApiContext;
  readonly people: People;
  readonly webApi: WebApi;
  readonly page: PageServer;
  readonly faults: FaultSwitches;
}

function assemble(options: LocalSlackOptions, clock: Clock, baseUrl: () => string): Rooms {
  const { log, users, channels } = options;
  const workspace = new Workspace({ users, channels }, options.botName ?? "orrery", clock);
  const socketMode = new SocketMode({
    clock,
    log,
    ackTimeoutMs: options.ackTimeoutMs ?? ACK_TIMEOUT_MS,
    retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
    onPresence: (connected) => workspace.tell({ type: "presence", connected }),
  });
  const streams = new Streams(workspace, options.streamIdleMs ?? STREAM_IDLE_MS);
  const uploads = createUploads(workspace);
  const triggers = createTriggers(workspace, clock);
  const context: ApiContext = { workspace, streams, socketMode, uploads, triggers, baseUrl };
  const responses = new ResponseUrls(workspace);
  const people = new People(context, responses, log);
  const faults = new FaultSwitches();
  const webApi = new WebApi({
    tokens: { bot: BOT_TOKEN, app: APP_TOKEN },
    context,
    responses,
    faults,
    clock,
    log,
  });
  const { faultControl, commands = COMMANDS } = options;
  const page = new PageServer({ context, people, log, faultControl, commands });
  return { context, people, webApi, page, faults };
}

function portOf(server: Server): number {
  const address = server.address() as AddressInfo | null; // a TCP server's address, or null before it listens
  return address?.port ?? 0;
}

async function serve(
  { webApi, page }: Rooms,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  setSecurityHeaders(response);
  if (!isOwnRequest(request, request.socket.localPort ?? 0)) {
    sendJson(response, { ok: false, error: "forbidden_host_or_origin" }, { status: 403 });
    return;
  }
  if (!(await webApi.handle(request, response))) await page.handle(request, response);
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    const reason =
      error.code === "EADDRINUSE" ? "is in use: choose another, or 0" : errorText(error);
    reject(new OperationError("port_unusable", `port ${port} ${reason}`, { cause: error }));
  });
  server.listen(port, "127.0.0.1", resolve);
  await promise;
}

/**
 * A Slack workspace on this machine: Web API, Socket Mode and a page. The unmodified Bolt app connects to it with
 * `socketMode: true` and `clientOptions.slackApiUrl = apiUrl`. Binds to loopback only.
 */
export async function startLocalSlack(options: LocalSlackOptions): Promise<LocalSlack> {
  const clock = options.clock ?? systemClock;
  const baseUrl = (): string => `http://127.0.0.1:${portOf(server)}`;
  const rooms = assemble(options, clock, baseUrl);
  const server = createServer((request, response) => {
    serve(rooms, request, response).catch((error: unknown) => {
      options.log.error("local_slack_request_failed", { error: errorText(error) });
      response.destroy();
    });
  });
  server.on("upgrade", (request, stream, head) => {
    if (isOwnRequest(request, portOf(server)))
      rooms.context.socketMode.upgrade(request, stream, head);
    else stream.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await listen(server, options.port);
  options.log.info("local_slack_started", { url: baseUrl() });
  return present(rooms, server, clock);
}

function present(rooms: Rooms, server: Server, clock: Clock): LocalSlack {
  const { workspace, socketMode } = rooms.context;
  const url = `http://127.0.0.1:${portOf(server)}/`;
  const close = async (): Promise<void> => {
    socketMode.close();
    rooms.page.feed.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  };
  return {
    url,
    apiUrl: `${url}api/`,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    botUserId: BOT_USER_ID,
    teamId: TEAM_ID,
    get files() {
      return [...workspace.files.values()];
    },
    views: workspace.views,
    calls: rooms.webApi.calls,
    get status() {
      return [...workspace.statuses.values()];
    },
    faults: faultsOf(rooms),
    say: async (...said) => asOperation(() => rooms.people.say(...said)),
    command: async (...given) => asOperation(() => rooms.people.command(...given)),
    click: async (userId, message, actionId, choice = {}) =>
      asOperation(() => rooms.people.click(userId, message, actionId, choice)),
    waitFor: (predicate, timeoutMs) => waitFor(workspace, predicate, { clock, timeoutMs }),
    waitForApp: (timeoutMs) => socketMode.waitForApp(timeoutMs),
    messages: (channel) => workspace.messages(workspace.channel(channel).id),
    thread: (channel, ts) => workspace.thread(workspace.channel(channel).id, ts),
    directChannel: directChannelId,
    transcript: () => transcript(workspace),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function faultsOf({ faults, context }: Rooms): SlackFaults {
  return {
    set: (method, fault) => faults.set(method, fault),
    clear: () => faults.clear(),
    dropSockets: () => context.socketMode.drop(),
    refreshSockets: () => context.socketMode.refresh(),
    duplicateNext: (count) => context.socketMode.duplicateNext(count),
    expireStreams: () => context.streams.expire(true),
    limitPosting: (on) => faults.limitPosting(on),
  };
}

/** The driver's refusals say what to do; Slack's bare codes are for the app. */
async function asOperation<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof SlackError ? refusal(error) : error;
  }
}

function refusal(cause: SlackError): OperationError {
  const text = `the workspace refused: ${cause.code}; check user, channel and message`;
  return new OperationError(cause.code, text, { cause });
}

async function waitFor(
  workspace: Workspace,
  predicate: (message: LocalMessage) => boolean,
  limit: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<LocalMessage> {
  for (const channel of workspace.channels.values()) {
    const found = workspace.messages(channel.id).find(predicate);
    if (found !== undefined) return found;
  }
  const { promise, resolve, reject } = Promise.withResolvers<LocalMessage>();
  const done = new AbortController();
  const stop = workspace.listen((change) => {
    try {
      if (change.type === "message" && predicate(change.message)) resolve(change.message);
    } catch (error) {
      reject(error);
    }
  });
  limit.clock.sleep(limit.timeoutMs, done.signal).then(
    () => reject(new OperationError("timeout", timeoutText(workspace, limit.timeoutMs))),
    () => undefined,
  );
  try {
    return await promise;
  } finally {
    stop();
    done.abort();
  }
}

function timeoutText(workspace: Workspace, timeoutMs: number): string {
  return `no such message within ${timeoutMs} ms; said so far:\n${transcript(workspace).slice(-2000)}`;
}
