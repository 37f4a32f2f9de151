import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TOOLS } from "../../tools/registry.ts";
import { toolsPage } from "./tools-page.ts";

const PATH = "docs/reference/tools.md";

test("the reference page tells of the tools as they are", () => {
  const page = toolsPage(TOOLS);
  if (process.env.UPDATE_REFERENCE === "1") {
    mkdirSync("docs/reference", { recursive: true });
    writeFileSync(PATH, page);
  }
  expect(readFileSync(PATH, "utf8")).toBe(page);
});

test("a tool that changed makes the page stale", () => {
  const [first, ...rest] = TOOLS;
  if (first === undefined) throw new Error("no tools");
  const changed = { ...first, description: `${first.description} And more.` };
  expect(toolsPage([changed, ...rest])).not.toBe(readFileSync(PATH, "utf8"));
});
