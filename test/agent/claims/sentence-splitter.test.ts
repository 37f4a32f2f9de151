import fc from "fast-check";
import { expect, test } from "vitest";
import {
  SENTENCE_CHARS_MAX,
  SentenceSplitter,
} from "../../../src/agent/claims/sentence-splitter.ts";

function split(...deltas: readonly string[]): readonly string[] {
  const splitter = new SentenceSplitter();
  return [...deltas.flatMap((delta) => splitter.push(delta)), ...splitter.end()];
}

/** Text made of what splitting depends on. */
const markdown = fc
  .array(
    fc.constantFrom(
      ...'abc. |1.|e.g. |!|? |\n|\n\n|- |**|`|```\n|{{e1.x}}|| a | b |\n|3. |…|。|) |" |  |x'.split(
        "|",
      ),
      "|",
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

test("sentences end at their full stop, lines at their break", () => {
  expect(split("One is slow. Two is not!  Three\nfour? ")).toEqual([
    "One is slow.",
    " Two is not!",
    "  Three\n",
    "four?",
    " ",
  ]);
});

test("versions, abbreviations, list numbers and closing marks end no sentence", () => {
  expect(split("1. It runs 1.4.2, e.g. on **node a. b** today.\n")).toHaveLength(2);
  expect(split('He said "stop." Then he left.')).toEqual(['He said "stop."', " Then he left."]);
  expect(split("**Cause.** It is slow. ")).toEqual(["**Cause.**", " It is slow.", " "]);
});

test("a table row and a line of code stay whole", () => {
  expect(split("| a. b | c. d |\n|---|---|\n")).toEqual(["| a. b | c. d |\n", "|---|---|\n"]);
  expect(split("```sh\nrun a. b. c\n```\nDone. Yes.")).toEqual([
    "```sh\n",
    "run a. b. c\n",
    "```\n",
    "Done.",
    " Yes.",
  ]);
});

test("a sentence without end is cut at its limit", () => {
  const pieces = split(`${"word ".repeat(1_000)}`);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(SENTENCE_CHARS_MAX);
  expect(pieces.join("")).toBe("word ".repeat(1_000));
});

test("pieces join to the text and do not depend on the deltas", () => {
  fc.assert(
    fc.property(markdown, fc.array(fc.nat(200)), (text, cuts) => {
      const at = [...new Set(cuts.filter((cut) => cut < text.length))].sort((a, b) => a - b);
      const deltas = [0, ...at].map((from, i) => text.slice(from, at[i] ?? text.length));
      const whole = split(text);
      expect(whole.join("")).toBe(text);
      expect(split(...deltas)).toEqual(whole);
      expect(split(...text)).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});
