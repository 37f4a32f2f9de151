import { expect, test } from "vitest";
import { isOperationError } from "../../src/errors.ts";
import { readExecutorSettings } from "../../src/remediation/settings.ts";

const enough = {
  ORRERY_STORE: "data/orrery.sqlite",
  ORRERY_EXECUTOR_URL: "http://127.0.0.1:4000/",
  ORRERY_EXECUTOR_TOKEN: "secret",
};

function refusal(env: Readonly<Record<string, string | undefined>>): string {
  try {
    readExecutorSettings(env);
  } catch (error) {
    if (isOperationError(error, "config_invalid")) return error.message;
    throw error;
  }
  return "";
}

test("three settings are enough, and then nobody is an approver", () => {
  expect(readExecutorSettings(enough)).toEqual({
    storePath: "data/orrery.sqlite",
    target: { url: "http://127.0.0.1:4000", token: "secret" },
    approvers: [],
    settleMs: 20_000,
    logLevel: "info",
  });
  const approvers = { ...enough, ORRERY_APPROVERS: "U0ALICE00, W0BOB0000" };
  expect(readExecutorSettings(approvers).approvers).toEqual(["U0ALICE00", "W0BOB0000"]);
});

test.each([
  ["ORRERY_STORE", { ...enough, ORRERY_STORE: " " }, /is not set: give the path/],
  ["ORRERY_EXECUTOR_URL", { ...enough, ORRERY_EXECUTOR_URL: undefined }, /is not set/],
  ["ORRERY_EXECUTOR_URL", { ...enough, ORRERY_EXECUTOR_URL: "localhost:80" }, /http\(s\) URL/],
  ["ORRERY_EXECUTOR_URL", { ...enough, ORRERY_EXECUTOR_URL: "http://10.0.0.1" }, /https:/],
  [
    "ORRERY_EXECUTOR_URL",
    { ...enough, ORRERY_EXECUTOR_URL: "http://127.0.0.1.example.com" },
    /https:/,
  ],
  ["ORRERY_EXECUTOR_TOKEN", { ...enough, ORRERY_EXECUTOR_TOKEN: "" }, /is not set/],
  ["ORRERY_APPROVERS", { ...enough, ORRERY_APPROVERS: "alice" }, /user ids/],
  [
    "ORRERY_EXECUTOR_SETTLE_SECONDS",
    { ...enough, ORRERY_EXECUTOR_SETTLE_SECONDS: "600" },
    /from 1 to 120/,
  ],
  ["ORRERY_LOG_LEVEL", { ...enough, ORRERY_LOG_LEVEL: "loud" }, /debug, info/],
])("a wrong %s is one line that names it and the fix", (name, env, fix) => {
  const message = refusal(env);
  expect(message).toMatch(new RegExp(`^${name} `));
  expect(message).toMatch(fix);
  expect(message).not.toContain("\n");
  expect(message).not.toContain("secret");
});
