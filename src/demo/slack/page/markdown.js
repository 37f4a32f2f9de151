/** Paragraphs, lists, quotes, code, tables: what stands between lines, as a tree of plain objects. */
import { decodeEntities, parseMarkdownInline, parseMrkdwn } from "./inline.js";

const FENCE = /^\s*```/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+•]|\d{1,6}[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** A `markdown` block. */
export function parseMarkdown(text) {
  return parseLines(text.split("\n"), 0);
}

function parseLines(lines, depth) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    const reader = READERS.find(({ starts }) => starts(lines, at));
    if (reader === undefined) at += 1;
    else at = reader.read(lines, at, blocks, depth);
  }
  return blocks;
}

const READERS = [
  { starts: (lines, at) => FENCE.test(lines[at]), read: readFence },
  { starts: (lines, at) => RULE.test(lines[at]), read: readRule },
  { starts: (lines, at) => HEADING.test(lines[at]), read: readHeading },
  { starts: (lines, at) => ITEM.test(lines[at]), read: readList },
  { starts: (lines, at) => QUOTE.test(lines[at]), read: readQuote },
  { starts: isTable, read: readTable },
  { starts: (lines, at) => lines[at].trim() !== "", read: readParagraph },
];

function readFence(lines, at, blocks) {
  let end = at + 1;
  while (end < lines.length && !FENCE.test(lines[end])) end += 1;
  blocks.push({ type: "pre", text: lines.slice(at + 1, end).join("\n") });
  return end + 1;
}

function readRule(_lines, at, blocks) {
  blocks.push({ type: "rule" });
  return at + 1;
}

function readHeading(lines, at, blocks) {
  const [, marks, text] = HEADING.exec(lines[at]);
  blocks.push({ type: "heading", level: marks.length, children: parseMarkdownInline(text) });
  return at + 1;
}

function readQuote(lines, at, blocks, depth) {
  const inner = [];
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) {
    inner.push(QUOTE.exec(lines[end])[1]);
    end += 1;
  }
  const nested = depth < 4 ? parseLines(inner, depth + 1) : [];
  blocks.push({ type: "quote", blocks: nested });
  return end;
}

/** Deeper indentation opens a list inside the last item. */
function readList(lines, at, blocks, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const list = { type: "list", ordered, start: ordered ? Number.parseInt(mark, 10) : 1, items: [] };
  let end = at;
  while (end < lines.length) {
    const item = siblingItem(lines[end], indent.length, ordered);
    const inner = item === undefined && depth < 4 ? indentedRun(lines, end, indent.length) : [];
    if (item !== undefined) list.items.push({ children: parseMarkdownInline(item), blocks: [] });
    else if (inner.length > 0)
      list.items.at(-1).blocks.push(...parseLines(dedent(inner), depth + 1));
    else break;
    end += Math.max(1, inner.length);
  }
  blocks.push(list);
  return end;
}

/** The text of a further item of the same list, or undefined. */
function siblingItem(line, indent, ordered) {
  const found = ITEM.exec(line);
  if (found === null || found[1].length !== indent) return undefined;
  return /\d/.test(found[2]) === ordered ? found[3] : undefined;
}

/** The lines from here on that stand further in than the list. */
function indentedRun(lines, from, indent) {
  let end = from;
  while (end < lines.length && lines[end].search(/\S/) > indent + 1) end += 1;
  return lines.slice(from, end);
}

function dedent(lines) {
  const least = Math.min(...lines.map((line) => /^\s*/.exec(line)[0].length));
  return lines.map((line) => line.slice(least));
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => parseMarkdownInline(cell.trim()));
}

function isTable(lines, at) {
  return (
    lines[at].includes("|") && TABLE_RULE.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")
  );
}

function readTable(lines, at, blocks) {
  const align = lines[at + 1]
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => alignment(cell.trim()));
  const rows = [cells(lines[at])];
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) {
    rows.push(cells(lines[end]));
    end += 1;
  }
  blocks.push({ type: "table", rows, align });
  return end;
}

function alignment(rule) {
  if (rule.endsWith(":")) return rule.startsWith(":") ? "center" : "right";
  return "left";
}

function readParagraph(lines, at, blocks) {
  let end = at + 1;
  const ends = READERS.slice(0, -1);
  while (end < lines.length && lines[end].trim() !== "") {
    if (ends.some(({ starts }) => starts(lines, end))) break;
    end += 1;
  }
  blocks.push({
    type: "paragraph",
    children: parseMarkdownInline(lines.slice(at, end).join("\n")),
  });
  return end;
}

/** A mrkdwn text: fenced code and quotes stand alone, all else keeps its line breaks. */
export function parseMrkdwnBlocks(text) {
  const blocks = [];
  for (const [i, part] of text.split("```").entries()) {
    if (i % 2 === 1)
      blocks.push({ type: "pre", text: decodeEntities(part.replace(/^\n|\n$/g, "")) });
    else blocks.push(...quotesAndText(part.replace(i > 0 ? /^\n/ : /^$/, "")));
  }
  return blocks;
}

function quotesAndText(text) {
  const blocks = [];
  let run = [];
  let quoted = false;
  const flush = () => {
    const inside = run.join("\n");
    if (inside.trim() !== "") {
      const paragraph = { type: "paragraph", children: parseMrkdwn(inside) };
      blocks.push(quoted ? { type: "quote", blocks: [paragraph] } : paragraph);
    }
    run = [];
  };
  for (const line of text.split("\n")) {
    const inside = /^(?:&gt;|>)\s?(.*)$/.exec(line)?.[1];
    if ((inside !== undefined) !== quoted) {
      flush();
      quoted = inside !== undefined;
    }
    run.push(inside ?? line);
  }
  flush();
  return blocks;
}
