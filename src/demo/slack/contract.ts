import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";

/** What JSON can carry: blocks, payloads and answers are outside data and stay unknown until they are looked at. */
export type Json = Readonly<Record<string, unknown>>;

/** A person of the local workspace. */
export interface LocalUser {
  /** Slack user id, `U…`. */
  readonly id: string;
  /** Handle without the @, lower case. */
  readonly name: string;
  readonly realName: string;
  /** Shown below the name in the user switcher, for example "on-call, may approve". */
  readonly title?: string;
  readonly email?: string;
  /** A single-channel guest: `is_restricted` in `users.info`. */
  readonly guest?: boolean;
}

/** A public channel of the local workspace. */
export interface LocalChannel {
  /** Slack channel id, `C…`. */
  readonly id: string;
  /** Without the #. */
  readonly name: string;
  readonly topic?: string;
  /** Absent: everybody. */
  readonly memberIds?: readonly string[];
  /** Whether the bot is in from the start; true when absent. */
  readonly hasBot?: boolean;
}

/** Breaks the demo world from the page, and mends it. The page shows the menu only when this is given. */
export interface FaultControl {
  readonly faults: readonly string[];
  /** Errors: an OperationError whose message a person reads, for example that another fault is on. */
  inject(name: string): Promise<void>;
  /** What it took to put everything back. */
  mend(): Promise<readonly string[]>;
  status(): LocalFault;
}

/** What is wrong with the demo world just now. */
export interface LocalFault {
  readonly state: "quiet" | "preparing" | "injected" | "mending";
  readonly fault?: string;
  readonly onsetMs?: number;
}

/** A slash command as the composer completes it. */
export interface LocalCommand {
  /** With the slash. */
  readonly command: string;
  readonly usage: string;
  readonly description: string;
  readonly actions: readonly { readonly name: string; readonly description: string }[];
}

export interface LocalSlackOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly users: readonly LocalUser[];
  readonly channels: readonly LocalChannel[];
  readonly log: Log;
  readonly faultControl?: FaultControl;
  /** The system's clock when absent. */
  readonly clock?: Clock;
  /** What the composer offers after a slash; the app's manifest says the same. `/sre` when absent. */
  readonly commands?: readonly LocalCommand[];
  /** How the app is called in this workspace; "orrery" when absent. */
  readonly botName?: string;
  /** How long the app may take to acknowledge an envelope, ms; 3000, as at Slack, when absent. */
  readonly ackTimeoutMs?: number;
  /** Waits before each redelivery of an event, ms; at once, 1 min, 5 min, as at Slack, when absent. */
  readonly retryDelaysMs?: readonly number[];
  /** After this long without an append a stream is closed by the server, ms; 5 min when absent. */
  readonly streamIdleMs?: number;
}

/** A file that the app uploaded. */
export interface LocalFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly altText: string;
  readonly mimetype: string;
  readonly bytes: Buffer;
}

export interface LocalReaction {
  readonly name: string;
  readonly users: readonly string[];
}

/** A message as Slack shows it; blocks of a stream grow while `streaming` is true. */
export interface LocalMessage {
  readonly type: "message";
  readonly channel: string;
  readonly ts: string;
  /** Absent for a root without replies. */
  readonly thread_ts?: string;
  readonly user: string;
  readonly bot_id?: string;
  readonly app_id?: string;
  readonly text: string;
  readonly blocks?: readonly Json[];
  readonly metadata?: Json;
  readonly edited?: { readonly user: string; readonly ts: string };
  readonly reactions?: readonly LocalReaction[];
  /** Ids; `LocalSlack.files` holds the bytes. */
  readonly fileIds?: readonly string[];
  readonly reply_count?: number;
  readonly latest_reply?: string;
  readonly reply_users?: readonly string[];
  readonly reply_broadcast?: boolean;
  /** Only this person sees it. */
  readonly ephemeralTo?: string;
  readonly streaming?: boolean;
}

/** Where a stream or a thread of the app is busy: what `assistant.threads.setStatus` said. */
export interface LocalStatus {
  readonly channel: string;
  readonly threadTs?: string;
  readonly text: string;
}

/** What went to the app, or came from it, in order: tests assert on call sequences. */
export interface LocalCall {
  readonly method: string;
  readonly args: Json;
  readonly atMs: number;
}

export type FaultKind =
  | "rate_limited"
  | "server_error"
  | "reset_before_commit"
  | "reset_after_commit"
  | "slow"
  | "hang"
  | "error";

/** A fault of one Web API method (or `*`), used up after `times` requests. */
export interface MethodFault {
  readonly kind: FaultKind;
  /** How many requests it hits; 1 when absent. */
  readonly times?: number;
  /** For `rate_limited`, s; 1 when absent. */
  readonly retryAfterS?: number;
  /** For `slow`, ms; 1000 when absent. */
  readonly delayMs?: number;
  /** For `error`: Slack's code, for example `invalid_blocks`. */
  readonly code?: string;
}

/** Trouble that tests switch on. */
export interface SlackFaults {
  /** `method` is a Web API method, `*`, `upload` (the upload address) or `response_url`. */
  set(method: string, fault: MethodFault): void;
  clear(): void;
  /** Ends every socket without a goodbye. */
  dropSockets(): void;
  /** Slack's planned reconnect: `disconnect` with `refresh_requested`, then the socket closes. */
  refreshSockets(): void;
  /** The next `count` events are delivered twice with the same event_id. */
  duplicateNext(count: number): void;
  /** Closes every open stream, as Slack does with one that was silent too long. */
  expireStreams(): void;
  /** About one message a second and channel, then 429; off at the start. */
  limitPosting(on: boolean): void;
}

export interface ClickOptions {
  /** Picks among elements with the same action_id, or the option of a menu. */
  readonly value?: string;
  /** Answer to a confirmation dialog; true when absent. */
  readonly confirm?: boolean;
}

/** `dismissed`: the person said no in the dialog. `failed`: the app did not acknowledge in time. */
export type DeliveryResult = "delivered" | "dismissed" | "failed";

/** Acts as a person; the same path as the page. Channels go by id, `name` or `#name`. */
interface SlackDriver {
  say(userId: string, channel: string, text: string, threadTs?: string): Promise<LocalMessage>;
  command(userId: string, channel: string, command: string, text: string): Promise<DeliveryResult>;
  click(
    userId: string,
    message: LocalMessage,
    actionId: string,
    options?: ClickOptions,
  ): Promise<DeliveryResult>;
  /** The first message, present or future, that satisfies the predicate in any state it takes; else OperationError "timeout". */
  waitFor(predicate: (message: LocalMessage) => boolean, timeoutMs: number): Promise<LocalMessage>;
  /** Resolves when an app is connected through Socket Mode. */
  waitForApp(timeoutMs: number): Promise<void>;
  /** In order, threads included, ephemeral ones too. */
  messages(channel: string): readonly LocalMessage[];
  thread(channel: string, ts: string): readonly LocalMessage[];
  /** The direct-message channel of a person with the bot. */
  directChannel(userId: string): string;
  /** Everything said, as plain text, one paragraph a message. */
  transcript(): string;
}

export interface LocalSlack extends SlackDriver, AsyncDisposable {
  /** Address of the page, `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** What Bolt's `clientOptions.slackApiUrl` takes. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly botUserId: string;
  readonly teamId: string;
  readonly files: readonly LocalFile[];
  readonly views: readonly Json[];
  readonly calls: readonly LocalCall[];
  readonly status: readonly LocalStatus[];
  readonly faults: SlackFaults;
  close(): Promise<void>;
}
