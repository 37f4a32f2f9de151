// What a person meets who starts Orrery with something wrong: one line that names it, and nothing left running.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalSlack } from "../../src/demo/slack/contract.ts";
import { startLocalSlack } from "../../src/demo/slack/local-slack.ts";
import { silentLog } from "../../src/log.ts";

const folder = mkdtempSync(join(tmpdir(), "orrery-start-"));
let slack: LocalSlack;

beforeAll(async () => {
  const users = [{ id: "U0ALICE00", name: "alice", realName: "Alice" }];
  const channels = [{ id: "C0INCIDENT", name: "incidents" }];
  slack = await startLocalSlack({ port: 0, users, channels, log: silentLog });
});
afterAll(async () => {
  await slack?.close();
  rmSync(folder, { recursive: true, force: true });
});

function settings(): Record<string, string> {
  return {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_API_URL: slack.apiUrl,
    ORRERY_CHANNEL: "#incidents",
    ORRERY_PORT: "0",
    ORRERY_DATA_DIR: join(folder, "data"),
  };
}

interface Ended {
  readonly code: number | null;
  readonly complaint: string;
  readonly output: string;
}

/** Starts Orrery and waits until it ends; `whenReady` is called once it says that it is ready. */
function run(env: Record<string, string>, whenReady?: (stop: () => void) => void): Promise<Ended> {
  return follow(
    spawn(process.execPath, ["src/main.ts"], {
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }),
    whenReady,
  );
}

function follow(
  child: ChildProcessByStdio<null, Readable, Readable>,
  whenReady?: (stop: () => void) => void,
): Promise<Ended> {
  let output = "";
  let isReady = false;
  const hear = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
    if (isReady || !output.includes('"event":"ready"')) return;
    isReady = true;
    whenReady?.(() => child.kill("SIGTERM"));
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      const complaints = output.split("\n").filter((line) => line.startsWith("orrery: "));
      resolve({ code, complaint: complaints.join("\n"), output });
    });
  });
}

test("it starts, says where it listens, and ends when it is asked to", async () => {
  const ended = await run(settings(), (stop) => stop());
  expect(ended).toMatchObject({ code: 0, complaint: "" });
  expect(ended.output).toMatch(/"event":"ready","url":"http:\/\/127\.0\.0\.1:\d+"/);
  expect(ended.output).toContain('"event":"stopped"');
}, 30_000);

test("`npm start` reads .env: a copy of .env.example with the two tokens filled in is enough", async () => {
  const home = join(folder, "home");
  mkdirSync(home);
  for (const name of ["src", "tools", "prompts", "node_modules", "package.json"])
    symlinkSync(resolvePath(name), join(home, name));
  const { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_API_URL } = settings();
  const filled = { SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_API_URL, ORRERY_PORT: "0" };
  let text = readFileSync(".env.example", "utf8");
  for (const [name, value] of Object.entries(filled))
    text = text.replace(new RegExp(`^${name}=.*$`, "m"), `${name}=${value}`);
  writeFileSync(join(home, ".env"), text);
  const child = spawn("npm", ["start"], {
    cwd: home,
    detached: true,
    env: { PATH: process.env.PATH ?? "", HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = await follow(child, () => process.kill(-(child.pid ?? Number.NaN), "SIGTERM"));
  expect(ended.complaint).toBe("");
  expect(ended.output).toContain('"event":"stopped"');
}, 30_000);

test.each([
  ["a missing token", { SLACK_BOT_TOKEN: "" }, /^orrery: SLACK_BOT_TOKEN is not set: paste/],
  [
    "a wrong token",
    { SLACK_BOT_TOKEN: "xoxb-wrong" },
    /^orrery: Slack refused the bot token: .*check the tokens/,
  ],
  ["a wrong app token", { SLACK_APP_TOKEN: "xapp-wrong" }, /^orrery: Slack refused the app token/],
  [
    "a Slack that is not there",
    { SLACK_API_URL: "http://127.0.0.1:9/api/" },
    /^orrery: Slack does not answer: .*check the network/,
  ],
  [
    "an SLO file that is not there",
    { ORRERY_SLO_FILE: "/nowhere/slo.yaml" },
    /^orrery: ORRERY_SLO_FILE names \/nowhere\/slo\.yaml, which cannot be read/,
  ],
  [
    "a data folder that cannot be made",
    { ORRERY_DATA_DIR: "/dev/null/data" },
    /^orrery: .*\/dev\/null\/data/,
  ],
])(
  "%s is one line that names it",
  async (_, wrong, expected) => {
    const ended = await run({ ...settings(), ...wrong });
    expect(ended.code).toBe(1);
    expect(ended.complaint).toMatch(expected);
    expect(ended.complaint).not.toContain("\n");
  },
  60_000,
);

test("an SLO file with a fault is refused with the place", async () => {
  const path = join(folder, "slo.yaml");
  writeFileSync(path, "slos:\n  - { id: a, service: s, operation: o, objective: 99 }\n");
  const ended = await run({ ...settings(), ORRERY_SLO_FILE: path });
  expect(ended.complaint).toMatch(/slos\.0\.objective/);
  expect(ended.code).toBe(1);
}, 30_000);

test("a port that is in use is named", async () => {
  const other: Server = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ended = await run({ ...settings(), ORRERY_PORT: String(port) });
  await new Promise((resolve) => other.close(resolve));
  expect(ended.code).toBe(1);
  expect(ended.complaint).toMatch(new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use`));
}, 30_000);
