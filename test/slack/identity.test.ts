import { WebClient } from "@slack/web-api";
import nock from "nock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createIdentity } from "../../src/slack/identity.ts";

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

function identity(): ReturnType<typeof createIdentity> {
  const web = new WebClient("xoxb-test", { retryConfig: { retries: 0 } });
  return createIdentity(web, { clock: systemClock, teamId: () => "T1" });
}
const answers = (body: object, status = 200): nock.Scope =>
  nock("https://slack.com").post("/api/users.info").reply(status, body);

test.each([
  ["person", {}],
  ["guest", { is_restricted: true }],
  ["guest", { is_ultra_restricted: true }],
  ["stranger", { is_stranger: true }],
  ["stranger", { team_id: "T2" }],
  ["bot", { is_bot: true }],
  ["bot", { is_app_user: true }],
  ["deactivated", { deleted: true }],
])("tells a %s by %o", async (kind, fields) => {
  answers({
    ok: true,
    user: { id: "U1", name: "ann", real_name: "Ann", team_id: "T1", ...fields },
  });
  expect(await identity().personNow("U1")).toMatchObject({ kind, name: "Ann" });
});

test.each([
  ["unclear", { ok: false, error: "internal_error" }, 200],
  ["unclear", "oops", 500],
  ["stranger", { ok: false, error: "user_not_found" }, 200],
])("is %s when Slack answers %o", async (kind, body, status) => {
  nock("https://slack.com").post("/api/users.info").reply(status, body);
  expect(await identity().personNow("U1")).toMatchObject({ kind });
});

test("a name is remembered, a decision asks again", async () => {
  const one = identity();
  answers({ ok: true, user: { id: "U1", real_name: "Ann", team_id: "T1" } });
  await one.person("U1");
  expect(await one.person("U1")).toMatchObject({ name: "Ann", kind: "person" });
  answers({ ok: true, user: { id: "U1", real_name: "Ann", team_id: "T1", deleted: true } });
  expect(await one.personNow("U1")).toMatchObject({ kind: "deactivated" });
});
