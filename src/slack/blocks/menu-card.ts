import { COMMANDS } from "../command-grammar.ts";
import { FALLBACK_CHARS_MAX, fitBlocks, fitMarkup } from "./limits.ts";
import { code, context, type Message, safe, section } from "./text.ts";

/** What can be asked; shown for `/sre` alone and `/sre help`. */
export function menuCard(): Message {
  const lines = COMMANDS.map(
    ({ usage, description }) => `• ${code(`/sre ${usage}`)}  ${safe(description)}`,
  );
  return {
    text: "What you can ask",
    blocks: [
      section("*What you can ask*", ...lines),
      section(
        "Or mention me in a channel, or write to me directly: `why is checkout slow?`, `what if we scale cart to 4?`, `what did it look like at 14:02?`",
      ),
      context(
        "Answers are for you alone; add `--post` to share one",
        "times are UTC",
        "I never change anything without a recorded approval",
      ),
    ],
  };
}

/** A refusal: what is wrong, what was perhaps meant, and what to do. */
export function refusalCard(message: string, didYouMean: readonly string[] = []): Message {
  const guess =
    didYouMean.length === 0 ? "" : `Did you mean ${didYouMean.slice(0, 3).map(code).join(" or ")}?`;
  return {
    text: fitMarkup(safe(message), FALLBACK_CHARS_MAX),
    blocks: fitBlocks([section(safe(message), guess)]),
  };
}
