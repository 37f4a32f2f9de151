import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { ENV_NAMES, readConfig } from "../../src/config/env.ts";
import { isOperationError } from "../../src/errors.ts";

const enough = {
  SLACK_BOT_TOKEN: "xoxb-1-2-abc",
  SLACK_APP_TOKEN: "xapp-1-A-2-abc",
  ORRERY_CHANNEL: "#incidents",
};

function refusal(env: Readonly<Record<string, string | undefined>>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (isOperationError(error, "config_invalid")) return error.message;
    throw error;
  }
  return "";
}

test("three settings are enough, and the rest has the defaults of .env.example", () => {
  const config = readConfig(enough);
  expect(config.listen).toEqual({ host: "127.0.0.1", port: 4318 });
  expect(config.modelBytesMax).toBe(2 ** 30);
  expect(config.slack.approvers).toEqual([]);
  expect(config.llm).toMatchObject({ model: "claude-opus-5-5", budget: { modelCalls: 14 } });
  expect(config.llm.apiKey).toBeUndefined();
  expect(config.sloFile).toEqual({ path: "slo.yaml", isDefault: true });
  const { SLACK_API_URL, ...written } = parseEnv(readFileSync(".env.example", "utf8"));
  expect(SLACK_API_URL).toBe("");
  expect(written.ORRERY_CHANNEL).toBe(enough.ORRERY_CHANNEL);
  expect(readConfig({ ...written, ...enough })).toEqual(config);
});

test(".env.example names every setting, in the same order", () => {
  const names = [...readFileSync(".env.example", "utf8").matchAll(/^([A-Z_]+)=/gm)].map(
    (match) => match[1],
  );
  expect(names).toEqual(ENV_NAMES);
});

test.each([
  [
    "SLACK_BOT_TOKEN",
    { ...enough, SLACK_BOT_TOKEN: undefined },
    /^SLACK_BOT_TOKEN is not set: paste/,
  ],
  ["SLACK_BOT_TOKEN", { ...enough, SLACK_BOT_TOKEN: "xapp-1" }, /begins with xoxb-/],
  ["SLACK_APP_TOKEN", { ...enough, SLACK_APP_TOKEN: " " }, /^SLACK_APP_TOKEN is not set/],
  ["SLACK_API_URL", { ...enough, SLACK_API_URL: "slack.local" }, /http/],
  ["ORRERY_CHANNEL", { ...enough, ORRERY_CHANNEL: "" }, /is not set: name the Slack channel/],
  ["ORRERY_APPROVERS", { ...enough, ORRERY_APPROVERS: "alice,bob" }, /user ids/],
  ["ORRERY_PORT", { ...enough, ORRERY_PORT: "http" }, /whole number/],
  ["ORRERY_PORT", { ...enough, ORRERY_PORT: "70000" }, /at most 65535/],
  ["ORRERY_TOKEN", { ...enough, ORRERY_TOKEN: "short" }, /at least 16/],
  ["ORRERY_TOKEN", { ...enough, ORRERY_HOST: "0.0.0.0" }, /is not set: ORRERY_HOST=0.0.0.0/],
  ["ORRERY_LOG_LEVEL", { ...enough, ORRERY_LOG_LEVEL: "loud" }, /debug, info, warn or error/],
  ["ORRERY_TURN_SECONDS", { ...enough, ORRERY_TURN_SECONDS: "1" }, /at least 5/],
  ["ORRERY_MODEL_MEMORY_MB", { ...enough, ORRERY_MODEL_MEMORY_MB: "8" }, /at least 64/],
])("a wrong %s is one line that names it and the fix", (name, env, fix) => {
  const message = refusal(env);
  expect(message).toMatch(new RegExp(`^${name} `));
  expect(message).toMatch(fix);
  expect(message).not.toContain("\n");
});

test("other machines may send once there is a token, and approvers are ids", () => {
  const config = readConfig({
    ...enough,
    ORRERY_HOST: "0.0.0.0",
    ORRERY_TOKEN: "0123456789abcdef",
    ORRERY_APPROVERS: "U0ALICE00, U0BOB0000",
  });
  expect(config.listen).toEqual({ host: "0.0.0.0", port: 4318, token: "0123456789abcdef" });
  expect(config.slack.approvers).toEqual(["U0ALICE00", "U0BOB0000"]);
});
