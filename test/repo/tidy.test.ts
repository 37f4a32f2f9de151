// Rules of CONTRIBUTING.md that no linter holds. Each guard asserts that it saw files, and is shown to fail on a planted fault.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const sources = tracked.filter((path) => /^(src|tools|test)\/.*\.ts$/.test(path));
const prose = tracked.filter(
  (path) => /\.(ts|js|mjs|cjs|css|html|md|json|ya?ml)$/.test(path) && path !== "package-lock.json",
);
const read = (path: string): string => readFileSync(path, "utf8");

// Spelled in parts, so that this file does not break its own rule.
const UNFINISHED = new RegExp(`\\b(${["TO", "DO"].join("")}|${["FIX", "ME"].join("")}|XXX)\\b`);
const SILENCED = /\b(?:it|test|describe)\.(?:skip|only|todo)\b/;
const BANNED_FOLDERS = new Set([
  "utils",
  "util",
  "helpers",
  "helper",
  "common",
  "misc",
  "shared",
  "lib",
  "core",
  "manager",
  "base",
]);

function offenders(
  paths: readonly string[],
  rule: (text: string, path: string) => boolean,
): string[] {
  return paths.filter((path) => rule(read(path), path));
}

test("there is something to guard", () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(prose.length).toBeGreaterThan(sources.length);
});

test("nothing unfinished or silenced reaches main", () => {
  expect(UNFINISHED.test(`// ${["TO", "DO"].join("")}: later`)).toBe(true);
  expect(SILENCED.test(["test.sk", "ip("].join(""))).toBe(true);
  const self = "test/repo/tidy.test.ts";
  expect(
    offenders(
      prose.filter((path) => path !== self),
      (text) => UNFINISHED.test(text),
    ),
  ).toEqual([]);
  expect(
    offenders(
      sources.filter((path) => path !== self),
      (text) => SILENCED.test(text),
    ),
  ).toEqual([]);
});

test("folders are named after the noun they hold", () => {
  const bad = tracked.filter(
    (path) =>
      /^(src|tools|test|prompts)\//.test(path) &&
      path
        .split("/")
        .slice(0, -1)
        .some((part) => BANNED_FOLDERS.has(part)),
  );
  expect(bad).toEqual([]);
});

test("source files stay small", () => {
  const sizes = sources
    .filter((path) => !path.startsWith("test/"))
    .map((path) => ({ path, lines: read(path).split("\n").length }))
    .sort((a, b) => a.lines - b.lines);
  expect(sizes.filter(({ lines }) => lines > 401)).toEqual([]);
  expect(sizes[Math.floor(sizes.length / 2)]?.lines).toBeLessThanOrEqual(150);
});

test("the lock file names no download address", () => {
  expect(read("package-lock.json")).not.toMatch(/"resolved": *"https?:/);
});

test("exact versions only", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
  }
});
