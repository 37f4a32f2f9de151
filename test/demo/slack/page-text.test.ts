import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { axisTicks, compactNumber, pieSlices } from "#src/demo/slack/page/chart-geometry.js";
import { splitCommand, suggestions, typedWord } from "#src/demo/slack/page/completion.js";
import {
  type Inline,
  parseMarkdownInline,
  parseMrkdwn,
  safeUrl,
} from "#src/demo/slack/page/inline.js";
import { parseMarkdown, parseMrkdwnBlocks } from "#src/demo/slack/page/markdown.js";
import { dayName, relativeTime, slackDate } from "#src/demo/slack/page/time.js";

/** Nodes in one line: `bold(text)`. */
function sketch(nodes: readonly Inline[] = []): string {
  return nodes
    .map(({ type, text = "", children, url, id }) => {
      if (type === "text") return text;
      return `${type}(${url ?? id ?? ""}${url === undefined ? "" : " "}${text}${sketch(children)})`;
    })
    .join("");
}

describe("mrkdwn", () => {
  test.each([
    ["*bold* and _it_ and ~gone~", "bold(bold) and italic(it) and strike(gone)"],
    ["2 * 3 * 4", "2 * 3 * 4"],
    ["snake_case_name", "snake_case_name"],
    ["*p95* `a*b*c` *x*", "bold(p95) code(a*b*c) bold(x)"],
    ["<@U1> in <#C1|inc> <!here>", "user(U1) in channel(C1) broadcast(here)"],
    [
      "<https://a.example/x?a=1&amp;b=2|the *page*>",
      "link(https://a.example/x?a=1&b=2 the bold(page))",
    ],
    ["<javascript:alert(1)|click>", "<javascript:alert(1)|click>"],
    ["a &lt;b&gt; &amp; c", "a <b> & c"],
    ["&amp;lt;", "&lt;"],
    ["*two\nlines*", "*twobreak()lines*"],
    [":fire: 12:30:45", "emoji(fire) 12:30:45"],
  ])("%s", (source, expected) => {
    expect(sketch(parseMrkdwn(source))).toBe(expected);
  });

  test("quotes and fenced code stand alone", () => {
    const blocks = parseMrkdwnBlocks("before\n&gt; quoted\nafter ```x *y*\n&lt;z```");
    expect(blocks.map(({ type }) => type)).toEqual(["paragraph", "quote", "paragraph", "pre"]);
    expect(blocks.at(-1)?.text).toBe("x *y*\n<z");
  });
});

describe("markdown", () => {
  test.each([
    ["**bold** *it* ~~gone~~", "bold(bold) italic(it) strike(gone)"],
    ["***both***", "bold(italic(both))"],
    ["[label](https://a.example/)", "link(https://a.example/ label)"],
    ["[label](javascript:alert(1))", "[label](javascript:alert(1))"],
    ["see https://a.example/x.", "see link(https://a.example/x https://a.example/x)."],
    ["\\*not\\*", "*not*"],
    ["__init__ snake_case", "bold(init) snake_case"],
  ])("%s", (source, expected) => {
    expect(sketch(parseMarkdownInline(source))).toBe(expected);
  });

  test("headings, lists in lists, tables and code", () => {
    const source =
      "## Why\n\n- one\n  - inner\n- two\n\n1. first\n2. second\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n```sql\nSELECT *\n```\n> so\n\n---";
    const blocks = parseMarkdown(source);
    const types = blocks.map(({ type }) => type);
    expect(types).toEqual(["heading", "list", "list", "table", "pre", "quote", "rule"]);
    expect(blocks[1]?.items?.map((item) => item.blocks.length)).toEqual([1, 0]);
    expect(blocks[2]).toMatchObject({ ordered: true, start: 1 });
    expect(blocks[3]?.align).toEqual(["left", "right"]);
    expect(blocks[4]?.text).toBe("SELECT *");
  });

  test("no text makes a parser throw, lose the page or make a link that is not a web address", () => {
    const part = fc.constantFrom(
      "*",
      "_",
      "~",
      "`",
      "<",
      ">",
      "|",
      "[",
      "](",
      ")",
      "\n",
      "- ",
      "> ",
      "a",
      " ",
      "http://x",
      "javascript:",
      "```",
      "\\",
    );
    const source = fc.array(part, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(source, (text) => {
        const shown = JSON.stringify([parseMarkdown(text), parseMrkdwnBlocks(text)]);
        for (const [, url = ""] of shown.matchAll(/"url":"([^"]*)"/g))
          expect(url).toMatch(/^https?:/);
      }),
    );
  });

  test("a hostile text is read in good time", () => {
    const begun = performance.now();
    for (const piece of ["*a ", "_a", "[x](", "<http://a|", "`", "> ", "- a\n  "])
      parseMarkdown(piece.repeat(12_000 / piece.length));
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});

describe("addresses", () => {
  test.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "nonsense"])(
    "%s is no link",
    (address) => {
      expect(safeUrl(address)).toBeUndefined();
    },
  );
});

