import { expect, test } from "vitest";
import { parseScenario } from "./parse.ts";
import type { Failure } from "./performance.ts";
import { failureText, runScenario } from "./run.ts";

const play = (text: string): Promise<readonly Failure[]> => runScenario(parseScenario(text));

test("every kind of expectation can fail, with its line and what was so instead", async () => {
  const failures = await play(`world tickets
load 10/s for 6m
at 2m slow seating x20
expect cause seating
expect page within 5s on "GET /seats"
expect page within 90s absent
expect no page until 4m
expect page within 3m on "GET /seats"
expect cause web p >= 0.2
expect cause seating p >= 0.999
expect cause seating ; path seating -> nowhere
expect cause seating ; change "deploy"
expect none p >= 0.9 within 10s
expect blind-spot "the moon"
expect incidents 3
not yet expect incidents 1
ask "what changed in the last 10 minutes?"
expect reply mentions unicorn
expect proposal scale web within 1s
expect no proposal restart seats for 1s
click approve by alice
expect action rollback web 1.0.0 done within 1s
expect refused expired
expect recovered within 1s
expect outcome inside within 1s
at 1m scale web 2
`);
  const seen = failures.map(({ line, message }) => `${line}: ${message}`);
  const wanted = [
    /^4: no page has been expected before/,
    /^5: nobody was paged until 2m5s$/,
    /^6: only "GET \/seats is burning .+ at 2m\d+s \(burn\) until 3m30s$/,
    /^7: paged "GET \/seats is burning/,
    /^9: web is not among the first 1; ranked are seating/,
    /^10: seating has p = 0\.\d\d; ranked are seating/,
    /^11: the path is seating -> seats -> web; ranked are/,
    /^12: its changes are none; ranked are/,
    /^13: "none of these" has p = 0\.\d\d; ranked are .* \(until /,
    /^14: the blind spots are /,
    /^15: there are 1: "GET \/seats/,
    /^16: it holds now: take "not yet" away$/,
    /^18: no mention of unicorn in: /,
    /^19: .*proposed.* until /,
    /^20: proposed: restart seats \(open\)$/,
    /^22: .*proposed.* until /,
    /^23: the click was accepted$/,
    /^24: not recovered until /,
    /^25: .*proposed.* until /,
    /^26: 1m is past: it is /,
  ];
  expect(seen).toHaveLength(wanted.length);
  for (const [at, pattern] of wanted.entries()) expect(seen[at]).toMatch(pattern);
});

test("a page before the event that it is expected after is a failure", async () => {
  const failures = await play(`world tickets
load 10/s for 6m
at 1m30s slow seating x20
at 4m scale web 3
expect page on "GET /seats"
`);
  expect(failures.map(failureText)).toEqual([
    expect.stringMatching(/^line 5: expect page .*\n {2}but paged .*, before the event at 4m$/s),
  ]);
});

test("an event that names what is not there fails with its own line", async () => {
  await expect(play("world moon\nload 1/s for 1m")).rejects.toThrowError("there is no world");
  const failures = await play(`world tickets
load 5/s for 1m
at 20s scale tikets 2
expect no page
`);
  expect(failures).toEqual([
    { line: 3, text: "at 20s scale tikets 2", message: "there is no service tikets" },
  ]);
});

test("the same scenario and seed give the same failures, to the last digit", async () => {
  const text = `world tickets
load 10/s for 5m
at 2m slow seating x20
expect page within 60s on "GET /seats"
expect cause web p >= 0.9
`;
  const first = await play(text);
  expect(first).toHaveLength(1);
  expect(await play(text)).toEqual(first);
});
