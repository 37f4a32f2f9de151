/** What the page knows: the workspace as one person sees it, kept current by the server's events. */

const READ_KEY = "orrery-read";

export class Store {
  state = {
    me: "",
    bot: { id: "", name: "", connected: false },
    users: [],
    channels: [],
    statuses: [],
    prompts: {},
    faults: [],
    commands: [],
  };
  messages = new Map();
  /** The server is gone: with it the demo. */
  ended = false;
  /** The app has been here. */
  hasMetBot = false;
  #listeners = new Set();
  #events;
  #clockOffsetMs = 0;
  #read = {};

  onChange(listener) {
    this.#listeners.add(listener);
  }

  #tell(change) {
    for (const listener of this.#listeners) listener(change);
  }

  now() {
    return Date.now() + this.#clockOffsetMs;
  }

  /** Loads the workspace of a person and follows it; an interrupted connection loads anew. */
  async enter(userId) {
    this.#events?.close();
    await this.#load(userId);
    const events = new EventSource(`/events?user=${encodeURIComponent(this.state.me)}`);
    let opened = false;
    events.onopen = () => {
      if (opened) this.#load(this.state.me).catch(() => this.#end());
      opened = true;
    };
    events.onmessage = (event) => this.#apply(JSON.parse(event.data));
    events.onerror = () => this.#end();
    this.#events = events;
  }

  #end() {
    this.ended = true;
    this.#tell({ type: "offline" });
  }

  async #load(userId) {
    const response = await fetch(`/state?user=${encodeURIComponent(userId)}`);
    const state = await response.json();
    this.#clockOffsetMs = state.nowMs - Date.now();
    this.state = state;
    this.ended = false;
    this.hasMetBot ||= state.bot.connected;
    this.messages = new Map(state.channels.map(({ id }) => [id, state.messages[id] ?? []]));
    this.#read = this.#loadRead(state.me);
    this.#tell({ type: "loaded" });
  }

  #apply(change) {
    if (change.type === "message") this.#keep(change.message);
    else if (change.type === "deleted") this.#drop(change.channel, change.ts);
    else if (change.type === "status") this.#setStatus(change.status);
    else if (change.type === "prompts") this.state.prompts[change.channel] = change.prompts;
    else if (change.type === "presence") {
      this.state.bot.connected = change.connected;
      this.hasMetBot ||= change.connected;
    }
    this.#tell(change);
  }

  #keep(message) {
    const list = this.messages.get(message.channel) ?? [];
    const at = list.findLastIndex((each) => each.ts === message.ts);
    if (at < 0) list.push(message);
    else list[at] = message;
    this.messages.set(message.channel, list);
  }

  #drop(channel, ts) {
    const list = this.messages.get(channel) ?? [];
    this.messages.set(
      channel,
      list.filter((each) => each.ts !== ts),
    );
  }

  #setStatus(status) {
    const others = this.state.statuses.filter(
      (each) => each.channel !== status.channel || each.threadTs !== status.threadTs,
    );
    this.state.statuses = status.text === "" ? others : [...others, status];
  }

  /** Roots and replies that were sent to the channel too. */
  roots(channel) {
    return (this.messages.get(channel) ?? []).filter(
      ({ thread_ts, ts, reply_broadcast }) =>
        thread_ts === undefined || thread_ts === ts || reply_broadcast,
    );
  }

  thread(channel, ts) {
    return (this.messages.get(channel) ?? []).filter(
      (each) => each.ts === ts || each.thread_ts === ts,
    );
  }

  statusOf(channel, threadTs) {
    return this.state.statuses.find(
      (each) => each.channel === channel && each.threadTs === threadTs,
    );
  }

  personById(id) {
    const { bot, users } = this.state;
    if (id === bot.id) return { id, name: bot.name, realName: bot.name, isBot: true };
    return users.find((user) => user.id === id) ?? { id, name: id, realName: id };
  }

  channelById(id) {
    return this.state.channels.find((channel) => channel.id === id);
  }

  /** What others said since this person last looked. */
  unread(channel) {
    const since = this.#read[channel] ?? 0;
    return this.roots(channel).filter(
      (each) => each.user !== this.state.me && Number(each.ts) > since,
    ).length;
  }

  markRead(channel) {
    const last = this.messages.get(channel)?.at(-1);
    if (last === undefined || (this.#read[channel] ?? 0) >= Number(last.ts)) return;
    this.#read[channel] = Number(last.ts);
    sessionStorage.setItem(`${READ_KEY}/${this.state.me}`, JSON.stringify(this.#read));
  }

  #loadRead(me) {
    return JSON.parse(sessionStorage.getItem(`${READ_KEY}/${me}`) ?? "{}");
  }
}

/** Asks the server to do something as a person; resolves to its result, rejects with its reason, else its error code. */
export async function perform(action, body) {
  const response = await fetch(`/do/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch((cause) => {
    throw new Error("the demo does not answer; it has ended, or is starting again", { cause });
  });
  const answer = await response.json();
  if (answer.ok !== true) throw new Error(answer.message ?? answer.error);
  return answer.result;
}
