// What `npm install --omit=dev` leaves must be enough for `npm start`, and the demo's packages must not be in it.
import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const { dependencies, devDependencies } = JSON.parse(
  readFileSync("package.json", "utf8"),
) as Record<"dependencies" | "devDependencies", Record<string, string>>;

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s*["']([^"'.#][^"']*)["']|\bimport\(\s*["']([^"'.#][^"']*)["']/gm;

function packagesOf(pattern: string | readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of globSync([...(typeof pattern === "string" ? [pattern] : pattern)])) {
    for (const match of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2] ?? "";
      if (specifier.startsWith("node:")) continue;
      const [scope = "", name = ""] = specifier.split("/");
      names.add(scope.startsWith("@") ? `${scope}/${name}` : scope);
    }
  }
  return names;
}

test("the product imports only what is installed without the demo", () => {
  const product = globSync("src/**/*.ts").filter((file) => !file.startsWith("src/demo/"));
  const used = packagesOf([...product, ...globSync("tools/**/*.ts")]);
  expect(used.size).toBeGreaterThan(5);
  expect([...used].filter((name) => !(name in dependencies))).toEqual([]);
});

test("the demo's packages are development dependencies", () => {
  const product = packagesOf([
    ...globSync("src/**/*.ts").filter((file) => !file.startsWith("src/demo/")),
    ...globSync("tools/**/*.ts"),
  ]);
  const own = [...packagesOf("src/demo/**/*.ts")].filter((name) => !product.has(name));
  expect(own.length).toBeGreaterThan(3);
  expect(own.filter((name) => !(name in devDependencies))).toEqual([]);
});

test("every file that package.json and the documents name is there", () => {
  const text = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");
  const paths = [...text.matchAll(/`((?:src|test|docs|tools|prompts)\/[\w./-]+)`/g)].map(
    (match) => match[1] ?? "",
  );
  expect(links.length + paths.length).toBeGreaterThan(15);
  const isThere = (path: string) => existsSync(path) || existsSync(`${path}.ts`);
  expect([...links, ...paths].filter((path) => !isThere(path))).toEqual([]);
});
