/** Trees of `inline.js` and `markdown.js` as elements. */
import { h } from "./dom.js";
import { emojiFor } from "./emoji.js";
import { drawn } from "./glyphs.js";
import { slackDate } from "./time.js";

/** An outside link: opens apart, tells the target nothing. */
export function link(url, children) {
  const inside = url.startsWith(`${location.origin}/archives/`);
  return h(
    "a",
    {
      href: url,
      rel: "noopener noreferrer nofollow",
      target: inside ? false : "_blank",
      title: url,
    },
    children,
  );
}

function person(id, context) {
  const user = context.personById(id);
  const classes = id === context.me() ? "mention mention-me" : "mention";
  return h("span", { class: classes }, `@${user === undefined ? id : user.name}`);
}

function channel(node, context) {
  const name = context.channelById(node.id)?.name ?? node.label ?? node.id;
  return h("span", { class: "mention" }, `#${name}`);
}

const INLINE = {
  text: (node) => drawn(node.text),
  break: () => h("br"),
  code: (node) => h("code", {}, node.text),
  bold: (node, context) => h("strong", {}, inline(node.children, context)),
  italic: (node, context) => h("em", {}, inline(node.children, context)),
  strike: (node, context) => h("s", {}, inline(node.children, context)),
  link: (node, context) => link(node.url, inline(node.children, context)),
  user: (node, context) => person(node.id, context),
  channel,
  broadcast: (node) => h("span", { class: "mention mention-me" }, `@${node.text}`),
  date: (node, context) =>
    h("time", { title: node.text }, slackDate(node.seconds, node.format, context.now())),
  emoji: (node) => emoji(node.text),
};

export function emoji(name) {
  const char = emojiFor(name);
  if (char === undefined) return document.createTextNode(`:${name}:`);
  return h(
    "span",
    { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") },
    drawn(char),
  );
}

export function inline(nodes, context) {
  return nodes.flatMap((node) => INLINE[node.type](node, context));
}

function list(node, context) {
  const items = node.items.map((item) =>
    h("li", {}, inline(item.children, context), blocksOf(item.blocks, context)),
  );
  return h(node.ordered ? "ol" : "ul", { start: node.ordered ? node.start : false }, items);
}

export function table(rows, align) {
  const [head, ...body] = rows;
  const row = (cells, tag) =>
    h(
      "tr",
      {},
      cells.map((cell, i) =>
        h(tag, { class: `align-${align[i] ?? "left"}`, scope: tag === "th" ? "col" : false }, cell),
      ),
    );
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      {},
      h("thead", {}, row(head ?? [], "th")),
      h(
        "tbody",
        {},
        body.map((cells) => row(cells, "td")),
      ),
    ),
  );
}

const BLOCK = {
  paragraph: (node, context) => h("p", {}, inline(node.children, context)),
  heading: (node, context) =>
    h(
      "p",
      {
        class: `heading level-${Math.min(node.level, 3)}`,
        role: "heading",
        "aria-level": node.level + 2,
      },
      inline(node.children, context),
    ),
  pre: (node) => h("pre", { tabindex: "0" }, h("code", {}, node.text)),
  rule: () => h("hr"),
  quote: (node, context) => h("blockquote", {}, blocksOf(node.blocks, context)),
  list,
  table: (node, context) =>
    table(
      node.rows.map((row) => row.map((cell) => inline(cell, context))),
      node.align,
    ),
};

export function blocksOf(nodes, context) {
  return nodes.map((node) => BLOCK[node.type](node, context));
}
