/** Block Kit as elements. A block of an unknown type is named, never dropped in silence. */
import { chartBlock } from "./chart.js";
import { enlarge } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { interactive, plain } from "./elements.js";
import { safeUrl } from "./inline.js";
import { parseMarkdown, parseMrkdwnBlocks } from "./markdown.js";
import { blocksOf, link, table } from "./render.js";
import { richText } from "./rich-text.js";

/** A text object: plain text as it stands, mrkdwn read. */
function textObject(object, context) {
  if (object === undefined) return [];
  if (object.type === "plain_text") return [h("p", {}, plain(object))];
  return blocksOf(parseMrkdwnBlocks(object.text ?? ""), context);
}

/** Where a picture may come from: this workspace. Others would be loads from outside, and become links. */
function sourceOf(image) {
  if (image.slack_file?.id !== undefined)
    return `/files/${encodeURIComponent(image.slack_file.id)}`;
  const url = safeUrl(image.image_url ?? image.slack_file?.url ?? "");
  return url?.startsWith(`${location.origin}/`) ? url : undefined;
}

export function picture(source, altText, title) {
  return h(
    "button",
    {
      class: "picture",
      type: "button",
      "aria-label": `Enlarge: ${altText || title || "picture"}`,
      onclick: () => enlarge(source, altText, title),
    },
    h("img", { src: source, alt: altText }),
  );
}

function imageBlock(block) {
  const source = sourceOf(block);
  const title = block.title?.text ?? "";
  const outside = safeUrl(block.image_url ?? "");
  const shown =
    source === undefined
      ? h(
          "p",
          { class: "muted" },
          outside ? link(outside, [block.alt_text || outside]) : block.alt_text,
        )
      : picture(source, block.alt_text ?? "", title);
  return h("figure", { class: "image" }, title ? h("figcaption", {}, title) : null, shown);
}

function smallImage(element, className) {
  const source = sourceOf(element);
  return source === undefined
    ? null
    : h("img", { class: className, src: source, alt: element.alt_text ?? "" });
}

const WORDY_CHARS = 90;

function section(block, context) {
  const accessory = block.accessory;
  // Fields of many words need wider columns than those of a few.
  const isWordy = (block.fields ?? []).some(({ text = "" }) => text.length > WORDY_CHARS);
  const fields = (block.fields ?? []).map((field) =>
    h("div", { class: "field" }, textObject(field, context)),
  );
  return h(
    "div",
    { class: "section" },
    h(
      "div",
      { class: "section-main" },
      textObject(block.text, context),
      fields.length === 0 ? null : h("div", { class: `fields ${isWordy ? "wordy" : ""}` }, fields),
    ),
    accessory === undefined
      ? null
      : h(
          "div",
          { class: "accessory" },
          accessory.type === "image"
            ? smallImage(accessory, "accessory-image")
            : interactive(accessory, context),
        ),
  );
}

function contextBlock(block, context) {
  return h(
    "div",
    { class: "context" },
    (block.elements ?? []).map((element) =>
      element.type === "image"
        ? smallImage(element, "context-image")
        : h("span", { class: "context-text" }, textObject(element, context)),
    ),
  );
}

function elementsRow(className) {
  return (block, context) =>
    h(
      "div",
      { class: className },
      (block.elements ?? []).map((element) => interactive(element, context)),
    );
}

function cellOf(cell, context) {
  if (cell?.type === "rich_text") return richText(cell, context);
  return String(cell?.text ?? cell?.value ?? "");
}

function tableBlock(block, context) {
  const align = (block.column_settings ?? []).map((column) => column?.align);
  const rows = (block.rows ?? []).map((row) => row.map((cell) => cellOf(cell, context)));
  const shown = table(rows, align);
  if (!block.caption) return shown;
  return h("figure", { class: "data-table" }, h("figcaption", {}, block.caption), shown);
}

function card(block, context) {
  return h(
    "section",
    { class: "card" },
    block.hero_image ? smallImage(block.hero_image, "hero") : null,
    h(
      "div",
      { class: "card-head" },
      block.icon ? smallImage(block.icon, "card-icon") : null,
      h(
        "div",
        {},
        h("div", { class: "card-title" }, textObject(block.title, context)),
        h("div", { class: "card-subtitle" }, textObject(block.subtitle, context)),
      ),
    ),
    h("div", { class: "card-body" }, textObject(block.body, context)),
    block.actions
      ? h(
          "div",
          { class: "actions" },
          block.actions.map((element) => interactive(element, context)),
        )
      : null,
  );
}

