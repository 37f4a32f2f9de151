import { expect, test } from "vitest";
import { seededRandom } from "../../../src/demo/world/random.ts";
import { Station } from "../../../src/demo/world/shop/station.ts";

const never = new AbortController().signal;

test("a station works on as many requests as it has workers, the others wait in order", async () => {
  const station = new Station(2, seededRandom(1));
  let working = 0;
  let most = 0;
  const begun: number[] = [];
  const work = (index: number) => async (): Promise<void> => {
    begun.push(index);
    working += 1;
    most = Math.max(most, working);
    await new Promise((resolve) => setTimeout(resolve, 5));
    working -= 1;
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map((index) => station.run(0.01, never, work(index))));
  expect(most).toBe(2);
  expect(begun.sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a request whose caller has gone is not begun, and gives its place up", async () => {
  const station = new Station(1, seededRandom(1));
  const gone = new AbortController();
  let release = (): void => undefined;
  const first = station.run(
    0.01,
    never,
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
  );
  const abandoned = station.run(0.01, gone.signal, async () => "begun");
  const patient = station.run(0.01, never, async () => "begun");
  gone.abort();
  await expect(abandoned).rejects.toMatchObject({ code: "abandoned" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  release();
  await first;
  await expect(patient).resolves.toBe("begun");
});

test("a failing request gives its worker back", async () => {
  const station = new Station(1, seededRandom(1));
  await expect(
    station.run(0.01, never, async () => {
      throw new Error("broken");
    }),
  ).rejects.toThrow("broken");
  await expect(station.run(0.01, never, async () => "next")).resolves.toBe("next");
});

test("more waiting requests than the queue holds are refused", async () => {
  const station = new Station(1, seededRandom(1));
  const gone = new AbortController();
  const blocked = station.run(
    0.01,
    never,
    () =>
      new Promise<void>((resolve) => {
        if (gone.signal.aborted) resolve();
        else gone.signal.addEventListener("abort", () => resolve());
      }),
  );
  const waiting = Array.from({ length: 401 }, () => station.run(0.01, gone.signal, async () => 1));
  await expect(waiting.at(-1)).rejects.toMatchObject({ code: "overloaded" });
  gone.abort();
  await Promise.allSettled([blocked, ...waiting]);
});
