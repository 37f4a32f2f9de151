/** A list of messages that changes in place: what did not change keeps its element, focus and scroll position. */
import { h } from "./dom.js";
import { isGrouped, renderMessage } from "./message.js";
import { dayKey, dayName, msOf } from "./time.js";

/** Nearer to the end than this counts as being there, px. */
const NEAR_END_PX = 120;

export class MessageList {
  element;
  #items = new Map();
  #scroller;
  #context;
  #jump;

  constructor(context, label) {
    this.#context = context;
    this.element = h("ol", {
      class: "messages",
      role: "log",
      "aria-label": label,
      "aria-live": "polite",
      tabindex: "0",
    });
    this.#jump = h(
      "button",
      { class: "jump", type: "button", hidden: true, onclick: () => this.toEnd() },
      "Jump to the latest",
    );
    this.#scroller = h("div", { class: "scroller" }, this.element);
    this.wrapper = h("div", { class: "list-wrap" }, this.#scroller, this.#jump);
    this.#scroller.addEventListener("scroll", () => {
      // What scrolls because a size has changed is not the person's doing; the observer below sees to it.
      if (this.#size === this.#measured() && this.#atEnd()) this.#jump.hidden = true;
    });
    // A late picture, a thread that opens beside it, a field that grows: whoever was at the end stays there.
    const sizes = new ResizeObserver(() => {
      if (this.#stayed) this.toEnd();
      this.#size = this.#measured();
    });
    for (const each of [this.#scroller, this.element]) sizes.observe(each);
  }

  #stayed = true;
  #size = "";

  #measured() {
    const { scrollHeight, clientHeight } = this.#scroller;
    return `${scrollHeight}/${clientHeight}`;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#stayed = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    return this.#stayed;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = true;
    this.#stayed = true;
  }

  /** `versionOf` names everything outside the message that its look depends on. */
  show(messages, { versionOf, divider, fresh }) {
    const wasAtEnd = fresh || this.#atEnd();
    const focused = focusKey(this.element);
    const nodes = [];
    const next = new Map();
    let previous;
    for (const message of messages) {
      const day = dayKey(msOf(message.ts));
      if (divider && (previous === undefined || dayKey(msOf(previous.ts)) !== day)) {
        nodes.push(
          this.#reuse(next, `day/${day}`, dayName(msOf(message.ts), this.#context.now()), (name) =>
            dayDivider(name),
          ),
        );
        previous = undefined;
      }
      const grouped = isGrouped(message, previous);
      const version = `${grouped}/${versionOf(message)}/${JSON.stringify(message)}`;
      nodes.push(
        this.#reuse(next, message.ts, version, () =>
          renderMessage(message, this.#context.forMessage(message), grouped),
        ),
      );
      previous = message;
    }
    this.#items = next;
    place(this.element, nodes);
    restoreFocus(this.element, focused);
    if (wasAtEnd) this.toEnd();
    else if (messages.length > 0) this.#jump.hidden = false;
  }

  #reuse(next, key, version, make) {
    const old = this.#items.get(key);
    const item = old?.version === version ? old : { version, node: make(version) };
    next.set(key, item);
    return item.node;
  }

  #message(ts) {
    return this.element.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  }

  reveal(ts) {
    const target = this.#message(ts);
    target?.scrollIntoView({ block: "center" });
    target?.classList.add("revealed");
  }

  /** What opens a thread stays in sight when the list becomes narrower. */
  keepInSight(ts) {
    if (!this.#stayed) this.#message(ts)?.scrollIntoView({ block: "nearest" });
  }
}

function dayDivider(name) {
  return h("li", { class: "day", role: "separator" }, h("span", {}, name));
}

/** Puts the nodes in order and leaves those alone that already stand right. */
function place(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

function focusKey(parent) {
  const active = document.activeElement;
  const item = parent.contains(active) ? active.closest("[data-ts]") : null;
  const key = active?.dataset.key;
  return item === null || key === undefined ? undefined : { ts: item.dataset.ts, key };
}

function restoreFocus(parent, focused) {
  if (focused === undefined || parent.contains(document.activeElement)) return;
  const item = parent.querySelector(`[data-ts="${CSS.escape(focused.ts)}"]`);
  item?.querySelector(`[data-key="${CSS.escape(focused.key)}"]`)?.focus();
}
