import type { Json, LocalMessage } from "./contract.ts";
import { asArray, asObject, asObjects, asString } from "./json.ts";
import { BOT_USER_ID, type Workspace } from "./workspace.ts";

/** A person's text in Slack's wire form: `&<>` escaped, `@name` and `#channel` as references, addresses in brackets. */
export function encodeText(text: string, workspace: Workspace): string {
  return text
    .split(/(<[@#][A-Z0-9]+(?:\|[^>]*)?>)/)
    .map((part, i) => (i % 2 === 1 ? part : encodePlain(part, workspace)))
    .join("");
}

function encodePlain(text: string, workspace: Workspace): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/(^|[\s(])https?:\/\/[^\s<>|]+/g, (found) => {
      const at = found.indexOf("http");
      return `${found.slice(0, at)}<${found.slice(at)}>`;
    })
    .replace(/(^|[\s(])@([a-z0-9._-]+)/gi, (found, before: string, name: string) => {
      const id = personByName(workspace, name);
      return id === undefined ? found : `${before}<@${id}>`;
    })
    .replace(/(^|[\s(])#([a-z0-9_-]+)/gi, (found, before: string, name: string) => {
      const channel = [...workspace.channels.values()].find((each) => each.name === name);
      return channel === undefined ? found : `${before}<#${channel.id}|${name}>`;
    });
}

function personByName(workspace: Workspace, name: string): string | undefined {
  const wanted = name.toLowerCase();
  if (wanted === workspace.botName.toLowerCase()) return BOT_USER_ID;
  return [...workspace.users.values()].find((user) => user.name.toLowerCase() === wanted)?.id;
}

function nameOf(workspace: Workspace, userId: string): string {
  return userId === BOT_USER_ID ? workspace.botName : (workspace.users.get(userId)?.name ?? userId);
}

const TASK_MARKS: Readonly<Record<string, string>> = {
  pending: "○",
  in_progress: "◔",
  complete: "✓",
  error: "✗",
};

/** A message as plain text: what a person without the page would read. */
function plainText(message: LocalMessage): string {
  const blocks = message.blocks ?? [];
  const lines = blocks.map(blockText).filter((line) => line !== "");
  return lines.length === 0 ? message.text : lines.join("\n");
}

const textOf = (value: unknown): string => asString(asObject(value).text) ?? "";

function richText(value: unknown): string {
  if (Array.isArray(value)) return value.map(richText).join("");
  const part = asObject(value);
  if (part.type === "link") return asString(part.text) ?? asString(part.url) ?? "";
  if (part.type === "user") return `<@${asString(part.user_id) ?? ""}>`;
  if (part.type === "emoji") return `:${asString(part.name) ?? ""}:`;
  if (part.elements === undefined) return asString(part.text) ?? "";
  return asArray(part.elements)
    .map(richText)
    .join(part.type === "rich_text_list" ? "\n" : "");
}

function elementText(element: Json): string {
  if (element.type === "image") return `(image: ${asString(element.alt_text) ?? ""})`;
  if (element.type === "feedback_buttons")
    return `[${textOf(asObject(element.positive_button).text)}] [${textOf(asObject(element.negative_button).text)}]`;
  const isText = element.type === "mrkdwn" || element.type === "plain_text";
  return isText ? (asString(element.text) ?? "") : `[${textOf(element.text)}]`;
}

function taskText(task: Json): string {
  const output = richText(task.output ?? "");
  const mark = TASK_MARKS[asString(task.status) ?? ""] ?? "·";
  return `${mark} ${asString(task.title) ?? ""}${output === "" ? "" : `: ${output}`}`;
}

function rowText(row: unknown): string {
  return asArray(row)
    .map((cell) => richText(cell) || String(asObject(cell).value ?? ""))
    .join(" | ");
}

const READERS: Readonly<Record<string, (block: Json) => string>> = {
  header: (block) => textOf(block.text),
  alert: (block) => textOf(block.text),
  section: (block) =>
    [
      textOf(block.text),
      ...asObjects(block.fields).map((field) => textOf(field).replaceAll("\n", ": ")),
      block.accessory === undefined ? "" : elementText(asObject(block.accessory)),
    ]
      .filter((line) => line !== "")
      .join("\n"),
  context: (block) => asObjects(block.elements).map(elementText).join(" · "),
  actions: (block) => asObjects(block.elements).map(elementText).join(" "),
  context_actions: (block) => asObjects(block.elements).map(elementText).join(" "),
  markdown: (block) => asString(block.text) ?? "",
  rich_text: (block) => asArray(block.elements).map(richText).join("\n"),
  image: (block) => `(image: ${asString(block.alt_text) ?? ""})`,
  table: (block) => asArray(block.rows).map(rowText).join("\n"),
  data_table: (block) => asArray(block.rows).map(rowText).join("\n"),
  data_visualization: (block) => `(chart: ${asString(block.title) ?? ""})`,
  task_card: taskText,
  plan: (block) =>
    [asString(block.title) ?? "", ...asObjects(block.tasks).map(taskText)].join("\n"),
  card: (block) =>
    [
      ...["title", "subtitle", "body"].map((part) => textOf(block[part])),
      ...asObjects(block.actions).map(elementText),
    ]
      .filter((line) => line !== "")
      .join("\n"),
  carousel: (block) => asObjects(block.elements).map(blockText).join("\n"),
  container: (block) =>
    [textOf(block.title), ...asObjects(block.child_blocks).map(blockText)].join("\n"),
};

function blockText(block: Json): string {
  return READERS[asString(block.type) ?? ""]?.(block) ?? "";
}

/** All channels, oldest message first, replies below their roots. */
export function transcript(workspace: Workspace): string {
  return [...workspace.channels.values()]
    .flatMap((channel) => {
      const title =
        channel.kind === "im" ? `@${nameOf(workspace, channel.name)}` : `#${channel.name}`;
      const roots = workspace
        .messages(channel.id)
        .filter(({ thread_ts, ts }) => thread_ts === undefined || thread_ts === ts);
      return roots.flatMap((root) =>
        workspace
          .thread(channel.id, root.ts)
          .map((message) => paragraph(workspace, title, message)),
      );
    })
    .join("\n\n");
}

function paragraph(workspace: Workspace, title: string, message: LocalMessage): string {
  const at = new Date(Number(message.ts) * 1000).toISOString().slice(11, 19);
  const isReply = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  const only =
    message.ephemeralTo === undefined ? "" : ` (only ${nameOf(workspace, message.ephemeralTo)})`;
  const files = (message.fileIds ?? []).map(
    (id) => `(file: ${workspace.files.get(id)?.title ?? id})`,
  );
  const body = [plainText(message), ...files].filter((line) => line !== "").join("\n");
  const indent = isReply ? "    " : "  ";
  return `${title} ${at} ${isReply ? "↳ " : ""}${nameOf(workspace, message.user)}${only}${message.edited === undefined ? "" : " (edited)"}\n${body.replace(/^/gm, indent)}`;
}
