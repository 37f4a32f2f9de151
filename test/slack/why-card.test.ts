import { expect, test } from "vitest";
import { whyCard } from "../../src/slack/blocks/why-card.ts";
import type { PlaceReading, WhyAnswer } from "../../src/slack/deps.ts";
import { textOf } from "./running-slack.ts";
import { deploy, diagnosis, sloReading } from "./samples.ts";

const told = (over: Partial<WhyAnswer>): string =>
  textOf(whyCard({ diagnosis: diagnosis(), changesSince: [], ...over }));

const psp: PlaceReading = {
  name: "psp",
  type: "external",
  lastSeenMs: 0,
  window: { fromMs: 0, toMs: 300_000 },
  count: 300,
  requestRate: 1,
  errorRatio: 0.2,
  p95Ms: 3_000,
};

test("trouble that is over is told in the past, with what has been done since", () => {
  const { symptom } = diagnosis();
  const back = {
    ...deploy,
    id: "chg-2",
    timeMs: symptom.onsetMs + 60_000,
    origin: "executor",
  } as const;
  const text = told({
    objective: sloReading([1, 0.6, 0.9], { state: "ok", burnRates: [] }),
    changesSince: [back],
  });
  expect(text).toMatch(/^\*It is over by now\.\* What follows is what was:\n🟢 .*recovered/);
  expect(text).toContain("*Was hurt* `POST /checkout`: 23 % of requests bad");
  expect(text).toMatch(/\*Changes since\*\n• .*60 s after, done by me/);
});

test("trouble that goes on is told in the present", () => {
  const text = told({ objective: sloReading() });
  expect(text).toMatch(/^\*Likely cause \(82 %\)\*/);
  expect(text).toContain("*Hurt* `POST /checkout`");
});

test("what was asked about is answered first: suspect, lesser suspect, or none", () => {
  const [first, second] = diagnosis().hypotheses;
  if (first === undefined || second === undefined) throw new Error("a sample without causes");
  expect(told({ place: { reading: psp } })).toMatch(
    /^\*Nothing points at `psp`\.\* It is none of the likely causes of what hurts `POST \/checkout`:\n`psp` is called 1\/s, p95 3 s, 20 % errors in the last 5 min/,
  );
  expect(told({ place: { reading: psp, cause: second } })).toMatch(
    /^\*`psp` is a lesser suspect\* \(10 %\)/,
  );
  expect(told({ place: { reading: psp, cause: first } })).toMatch(
    /^`psp` is called .*\n\*Likely cause \(82 %\)\*/,
  );
});

test("every share names its time, and a factor near one is no step of a path", () => {
  const text = told({});
  expect(text).toMatch(/23 % of requests bad \(≈ 212 bad requests\/min\), .* in the 40 s since/);
  const [cause] = diagnosis().hypotheses;
  if (cause === undefined) throw new Error("a sample without causes");
  const path = cause.path.map((step) => ({
    ...step,
    magnitude: { value: 0.95, unit: "factor" as const },
  }));
  const flat = told({ diagnosis: diagnosis({ hypotheses: [{ ...cause, path }] }) });
  expect(flat).not.toContain("0.95×");
});

test("what has no requests is absent, and not 0 % bad", () => {
  const { symptom } = diagnosis();
  const gone = diagnosis({ symptom: { ...symptom, kind: "absent", badRatio: 0 } });
  expect(told({ diagnosis: gone })).toMatch(/\*Hurt\* `POST \/checkout`: no requests since/);
});

test("trouble that has only just begun is neither denied nor explained", () => {
  const { symptom } = diagnosis();
  const young = diagnosis({ symptom: { ...symptom, kind: "none" }, hypotheses: [] });
  const text = told({
    diagnosis: young,
    objective: sloReading([0.44, 0.95, 0.99], { state: "ok", burnRates: [] }),
    place: { reading: psp },
  });
  expect(text).toMatch(
    /^\*Something has just begun\*.*\n🟡 `POST \/checkout`.*44 % good in the last 10 s/,
  );
  expect(text).not.toContain("Nothing is wrong");
});

test("where nothing is wrong there is no runner-up and nothing to decide", () => {
  const { symptom } = diagnosis();
  const text = told({ diagnosis: diagnosis({ symptom: { ...symptom, kind: "none" } }) });
  expect(text).not.toMatch(/Runner-up|Would decide|Hurt/);
});
