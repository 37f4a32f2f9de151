/** The field in which a person writes: grows with its text, completes commands, people and channels. */
import { splitCommand, suggestions, typedWord } from "./completion.js";
import { notify } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { perform } from "./store.js";

let count = 0;

/** `target()` is where the text goes: `{ channel, threadTs }`. */
export class Composer {
  element;
  #store;
  #target;
  #field;
  #options;
  #send;
  #shown = [];
  #chosen = 0;

  constructor(store, target, id) {
    this.#store = store;
    this.#target = target;
    count += 1;
    const listId = `completions-${count}`;
    this.#options = h("ul", {
      class: "completions",
      role: "listbox",
      id: listId,
      hidden: true,
      "aria-label": "Suggestions",
    });
    this.#field = h("textarea", {
      id,
      rows: 1,
      maxlength: 12000,
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-label": "Message",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
      onblur: () => setTimeout(() => this.#offer([]), 150),
    });
    this.#send = h(
      "button",
      {
        class: "send",
        type: "button",
        "aria-label": "Send",
        disabled: true,
        onclick: () => this.submit(),
      },
      icon("send"),
    );
    this.element = h(
      "div",
      { class: "composer" },
      this.#options,
      h(
        "div",
        { class: "composer-box" },
        this.#field,
        h(
          "div",
          { class: "composer-row" },
          h(
            "span",
            { class: "hint" },
            "Enter to send · Shift+Enter for a new line · @ and / complete",
          ),
          this.#send,
        ),
      ),
    );
  }

  describe(placeholder) {
    this.#field.placeholder = placeholder;
    this.#field.setAttribute("aria-label", placeholder);
  }

  focus() {
    this.#field.focus();
  }

  fill(text) {
    this.#field.value = text;
    this.#typed();
    this.focus();
  }

  /** Says it at once, and leaves what a person has begun to write. */
  async ask(text) {
    const { channel, threadTs } = this.#target();
    try {
      await this.#say(text, { channel, threadTs });
    } catch (error) {
      notify(`Not sent: ${error.message}.`, "error");
    }
  }

  #say(text, { channel, threadTs }) {
    const user = this.#store.state.me;
    return perform("say", { user, channel, text, ...(threadTs ? { threadTs } : {}) });
  }

  #typed() {
    const field = this.#field;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
    this.#send.disabled = field.value.trim() === "";
    const typed = typedWord(field.value, field.selectionStart);
    this.#offer(typed === undefined ? [] : suggestions(typed, this.#known()), typed);
  }

  #known() {
    const { users, bot, channels, commands } = this.#store.state;
    return { people: [{ name: bot.name, realName: bot.name }, ...users], channels, commands };
  }

  #offer(found, typed) {
    this.#shown = found.map((each) => ({ ...each, start: typed.start }));
    this.#chosen = 0;
    this.#options.hidden = found.length === 0;
    this.#field.setAttribute("aria-expanded", String(found.length > 0));
    this.#options.replaceChildren(...found.map((each, i) => this.#option(each, i)));
    this.#mark();
  }

  #option(each, i) {
    return h(
      "li",
      {
        role: "option",
        id: `${this.#options.id}-${i}`,
        onmousedown: (event) => {
          event.preventDefault();
          this.#accept(i);
        },
      },
      h("strong", {}, each.title),
      h("span", { class: "muted" }, each.note ?? ""),
    );
  }

  #mark() {
    for (const [i, option] of [...this.#options.children].entries())
      option.setAttribute("aria-selected", String(i === this.#chosen));
    if (this.#shown.length === 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `${this.#options.id}-${this.#chosen}`);
  }

  #accept(i) {
    const { start, insert } = this.#shown[i];
    const field = this.#field;
    field.setRangeText(insert, start, field.selectionStart, "end");
    this.#typed();
  }

  #key(event) {
    const offering = this.#shown.length > 0;
    if (offering && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#chosen = (this.#chosen + step + this.#shown.length) % this.#shown.length;
      this.#mark();
    } else if (
      offering &&
      (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && this.#isUnfinished()))
    ) {
      event.preventDefault();
      this.#accept(this.#chosen);
    } else if (offering && event.key === "Escape") {
      event.stopPropagation();
      this.#offer([]);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      return this.submit();
    }
  }

  /** Enter sends what is already complete and completes what is not. */
  #isUnfinished() {
    const typed = typedWord(this.#field.value, this.#field.selectionStart);
    const { match } = this.#shown[this.#chosen];
    return typed !== undefined && typed.query !== "" && match !== typed.query;
  }

  async submit() {
    const text = this.#field.value.trim();
    if (text === "") return;
    const { channel, threadTs } = this.#target();
    const command = splitCommand(text);
    if (command !== undefined && threadTs !== undefined) {
      notify(
        `${command.command} does not work in a thread. Use it in the channel, or mention the app here.`,
        "warning",
      );
      return;
    }
    const { commands } = this.#store.state;
    if (command !== undefined && !commands.some((each) => each.command === command.command)) {
      const known = commands.map((each) => `${each.command} help`).join(", ");
      notify(`${command.command} is not a command here. Try ${known}.`, "warning");
      return;
    }
    this.fill("");
    try {
      if (command === undefined) await this.#say(text, { channel, threadTs });
      else await perform("command", { user: this.#store.state.me, channel, ...command });
    } catch (error) {
      this.fill(text);
      notify(`Not sent: ${error.message}.`, "error");
    }
  }
}
