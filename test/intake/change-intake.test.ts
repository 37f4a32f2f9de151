import { expect, test } from "vitest";
import { CHANGE_INBOX, createChangeIntake } from "../../src/intake/change-intake.ts";
import { createMeter } from "../../src/meter.ts";
import type { ChangeRecord } from "../../src/model/signal.ts";

/** Documents that outlive an intake, as a disk does. */
function createDisk() {
  const held = new Map<string, string>();
  let isFull = false;
  return {
    fill: () => {
      isFull = true;
    },
    store: {
      insertIfAbsent: async (bucket: string, key: string, value: unknown) => {
        if (isFull) throw new Error("disk full");
        const id = `${bucket}/${key}`;
        if (held.has(id)) return false;
        held.set(id, JSON.stringify(value));
        return true;
      },
      list: async (bucket: string) =>
        [...held]
          .filter(([id]) => id.startsWith(`${bucket}/`))
          .map(([id, text]) => ({
            key: id.slice(bucket.length + 1),
            value: JSON.parse(text) as unknown,
          })),
      remove: async (bucket: string, key: string) => {
        held.delete(`${bucket}/${key}`);
      },
    },
  };
}

const change = (id: string, timeMs: number): ChangeRecord => ({
  id,
  timeMs,
  kind: "deploy",
  entity: "cart",
  summary: "deploy cart",
  attributes: { version: "1.43.0" },
});

test("a change is new once, and a restart still knows it", async () => {
  const { store } = createDisk();
  const meter = createMeter();
  const intake = createChangeIntake({ store, meter });
  expect(await intake.accept([change("b", 20), change("a", 10)])).toHaveLength(2);
  expect(await intake.accept([change("a", 10), change("c", 5)])).toEqual([change("c", 5)]);
  expect(meter.get("orrery_changes_repeated_total")).toBe(1);

  const restarted = createChangeIntake({ store, meter });
  expect(await restarted.recover(0)).toEqual([change("c", 5), change("a", 10), change("b", 20)]);
  expect(await restarted.accept([change("b", 20)])).toEqual([]);
});

test("recovery forgets what is older than asked for", async () => {
  const { store } = createDisk();
  const intake = createChangeIntake({ store, meter: createMeter() });
  await intake.accept([change("old", 10), change("young", 20)]);
  expect(await intake.recover(15)).toEqual([change("young", 20)]);
  expect(await store.list(CHANGE_INBOX)).toHaveLength(1);
});

test("nothing is answered for that is not on disk", async () => {
  const disk = createDisk();
  const intake = createChangeIntake({ store: disk.store, meter: createMeter() });
  disk.fill();
  await expect(intake.accept([change("a", 10)])).rejects.toThrow("disk full");
});

test("a document that is no change is counted and left alone", async () => {
  const { store } = createDisk();
  const meter = createMeter();
  await store.insertIfAbsent(CHANGE_INBOX, "x", { id: 7 });
  expect(await createChangeIntake({ store, meter }).recover(0)).toEqual([]);
  expect(meter.get("orrery_changes_unreadable_total")).toBe(1);
});
