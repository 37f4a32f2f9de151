import { expect, test } from "vitest";
import {
  EXECUTOR_ALIVE_MAX_MS,
  readRegistration,
  removeRegistration,
  writeRegistration,
} from "../../src/incident/executor-registration.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const BEAT_MS = 1_795_486_447_000;
const registration = { id: "demo-world-7", actions: ["rollback", "of_tomorrow"], beatMs: BEAT_MS };

test("an executor counts while its last beat is young, by either clock", async () => {
  const store = createMemoryStore();
  expect(await readRegistration(store, BEAT_MS)).toBeUndefined();
  await writeRegistration(store, registration);
  for (const offMs of [0, EXECUTOR_ALIVE_MAX_MS - 1, -EXECUTOR_ALIVE_MAX_MS + 1])
    expect(await readRegistration(store, BEAT_MS + offMs), `${offMs}`).toEqual(registration);
  for (const offMs of [EXECUTOR_ALIVE_MAX_MS, -EXECUTOR_ALIVE_MAX_MS])
    expect(await readRegistration(store, BEAT_MS + offMs), `${offMs}`).toBeUndefined();
  await removeRegistration(store);
  expect(await readRegistration(store, BEAT_MS)).toBeUndefined();
});

test.each([
  null,
  "demo-world",
  {},
  { ...registration, beatMs: "now" },
  { ...registration, id: "" },
])("%j is no registration", async (value) => {
  const store = createMemoryStore();
  await store.put("executor", "registration", value);
  expect(await readRegistration(store, BEAT_MS)).toBeUndefined();
});