function container(block, context) {
  const title = block.title ? plain(block.title) : richText(block.rich_text_title ?? {}, context);
  const head = [
    h("span", { class: "container-title" }, title),
    h("span", { class: "container-subtitle" }, textObject(block.subtitle, context)),
  ];
  const body = h(
    "div",
    { class: "container-body" },
    renderBlocks(block.child_blocks ?? [], context),
  );
  const classes = `container width-${block.width ?? "standard"}`;
  if (!block.is_collapsible)
    return h("section", { class: classes }, h("div", { class: "container-head" }, head), body);
  return collapsible(
    { classes, key: block.block_id, open: !block.default_collapsed },
    head,
    body,
    context,
  );
}

/** Opened or closed by the person, it stays so while the message changes. */
function collapsible({ classes, key, open }, head, body, context) {
  const details = h(
    "details",
    {
      class: classes,
      open: context.isOpen(key, open),
      ontoggle: () => context.setOpen(key, details.open),
    },
    h("summary", {}, icon("caret", 14), head),
    body,
  );
  return details;
}

const TASK_WORDS = {
  pending: "waiting",
  in_progress: "running",
  complete: "done",
  error: "failed",
};
const TASK_ICONS = { complete: "check", error: "cross" };

function taskMark(status) {
  const shape = TASK_ICONS[status];
  return h(
    "span",
    { class: `task-mark ${status}`, role: "img", "aria-label": TASK_WORDS[status] ?? status },
    shape === undefined ? null : icon(shape, 12),
  );
}

function source(item) {
  const url = safeUrl(item.url ?? "");
  const label = item.text ?? item.title ?? item.url ?? "";
  return h("li", {}, url === undefined ? label : link(url, [label]));
}

function task(block, context) {
  const more = [
    block.details ? h("div", { class: "task-details" }, richText(block.details, context)) : null,
    block.output ? h("div", { class: "task-output" }, richText(block.output, context)) : null,
    block.sources?.length ? h("ul", { class: "task-sources" }, block.sources.map(source)) : null,
  ];
  return h(
    "div",
    { class: `task ${block.status ?? ""}` },
    taskMark(block.status ?? "pending"),
    h("div", { class: "task-main" }, h("div", { class: "task-title" }, block.title ?? ""), more),
  );
}

function plan(block, context) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((each) => each.status === "complete" || each.status === "error").length;
  const head = [
    h("span", { class: "plan-title" }, block.title ?? ""),
    h("span", { class: "plan-count" }, `${done}/${tasks.length}`),
  ];
  const body = h(
    "div",
    { class: "plan-tasks" },
    tasks.map((each) => task(each, context)),
  );
  return collapsible({ classes: "plan", key: "plan", open: true }, head, body, context);
}

const ALERT_ICONS = { success: "check", error: "cross" };

const BLOCKS = {
  header: (block) => h("h3", { class: "header" }, plain(block.text)),
  divider: () => h("hr"),
  section,
  context: contextBlock,
  actions: elementsRow("actions"),
  context_actions: elementsRow("context-actions"),
  markdown: (block, context) =>
    h("div", { class: "markdown" }, blocksOf(parseMarkdown(block.text ?? ""), context)),
  rich_text: (block, context) => h("div", { class: "rich-text" }, richText(block, context)),
  image: imageBlock,
  table: tableBlock,
  data_table: tableBlock,
  alert: (block, context) =>
    h(
      "div",
      { class: `alert ${block.level ?? "default"}`, role: "note" },
      icon(ALERT_ICONS[block.level] ?? "bolt", 16),
      h("div", {}, textObject(block.text, context)),
    ),
  card,
  carousel: (block, context) =>
    h(
      "div",
      { class: "carousel" },
      (block.elements ?? []).map((each) => card(each, context)),
    ),
  container,
  task_card: (block, context) => h("div", { class: "task-card" }, task(block, context)),
  plan,
  data_visualization: chartBlock,
};

export function renderBlocks(blocks, context) {
  return blocks.map((block) => {
    const make = BLOCKS[block.type];
    return h(
      "div",
      { class: `block block-${block.type}` },
      make === undefined
        ? h("p", { class: "unsupported" }, `[${block.type} block]`)
        : make(block, context),
    );
  });
}
