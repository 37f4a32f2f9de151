import { expect, test } from "vitest";
import type { ServiceSpec, Timing } from "../../src/simulator/system-spec.ts";
import { latencies, mean, NO_NETWORK, record, station } from "./recording.ts";

const MEAN_MS = 20;
const exponential: Timing = { ms: MEAN_MS, shape: "exponential" };

/** Probability that an arrival waits (Erlang's formula C), by its definition. */
function erlangC(servers: number, offered: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k += 1) {
    term *= offered / k;
    sum += term;
  }
  const last = ((term * offered) / servers) * (servers / (servers - offered));
  return last / (sum + last);
}

/** Mean response over a long run. The first fifth is warm-up. */
function meanResponseMs(spec: ReturnType<typeof station>, seconds = 1_000): number {
  const { requests } = record(spec, { seconds, seed: 11, keepsSpans: false });
  return mean(latencies(requests.filter(({ startMs }) => startMs > seconds * 200)));
}

const waiting = (time: Timing, workers: number): Pick<ServiceSpec, "operations" | "workers"> => ({
  operations: [{ name: "GET /", wait: time }],
  workers: { count: workers },
});

function check(measured: number, theory: number, tolerance: number): void {
  expect(Math.abs(measured / theory - 1), `${measured} against ${theory}`).toBeLessThan(tolerance);
}

test.each([0.5, 0.7])("one worker at %d of its capacity queues as M/M/1", (busy) => {
  const perSecond = (1000 * busy) / MEAN_MS;
  check(
    meanResponseMs(station(waiting(exponential, 1), { perSecond })),
    MEAN_MS / (1 - busy),
    0.07,
  );
});

test.each([0, 2])(
  "a queue grows with the variation %d of service times as Pollaczek and Khinchine say",
  (cv) => {
    const busy = 0.6;
    const perSecond = (1000 * busy) / MEAN_MS;
    const wait = ((busy / (1 - busy)) * MEAN_MS * (1 + cv * cv)) / 2;
    const measured = meanResponseMs(station(waiting({ ms: MEAN_MS, cv }, 1), { perSecond }), 2_500);
    check(measured, MEAN_MS + wait, 0.1);
  },
);

test.each([2, 6])("%d workers queue as Erlang's formula C says", (workers) => {
  const busy = 0.8;
  const perSecond = (1000 * busy * workers) / MEAN_MS;
  const wait = (erlangC(workers, busy * workers) * MEAN_MS) / (workers * (1 - busy));
  const measured = meanResponseMs(station(waiting(exponential, workers), { perSecond }));
  check(measured, MEAN_MS + wait, 0.07);
});

test.each([0, 0.5, 2])("a shared core does not care how its work varies (%d)", (cv) => {
  const busy = 0.6;
  const operations = [{ name: "GET /", cpu: { ms: MEAN_MS, cv } }];
  const spec = station({ operations }, { perSecond: (1000 * busy) / MEAN_MS, cores: 1 });
  check(meanResponseMs(spec, 2_500), MEAN_MS / (1 - busy), 0.08);
});

test("shared cores hold as many jobs as as many servers", () => {
  const busy = 0.8;
  const cores = 3;
  const operations = [{ name: "GET /", cpu: MEAN_MS }];
  const spec = station({ operations }, { perSecond: (1000 * busy * cores) / MEAN_MS, cores });
  const wait = (erlangC(cores, busy * cores) * MEAN_MS) / (cores * (1 - busy));
  check(meanResponseMs(spec), MEAN_MS + wait, 0.07);
});

test("a limit on cores slows one instance although its host is idle", () => {
  const operations = [{ name: "GET /", cpu: MEAN_MS }];
  const spec = station({ operations, cpuLimitCores: 0.5 }, { perSecond: 10, cores: 8 });
  const busy = (10 * MEAN_MS) / 1000 / 0.5;
  check(meanResponseMs(spec), (MEAN_MS * 2) / (1 - busy), 0.07);
});

test("a pool of connections is a queue of its own", () => {
  const busy = 0.7;
  const size = 2;
  const spec = {
    ...station(
      {
        operations: [{ name: "GET /", steps: [[{ to: "outside", what: "GET /" }]] }],
        links: { outside: { poolSize: size } },
      },
      { perSecond: (1000 * busy * size) / MEAN_MS },
    ),
    externals: [{ name: "outside", time: exponential }],
    network: NO_NETWORK,
  };
  const wait = (erlangC(size, busy * size) * MEAN_MS) / (size * (1 - busy));
  check(meanResponseMs(spec), MEAN_MS + wait, 0.07);
});

test("two instances on one host share its cores", () => {
  const operations = [{ name: "GET /", cpu: { ms: MEAN_MS, cv: 1 } }];
  const busy = 0.7;
  const spec = station(
    { operations, hosts: ["h", "h"] },
    { perSecond: (1000 * busy) / MEAN_MS, cores: 1 },
  );
  check(meanResponseMs(spec, 2_500), MEAN_MS / (1 - busy), 0.08);
});

test("the host's busy share follows the utilisation law", () => {
  const operations = [{ name: "GET /", cpu: MEAN_MS }];
  const spec = station({ operations }, { perSecond: 60, cores: 4 });
  const { samples } = record(spec, { seconds: 600, sampleEveryMs: 5_000, keepsSpans: false });
  const cpu = samples.filter(({ metric }) => metric === "system.cpu.utilization");
  expect(mean(cpu.map(({ value }) => value))).toBeCloseTo((60 * MEAN_MS) / 1000 / 4, 1);
});
