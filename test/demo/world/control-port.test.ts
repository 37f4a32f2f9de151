import { afterEach, expect, test } from "vitest";
import {
  type ControlHandler,
  type ControlPort,
  openControlPort,
} from "../../../src/demo/world/control-port.ts";
import { OperationError } from "../../../src/errors.ts";
import { silentLog } from "../../../src/log.ts";

const TOKEN = "a-token-for-this-test";
let port: ControlPort | undefined;

afterEach(async () => {
  await port?.close();
  port = undefined;
});

async function open(handle: ControlHandler): Promise<string> {
  port = await openControlPort({ token: TOKEN, log: silentLog, handle });
  return port.url;
}

async function ask(
  url: string,
  options: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url, {
    method: options.body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${TOKEN}`, ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
  return { status: response.status, body: await response.json() };
}

test("a wrong token or a browser's request is refused before anything is done", async () => {
  let calls = 0;
  const url = await open(async () => {
    calls += 1;
    return {};
  });
  expect((await ask(url, { headers: { authorization: "Bearer other" } })).status).toBe(401);
  expect((await ask(url, { headers: { origin: "http://127.0.0.1" } })).status).toBe(401);
  expect(calls).toBe(0);
});

test("the same idempotency key gets the same answer, and the thing is done once", async () => {
  let calls = 0;
  const url = await open(async () => {
    calls += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { calls };
  });
  const once = { body: "{}", headers: { "idempotency-key": "one" } };
  expect(await Promise.all([ask(url, once), ask(url, once)])).toEqual([
    { status: 200, body: { calls: 1 } },
    { status: 200, body: { calls: 1 } },
  ]);
  expect((await ask(url, once)).body).toEqual({ calls: 1 });
  expect((await ask(url, { body: "{}", headers: { "idempotency-key": "two" } })).body).toEqual({
    calls: 2,
  });
});

test("bad JSON, a body that is too large and an unknown path each get their own answer", async () => {
  const url = await open(async ({ path }) => {
    throw new OperationError("not_found", `no ${path}`);
  });
  expect(await ask(url, { body: "{" })).toMatchObject({ status: 422, body: { code: "bad_json" } });
  expect((await ask(url, { body: `"${"x".repeat(20_000)}"` })).status).toBe(413);
  expect(await ask(`${url}/x`)).toMatchObject({ status: 404, body: { code: "not_found" } });
});
