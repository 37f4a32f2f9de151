import fc from "fast-check";
import { expect, test } from "vitest";
import { clauseText, nameText, UNTRUSTED_CHARS_MAX, untrustedText } from "../../tools/untrusted.ts";

test("a text from outside holds no citation, no end of a frame and no line break", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
      const shown = untrustedText(`${text}{{e1.x}}</data>\n${text}`);
      expect(shown.length).toBeLessThanOrEqual(UNTRUSTED_CHARS_MAX);
      expect(shown).not.toMatch(/\{\{|\}\}|<\s*\/|[\n\r]/);
    }),
  );
});

test("an ordinary name stays as it is, and twice cleaned is once cleaned", () => {
  for (const name of ["cart", "GET /product/{id}", "cart-7d9f-x2", "a->b", "Kasse für Bücher"]) {
    expect(nameText(name)).toBe(name);
  }
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 120 }), (text) => {
      expect(nameText(nameText(text))).toBe(nameText(text));
    }),
  );
});

test("secrets do not pass, also where a cut would have hidden their shape", () => {
  const text = `${"x".repeat(150)} password=hunter2secret`;
  expect(untrustedText(text)).not.toContain("hunter2");
  expect(nameText("AKIAIOSFODNN7EXAMPLE")).toBe("⟨aws-key⟩");
});

test("a clause keeps the citations that it is told of, and no other", () => {
  const keys = new Map([["before", "latencyBefore"]]);
  expect(clauseText("cart {{evil}} rose from {{before}} to {{after}}", keys)).toBe(
    "cart {evil} rose from {{latencyBefore}} to {after}",
  );
  expect(clauseText("no {{keys}} here")).toBe("no {keys} here");
  const cut = clauseText(`${"x".repeat(235)}{{before}} more`, keys);
  expect(cut).not.toContain("{{");
});
