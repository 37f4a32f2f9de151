import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LocalSlack } from "#src/demo/slack/contract.ts";
import { OperationError } from "#src/errors.ts";
import { ALICE, BOB, clientOf, INC, startWorkspace } from "./fixture.ts";

let slack: LocalSlack;
let broken: string[];

beforeEach(async () => {
  broken = [];
  slack = await startWorkspace({
    faultControl: {
      faults: ["bad-deploy"],
      inject: async (name) => {
        if (broken.length > 0) throw new OperationError("fault_refused", `${broken[0]} is on`);
        broken.push(name);
      },
      mend: async () => broken.splice(0),
      status: () => ({ state: broken.length > 0 ? "injected" : "quiet" }),
    },
  });
});

afterEach(() => slack.close());

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Plain HTTP: a fetch would not let a test forge Host and Origin. */
function ask({
  path,
  method = "GET",
  headers = {},
  body,
}: Asked): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, slack.url), { method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const own = () => new URL(slack.url).origin;
const say = (headers: Record<string, string>) =>
  ask({
    path: "/do/say",
    method: "POST",
    headers,
    body: JSON.stringify({ user: ALICE, channel: INC, text: "from the page" }),
  });

describe("who may talk to the page", () => {
  test.each(["/", "/state", "/events", "/files/F1", "/page/app.js", "/api/auth.test"])(
    "%s refuses a foreign Host and a foreign Origin",
    async (path) => {
      expect((await ask({ path, headers: { host: "evil.example" } })).status).toBe(403);
      expect((await ask({ path, headers: { origin: "http://evil.example" } })).status).toBe(403);
      expect((await ask({ path, headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    },
  );

  test("a change needs the page's own origin and a JSON body", async () => {
    const json = { "content-type": "application/json" };
    expect((await say(json)).status).toBe(403);
    expect((await say({ ...json, origin: "null" })).status).toBe(403);
    expect((await say({ ...json, origin: "http://evil.example" })).status).toBe(403);
    expect((await say({ "content-type": "text/plain", origin: own() })).status).toBe(403);
    expect(slack.messages(INC)).toEqual([]);
    expect((await say({ ...json, origin: own() })).status).toBe(200);
    expect(slack.messages(INC)[0]).toMatchObject({ user: ALICE, text: "from the page" });
  });

  test("every answer forbids scripts from elsewhere and framing", async () => {
    const page = await fetch(slack.url);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("only files of the page are served", async () => {
    for (const path of [
      "/page/..%2flocal-slack.ts",
      "/page/../local-slack.ts",
      "/page/x.ts",
      "/page/",
    ])
      expect((await ask({ path })).status).toBe(404);
    expect((await ask({ path: "/page/app.js" })).status).toBe(200);
    expect((await ask({ path: "/page/inter-400.ttf" })).status).toBe(200);
  });
});

describe("what the page sees", () => {
  test("only what its person may see", async () => {
    const client = clientOf(slack);
    await client.chat.postEphemeral({ channel: INC, user: ALICE, text: "for alice" });
    await slack.say(BOB, slack.directChannel(BOB), "bob's own");
    const seen = async (user: string) => (await ask({ path: `/state?user=${user}` })).text;
    expect(await seen(ALICE)).toContain("for alice");
    expect(await seen(BOB)).not.toContain("for alice");
    expect(await seen(BOB)).toContain("bob's own");
    expect(await seen(ALICE)).not.toContain("bob's own");
    expect(JSON.parse(await seen("U0NOBODY")).me).toBe(ALICE);
  });

  test("changes as they happen", async () => {
    const events = await fetch(`${slack.url}events?user=${BOB}`);
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    const client = clientOf(slack);
    await client.chat.postEphemeral({ channel: INC, user: ALICE, text: "for alice" });
    await client.chat.postMessage({ channel: INC, text: "for all" });
    let text = "";
    while (!text.includes("for all")) text += (await reader?.read())?.value ?? "";
    expect(text).not.toContain("for alice");
    await reader?.cancel();
  });

  test("an upload that is no picture is a download", async () => {
    const client = clientOf(slack);
    const html = Buffer.from("<script>alert(1)</script>");
    await client.filesUploadV2({ channel_id: INC, file: html, filename: "x.png" });
    const served = await fetch(`${slack.url}files/${slack.files[0]?.id}`);
    expect(served.headers.get("content-type")).toBe("application/octet-stream");
    expect(served.headers.get("content-disposition")).toBe("attachment");
  });
});

describe("what the page does", () => {
  const act = (name: string, body: object) =>
    ask({
      path: `/do/${name}`,
      method: "POST",
      headers: { "content-type": "application/json", origin: own() },
      body: JSON.stringify(body),
    });

  test("breaks the demo world only by a known name", async () => {
    expect((await act("fault", { name: "bad-deploy" })).status).toBe(200);
    expect((await act("fault", { name: "rm -rf" })).status).toBe(400);
    expect(broken).toEqual(["bad-deploy"]);
  });

  test("says that another fault is on, and mends", async () => {
    const json = async (name: string, body: object) => JSON.parse((await act(name, body)).text);
    await act("fault", { name: "bad-deploy" });
    expect(await json("fault", { name: "bad-deploy" })).toEqual({
      ok: false,
      error: "fault_refused",
      message: "bad-deploy is on",
    });
    expect((await json("world-status", {})).result).toEqual({ state: "injected" });
    expect((await json("mend", {})).result).toEqual(["bad-deploy"]);
    expect((await json("world-status", {})).result).toEqual({ state: "quiet" });
  });

  test("says why something was refused", async () => {
    const answer = await act("say", { user: ALICE, channel: "C0NONE", text: "x" });
    expect(JSON.parse(answer.text)).toEqual({ ok: false, error: "channel_not_found" });
    expect((await act("nonsense", {})).status).toBe(404);
    expect((await act("toString", {})).status).toBe(404);
  });
});
