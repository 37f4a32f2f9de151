import { App, LogLevel, SocketModeReceiver } from "@slack/bolt";
import { WebClient } from "@slack/web-api";
import { type Clock, systemClock } from "#src/clock.ts";
import type { LocalSlack, LocalSlackOptions } from "#src/demo/slack/contract.ts";
import { startLocalSlack } from "#src/demo/slack/local-slack.ts";
import { silentLog } from "#src/log.ts";

export const INC = "C0INC";
export const ALICE = "U0ALICE";
export const BOB = "U0BOB";

/** A workspace with two people, a channel with the bot and one without. */
export function startWorkspace(options: Partial<LocalSlackOptions> = {}): Promise<LocalSlack> {
  return startLocalSlack({
    port: 0,
    users: [
      { id: ALICE, name: "alice", realName: "Alice Moreau", email: "alice@example.com" },
      { id: BOB, name: "bob", realName: "Bob Okafor", guest: true },
    ],
    channels: [
      { id: INC, name: "incidents", topic: "Pages" },
      { id: "C0QUIET", name: "quiet", hasBot: false },
    ],
    log: silentLog,
    ...options,
  });
}

/** Slack's own client, retrying `retries` times and fast. */
export function clientOf(slack: LocalSlack, retries = 0): WebClient {
  return new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries, minTimeout: 10, maxTimeout: 20 },
    timeout: 1000,
    rejectRateLimitedCalls: true,
  });
}

const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};

/** The unmodified Bolt app in Socket Mode. */
export function boltApp(slack: LocalSlack): App {
  return new App({
    token: slack.botToken,
    socketMode: true,
    receiver: new SocketModeReceiver({
      appToken: slack.appToken,
      logger: QUIET,
      clientPingTimeout: 1000,
      installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
    }),
    logger: QUIET,
    clientOptions: { slackApiUrl: slack.apiUrl },
  });
}

/** The system's timers, and a time of day that a test moves. */
export function shiftedClock(): Clock & { advance(ms: number): void } {
  let shiftMs = 0;
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + shiftMs,
    advance: (ms) => {
      shiftMs += ms;
    },
  };
}
