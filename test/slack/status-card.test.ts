import { expect, test } from "vitest";
import { statusCard } from "../../src/slack/blocks/status-card.ts";
import type { PlaceStatus, StatusAnswer } from "../../src/slack/deps.ts";
import { textOf } from "./running-slack.ts";
import { deploy, sloReading, sloStatus } from "./samples.ts";

const AS_OF_MS = Date.UTC(2026, 10, 24, 2, 15, 0);
const OK = { state: "ok", burnRates: [] } as const;

function told(over: Partial<StatusAnswer>): string {
  return textOf(
    statusCard({
      asOfMs: AS_OF_MS,
      objectives: [sloReading()],
      openIncidents: [],
      blindSpots: [],
      ...over,
    }),
  );
}

test.each([
  ["met", [1, 1, 1], "ok", /🟢 .*: 100 % good in the last 6 min, objective 99 %/],
  [
    "met again, and missed a minute ago",
    [1, 0.88, 0.97],
    "ok",
    /🟢 .*: \*recovered\*: 100 % good in the last 10 s; 97 % good in the last 6 min/,
  ],
  [
    "missed while no rule fires",
    [0.95, 0.98, 1],
    "ok",
    /🟡 .*: \*missed\* and not paging: 95 % good in the last 10 s, objective 99 %/,
  ],
  ["without a request of late", [], "ok", /⚪ .*: no requests in the last 10 s/],
  ["absent", [], "absent", /🔴 .*: \*no requests\* for 53 s/],
] as const)("an objective %s says so, with the time of each share", (_name, good, state, line) => {
  expect(told({ objectives: [sloReading(good, { ...OK, state })] })).toMatch(line);
});

test("the verdict agrees with the lines under it", () => {
  const met = sloReading([1, 1, 1], OK);
  const recovered = sloReading([1, 0.88, 0.97], OK);
  const missed = sloReading([0.95, 0.98, 1], OK);
  expect(told({ objectives: [met] })).toMatch(/^\*All well\*: 1 of 1 objectives are met\./);
  expect(told({ objectives: [met, recovered] })).toMatch(
    /^\*Recovered\*: 2 of 2 objectives are met now; 1 was missed within the last 6 min\./,
  );
  expect(told({ objectives: [met, missed] })).toMatch(
    /^\*Nothing pages\*, but 1 of 2 objectives is missed right now\./,
  );
  expect(told({})).toMatch(/^\*1 of 1 objectives is hurt\.\*/);
});

test("an incident that has recovered says that first", () => {
  const title = "GET / is burning its error budget 15×";
  const openedMs = AS_OF_MS - 120_000;
  expect(told({ openIncidents: [{ title, openedMs }] })).toContain(`*Open incident* ${title}`);
  const pastTitle = "GET / burned its error budget 15×";
  const recoveredMs = AS_OF_MS - 40_000;
  const over = told({ openIncidents: [{ title, pastTitle, openedMs, recoveredMs }] });
  expect(over).toMatch(/\*Recovered\* .*, incident not closed yet: GET \/ burned .*\(paged /);
  expect(over).not.toContain("is burning");
});

const catalog: PlaceStatus["reading"] = {
  name: "catalog",
  type: "service",
  lastSeenMs: AS_OF_MS,
  window: { fromMs: AS_OF_MS - 300_000, toMs: AS_OF_MS },
  count: 4_000,
  requestRate: 13.3,
  errorRatio: 0,
  p95Ms: 620,
};

test("a place is told of by itself, and whether it is to blame, above the objectives that it serves", () => {
  const title = "catalog 1.5.0 became slower";
  const status = sloStatus();
  const blamed = told({
    place: { reading: catalog, suspectedOf: { status, title, probability: 0.97 } },
    latestChange: deploy,
  });
  expect(blamed).toMatch(/^\*`catalog` is suspected\* \(97 %\) of what hurts `POST \/checkout`/);
  expect(blamed).toContain("`catalog` serves 13.3/s, p95 620 ms");
  expect(blamed).toMatch(/0 % errors in the last 5 min\n🔴 `POST \/checkout`/);
  expect(blamed).toContain("*Newest change of `catalog`*");
  expect(blamed).toContain("ago, reported");
  const cleared = told({ place: { reading: catalog, clearedOf: status } });
  expect(cleared).toMatch(/^\*Nothing points at `catalog`\*: `POST \/checkout` is hurt/);
});