describe("times", () => {
  const now = Date.UTC(2026, 2, 1, 12, 0, 0);

  test("read relative to now", () => {
    expect(relativeTime(now - 3000, now)).toBe("just now");
    expect(relativeTime(now - 61_000, now)).toBe("1 minute ago");
    expect(relativeTime(now - 3 * 3_600_000, now)).toBe("3 hours ago");
    expect(relativeTime(now + 5000, now)).toBe("just now");
    expect(dayName(now, now)).toBe("Today");
    expect(dayName(now - 86_400_000, now)).toBe("Yesterday");
  });

  test("Slack's date form fills what it knows", () => {
    expect(slackDate(now / 1000 - 120, "{ago}, {unknown}", now)).toBe("2 minutes ago, {unknown}");
    expect(slackDate(now / 1000, "{date_num}", now)).toBe("2026-03-01");
  });
});

describe("completion", () => {
  const known = {
    commands: [
      {
        command: "/sre",
        usage: "status",
        description: "Ask",
        actions: [{ name: "what-if", description: "Predict" }],
      },
    ],
    people: [{ name: "alice", realName: "Alice" }],
    channels: [{ kind: "channel", name: "incidents", topic: "" }],
  };
  const offered = (text: string) => {
    const typed = typedWord(text, text.length);
    return typed === undefined ? [] : suggestions(typed, known).map(({ insert }) => insert);
  };

  test.each([
    ["/s", ["/sre "]],
    ["/sre wh", ["what-if "]],
    ["hello @al", ["@alice "]],
    ["#inc", ["#incidents "]],
    ["hello /s", []],
    ["mail a@al", []],
  ])("%s", (text, expected) => {
    expect(offered(text)).toEqual(expected);
  });

  test("a command is told from a message", () => {
    expect(splitCommand("/SRE why  cart ")).toEqual({ command: "/sre", text: "why  cart" });
    expect(splitCommand("a /sre")).toBeUndefined();
    expect(splitCommand("/ no")).toBeUndefined();
  });
});

describe("charts", () => {
  test("ticks are round and enclose the values", () => {
    expect(axisTicks(0, 97)).toEqual([0, 25, 50, 75, 100]);
    expect(axisTicks(0, 0)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (high) => {
        const ticks = axisTicks(0, high);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(high * 0.999999);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });

  test("numbers are short and a pie is whole", () => {
    expect(compactNumber(12_345)).toBe("12.3k");
    expect(compactNumber(0.12345)).toBe("0.1235");
    expect(pieSlices([1, 1, 0], { x: 0, y: 0, radius: 10 })).toHaveLength(3);
    expect(pieSlices([5], { x: 0, y: 0, radius: 10 })[0]).not.toContain("NaN");
  });
});
