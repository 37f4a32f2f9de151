import { z } from "zod";
import { answer, refuse } from "./answer.ts";
import { defineTool } from "./define-tool.ts";
import { jsonBytes } from "./fit-answer.ts";
import { nameText } from "./untrusted.ts";

/** Limit: bytes of a procedure that one answer carries, as JSON. */
const TEXT_BYTES_MAX = 5_000;
/** Limit: names that a refusal lists. */
const NAMES_MAX = 30;

const input = z.strictObject({
  name: z.string().min(1).max(80).describe("An unknown name lists what there is."),
});
const output = z.object({ name: z.string(), text: z.string() });

/** As much of the beginning as fits. */
function fitting(text: string): string {
  let shown = text.slice(0, TEXT_BYTES_MAX);
  while (jsonBytes(shown) > TEXT_BYTES_MAX) shown = shown.slice(0, shown.length - 100);
  return shown;
}

export const readPlaybook = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "read_playbook",
  description:
    "A short written procedure of the team, by name: how to work on one kind of trouble. Our own text, so it may be followed.",
  input,
  output,
  effect: "read",
  timeoutMs: 1_000,
  title: ({ name }) => `Reading the playbook ${nameText(name)}`,
  run(context, { name }) {
    const wanted = name.trim().toLowerCase().replace(/\.md$/, "").replace(/\s+/g, "-");
    const names = context.playbookNames();
    const known = names.find((one) => one.toLowerCase() === wanted);
    const text = known === undefined ? undefined : context.playbook(known);
    if (known === undefined || text === undefined) {
      const list = names.slice(0, NAMES_MAX).join(", ") || "none";
      return refuse(
        "playbook_unknown",
        `No playbook is called ${nameText(name)}. There are: ${list}.`,
        names.filter((one) => one.includes(wanted) || wanted.includes(one)),
      );
    }
    const shown = fitting(text);
    const isCut = shown.length < text.length;
    const notes = isCut ? [`cut after ${shown.length} of ${text.length} characters`] : [];
    return answer({ name: known, text: shown }, [], notes);
  },
});
