import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ChangeRecord } from "../../src/model/signal.ts";
import { NOW_MS } from "./otlp/payloads.ts";
import { JSON_TYPE, post, start } from "./running-receiver.ts";

describe("POST /v1/changes", () => {
  const deploy = {
    time: "2026-11-24T14:59:00Z",
    kind: "deploy",
    entity: "cart",
    summary: "deploy cart 1.43.0",
  };

  test("hands changes on before it answers, with ids minted from their content", async () => {
    const order: string[] = [];
    const { url, receiver } = await start({
      onChanges: async (records: readonly ChangeRecord[]) => {
        order.push(...records.map(({ kind }) => kind));
        return records;
      },
    });
    const body = JSON.stringify([
      deploy,
      deploy,
      {
        ...deploy,
        kind: "schedule",
        id: "chg-1",
        attributes: { version: "2", gone: null, files: ["a", 1] },
      },
    ]);
    const answer = await post(`${url}/v1/changes`, body, JSON_TYPE);
    expect(order).toEqual(["deploy", "other"]);
    const { ids, added } = JSON.parse(answer.text);
    expect([ids.length, ids[1], added]).toEqual([2, "chg-1", 2]);
    const minted = JSON.stringify([NOW_MS - 60_000, "deploy", "cart", "deploy cart 1.43.0", {}]);
    expect(ids[0]).toBe(`change-${createHash("sha256").update(minted).digest("hex").slice(0, 16)}`);
    expect(receiver.take(10)).toMatchObject([
      { type: "change", change: { id: ids[0], timeMs: NOW_MS - 60_000, entity: "cart" } },
      {
        type: "change",
        change: { id: "chg-1", kind: "other", attributes: { version: "2", files: '["a",1]' } },
      },
    ]);
  });

  test("answers 500 and queues nothing when the change could not be made durable", async () => {
    const { url, receiver } = await start({
      onChanges: () => Promise.reject(new Error("disk full")),
    });
    expect((await post(`${url}/v1/changes`, JSON.stringify(deploy), JSON_TYPE)).status).toBe(500);
    expect(receiver.depth).toBe(0);
  });

  test.each([
    ["no time", { ...deploy, time: undefined }],
    ["a time that is none", { ...deploy, time: "yesterday" }],
    ["a time in the future", { ...deploy, time: NOW_MS + 3_600_000 }],
    ["no kind", { time: NOW_MS }],
    ["nested attributes", { ...deploy, attributes: { a: { b: { c: 1 } } } }],
    ["too many changes", Array.from({ length: 1001 }, () => deploy)],
    ["a string", "deploy"],
  ])("refuses %s with what is wrong", async (_, body) => {
    const { url } = await start();
    const answer = await post(`${url}/v1/changes`, JSON.stringify(body), JSON_TYPE);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).message).toMatch(/change/);
  });

  test("takes secrets and hidden characters out of a summary", async () => {
    const { url, receiver } = await start();
    const summary = "set password=hunter2\u202e \u001b[31mnow";
    await post(`${url}/v1/changes`, JSON.stringify({ ...deploy, summary }), JSON_TYPE);
    expect(receiver.take(1)).toMatchObject([
      { change: { summary: "set password=⟨password⟩ now" } },
    ]);
  });
});
