/** Puts the page together: which conversation is open, who one is, and what happens on a click. */
import { ChannelView, ThreadView } from "./conversation.js";
import { notify } from "./dialogs.js";
import { renderSidebar } from "./sidebar.js";
import { perform, Store } from "./store.js";
import { relativeTime } from "./time.js";
import { applyStoredTheme, closeMenus, renderTools } from "./tools.js";

/** How long a click may look busy when nothing comes back, ms. */
const PENDING_MS = 8000;
const RELATIVE_EVERY_MS = 10_000;

const store = new Store();
const query = new URLSearchParams(location.search);
const place = {
  channel: query.get("channel") ?? undefined,
  thread: query.get("thread") ?? undefined,
};
/** message ts → keys of elements that were clicked and not answered yet. */
const pending = new Map();
/** Sections that the person opened or closed. */
const opened = new Map();

const context = {
  now: () => store.now(),
  me: () => store.state.me,
  current: () => place,
  personById: (id) => store.personById(id),
  channelById: (id) => store.channelById(id),
  versionOf: (message) => [...(pending.get(message.ts) ?? [])].join(),
  forMessage: (message) => messageContext(message),
};

function messageContext(message) {
  return {
    ...context,
    inThread: false,
    openThread: (root) => openThread(root.thread_ts ?? root.ts),
    isPending: (key) => pending.get(message.ts)?.has(key) === true,
    setPending: (key) => {
      pending.set(message.ts, new Set([...(pending.get(message.ts) ?? []), key]));
      setTimeout(() => settle(message.ts, key), PENDING_MS);
    },
    click: (actionId, value, key) => click(message, actionId, value, key),
    isOpen: (key, otherwise) => opened.get(`${message.ts}/${key}`) ?? otherwise,
    setOpen: (key, open) => opened.set(`${message.ts}/${key}`, open),
  };
}

async function click(message, actionId, value, key) {
  const { me } = store.state;
  try {
    const asked = { user: me, channel: message.channel, ts: message.ts, actionId };
    await perform("click", { ...asked, ...(value === undefined ? {} : { value }) });
  } catch (error) {
    notify(`That did not work: ${error.message}.`, "error");
  }
  // A message that changes takes its waiting look away by itself; one that stays is given a moment.
  setTimeout(() => settle(message.ts, key), 1200);
}

function settle(ts, key) {
  if (pending.get(ts)?.delete(key) !== true) return;
  if (pending.get(ts).size === 0) pending.delete(ts);
  draw(false);
}

const element = (id) => document.getElementById(id);
const channelView = new ChannelView(element("main"), store, context);
const threadView = new ThreadView(element("thread"), store, threadContext(), closeThread);

/** The thread panel shows replies without their own reply bars. */
function threadContext() {
  return { ...context, forMessage: (message) => ({ ...messageContext(message), inThread: true }) };
}

function draw(fresh) {
  const { channels, bot, faults } = store.state;
  if (!channels.some(({ id }) => id === place.channel)) {
    place.channel = channels[0]?.id;
    place.thread = undefined;
  }
  if (place.thread !== undefined && store.thread(place.channel, place.thread).length === 0)
    place.thread = undefined;
  if (document.visibilityState === "visible") store.markRead(place.channel);
  renderSidebar(element("sidebar"), store, { current: place.channel, open: openChannel, switchTo });
  channelView.show(fresh);
  threadView.show(fresh);
  element("connection").textContent = connectionText(store, bot);
  document.body.classList.toggle("with-thread", place.thread !== undefined);
  if (fresh) renderTools(element("tools"), faults);
  remember();
}

function connectionText({ ended, hasMetBot }, { connected, name }) {
  if (ended) return "The demo has ended. Start it again with: npm run demo";
  if (connected) return "";
  return hasMetBot ? `${name} is away: it restarts, or was stopped` : `${name} is starting …`;
}

/** Escape closes the thread, but not under the hands of a person who is writing. */
function isWriting() {
  const { activeElement } = document;
  return activeElement?.tagName === "TEXTAREA" && activeElement.value.trim() !== "";
}

/** The address names person, channel and thread, so that a reload or a second window shows the same. */
function remember() {
  const named = {
    user: store.state.me,
    channel: place.channel,
    ...(place.thread ? { thread: place.thread } : {}),
  };
  history.replaceState(null, "", `/?${new URLSearchParams(named)}`);
  const unread = store.state.channels.reduce(
    (sum, { id }) => sum + (id === place.channel ? 0 : store.unread(id)),
    0,
  );
  document.title = `${unread > 0 ? `(${unread}) ` : ""}Orrery · local Slack`;
}

function openChannel(id) {
  place.channel = id;
  place.thread = undefined;
  draw(true);
  channelView.composer.focus();
  if (store.channelById(id)?.kind === "im")
    perform("open", { user: store.state.me }).catch((error) => notify(error.message, "error"));
}

function openThread(ts) {
  place.thread = ts;
  draw(false);
  channelView.list.keepInSight(ts);
  threadView.list.toEnd();
  threadView.composer.focus();
}

function closeThread() {
  const ts = place.thread;
  place.thread = undefined;
  draw(false);
  element("main")
    .querySelector(`[data-ts="${CSS.escape(ts)}"] [data-key="replies"]`)
    ?.focus();
}

async function switchTo(userId) {
  element("sidebar").querySelector(".identity").open = false;
  pending.clear();
  await store.enter(userId);
  notify(`You are now ${store.personById(userId).realName}.`);
}

/** Addresses of `chat.getPermalink`: /archives/C1/p1700000000000100 */
function permalinkTarget(address) {
  const found = /^\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})$/.exec(address.pathname);
  if (found === null) return undefined;
  const ts = `${found[2]}.${found[3]}`;
  return { channel: found[1], ts, thread: address.searchParams.get("thread_ts") ?? undefined };
}

function goTo({ channel, ts, thread }) {
  Object.assign(place, { channel, thread });
  draw(true);
  (thread === undefined ? channelView : threadView).list.reveal(ts);
}

store.onChange((change) => {
  if (change.type === "notice") notify(change.text, "warning");
  else if (change.type === "message") pending.delete(change.message.ts);
  draw(change.type === "loaded");
});

document.addEventListener("click", (event) => {
  closeMenus(event);
  const anchor = event.target.closest?.("a[href]");
  const target =
    anchor && anchor.origin === location.origin ? permalinkTarget(new URL(anchor.href)) : undefined;
  if (target === undefined) return;
  event.preventDefault();
  goTo(target);
});
document.addEventListener("keydown", (event) => {
  closeMenus(event);
  const busy = document.querySelector("dialog[open]") !== null || isWriting();
  if (event.key === "Escape" && !busy && place.thread !== undefined) closeThread();
});
document.addEventListener("visibilitychange", () => draw(false));
setInterval(() => {
  for (const each of document.querySelectorAll(".ago[data-ms]"))
    each.textContent = `${each.dataset.before ?? ""}${relativeTime(Number(each.dataset.ms), store.now())}`;
}, RELATIVE_EVERY_MS);

applyStoredTheme();
const landing = permalinkTarget(new URL(location.href));
await store.enter(query.get("user") ?? "");
if (landing !== undefined) goTo(landing);
