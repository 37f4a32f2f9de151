import { describe, expect, test } from "vitest";
import { checkSentence, type Ground } from "../../../src/agent/claims/claims.ts";
import { vouchFor } from "../../../src/agent/claims/vouch.ts";
import type { EvidenceDraft } from "../../../tools/define-tool.ts";

const items: Readonly<Record<string, EvidenceDraft>> = {
  e1: {
    kind: "service",
    about: "catalog",
    text: "p95 of catalog went from {{before}} to {{after}}",
    values: {
      before: { value: 18, unit: "ms" },
      after: { value: 2140, unit: "ms" },
      factor: { value: 119, unit: "factor" },
      errorRatio: { value: 0.23, unit: "ratio" },
      rate: { value: 15.2, unit: "per_second" },
      count: { value: 2150, unit: "count" },
    },
    window: { fromMs: Date.UTC(2026, 10, 24, 2, 10), toMs: Date.UTC(2026, 10, 24, 2, 13) },
  },
  e2: {
    kind: "change",
    about: "catalog",
    text: "catalog went to version 1.1.0 (was 1.0.0) at {{time}}",
    values: {
      time: { value: Date.UTC(2026, 10, 24, 2, 12, 55), unit: "time" },
      version: "1.1.0",
      previous_version: "1.0.0",
    },
  },
  e3: {
    kind: "change",
    about: "catalog",
    text: "catalog went to version {{version}}",
    values: { version: "0.01 % errors", setting: "60" },
  },
};
const ground: Ground = {
  evidence: (id) => items[id],
  isKnown: (word) => ["cart-0", "4", "14:02"].includes(word),
};
const check = (sentence: string) => checkSentence(sentence, ground);
const said = (sentence: string): string => {
  const checked = check(sentence);
  return checked.ok ? checked.text : `WITHHELD ${checked.problems.join("; ")}`;
};

describe("placeholders", () => {
  test("become value and unit", () => {
    expect(said("p95 is {{e1.after}}, was {{ e1.before }} ({{e1.factor}}).")).toBe(
      "p95 is 2.1 s, was 18 ms (120×).",
    );
    expect(said("It went to {{e2.version}} at {{e2.time}}.")).toBe(
      "It went to 1.1.0 at 02:12:55 UTC.",
    );
  });

  test("swallow a unit that the writer repeats", () => {
    expect(said("p95 is {{e1.before}} ms and {{e1.errorRatio}}% fail")).toBe(
      "p95 is 18 ms and 23 % fail",
    );
    expect(said("{{e1.before}} per request")).toBe("18 ms per request");
  });

  test("of unknown evidence, an unknown key or a broken form fail and say why", () => {
    expect(said("{{e9.x}}")).toContain("no evidence e9");
    expect(said("{{e1.p99}}")).toContain("e1 holds before, after");
    expect(said("{{p95}}")).toContain("written {{e3.key}}");
    expect(said("{{e1.before")).toContain("written {{e3.key}}");
  });
});

describe("bare digits", () => {
  test.each([
    "It rose to 2.1 s [e1].",
    "2.1s, 120x, 23 percent, 15.2 per second, 2,150 requests (e1)",
    "Between 02:10 and 02:13:00 UTC it rose, see e1.",
    "catalog 1.1.0 came at 02:12 (e2)",
    "catalog@1.1.0 against e1-e2",
    "cart-0 scaled to 4 at 14:02",
    "instance:cart-0 is well",
    "its limit went to 60 [e3]",
    "1. The p95, p99 and the 5xx of catalog",
    "   2) nothing counted",
    "no digits at all, the root cause is catalog",
  ])("pass when evidence, a name or the question holds them: %s", (sentence) => {
    expect(check(sentence)).toMatchObject({ ok: true });
  });

  test.each([
    ["It rose to 2.1 s.", "2.1"],
    ["It rose to 2.1 min [e1].", "2.1"],
    ["It rose to 2.1 [e1].", "2.1"],
    ["It rose to 2140 ms [e1].", "2140"],
    ["cart-1 is sick", "cart-1"],
    ["instance:cart-1 is sick", "instance"],
    ["ratio:12", "ratio"],
    ["version 1.2.0 [e2]", "1.2.0"],
    ["at 02:15 [e2]", "02:15"],
    ["see e7", "e7"],
    ["it took ٤٥ ms", "٤٥"],
    ["it took ⁴² ms", "42"],
    ["that is ½ of all", "1⁄2"],
    ["40% of requests", "40"],
    ["only 0.01 % errors, says e3", "0.01"],
    ["in 3 steps", "3"],
  ])("fail when nothing holds them: %s", (sentence, word) => {
    const checked = check(sentence);
    expect(checked.ok).toBe(false);
    expect(checked.ok ? "" : checked.problems.join()).toContain(word.slice(0, 1));
  });
});

test("a number of the question lends none with a unit that the question did not give it", () => {
  const asked: Ground = {
    ...ground,
    isKnown: (word) => word === "20" || word === "30",
    isAsked: ({ digits, unit }) => digits === "30" && unit === "min",
  };
  const isSaid = (sentence: string): boolean => checkSentence(sentence, asked).ok;
  expect(isSaid("cart has 20 replicas then")).toBe(true);
  expect(isSaid("it takes 20 s")).toBe(false);
  expect(isSaid("20 % of requests were bad")).toBe(false);
  expect(isSaid("nothing changed in the last 30 min")).toBe(true);
});

describe("commands to type", () => {
  test.each([
    "Run `kubectl rollout undo deploy/catalog`.",
    "kubectl delete pod catalog will do it",
    "Then `sudo systemctl restart catalog` on the host.",
    "`psql -c 'select'` shows the locks.",
  ])("are not given: %s", (sentence) => {
    const checked = checkSentence(sentence, ground);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.problems[0]).toContain("commands to type");
  });

  test.each([
    "The `catalog` service is slow.",
    "`curl: connection refused` was logged by payment.",
    "Whoever has kubectl can look.",
  ])("but names and logs in code marks are: %s", (sentence) => {
    expect(checkSentence(sentence, ground).ok).toBe(true);
  });
});

test("a tool's text is vouched for with the ids that come with it", () => {
  expect(vouchFor("p95 rose to 2.1 s. Roll back to 1.0.0.", ["e1", "e2"], ground)).toEqual({
    ok: true,
    text: "p95 rose to 2.1 s. Roll back to 1.0.0.",
  });
  expect(vouchFor("p95 rose to {{e1.after}}.", [], ground)).toMatchObject({ ok: true });
  expect(vouchFor("p95 rose to 9 s.", ["e1"], ground)).toMatchObject({ ok: false });
  expect(vouchFor("fine", ["e8"], ground)).toMatchObject({
    ok: false,
    problems: ["there is no evidence e8"],
  });
});

describe("who says that it changed the system itself", () => {
  test.each([
    "I have turned the flag off for you.",
    "I've already restarted payment.",
    "Done: I rolled catalog back.",
    "I’ve just approved it.",
  ])("is not believed: %s", (sentence) => {
    const checked = checkSentence(sentence, ground);
    expect(checked.ok).toBe(false);
    if (!checked.ok) expect(checked.problems[0]).toContain("you changed nothing");
  });

  test.each([
    "I have not restarted payment.",
    "I cannot turn it off on your word.",
    "Mira rolled catalog back after the page.",
    "The rollback that I proposed waits for approval.",
    "Hi: restarted pods stay well.",
  ])("but others, denials and proposals are: %s", (sentence) => {
    expect(checkSentence(sentence, ground).ok).toBe(true);
  });
});
