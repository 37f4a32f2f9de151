import type { ListenerRoom } from "./room.ts";

/** `@orrery why is checkout slow?` in a channel or a thread. */
export function registerMention({ app, questions }: ListenerRoom): void {
  app.event("app_mention", async ({ event }) => {
    const { user, bot_id } = event;
    if (user === undefined || bot_id !== undefined) return;
    await questions.ask({
      userId: user,
      channel: event.channel,
      ts: event.ts,
      text: event.text,
      ...(event.thread_ts === undefined ? {} : { threadTs: event.thread_ts }),
    });
  });
}
