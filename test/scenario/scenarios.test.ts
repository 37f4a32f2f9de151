import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parseScenario } from "./runner/parse.ts";
import { failureText, runScenario } from "./runner/run.ts";

const FOLDER = import.meta.dirname;
const files = globSync("*.scenario", { cwd: FOLDER }).sort();

test("there are scenarios", () => {
  expect(files.length).toBeGreaterThan(0);
});

test.each(files)("%s", async (file) => {
  const scenario = parseScenario(readFileSync(join(FOLDER, file), "utf8"));
  const failures = await runScenario(scenario);
  expect(failures.map((one) => `${basename(file)} ${failureText(one)}`)).toEqual([]);
});
