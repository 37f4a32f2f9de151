/**
 * Text in Slack's two dialects as a tree of plain objects; nothing here touches the page, so that model text can only
 * ever become text nodes and the few elements that `render.js` makes of these objects.
 *
 * @typedef {{type: string, text?: string, url?: string, id?: string, label?: string, children?: Inline[]}} Inline
 */

/** Deeper nesting stays plain text. */
const MAX_DEPTH = 6;

const MRKDWN = [
  { mark: "*", type: "bold" },
  { mark: "_", type: "italic" },
  { mark: "~", type: "strike" },
];
const MARKDOWN = [
  { mark: "**", type: "bold" },
  { mark: "__", type: "bold" },
  { mark: "~~", type: "strike" },
  { mark: "*", type: "italic" },
  { mark: "_", type: "italic" },
];

export function decodeEntities(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Only web addresses become links; `javascript:` and the like stay text. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Slack's mrkdwn: `*bold*`, `<url|label>`, escaped `&lt;`. */
export function parseMrkdwn(text) {
  return parse(text, { marks: MRKDWN, markdown: false }, 0);
}

/** Standard Markdown inside a line: `**bold**`, `[label](url)`. */
export function parseMarkdownInline(text) {
  return parse(text, { marks: MARKDOWN, markdown: true }, 0);
}

const SPECIAL = /[`<*_~:[\\\n]|https?:\/\//g;

function parse(text, dialect, depth) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") nodes.push({ type: "text", text: decodeEntities(plain) });
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text);
    const from = next === null ? text.length : next.index;
    plain += text.slice(at, from);
    at = from;
    if (next === null) break;
    const found = depth < MAX_DEPTH ? readSpecial(text, at, dialect, depth) : undefined;
    if (found === undefined) {
      plain += text[at];
      at += 1;
    } else {
      if (found.plain !== undefined) plain += found.plain;
      else {
        flush();
        nodes.push(found.node);
      }
      at = found.end;
    }
  }
  flush();
  return nodes;
}

function readSpecial(text, at, dialect, depth) {
  const char = text[at];
  if (char === "\n") return { node: { type: "break" }, end: at + 1 };
  if (char === "`") return readCode(text, at);
  if (char === "<") return readReference(text, at, dialect, depth);
  if (char === ":") return readEmoji(text, at);
  if (char === "h") return dialect.markdown ? readBareUrl(text, at) : undefined;
  if (char === "\\") return dialect.markdown ? readEscape(text, at) : undefined;
  if (char === "[") return dialect.markdown ? readLink(text, at, dialect, depth) : undefined;
  return readMark(text, at, dialect, depth);
}

function readCode(text, at) {
  const fence = /^`+/.exec(text.slice(at, at + 3))[0];
  const end = text.indexOf(fence, at + fence.length);
  if (end <= at + fence.length - 1 || end === at + fence.length) return undefined;
  const inside = text.slice(at + fence.length, end);
  return { node: { type: "code", text: decodeEntities(inside) }, end: end + fence.length };
}

function readEmoji(text, at) {
  const name = /^:(?=[a-z0-9_]*[a-z]|[+-])([a-z0-9_+-]{2,40}):/.exec(text.slice(at, at + 42))?.[1];
  return name === undefined
    ? undefined
    : { node: { type: "emoji", text: name }, end: at + name.length + 2 };
}

function readEscape(text, at) {
  const next = text[at + 1] ?? "";
  return /[\\`*_{}[\]()#+\-.!~|>]/.test(next) ? { plain: next, end: at + 2 } : undefined;
}

function readBareUrl(text, at) {
  const found = /^https?:\/\/[^\s<>"]+/.exec(text.slice(at, at + 2000))?.[0];
  const address = found?.replace(/[.,;:!?)*_~]+$/, "") ?? "";
  const url = safeUrl(address);
  if (url === undefined) return undefined;
  return {
    node: { type: "link", url, children: [{ type: "text", text: address }] },
    end: at + address.length,
  };
}

function readLink(text, at, dialect, depth) {
  const middle = text.indexOf("](", at);
  const end = middle < 0 ? -1 : text.indexOf(")", middle);
  if (end < 0) return undefined;
  const url = safeUrl(text.slice(middle + 2, end));
  if (url === undefined) return undefined;
  const children = parse(text.slice(at + 1, middle), dialect, depth + 1);
  return { node: { type: "link", url, children }, end: end + 1 };
}

/** `<@U1>`, `<#C1|name>`, `<!here>`, `<!date^…|fallback>`, `<https://…|label>`. */
function readReference(text, at, dialect, depth) {
  const end = text.indexOf(">", at);
  if (end < 0) return undefined;
  const [target, label] = split(text.slice(at + 1, end));
  const node = referenceNode(target, label, dialect, depth);
  return node === undefined ? undefined : { node, end: end + 1 };
}

function split(inside) {
  const bar = inside.indexOf("|");
  return bar < 0 ? [inside, undefined] : [inside.slice(0, bar), inside.slice(bar + 1)];
}

function referenceNode(target, label, dialect, depth) {
  if (/^@[A-Z0-9]+$/.test(target)) return { type: "user", id: target.slice(1) };
  if (/^#[A-Z0-9]+$/.test(target)) return { type: "channel", id: target.slice(1), label };
  const date = /^!date\^(\d+)\^([^^]*)/.exec(target);
  if (date !== null)
    return { type: "date", seconds: Number(date[1]), format: date[2], text: label ?? "" };
  if (/^!(here|channel|everyone)$/.test(target))
    return { type: "broadcast", text: target.slice(1) };
  const url = safeUrl(decodeEntities(target));
  if (url === undefined) return undefined;
  const children =
    label === undefined
      ? [{ type: "text", text: decodeEntities(target) }]
      : parse(label, dialect, depth + 1);
  return { type: "link", url, children };
}

function isWord(char) {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}

function readMark(text, at, dialect, depth) {
  for (const { mark, type } of dialect.marks) {
    if (!text.startsWith(mark, at)) continue;
    const end = closingMark(text, at, mark, dialect);
    if (end === undefined) continue;
    const children = parse(text.slice(at + mark.length, end), dialect, depth + 1);
    return { node: { type, children }, end: end + mark.length };
  }
  return undefined;
}

/** Where an opened mark closes: against text on its inner side, and not inside a word. */
function closingMark(text, at, mark, dialect) {
  const from = at + mark.length;
  const inWord = dialect.markdown && mark[0] === "*";
  if (isSpace(text[from]) || (!inWord && isWord(text[at - 1]))) return undefined;
  // A mrkdwn mark closes on its own line.
  const lineEnd = dialect.markdown ? -1 : text.indexOf("\n", from);
  const limit = lineEnd < 0 ? text.length : lineEnd;
  let end = text.indexOf(mark, from + 1);
  while (end >= 0 && end < limit) {
    const run = markRun(text, end);
    const close = end + run - mark.length;
    if (fits(run, mark, dialect) && !isSpace(text[end - 1]) && (inWord || !isWord(text[end + run])))
      return close;
    end = text.indexOf(mark, end + run);
  }
  return undefined;
}

/** How many of the same mark stand here in a row. */
function markRun(text, at) {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** `**` does not close `*`; `***` closes both, the inner one first. */
function fits(run, mark, dialect) {
  if (!dialect.markdown) return run === mark.length;
  return mark.length === 1 ? run !== 2 : run >= 2;
}

function isSpace(char) {
  return char === undefined || /\s/.test(char);
}
