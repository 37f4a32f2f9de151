import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_RULES, parseSloFile } from "../../src/config/slo-file.ts";
import { isOperationError } from "../../src/errors.ts";

const minimal = `slos:
  - id: checkout
    service: gateway
    operation: POST /checkout
    objective: 0.999
`;

function refusal(yaml: string): string {
  try {
    parseSloFile(yaml);
  } catch (error) {
    if (isOperationError(error, "slo_file_invalid")) return error.message;
    throw error;
  }
  return "";
}

test("what is left out has the SRE workbook's rules", () => {
  const [slo] = parseSloFile(minimal);
  expect(slo).toMatchObject({ objective: 0.999, rules: DEFAULT_RULES, absentAfterMs: 30_000 });
  expect(slo?.latencyThresholdMs).toBeUndefined();
  expect(slo?.settle).toEqual({ effectMs: 180_000, observeMs: 300_000 });
  // 2 % of a 30-day budget in one hour, 5 % in six.
  const days30 = 30 * 86_400_000;
  expect((14.4 * 3_600_000) / days30).toBeCloseTo(0.02);
  expect((6 * 21_600_000) / days30).toBeCloseTo(0.05);
});

test("the demo's file has short windows, as its cards say", () => {
  const slos = parseSloFile(readFileSync("src/demo/world/slo.yaml", "utf8"));
  expect(slos.map((one) => one.id)).toEqual(["shop-home", "product-page", "cart-add", "checkout"]);
  for (const slo of slos) {
    expect(slo.rules.map((one) => [one.longMs, one.shortMs, one.burnRate])).toEqual([
      [60_000, 10_000, 14.4],
      [360_000, 30_000, 6],
    ]);
    expect(slo.settle).toEqual({ effectMs: 20_000, observeMs: 40_000 });
  }
});

test.each([
  ["no YAML", "slos: [", /not YAML \(line 1\)/],
  ["no list", "slo: []", /slos/],
  ["a percentage", minimal.replace("0.999", "99.9"), /slos\.0\.objective: .*below 1/],
  ["an unknown key", `${minimal}    latency: 1s\n`, /latency/],
  ["no duration", `${minimal}    absent_after: soon\n`, /"soon" is no duration/],
  ["two alike", `${minimal}${minimal.replace("slos:\n", "")}`, /"checkout" occurs twice/],
  [
    "windows the wrong way round",
    `${minimal}    rules: [{ long: 5m, short: 1h, burn_rate: 14.4, severity: page }]\n`,
    /short must be shorter/,
  ],
  ["aliases", "a: &a [1]\nslos: *a", /not YAML/],
])("%s is refused with the place and the fix", (_, yaml, expected) => {
  expect(refusal(yaml)).toMatch(expected);
});
