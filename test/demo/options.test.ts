import { expect, test } from "vitest";
import { parseOptions } from "../../src/demo/options.ts";
import { isOperationError } from "../../src/errors.ts";

function refusal(...args: readonly string[]): string {
  try {
    parseOptions(args, 7);
  } catch (error) {
    if (isOperationError(error, "usage")) return error.message;
    throw error;
  }
  return "";
}

test("without options it is a demo for a person", () => {
  expect(parseOptions([], 7)).toEqual({
    mend: false,
    headless: false,
    llm: false,
    requestsPerSecond: 20,
    seed: 7,
  });
});

test("to mend is asked of a running demo, and goes alone", () => {
  expect(parseOptions(["--mend"], 7).mend).toBe(true);
  expect(refusal("--mend", "--fault", "outage")).toContain("--mend goes alone");
});

test("a demo beside another one has its own folder", () => {
  expect(parseOptions(["--folder", "elsewhere"], 7).folder).toBe("elsewhere");
});

test("a headless run names its fault and where it writes", () => {
  const args = [
    "--fault",
    "outage",
    "--headless",
    "--json",
    "out.json",
    "--seed",
    "3",
    "--rate",
    "40",
  ];
  expect(parseOptions(args, 7)).toEqual({
    fault: "outage",
    mend: false,
    headless: true,
    jsonFile: "out.json",
    llm: false,
    requestsPerSecond: 40,
    seed: 3,
  });
});

test.each([
  [["--fault", "earthquake"], /there is no fault "earthquake"[\s\S]*bad-deploy/],
  [["--headless"], /--headless needs --fault NAME/],
  [["--fault", "none", "--json", "x"], /--json goes with --headless/],
  [["--rate", "many"], /--rate takes a whole number from 1 to 200, not "many"/],
  [["--rate", "1000"], /from 1 to 200/],
  [["--faults"], /--faults/],
  [["--help"], /^Usage: npm run demo/],
])("%j says what is wrong and what there is", (args, expected) => {
  expect(refusal(...args)).toMatch(expected);
  expect(refusal(...args)).toContain("Usage: npm run demo");
});
