/** The head's right side: theme, and the menu that breaks the demo world. */
import { notify } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { perform } from "./store.js";
import { clockTime } from "./time.js";

const THEME_KEY = "orrery-theme";

export function applyStoredTheme() {
  const theme = localStorage.getItem(THEME_KEY);
  if (theme !== null) document.documentElement.dataset.theme = theme;
}

function toggleTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem(THEME_KEY, next);
}

const ABOUT = {
  "bad-deploy": "a new version is slower",
  "error-deploy": "a new version fails some requests",
  "slow-query": "a flag turns on an unindexed query",
  "pool-exhaustion": "a setting shrinks a connection pool",
  "starved-replica": "one replica gets too little CPU",
  "retry-storm": "a slow dependency, and callers retry",
  outage: "the entry's replicas stop",
  none: "nothing happens; it must stay silent",
};

function words(name) {
  const text = name.replaceAll("-", " ");
  return text[0].toUpperCase() + text.slice(1);
}

async function breakIt(name, menu) {
  menu.open = false;
  try {
    await perform("fault", { name });
    notify(
      `${words(name)}: a harmless change comes first, the fault in about 20 s. Watch the channel.`,
    );
  } catch (error) {
    notify(`Not done: ${error.message}.`, "error");
  }
}

async function mendIt(menu) {
  menu.open = false;
  notify("Mending everything …");
  try {
    const done = await perform("mend", {});
    notify(done.length === 0 ? "Nothing to mend." : `Mended: ${done.join(" · ")}.`);
  } catch (error) {
    notify(`Not mended: ${error.message}.`, "error");
  }
}

/** What the head of the menu says of the demo system; `fault` is absent while it is quiet. */
function stateText({ state, fault = "", onsetMs }) {
  switch (state) {
    case "preparing":
      return `${words(fault)} is being prepared. One at a time: mend everything calls it off.`;
    case "injected":
      return `${words(fault)} is on since ${clockTime(onsetMs)}. One at a time: mend it first.`;
    case "mending":
      return "The shop is being mended.";
    default:
      return "In the running demo system";
  }
}

async function showState(menu) {
  if (!menu.open) return;
  try {
    const status = await perform("world-status", {});
    menu.querySelector(".menu-title").textContent = stateText(status);
    for (const item of menu.querySelectorAll("button.breaks"))
      item.disabled = status.state !== "quiet";
  } catch (error) {
    notify(`The demo system does not say how it is: ${error.message}.`, "error");
  }
}

function menuItem(classes, [title, note], act) {
  return h(
    "button",
    { class: classes, type: "button", role: "menuitem", onclick: act },
    h("strong", {}, title),
    h("span", { class: "muted" }, note),
  );
}

function faultMenu(faults) {
  const menu = h(
    "details",
    { class: "fault-menu", ontoggle: () => showState(menu) },
    h("summary", {}, icon("bolt", 16), h("span", {}, "Break something")),
    h(
      "div",
      { class: "popover", role: "menu", "aria-label": "Break something" },
      h("p", { class: "menu-title", role: "status" }, stateText({ state: "quiet" })),
      faults.map((name) =>
        menuItem("breaks", [words(name), ABOUT[name] ?? ""], () => breakIt(name, menu)),
      ),
      menuItem("mends", ["Mend everything", "puts the shop back to how it started"], () =>
        mendIt(menu),
      ),
    ),
  );
  return menu;
}

export function renderTools(element, faults) {
  element.replaceChildren(
    faults.length === 0 ? "" : faultMenu(faults),
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        title: "Light or dark",
        "aria-label": "Switch between light and dark",
        onclick: toggleTheme,
      },
      icon("sun"),
    ),
  );
}

/** Open menus close on Escape and on a click elsewhere. */
export function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.fault-menu[open], details.identity[open]"))
    if (event.key === "Escape" || (event.type === "click" && !menu.contains(event.target)))
      menu.open = false;
}
