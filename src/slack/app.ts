import { App, SocketModeReceiver } from "@slack/bolt";
import { errorText, OperationError } from "../errors.ts";
import { createChannels } from "./channels.ts";
import type { SlackApp, SlackDeps } from "./deps.ts";
import { createIdentity } from "./identity.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createIncidentFeed } from "./incident-feed.ts";
import { IncidentRoom } from "./incident-room.ts";
import { registerAppHome } from "./listeners/app-home.ts";
import { registerDecisionButtons } from "./listeners/decision-buttons.ts";
import { registerHushButton } from "./listeners/hush-button.ts";
import { registerMention } from "./listeners/mention.ts";
import { registerMessage } from "./listeners/message.ts";
import type { ListenerRoom } from "./listeners/room.ts";
import { registerSreCommand } from "./listeners/sre-command.ts";
import { createOutbox } from "./outbox.ts";
import { createQuestions } from "./questions.ts";
import { keepConnected } from "./socket.ts";
import { createTurns } from "./turns.ts";
import { createClients, failureOf, failureText, type SlackClients } from "./wire.ts";

const SWEEP_EVERY_MS = 3_600_000;
/** A connection that gives no pong within this is dead. */
const PING_TIMEOUT_MS = 3_000;
/** The first look for a socket; later ones are ours to repeat. */
const CONNECT_RETRIES = 2;

interface Self {
  readonly botUserId: string;
  readonly botId: string;
  readonly teamId: string;
}

async function whoAmI({ web }: SlackClients): Promise<Self> {
  try {
    const { user_id, bot_id, team_id } = await web.auth.test();
    if (user_id === undefined || team_id === undefined)
      throw new TypeError("auth.test named nobody");
    return { botUserId: user_id, botId: bot_id ?? "", teamId: team_id };
  } catch (error) {
    throw notConnected(error, "the bot token");
  }
}

function notConnected(cause: unknown, what: string): OperationError {
  const failure = failureOf(cause);
  const text = failureText(failure);
  return failure.type === "refused"
    ? new OperationError("slack_auth_failed", `Slack refused ${what}: ${text}; check the tokens`, {
        cause,
      })
    : new OperationError("slack_unreachable", `Slack does not answer: ${text}; check the network`, {
        cause,
      });
}

/** Everything is seen once: a delivery that Slack repeats ends here. */
function onlyOnce(app: App, inbox: Inbox): void {
  app.use(async (args) => {
    if (await inbox.isNew(args.body)) await args.next();
    else if ("ack" in args && typeof args.ack === "function") await args.ack();
  });
}

function createBolt({
  deps,
  clients,
  self,
}: {
  readonly deps: SlackDeps;
  readonly clients: SlackClients;
  readonly self: () => Self;
}): { readonly app: App; readonly receiver: SocketModeReceiver } {
  const { options } = clients;
  const { logger } = options;
  const receiver = new SocketModeReceiver({
    appToken: deps.config.appToken,
    clientPingTimeout: PING_TIMEOUT_MS,
    autoReconnectEnabled: false,
    ...(logger === undefined ? {} : { logger }),
    installerOptions: { clientOptions: { ...options, retryConfig: { retries: CONNECT_RETRIES } } },
  });
  const app = new App({
    receiver,
    // Bolt's own keeps a failed auth.test for ever.
    authorize: () => Promise.resolve({ botToken: deps.config.botToken, ...self() }),
    clientOptions: options,
    ...(logger === undefined ? {} : { logger }),
  });
  app.error(async (error) => {
    deps.meter.add("orrery_slack_listener_failures_total");
    deps.log.error("slack_listener_failed", { error: errorText(error) });
  });
  return { app, receiver };
}

function registerAll(room: ListenerRoom): void {
  registerMention(room);
  registerMessage(room);
  registerSreCommand(room);
  registerDecisionButtons(room);
  registerHushButton(room);
  registerAppHome(room);
}

/**
 * The Slack room: Bolt over Socket Mode, the incident feed, questions, commands and decisions. It keeps all that must
 * survive a restart in the store, in buckets that begin with `slack-`.
 */
export function createSlack(deps: SlackDeps): SlackApp {
  const { store, clock, log, meter } = deps;
  const clients = createClients(deps.config, log);
  let known: Self | undefined;
  const self = (): Self => {
    if (known === undefined)
      throw new OperationError("slack_not_started", "Slack is not connected yet; try again");
    return known;
  };
  const outbox = createOutbox({ clients, store, clock, log, meter });
  const reply = { clients, store, clock, log, meter, outbox };
  const channels = createChannels(clients.web);
  const turns = createTurns({ deps, reply, self });
  const incidentRoom = new IncidentRoom({ deps, clients, outbox, channels, turns });
  const identity = createIdentity(clients.web, { clock, teamId: () => known?.teamId });
  const questions = createQuestions({ deps, clients, identity, room: incidentRoom, turns, self });
  const feed = createIncidentFeed(deps, incidentRoom);
  const inbox = createInbox(store, clock, meter);
  const { app, receiver } = createBolt({ deps, clients, self });
  onlyOnce(app, inbox);
  registerAll({
    app,
    deps,
    clients,
    questions,
    incidentRoom,
    approval: { deps, identity, outbox, room: incidentRoom },
    botUserId: () => self().botUserId,
  });
  const stops: (() => Promise<void> | void)[] = [];
  return {
    start: async () => {
      known = await whoAmI(clients);
      try {
        await app.start();
      } catch (error) {
        throw notConnected(error, "the app token");
      }
      const socket = keepConnected(receiver.client, { clock, log, meter });
      const stopSweep = clock.every(
        SWEEP_EVERY_MS,
        () => inbox.sweep(),
        (error) => log.warn("slack_inbox_sweep_failed", { error: errorText(error) }),
      );
      stops.push(
        stopSweep,
        () => feed.stop(),
        () => turns.stop(),
        () => socket.stop(),
      );
      await turns.resumeAll();
      await feed.start();
      log.info("slack_connected", { botUserId: known.botUserId, teamId: known.teamId });
    },
    stop: async () => {
      for (const stop of stops.splice(0)) {
        // biome-ignore lint/performance/noAwaitInLoops: what posts is stopped before what carries it
        await stop();
      }
    },
  };
}
