/** One message: who, when, what, and what hangs below it. */
import { picture, renderBlocks } from "./blocks.js";
import { avatar, h, icon } from "./dom.js";
import { parseMrkdwnBlocks } from "./markdown.js";
import { blocksOf, emoji } from "./render.js";
import { clockTime, fullTime, msOf, relativeTime } from "./time.js";

/** A message of the same person within this time follows without a head, ms. */
const GROUP_MS = 5 * 60_000;

export function isGrouped(message, previous) {
  if (previous === undefined || previous.user !== message.user) return false;
  if (message.ephemeralTo !== undefined || previous.ephemeralTo !== undefined) return false;
  if (previous.reply_count > 0) return false;
  return msOf(message.ts) - msOf(previous.ts) < GROUP_MS;
}

function timeOf(message, className) {
  const ms = msOf(message.ts);
  return h(
    "time",
    { class: className, datetime: new Date(ms).toISOString(), title: fullTime(ms) },
    clockTime(ms),
  );
}

function head(message, person, now) {
  const ms = msOf(message.ts);
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "name" }, person.realName),
    person.isBot ? h("span", { class: "badge-app" }, "APP") : null,
    person.guest ? h("span", { class: "badge-app" }, "GUEST") : null,
    timeOf(message, "time"),
    h("span", { class: "ago", "data-ms": ms }, relativeTime(ms, now)),
  );
}

function file(each) {
  const source = `/files/${encodeURIComponent(each.id)}`;
  const altText = each.altText || each.title;
  if (each.mimetype.startsWith("image/"))
    return h(
      "figure",
      { class: "image" },
      h("figcaption", {}, each.title),
      picture(source, altText, each.title),
    );
  return h(
    "a",
    { class: "file", href: source, download: each.name },
    icon("file", 22),
    h(
      "span",
      {},
      h("strong", {}, each.title),
      h("span", { class: "muted" }, ` ${Math.ceil(each.size / 1024)} kB`),
    ),
  );
}

function reaction(each, context) {
  const names = each.users.map((id) => context.personById(id)?.name ?? id).join(", ");
  return h("span", { class: "reaction", title: names }, emoji(each.name), ` ${each.users.length}`);
}

function replies(message, context) {
  if (!(message.reply_count > 0) || context.inThread) return null;
  const people = (message.reply_users ?? [])
    .slice(0, 4)
    .map((id) => avatar(context.personById(id), 24));
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    {
      class: "replies",
      type: "button",
      "data-key": "replies",
      onclick: () => context.openThread(message),
    },
    people,
    h("span", { class: "replies-count" }, count),
    h(
      "span",
      { class: "ago", "data-ms": msOf(message.latest_reply), "data-before": "Last reply " },
      `Last reply ${relativeTime(msOf(message.latest_reply), context.now())}`,
    ),
    h("span", { class: "replies-open" }, "View thread", icon("caret", 14)),
  );
}

function content(message, context) {
  const blocks = message.blocks ?? [];
  const text =
    blocks.length === 0 && message.text !== ""
      ? [h("div", { class: "text" }, blocksOf(parseMrkdwnBlocks(message.text), context))]
      : [];
  const waiting = message.streaming && blocks.length === 0;
  return [
    text,
    renderBlocks(blocks, context),
    waiting
      ? h(
          "p",
          { class: "thinking" },
          "Thinking",
          h("span", { class: "dots", "aria-hidden": "true" }),
        )
      : null,
    message.edited === undefined
      ? null
      : h(
          "span",
          { class: "edited", title: `Edited ${fullTime(msOf(message.edited.ts))}` },
          "(edited)",
        ),
    (message.files ?? []).map(file),
  ].flat();
}

/** `context` resolves names, sends clicks and remembers what the person opened; see `app.js`. */
export function renderMessage(message, context, grouped) {
  const person = context.personById(message.user);
  const classes = [
    "message",
    grouped ? "grouped" : "",
    message.ephemeralTo === undefined ? "" : "ephemeral",
    message.streaming ? "streaming" : "",
  ];
  const inner = [
    message.ephemeralTo === undefined
      ? null
      : h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
    grouped ? null : head(message, person, context.now()),
    h("div", { class: "body" }, content(message, context)),
    message.reactions?.length
      ? h(
          "div",
          { class: "reactions" },
          message.reactions.map((each) => reaction(each, context)),
        )
      : null,
    replies(message, context),
  ];
  const canReply = !context.inThread && message.ephemeralTo === undefined;
  return h(
    "li",
    {
      class: classes.filter(Boolean).join(" "),
      "data-ts": message.ts,
      "aria-busy": message.streaming ? "true" : false,
    },
    h("div", { class: "gutter" }, grouped ? timeOf(message, "time side") : avatar(person, 36)),
    h("div", { class: "message-main" }, inner),
    canReply
      ? h(
          "div",
          { class: "hover-actions" },
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              title: "Reply in thread",
              "aria-label": "Reply in thread",
              "data-key": "reply",
              onclick: () => context.openThread(message),
            },
            icon("thread"),
          ),
        )
      : null,
  );
}
