/** `rich_text` blocks. */
import { h } from "./dom.js";
import { safeUrl } from "./inline.js";
import { emoji, inline, link } from "./render.js";

function styled(text, style = {}) {
  let node = document.createTextNode(text);
  if (style.code) node = h("code", {}, node);
  if (style.strike) node = h("s", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.bold) node = h("strong", {}, node);
  return node;
}

const LEAVES = {
  text: (leaf) => styled(leaf.text ?? "", leaf.style),
  link: (leaf) => {
    const url = safeUrl(leaf.url ?? "");
    const label = styled(leaf.text ?? leaf.url ?? "", leaf.style);
    return url === undefined ? label : link(url, [label]);
  },
  emoji: (leaf) => emoji(leaf.name ?? ""),
  user: (leaf, context) => inline([{ type: "user", id: leaf.user_id ?? "" }], context),
  channel: (leaf, context) => inline([{ type: "channel", id: leaf.channel_id ?? "" }], context),
  broadcast: (leaf, context) =>
    inline([{ type: "broadcast", text: leaf.range ?? "here" }], context),
  date: (leaf, context) =>
    inline(
      [
        {
          type: "date",
          seconds: leaf.timestamp ?? 0,
          format: leaf.format ?? "",
          text: leaf.fallback ?? "",
        },
      ],
      context,
    ),
  color: (leaf) => h("code", {}, leaf.value ?? ""),
};

function leaves(elements, context) {
  return (elements ?? []).flatMap((leaf) => LEAVES[leaf.type]?.(leaf, context) ?? []);
}

/** Line breaks inside text leaves are kept by `white-space: pre-wrap`. */
const PARTS = {
  rich_text_section: (part, context) => h("p", { class: "rich" }, leaves(part.elements, context)),
  rich_text_quote: (part, context) =>
    h("blockquote", {}, h("p", { class: "rich" }, leaves(part.elements, context))),
  rich_text_preformatted: (part, context) =>
    h("pre", { tabindex: "0" }, h("code", {}, leaves(part.elements, context))),
  rich_text_list: (part, context) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      {
        class: `indent-${Math.min(part.indent ?? 0, 4)}`,
        start: part.offset ? part.offset + 1 : false,
      },
      (part.elements ?? []).map((item) =>
        h("li", { class: "rich" }, leaves(item.elements, context)),
      ),
    ),
};

export function richText(block, context) {
  return (block.elements ?? []).flatMap((part) => PARTS[part.type]?.(part, context) ?? []);
}
