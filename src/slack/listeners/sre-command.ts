import { errorText } from "../../errors.ts";
import { refusalCard } from "../blocks/menu-card.ts";
import type { Message } from "../blocks/text.ts";
import { commandAnswer } from "../command-answer.ts";
import { parseCommand } from "../command-grammar.ts";
import type { SlackDeps } from "../deps.ts";
import { MAY_NOT_ASK, mayAsk } from "../identity.ts";
import type { ListenerRoom } from "./room.ts";

export const SRE_COMMAND = "/sre";

interface Reply {
  readonly message: Message;
  readonly isPublic: boolean;
}

async function answer({ queries, clock, log, meter }: SlackDeps, text: string): Promise<Reply> {
  const parsed = parseCommand(text, clock.nowMs());
  if (!parsed.ok)
    return { message: refusalCard(parsed.message, parsed.didYouMean), isPublic: false };
  try {
    return { message: await commandAnswer(queries, parsed.command), isPublic: parsed.isPublic };
  } catch (error) {
    meter.add("orrery_slack_commands_failed_total");
    log.error("slack_command_failed", { type: parsed.command.type, error: errorText(error) });
    return { message: refusalCard("That failed on my side; it is in my log."), isPublic: false };
  }
}

/** `/sre status | why | what-if | changes | help`; for the asking person alone, unless `--post`. */
export function registerSreCommand({ app, approval, deps }: ListenerRoom): void {
  app.command(SRE_COMMAND, async ({ command, ack, respond }) => {
    await ack();
    const person = await approval.identity.person(command.user_id);
    if (!mayAsk(person)) {
      deps.meter.add("orrery_slack_questions_refused_total", 1, { kind: person.kind });
      await respond({ response_type: "ephemeral", text: MAY_NOT_ASK });
      return;
    }
    const { message, isPublic } = await answer(deps, command.text);
    await respond({
      response_type: isPublic ? "in_channel" : "ephemeral",
      text: message.text,
      blocks: [...message.blocks],
    });
  });
}
