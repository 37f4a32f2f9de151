import { errorText } from "../../errors.ts";
import type { ListenerRoom } from "./room.ts";

/** What the Messages tab offers to somebody who has not asked anything yet. */
const PROMPTS: [{ title: string; message: string }, ...{ title: string; message: string }[]] = [
  { title: "What is hurt right now?", message: "What is hurt right now?" },
  { title: "What changed in the last hour?", message: "What changed in the last hour?" },
  { title: "What can I ask?", message: "help" },
];

/** Somebody opened the conversation with the bot. */
export function registerAppHome({ app, clients, deps }: ListenerRoom): void {
  app.event("app_home_opened", async ({ event }) => {
    if (event.tab !== "messages") return;
    try {
      await clients.web.assistant.threads.setSuggestedPrompts({
        channel_id: event.channel,
        title: "Ask about the running system",
        prompts: PROMPTS,
      });
    } catch (error) {
      // Suggestions are a courtesy: the conversation works without them.
      deps.meter.add("orrery_slack_prompts_failed_total");
      deps.log.info("slack_prompts_failed", { error: errorText(error) });
    }
  });
}
