import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  askForFault,
  askToMend,
  findRunning,
  forgetRunning,
  noteRunning,
} from "../../src/demo/running-demo.ts";
import { openControlPort } from "../../src/demo/world/control-port.ts";
import { isOperationError, OperationError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";

const folder = mkdtempSync(join(tmpdir(), "running-demo-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const running = {
  pid: process.pid,
  pageUrl: "http://127.0.0.1:1/",
  fault: { url: "http://127.0.0.1:1", token: "t" },
};

test("a running demo is found, a dead or a garbled one is not", () => {
  expect(findRunning(folder)).toBeUndefined();
  noteRunning(folder, running);
  expect(findRunning(folder)).toEqual(running);
  expect(statSync(join(folder, "running.json")).mode & 0o077).toBe(0);
  noteRunning(folder, { ...running, pid: 2 ** 22 + 1 });
  expect(findRunning(folder)).toBeUndefined();
  writeFileSync(join(folder, "running.json"), "{");
  expect(findRunning(folder)).toBeUndefined();
  forgetRunning(folder);
  expect(findRunning(folder)).toBeUndefined();
});

test("it is asked through its own port and token, and its refusal is passed on", async () => {
  const asked: unknown[] = [];
  const port = await openControlPort({
    token: "secret",
    log: silentLog,
    handle: async ({ path, body }) => {
      asked.push([path, body]);
      return { ok: true };
    },
  });
  await askForFault({ ...running, fault: { url: port.url, token: "secret" } }, "outage");
  expect(asked).toEqual([["/fault", { fault: "outage" }]]);
  const refused = await askForFault(
    { ...running, fault: { url: port.url, token: "wrong" } },
    "outage",
  ).catch((error: unknown) => error);
  expect(isOperationError(refused, "fault_refused")).toBe(true);
  await port.close();
});

test("a refusal is told in words, and mending says what it took", async () => {
  const port = await openControlPort({
    token: "secret",
    log: silentLog,
    handle: async ({ path }) => {
      if (path === "/mend") return { ok: true, done: ["roll back catalog to 1.4.2"] };
      throw new OperationError("fault_refused", "outage is on");
    },
  });
  const demo = { ...running, fault: { url: port.url, token: "secret" } };
  await expect(askForFault(demo, "outage")).rejects.toThrow(
    /^The running demo refused: outage is on$/,
  );
  expect(await askToMend(demo)).toEqual(["roll back catalog to 1.4.2"]);
  await port.close();
});

test("a port in use is none of its business", async () => {
  const server = createServer((_, response) => response.writeHead(500).end("no"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const failed = await askForFault({ ...running, fault: { url, token: "t" } }, "none").catch(
    (error: unknown) => error,
  );
  expect(isOperationError(failed, "fault_refused")).toBe(true);
  server.close();
});
