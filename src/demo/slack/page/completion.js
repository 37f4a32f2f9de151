/** What the word before the cursor may become; nothing here touches the page. */

/** The word that is being typed and where it starts; only a first word may be a command. */
export function typedWord(text, cursor) {
  const before = text.slice(0, cursor);
  const start = Math.max(before.lastIndexOf(" "), before.lastIndexOf("\n")) + 1;
  const word = before.slice(start);
  if (word.startsWith("/") && start === 0)
    return { kind: "command", start, query: word.slice(1).toLowerCase() };
  if (word.startsWith("@")) return { kind: "person", start, query: word.slice(1).toLowerCase() };
  if (word.startsWith("#")) return { kind: "channel", start, query: word.slice(1).toLowerCase() };
  const command = /^(\/\S+) (\S*)$/.exec(before);
  if (command !== null)
    return { kind: "argument", start, query: command[2].toLowerCase(), command: command[1] };
  return undefined;
}

/** Suggestions for the typed word: what to show and what to insert. At most eight. */
export function suggestions(typed, known) {
  const found = SOURCES[typed.kind](known, typed);
  return found.filter(({ match }) => match.startsWith(typed.query)).slice(0, 8);
}

const SOURCES = {
  command: ({ commands }) =>
    commands.map(({ command, usage, description }) => ({
      match: command.slice(1).toLowerCase(),
      insert: `${command} `,
      title: `${command} ${usage}`,
      note: description,
    })),
  argument: ({ commands }, { command }) =>
    (commands.find((each) => each.command === command)?.actions ?? []).map(
      ({ name, description }) => ({
        match: name.toLowerCase(),
        insert: `${name} `,
        title: name,
        note: description,
      }),
    ),
  person: ({ people }) =>
    people.map(({ name, realName }) => ({
      match: name.toLowerCase(),
      insert: `@${name} `,
      title: `@${name}`,
      note: realName === name ? "App" : realName,
    })),
  channel: ({ channels }) =>
    channels
      .filter(({ kind }) => kind === "channel")
      .map(({ name, topic }) => ({
        match: name.toLowerCase(),
        insert: `#${name} `,
        title: `#${name}`,
        note: topic,
      })),
};

/** `/sre why cart` as command and text, or undefined for an ordinary message. */
export function splitCommand(text) {
  const found = /^(\/[a-z0-9_-]+)(?:\s+([\s\S]*))?$/i.exec(text.trim());
  return found === null
    ? undefined
    : { command: found[1].toLowerCase(), text: (found[2] ?? "").trim() };
}
