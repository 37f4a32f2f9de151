import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ground } from "../../../src/agent/claims/claims.ts";
import { Speech, type SpeechOptions, spokenText } from "../../../src/agent/claims/speech.ts";

const ground: Ground = {
  evidence: (id) =>
    id === "e1"
      ? {
          kind: "service",
          about: "cart 1.2.3",
          text: "",
          values: { p95Ms: { value: 240, unit: "ms" } },
        }
      : undefined,
  isKnown: () => false,
};

function speak(deltas: readonly string[], onFailure: SpeechOptions["onFailure"] = "drop") {
  const out: string[] = [];
  const speech = new Speech({ ground, emit: (text) => out.push(text), onFailure });
  for (const delta of deltas) speech.push(delta);
  const spoken = speech.end();
  return { out: out.join(""), spoken, speech };
}
const shown = (text: string): string => spokenText(text, ground).shown;

describe("a sentence that fails is left out", () => {
  test("and the rest of its paragraph stays", () => {
    expect(shown("A is slow. It took 9 s. B is well.\nC.")).toBe("A is slow. B is well.\nC.");
  });

  test("with its whole line, when the line holds nothing else", () => {
    expect(shown("- one\n- took 9 s\n- three\n")).toBe("- one\n- three\n");
    expect(shown("a\n\nIt took 9 s.\n\nb\n")).toBe("a\n\n\nb\n");
    expect(shown("Took 9 s. ")).toBe(" ");
  });

  test("and the marker of its list item goes to the next sentence", () => {
    expect(shown("- Took 9 s. But it is well.\n- two\n")).toBe("- But it is well.\n- two\n");
    expect(shown("1. Took 9 s. Fine.\n2. x\n")).toBe("1. Fine.\n2. x\n");
    expect(shown("### Took 9 s\ntext\n")).toBe("text\n");
  });

  test("and no space is left where its paragraph begins", () => {
    expect(shown("A.\n\nIt took 9 s. But it is well.\n")).toBe("A.\n\nBut it is well.\n");
  });

  test("and a row of a table goes whole", () => {
    const table = "| what | p95 |\n|---|---|\n| cart | {{e1.p95Ms}} |\n| x | 7 s |\n| y | - |\n";
    expect(shown(table)).toBe("| what | p95 |\n|---|---|\n| cart | 240 ms |\n| y | - |\n");
  });

  test("with its end, when the message broke off", () => {
    const out: string[] = [];
    const speech = new Speech({ ground, emit: (text) => out.push(text), onFailure: "drop" });
    speech.push("Whole. Broken off in the mid");
    expect(speech.end(true).shown).toBe("Whole.");
  });
});

test("a name of cited evidence may be said again later", () => {
  expect(shown("p95 of cart is {{e1.p95Ms}}. Look at 1.2.3 again.")).toBe(
    "p95 of cart is 240 ms. Look at 1.2.3 again.",
  );
  expect(shown("Look at 1.2.3 first. p95 is {{e1.p95Ms}}.")).toBe("p95 is 240 ms.");
});

test("holding keeps everything from the failing sentence on", () => {
  const { out, spoken, speech } = speak(["Good. It took 9 s. ", "Also fine. And 8."], "hold");
  expect(out).toBe("Good.");
  expect(spoken.source).toBe("Good.");
  expect(speech.held).toBe(" It took 9 s. Also fine. And 8.");
  expect(spoken.withheld.map((one) => one.sentence)).toEqual(["It took 9 s.", "And 8."]);
});

const text = fc
  .array(
    fc.constantFrom(
      "Fine. ",
      "Took 9 s. ",
      "{{e1.p95Ms}} ",
      "{{e1.p95Ms}} ms. ",
      "{{e2.x}}. ",
      "- ",
      "2. ",
      "\n",
      "\n\n",
      "| a | 7 |\n",
      "```\n",
      "**bold 1. x** ",
      "cart ",
      "1.2.3. ",
      "[e1] 240 ms! ",
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

test("streamed equals whole, whatever the deltas", () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(300)), (whole, cuts) => {
      const at = [...new Set(cuts.filter((cut) => cut < whole.length))].sort((a, b) => a - b);
      const deltas = [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length));
      for (const onFailure of ["drop", "hold"] as const) {
        const once = speak([whole], onFailure);
        const streamed = speak(deltas, onFailure);
        expect(streamed.out).toBe(once.out);
        expect(streamed.spoken).toEqual(once.spoken);
        expect(streamed.out).toBe(streamed.spoken.shown);
      }
    }),
    { numRuns: 400 },
  );
});

test("text without numbers comes out as it went in", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab .!?\n-*`|#[]()_>\"':é") }), (plain) => {
      expect(shown(plain)).toBe(plain);
    }),
    { numRuns: 400 },
  );
});
