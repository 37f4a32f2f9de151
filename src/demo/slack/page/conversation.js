/** A channel or a thread: head, messages, who is busy, and the field to write in. */
import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { MessageList } from "./message-list.js";

function busyLine(store, channel, threadTs) {
  const status = store.statusOf(channel, threadTs);
  if (status === undefined) return [];
  return [
    h("span", { class: "busy-name" }, store.state.bot.name),
    ` ${status.text.replace(/…$/, "")}`,
    h("span", { class: "dots", "aria-hidden": "true" }),
  ];
}

function promptChips(store, channel, composer) {
  const prompts = store.state.prompts[channel.id];
  if (channel.kind !== "im" || prompts === undefined) return [];
  return prompts.prompts.map((prompt) =>
    h(
      "button",
      { class: "chip", type: "button", onclick: () => composer.ask(prompt.message) },
      prompt.title,
    ),
  );
}

function emptyChannel(channel, botName) {
  const isDirect = channel.kind === "im";
  return h(
    "div",
    { class: "empty" },
    h("img", { src: "/page/orrery.svg", alt: "", width: 56, height: 56 }),
    h("h2", {}, isDirect ? botName : `#${channel.name}`),
    h(
      "p",
      {},
      isDirect
        ? `Ask ${botName} about the running system.`
        : `Nothing has happened here yet. Mention @${botName} to ask about the running system, or break something from the menu above.`,
    ),
  );
}

export class ChannelView {
  composer;
  list;
  #store;
  #context;
  #parts;

  constructor(element, store, context) {
    this.#store = store;
    this.#context = context;
    this.list = new MessageList(context, "Messages");
    this.composer = new Composer(store, () => ({ channel: context.current().channel }), "composer");
    this.#parts = {
      head: h("div", { class: "conversation-head" }),
      empty: h("div", {}),
      busy: h("div", { class: "busy", role: "status" }),
      chips: h("div", { class: "chips" }),
    };
    const { head, empty, busy, chips } = this.#parts;
    element.replaceChildren(head, empty, this.list.wrapper, chips, busy, this.composer.element);
  }

  show(fresh) {
    const store = this.#store;
    const channel = store.channelById(this.#context.current().channel);
    if (channel === undefined) return;
    const isDirect = channel.kind === "im";
    const title = isDirect ? store.state.bot.name : `#${channel.name}`;
    this.#parts.head.replaceChildren(
      h("h1", {}, title),
      h(
        "span",
        { class: "topic", title: channel.topic },
        isDirect ? "App · direct messages" : channel.topic,
      ),
      isDirect ? "" : h("span", { class: "members" }, `${channel.memberCount} members`),
    );
    const roots = store.roots(channel.id);
    this.#parts.empty.replaceChildren(
      ...(roots.length === 0 ? [emptyChannel(channel, store.state.bot.name)] : []),
    );
    this.list.show(roots, { versionOf: this.#context.versionOf, divider: true, fresh });
    this.#parts.busy.replaceChildren(...busyLine(store, channel.id, undefined));
    this.#parts.chips.replaceChildren(...promptChips(store, channel, this.composer));
    this.composer.describe(
      isDirect ? `Message ${store.state.bot.name}` : `Message #${channel.name}`,
    );
  }
}

export class ThreadView {
  composer;
  list;
  #element;
  #store;
  #context;
  #parts;

  constructor(element, store, context, close) {
    this.#element = element;
    this.#store = store;
    this.#context = context;
    this.list = new MessageList(context, "Thread");
    const target = () => ({
      channel: context.current().channel,
      threadTs: context.current().thread,
    });
    this.composer = new Composer(store, target, "thread-composer");
    this.#parts = {
      place: h("span", { class: "topic" }),
      busy: h("div", { class: "busy", role: "status" }),
    };
    const head = h(
      "div",
      { class: "conversation-head" },
      h("h1", {}, "Thread"),
      this.#parts.place,
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": "Close thread", onclick: close },
        icon("close"),
      ),
    );
    element.replaceChildren(head, this.list.wrapper, this.#parts.busy, this.composer.element);
  }

  show(fresh) {
    const { channel, thread } = this.#context.current();
    this.#element.hidden = thread === undefined;
    if (thread === undefined) return;
    const place = this.#store.channelById(channel);
    this.#parts.place.textContent =
      place?.kind === "im" ? this.#store.state.bot.name : `#${place?.name ?? ""}`;
    this.list.show(this.#store.thread(channel, thread), {
      versionOf: this.#context.versionOf,
      divider: false,
      fresh,
    });
    this.#parts.busy.replaceChildren(...busyLine(this.#store, channel, thread));
    this.composer.describe("Reply…");
  }
}
