import type { Answer } from "../incident/contract.ts";
import { changesCard } from "./blocks/changes-card.ts";

import { menuCard, refusalCard } from "./blocks/menu-card.ts";
import { predictionCard } from "./blocks/prediction-card.ts";
import { statusCard } from "./blocks/status-card.ts";
import type { Message } from "./blocks/text.ts";
import { whyCard } from "./blocks/why-card.ts";
import type { Command } from "./command-grammar.ts";
import type { ModelQueries } from "./deps.ts";

function shown<T>(answer: Answer<T>, card: (data: T) => Message): Message {
  return answer.ok ? card(answer.data) : refusalCard(answer.message, answer.didYouMean);
}

/** The answer to a command, computed without any LLM. */
export async function commandAnswer(queries: ModelQueries, command: Command): Promise<Message> {
  switch (command.type) {
    case "menu":
      return menuCard();
    case "status": {
      const { type: _type, ...query } = command;
      return shown(await queries.status(query), statusCard);
    }
    case "why": {
      const { type: _type, ...query } = command;
      return shown(await queries.why(query), whyCard);
    }
    case "what-if":
      return shown(await queries.whatIf(command.text), predictionCard);
    case "changes": {
      const { sinceMs, about } = command;
      const query = { sinceMs, ...(about === undefined ? {} : { service: about }) };
      return shown(await queries.changes(query), changesCard);
    }
  }
}
