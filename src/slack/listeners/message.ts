import type { Question } from "../questions.ts";
import type { ListenerRoom } from "./room.ts";

/** Direct messages are all for the bot; in channels, only replies that are meant for it in threads that it is part of. */
export function registerMessage({ app, questions, botUserId }: ListenerRoom): void {
  app.event("message", async ({ event }) => {
    if (event.subtype !== undefined || event.bot_id !== undefined) return;
    const question: Question = {
      userId: event.user,
      channel: event.channel,
      ts: event.ts,
      text: event.text ?? "",
      ...(event.thread_ts === undefined ? {} : { threadTs: event.thread_ts }),
    };
    if (event.channel_type === "im") {
      await questions.ask(question);
      return;
    }
    // A mention comes as an event of its own.
    if (question.text.includes(`<@${botUserId()}`)) return;
    if (await questions.isForMe(question)) await questions.ask(question);
  });
}
