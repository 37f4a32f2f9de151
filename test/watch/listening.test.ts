import { expect, test } from "vitest";
import { BLIND_AFTER_MS, Listening } from "../../src/watch/listening.ts";

const T0 = 1_000_000;

test("a system that never sent anything is not yet connected, and not blind", () => {
  const listening = new Listening(T0, false);
  listening.hear(0);
  expect(listening.isBlind(T0 + 10 * BLIND_AFTER_MS)).toBe(false);
});

test("a system that was known before a restart and stays silent is blind", () => {
  const listening = new Listening(T0, true);
  expect(listening.isBlind(T0 + BLIND_AFTER_MS)).toBe(false);
  expect(listening.isBlind(T0 + BLIND_AFTER_MS + 1)).toBe(true);
});

test("after blindness, silence counts anew from the first signal", () => {
  const listening = new Listening(T0, false);
  listening.hear(T0 + 1_000);
  expect(listening.sinceMs).toBe(T0 + 1_000);
  listening.hear(T0 + 20_000);
  expect(listening.sinceMs).toBe(T0 + 1_000);
  expect(listening.isBlind(T0 + 51_000)).toBe(true);
  listening.hear(T0 + 60_000);
  expect(listening.isBlind(T0 + 61_000)).toBe(false);
  expect(listening.sinceMs).toBe(T0 + 60_000);
});
