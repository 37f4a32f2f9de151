import fc from "fast-check";
import { expect, test } from "vitest";
import { createEgressStream, defang, egressText } from "../../src/slack/egress.ts";

/** What a Slack client would make clickable or ring somebody with. */
const LIVE: readonly RegExp[] = [
  /:\/\//,
  /\b(?:mailto|tel|slack|javascript|data):[^\s]/i,
  /\bwww\./i,
  /[\p{L}\p{N}-]\.(?:com|net|org|io|ru|co|zip|xyz)(?![\p{L}\p{N}])/iu,
  /<[@!#a-z/]/i,
  /@(?:channel|here|everyone)\b/i,
  /\]\(/,
  /!\[/,
];
const live = (text: string): readonly string[] =>
  LIVE.filter((pattern) => pattern.test(text)).map(String);

/** Pieces that, put side by side, make what must not pass. */
const piece = fc.constantFrom(
  "http",
  "s://",
  "://",
  "evil",
  ".",
  "com",
  ".com",
  "/a",
  "www",
  "[",
  "]",
  "](",
  "(",
  ")",
  "!",
  "<",
  ">",
  "@",
  "!channel",
  "@here",
  "<@U0ALICE",
  "|",
  "a",
  " ",
  "\n",
  ". ",
  "mail",
  "to:",
  "x",
  "。",
  "p95",
  "1.2",
  "xoxb-",
  "1234567890abc",
  "password",
  "=",
  ":",
  "hunter2x9",
  "\r",
  "\u200b",
  "ｈ",
  "🔥",
);
const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

function streamed(whole: string, cuts: readonly number[]): string {
  const stream = createEgressStream();
  const points = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
  let out = "";
  let from = 0;
  for (const to of [...points, whole.length]) {
    out += stream.push(whole.slice(from, to));
    from = to;
  }
  return out + stream.end();
}

test("a stream says what the whole says, however it is cut", () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(400), { maxLength: 12 }), (whole, cuts) => {
      expect(streamed(whole, cuts)).toBe(egressText(whole));
    }),
    { numRuns: 500 },
  );
});

test("also for arbitrary text, longer than a segment", () => {
  const long = fc.array(fc.oneof(text, fc.string({ unit: "binary" })), { maxLength: 60 });
  fc.assert(
    fc.property(long, fc.array(fc.nat(), { maxLength: 12 }), (parts, cuts) => {
      const whole = parts.join("x".repeat(90));
      expect(streamed(whole, cuts)).toBe(egressText(whole));
    }),
    { numRuns: 60 },
  );
});

test("no link, mention or picture comes out alive", () => {
  fc.assert(
    fc.property(text, (whole) => {
      expect(live(egressText(whole))).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test("a scheme before a second colon is dead too", () => {
  expect(live(egressText("mailto::x and data::y"))).toEqual([]);
});

test("a run without any blank is broken, and what it hides stays dead", () => {
  const out = egressText(`${"a".repeat(3_995)}http://evil.com/${"b".repeat(9_000)}`);
  expect(live(out)).toEqual([]);
});

test("nothing of a link is shown before it can be judged", () => {
  const stream = createEgressStream();
  expect(stream.push("See http")).toBe("");
  expect(stream.push("s://evil.")).toBe("");
  expect(stream.push("com/x for more.")).toBe("");
  expect(stream.push(" And")).toBe("See hxxps[:]//evil[.]com/x for more. ");
  expect(stream.end()).toBe("And");
});

test("a secret is held until it is whole", () => {
  const stream = createEgressStream();
  expect(stream.push("The password:\n")).toBe("");
  expect(stream.push("hunter2x9\n")).not.toContain("hunter2x9");
});

test.each([
  [
    "the words of the trade stay as they are",
    "service.name of cart-0 at 10.0.0.1:8080 ran v1.4.2 in 3.5 s, a < b, <5 ms, http.route",
  ],
  ["prose stays as it is", "It rose at 02:09:40. Then e.g. retries doubled (2×)!"],
])("%s", (_name, harmless) => {
  expect(egressText(harmless)).toBe(harmless);
});

test("hostile text takes no time to speak of", () => {
  const startMs = performance.now();
  for (const hostile of ["a.", "a-", "[", "<@", "-----BEGIN \n", "x=", "。", "a@b."])
    egressText(hostile.repeat(20_000));
  expect(performance.now() - startMs).toBeLessThan(4_000);
});

test("defanging twice changes nothing more", () => {
  fc.assert(
    fc.property(text, (whole) => {
      const once = defang(whole);
      expect(defang(once)).toBe(once);
    }),
  );
});
