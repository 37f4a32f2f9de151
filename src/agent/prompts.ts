import { readdirSync, readFileSync } from "node:fs";
import { assert, must } from "../assert.ts";
import { createFrames, type Frames } from "./untrusted-frame.ts";

/** The prompts of the loop; `playbook/` holds those that are read on demand. */
export const PROMPT_NAMES = [
  "system",
  "what-if",
  "investigate",
  "question",
  "untrusted",
  "withheld",
  "rewrite",
  "closing",
] as const;
type PromptName = (typeof PROMPT_NAMES)[number];

/** Limit: characters of a value that code puts into a hole. */
const HOLE_CHARS_MAX = 200;
const HEAD = /^---\n([\s\S]*?)\n---\n/;
const HOLE = /\[\[([a-z-]+)\]\]/g;

export interface PromptFile {
  /** Filled by code: one short line each. */
  readonly holes: readonly string[];
  /** Filled from outside: enter only as framed data. */
  readonly framed: readonly string[];
  readonly text: string;
}

interface PromptValues {
  readonly holes?: Readonly<Record<string, string>>;
  /** JSON data for each framed hole. */
  readonly framed?: Readonly<Record<string, unknown>>;
  /** Makes the fences of this conversation its own. */
  readonly seed?: string;
}

export interface Prompts {
  /** Contract: a value from outside can only get in as `framed`, where nothing in it can close the frame. */
  render(name: PromptName, values?: PromptValues): string;
  readonly frames: Frames;
  playbook(name: string): string | undefined;
  playbookNames(): readonly string[];
}

/** Splits a prompt file; its head declares its holes, and both must agree. */
export function readPrompt(name: string, source: string): PromptFile {
  const head = must(HEAD.exec(source), `prompt ${name} opens with its declared holes`);
  const listed = (key: string): readonly string[] =>
    (new RegExp(`^${key}:(.*)$`, "m").exec(head[1] ?? "")?.[1] ?? "")
      .split(",")
      .map((hole) => hole.trim())
      .filter((hole) => hole !== "");
  const file = {
    holes: listed("holes"),
    framed: listed("framed"),
    text: source.slice(head[0].length).trim(),
  };
  const declared = [...file.holes, ...file.framed].sort();
  const used = [...new Set([...file.text.matchAll(HOLE)].map((match) => match[1] ?? ""))].sort();
  assert(
    JSON.stringify(declared) === JSON.stringify(used),
    `prompt ${name} declares (${declared.join(", ")}) what it uses (${used.join(", ")})`,
  );
  return file;
}

function fillPrompt(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(HOLE, (_hole, name: string) =>
    must(values[name], `a value for the hole ${name}`),
  );
}

function checkedHoles(
  name: string,
  file: PromptFile,
  values: PromptValues,
): Readonly<Record<string, string>> {
  const holes = values.holes ?? {};
  for (const [hole, value] of Object.entries(holes)) {
    assert(file.holes.includes(hole), `prompt ${name} declares the hole ${hole}`);
    assert(
      value.length <= HOLE_CHARS_MAX && !/[\n<>[\]]/.test(value),
      `what fills the hole ${hole} of prompt ${name} is one short line of code's own`,
    );
  }
  return holes;
}

/** Reads `prompts/`. Errors: InvariantError when a file and its head disagree, or one is missing. */
export function loadPrompts(folder: URL = new URL("../../prompts/", import.meta.url)): Prompts {
  const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
  const files = new Map(
    PROMPT_NAMES.map((name) => [name, readPrompt(name, read(`${name}.md`))] as const),
  );
  const playbooks = new Map(
    readdirSync(new URL("playbook/", folder))
      .filter((file) => file.endsWith(".md"))
      .sort()
      .map((file) => {
        const name = file.slice(0, -".md".length);
        return [name, readPrompt(name, read(`playbook/${file}`)).text] as const;
      }),
  );
  const fileOf = (name: PromptName): PromptFile => must(files.get(name), `the prompt ${name}`);
  const frames = createFrames(fileOf("untrusted").text);
  return {
    frames,
    playbook: (name) => playbooks.get(name),
    playbookNames: () => [...playbooks.keys()],
    render: (name, values = {}) => {
      const file = fileOf(name);
      const holes = checkedHoles(name, file, values);
      const framed = Object.entries(values.framed ?? {}).map(([hole, data]) => {
        assert(file.framed.includes(hole), `prompt ${name} declares ${hole} as framed`);
        return [hole, frames.frame(hole, data, values.seed)] as const;
      });
      return fillPrompt(file.text, { ...holes, ...Object.fromEntries(framed) });
    },
  };
}
