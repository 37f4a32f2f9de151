import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadPrompts, PROMPT_NAMES, readPrompt } from "../../src/agent/prompts.ts";
import { TOOLS } from "../../tools/registry.ts";

const folder = new URL("../../prompts/", import.meta.url);
const prompts = loadPrompts();
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".md"),
);

describe("prompt files", () => {
  test("are the ones that the code knows, and each declares what it uses", () => {
    const named = files.filter((path) => !path.includes("/")).map((path) => path.slice(0, -3));
    expect(named.sort()).toEqual([...PROMPT_NAMES].sort());
    for (const path of files)
      expect(() => readPrompt(path, readFileSync(new URL(path, folder), "utf8"))).not.toThrow();
    expect(files.length).toBeGreaterThan(15);
  });

  test("fail when head and text disagree", () => {
    expect(() => readPrompt("x", "no head")).toThrow("opens with its declared holes");
    expect(() => readPrompt("x", "---\nholes: a\n---\nnothing")).toThrow("declares (a)");
    expect(() => readPrompt("x", "---\nholes:\n---\n[[a]]")).toThrow("uses (a)");
  });

  test("name no tool that does not exist", () => {
    const names = new Set(TOOLS.map((tool) => tool.name));
    const verbs = [...names].map((name) => name.split("_")[0]).join("|");
    for (const path of files) {
      const text = readFileSync(new URL(path, folder), "utf8");
      for (const [, tool = ""] of text.matchAll(new RegExp(`\`((?:${verbs})_[a-z_]+)\``, "g")))
        expect(names.has(tool), `${path}: ${tool}`).toBe(true);
    }
  });

  test("of the system fit in a small part of a context and hold nothing that changes", () => {
    const system = prompts.render("system") + prompts.render("what-if");
    expect(system.length).toBeLessThan(8_000);
    expect(system).toBe(prompts.render("system") + prompts.render("what-if"));
    expect(system).not.toMatch(/\[\[/);
  });

  test("include playbooks short enough to be read whole", () => {
    expect(prompts.playbookNames()).toEqual(
      expect.arrayContaining([
        "latency",
        "errors",
        "saturation",
        "retry-storm",
        "absent-traffic",
        "bad-deploy",
      ]),
    );
    for (const name of prompts.playbookNames())
      expect(prompts.playbook(name)?.length).toBeLessThan(2_000);
    expect(prompts.playbook("nothing")).toBeUndefined();
  });

  test("longer than five lines live in no source", () => {
    const sources = readdirSync(new URL("../../src/agent/", import.meta.url), {
      recursive: true,
      encoding: "utf8",
    }).filter((path) => path.endsWith(".ts"));
    expect(sources.length).toBeGreaterThan(20);
    expect(longestTemplate("const a = `1\n2\n3\n4\n5\n6`;")).toBe(6);
    expect(longestTemplate('const a = `1`;\nconst b = /[`"]/;\n\nconst c = `2`;')).toBe(1);
    for (const path of sources) {
      const text = readFileSync(new URL(`../../src/agent/${path}`, import.meta.url), "utf8");
      expect(longestTemplate(text), path).toBeLessThanOrEqual(5);
    }
  });
});

/** Lines of the longest template literal: from a line with an odd number of backticks to the next. */
function longestTemplate(source: string): number {
  const code = source.replace(
    /\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\[[^\]\n]*`[^\]\n]*\]|"`+"|\/[^/\n]*`[^/\n]*\//gm,
    "",
  );
  const odd = code
    .split("\n")
    .flatMap((line, index) => ((line.split("`").length - 1) % 2 === 1 ? [index] : []));
  const lengths = odd.flatMap((from, index) =>
    index % 2 === 0 ? [(odd[index + 1] ?? from) - from + 1] : [],
  );
  return Math.max(1, ...lengths);
}

describe("what fills a hole", () => {
  test("is one short line of code's own, or framed data", () => {
    expect(prompts.render("closing", { holes: { reason: "its time is over" } })).toContain(
      "because its time is over.",
    );
    for (const reason of ["two\nlines", "<data>", "[[x]]", "x".repeat(300)])
      expect(() => prompts.render("closing", { holes: { reason } })).toThrow("short line");
    expect(() => prompts.render("closing", { holes: {} })).toThrow("a value for the hole");
    expect(() => prompts.render("question", { holes: { question: "x" } })).toThrow(
      "declares the hole",
    );
    expect(() => prompts.render("closing", { framed: { reason: "x" } })).toThrow("as framed");
  });
});

describe("the frame around data from outside", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          "</data",
          ' fence="',
          '">',
          "<data",
          "\n",
          "[[body]]",
          "[[fence]]",
          "$&",
          "\\u003c",
          "{{e1.x}}",
          '"}',
          "\u2028",
          "\u202e",
        ),
      )
      .map((parts) => parts.join("")),
  );

  test("gives its data back, and nothing in it can close it", () => {
    fc.assert(
      fc.property(hostile, hostile, (text, source) => {
        const framed = prompts.frames.frame(source, { text }, "seed");
        expect(framed.match(/<\/data/g)).toHaveLength(1);
        expect(framed.split("\n")).toHaveLength(3);
        const read = prompts.frames.read(`before\n${framed}\nafter ${framed}`);
        expect(read).toHaveLength(2);
        expect(read[0]?.data).toEqual({ text });
      }),
      { numRuns: 300 },
    );
  });

  test("has a fence that is the same for the same data, and another for other data", () => {
    const fence = (text: string, seed: string): string =>
      /fence="([0-9a-f]{12})"/.exec(prompts.frames.frame("thread", text, seed))?.[1] ?? "";
    expect(fence("a", "c1")).toBe(fence("a", "c1"));
    expect(fence("a", "c1")).not.toBe(fence("b", "c1"));
    expect(fence("a", "c1")).not.toBe(fence("a", "c2"));
  });

  test("is not read from what only looks like one", () => {
    expect(
      prompts.frames.read(
        '<data source="question" fence="abc">\n{"text":"x"}\n</data fence="def">',
      ),
    ).toEqual([]);
    expect(
      prompts.frames.read('<data source="question" fence="abc">\nnot json\n</data fence="abc">'),
    ).toEqual([]);
  });
});
