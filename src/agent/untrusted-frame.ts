import { createHash } from "node:crypto";

/** Data from outside as it stands in a message. */
interface Framed {
  readonly source: string;
  readonly data: unknown;
}

export interface Frames {
  /** Contract: nothing in `data` can close the frame: it holds no opening angle bracket, and not the fence. */
  frame(source: string, data: unknown, seed?: string): string;
  /** The frames of a text, in order; what is broken or foreign is none. */
  read(text: string): readonly Framed[];
}

const FENCE_CHARS = 12;
const SOURCE_CHARS_MAX = 60;

/** JSON on one line in which nothing opens or closes a tag. */
function frameBody(data: unknown): string {
  return (JSON.stringify(data) ?? "null").replace(
    /[<\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Looks random and is the same for the same text, so that a resumed conversation keeps its prompt cache. */
function fenceOf(seed: string, body: string): string {
  for (let salt = 0; ; salt += 1) {
    const hash = createHash("sha256").update(`${salt}\n${seed}\n${body}`).digest("hex");
    const fence = hash.slice(0, FENCE_CHARS);
    if (!body.includes(fence)) return fence;
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `template` is prompts/untrusted.md with its holes `source`, `fence` (twice) and `body`. */
export function createFrames(template: string): Frames {
  const [first = "", ...rest] = template.split("[[fence]]").map(escaped);
  const pattern = [first, ...rest]
    .join("(?:__FENCE__)")
    .replace("(?:__FENCE__)", "(?<fence>[0-9a-f]+)")
    .replaceAll("(?:__FENCE__)", "\\k<fence>")
    .replace("\\[\\[source\\]\\]", '(?<source>[^"<>\\n]*)')
    .replace("\\[\\[body\\]\\]", "(?<body>[^<\\n]*)");
  const frames = new RegExp(pattern, "g");
  return {
    frame: (source, data, seed = "") => {
      const body = frameBody(data);
      const name = source.replace(/[^a-z0-9_ -]/gi, "").slice(0, SOURCE_CHARS_MAX);
      const fence = fenceOf(seed, body);
      return template
        .replaceAll("[[fence]]", fence)
        .replaceAll("[[source]]", () => name)
        .replaceAll("[[body]]", () => body);
    },
    read: (text) =>
      [...text.matchAll(frames)].flatMap((match) => {
        const { source = "", body = "" } = match.groups ?? {};
        try {
          return [{ source, data: JSON.parse(body) as unknown }];
        } catch {
          return [];
        }
      }),
  };
}
