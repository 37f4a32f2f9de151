import type { ThreadMessage } from "../agent/events.ts";
import { errorText } from "../errors.ts";
import { cleanText } from "../redact.ts";
import type { SlackDeps } from "./deps.ts";
import { type Identity, MAY_NOT_ASK, mayAsk } from "./identity.ts";
import { type IncidentRoom, incidentConversation } from "./incident-room.ts";
import { messagesOf, type WireMessage } from "./outside.ts";
import type { Turns } from "./turns.ts";
import type { SlackClients } from "./wire.ts";

/** A person's words, and where the answer goes. */
export interface Question {
  readonly userId: string;
  readonly channel: string;
  readonly ts: string;
  readonly threadTs?: string;
  readonly text: string;
}

/** Of a thread, the newest messages and the start of each are handed on as data. */
const THREAD_MESSAGES_MAX = 30;
const THREAD_CHARS_MAX = 1_500;
const QUESTION_CHARS_MAX = 4_000;
const THREAD_FETCH_MAX = 200;
const BOT_THREADS_BUCKET = "slack-conversations";

export interface QuestionDeps {
  readonly deps: SlackDeps;
  readonly clients: SlackClients;
  readonly identity: Identity;
  readonly room: IncidentRoom;
  readonly turns: Turns;
  readonly self: () => { readonly botUserId: string; readonly teamId: string };
}

export interface Questions {
  /** Answers in the thread, streamed. */
  ask(question: Question): Promise<void>;
  /** Whether a reply in a thread, without a mention, is meant for the bot. */
  isForMe(question: Question): Promise<boolean>;
}

/** A person is addressed by somebody's mention; then it is not for the bot. */
const ANY_MENTION = /<@[A-Z0-9]+(?:\|[^>]*)?>/;
const ASKS =
  /\?\s*$|^(?:please\s+)?(?:why|what|who|when|where|which|how|is|are|does|did|can|could|show|check|compare|explain|list|find|look|propose|predict|simulate|summari[sz]e|roll\s+back|restart|scale)\b/i;

export function looksLikeRequest(text: string): boolean {
  return !ANY_MENTION.test(text) && ASKS.test(text.trim());
}

/** The words without the mention of the bot, and without Slack's escapes. */
function spokenText(text: string, botUserId: string): string {
  const words = text
    .replaceAll(new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`, "g"), " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
  return cleanText(words.replace(/[ \t]+/g, " ").trim(), QUESTION_CHARS_MAX);
}

export function createQuestions(room: QuestionDeps): Questions {
  const { deps, turns } = room;
  return {
    ask: async (question) => {
      const threadTs = question.threadTs ?? question.ts;
      const { channel, userId } = question;
      const person = await room.identity.person(userId);
      if (!mayAsk(person)) {
        deps.meter.add("orrery_slack_questions_refused_total", 1, { kind: person.kind });
        await tellAlone(room, question, MAY_NOT_ASK);
        return;
      }
      await setStatus(room, channel, threadTs, "is looking…");
      const incidentId = await room.room.incidentOfThread(channel, threadTs);
      await deps.store.put(BOT_THREADS_BUCKET, `${channel}/${threadTs}`, true);
      const conversation =
        incidentId === undefined
          ? { id: `slack-${channel}-${threadTs}` }
          : { id: incidentConversation(incidentId), incidentId };
      const accepted = await turns.begin({
        id: `question-${channel}-${question.ts}`,
        conversation,
        input: {
          type: "question",
          text: spokenText(question.text, room.self().botUserId),
          speaker: person.name,
          thread: await threadBefore(room, question),
        },
        channel,
        threadTs,
        recipientUserId: userId,
      });
      if (accepted) return;
      await setStatus(room, channel, threadTs, "");
      await tellAlone(
        room,
        question,
        "I still have several questions of this thread to answer; ask again in a minute.",
      );
    },
    isForMe: async ({ channel, threadTs, text }) => {
      if (threadTs === undefined || !looksLikeRequest(text)) return false;
      if ((await room.room.incidentOfThread(channel, threadTs)) !== undefined) return true;
      return (await deps.store.get(BOT_THREADS_BUCKET, `${channel}/${threadTs}`)) === true;
    },
  };
}

/** For the person who asked, in the thread. */
async function tellAlone(
  { clients }: QuestionDeps,
  { channel, userId, threadTs, ts }: Question,
  text: string,
): Promise<void> {
  await clients.web.chat.postEphemeral({ channel, user: userId, thread_ts: threadTs ?? ts, text });
}

/** A sign that the question has been seen. Without it the answer still comes. */
async function setStatus(
  { clients, deps }: QuestionDeps,
  channel: string,
  threadTs: string,
  status: string,
): Promise<void> {
  try {
    await clients.once.assistant.threads.setStatus({
      channel_id: channel,
      thread_ts: threadTs,
      status,
    });
  } catch (error) {
    deps.meter.add("orrery_slack_status_failures_total");
    deps.log.debug("slack_status_failed", { error: errorText(error) });
  }
}

/** What was said in the thread before, with who said it. A thread that cannot be read is none. */
async function threadBefore(
  room: QuestionDeps,
  question: Question,
): Promise<readonly ThreadMessage[]> {
  if (question.threadTs === undefined) return [];
  try {
    const answer = await room.clients.web.conversations.replies({
      channel: question.channel,
      ts: question.threadTs,
      limit: THREAD_FETCH_MAX,
    });
    const before = messagesOf(answer)
      .filter((message) => Number(message.ts) < Number(question.ts))
      .slice(-THREAD_MESSAGES_MAX);
    return await Promise.all(before.map((message) => threadMessage(room, message)));
  } catch (error) {
    room.deps.meter.add("orrery_slack_threads_unread_total");
    room.deps.log.warn("slack_thread_unread", { error: errorText(error) });
    return [];
  }
}

async function threadMessage(room: QuestionDeps, message: WireMessage): Promise<ThreadMessage> {
  const { botUserId } = room.self();
  const isBot = message.bot_id !== undefined || message.user === botUserId;
  const speaker = isBot ? (message.user === botUserId ? "orrery" : "another bot") : "";
  const person =
    isBot || message.user === undefined ? undefined : await room.identity.person(message.user);
  return {
    speaker: person?.name ?? (speaker === "" ? "somebody" : speaker),
    isBot,
    text: cleanText(spokenText(message.text ?? "", botUserId), THREAD_CHARS_MAX),
  };
}
