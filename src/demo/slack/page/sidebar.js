/** Channels, the direct messages with the app, and who one is. */
import { avatar, h, icon } from "./dom.js";

function row({ label, mark, unread, current, onclick, urgent }) {
  const count =
    unread > 0
      ? h(
          "span",
          { class: `count ${urgent ? "urgent" : ""}`, "aria-label": `${unread} unread` },
          unread,
        )
      : null;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `place ${unread > 0 ? "unread" : ""}`,
        "aria-current": current ? "page" : false,
        onclick,
      },
      h("span", { class: "place-mark" }, mark),
      h("span", { class: "place-name" }, label),
      count,
    ),
  );
}

function places(store, current, open) {
  const mentioned = (id) =>
    store
      .roots(id)
      .some((each) => each.text?.includes(`<@${store.state.me}>`) && each.user !== store.state.me);
  const make = (channel) => {
    const isDirect = channel.kind === "im";
    const unread = channel.id === current ? 0 : store.unread(channel.id);
    const presence = h("span", { class: `presence ${store.state.bot.connected ? "on" : ""}` });
    return row({
      label: isDirect ? store.state.bot.name : channel.name,
      mark: isDirect ? [avatar({ isBot: true }, 20), presence] : "#",
      unread,
      urgent: isDirect || mentioned(channel.id),
      current: channel.id === current,
      onclick: () => open(channel.id),
    });
  };
  const of = (kind) => store.state.channels.filter((channel) => channel.kind === kind).map(make);
  return [
    h("h2", { id: "channels-title" }, "Channels"),
    h("ul", { "aria-labelledby": "channels-title" }, of("channel")),
    h("h2", { id: "apps-title" }, "Apps"),
    h("ul", { "aria-labelledby": "apps-title" }, of("im")),
  ];
}

function identity(store, switchTo) {
  const me = store.personById(store.state.me);
  const choices = store.state.users.map((user) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitemradio",
        class: "person",
        "aria-checked": String(user.id === me.id),
        onclick: () => switchTo(user.id),
      },
      avatar(user, 28),
      h(
        "span",
        { class: "person-text" },
        h("strong", {}, user.realName),
        h("span", { class: "person-title" }, user.title ?? (user.guest ? "guest" : "")),
      ),
      user.id === me.id ? icon("check", 16) : null,
    ),
  );
  return h(
    "details",
    { class: "identity" },
    h(
      "summary",
      { "aria-label": `You are ${me.realName}. Change` },
      avatar(me, 32),
      h(
        "span",
        { class: "person-text" },
        h("strong", {}, me.realName),
        h("span", { class: "person-title" }, me.title ?? ""),
      ),
      icon("down", 14),
    ),
    h(
      "div",
      { class: "identity-menu", role: "menu", "aria-label": "Who am I" },
      h("p", { class: "menu-title" }, "Act as"),
      choices,
    ),
  );
}

export function renderSidebar(element, store, { current, open, switchTo }) {
  const wasOpen = element.querySelector(".identity")?.open === true;
  const who = identity(store, switchTo);
  who.open = wasOpen;
  element.replaceChildren(h("div", { class: "places" }, places(store, current, open)), who);
}
