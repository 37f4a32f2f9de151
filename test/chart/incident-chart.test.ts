import { expect, test } from "vitest";
import type { ChartChange, ChartSpec } from "../../src/chart/chart-spec.ts";
import { incidentChart } from "../../src/chart/incident-chart.ts";

const FROM_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const STEP_MS = 5_000;
const STEPS = 60;
const RISE = 40;

const spec = (over: Partial<ChartSpec> = {}): ChartSpec => ({
  title: "Likely cause: catalog 1.5.0 became slower (81 %)",
  subtitle: "gateway GET /: p95 latency",
  unit: "ms",
  fromMs: FROM_MS,
  toMs: FROM_MS + STEPS * STEP_MS,
  stepMs: STEP_MS,
  series: [
    {
      name: "gateway GET /",
      points: Array.from({ length: STEPS }, (_, i) => ({
        timeMs: FROM_MS + i * STEP_MS,
        value: i < RISE ? 80 : 1_800,
      })),
    },
  ],
  changes: [],
  ...over,
});

const change = (atMs: number, label: string, suspect = false): ChartChange => ({
  timeMs: FROM_MS + atMs,
  label,
  suspect,
});

/** Where the first line leaves its lowest level. */
function riseX(svg: string): number {
  const path = /<path d="(M[^"]+)" fill="none"/.exec(svg)?.[1] ?? "";
  const points = path
    .slice(1)
    .split("L")
    .map((pair) => pair.split(",").map(Number));
  const [, lowest = 0] = points[0] ?? [];
  return points.find(([, y = 0]) => y < lowest)?.[0] ?? Number.NaN;
}

const markerX = (svg: string): number =>
  Number(/<line x1="([\d.]+)"[^>]*stroke="#c24e00" stroke-width="3"/.exec(svg)?.[1]);

test("a change inside the step that rises stands at its start, never after the rise", () => {
  for (const lateMs of [0, 300, 2_500, 4_999]) {
    const changes = [change(RISE * STEP_MS + lateMs, "deploy catalog 1.5.0", true)];
    const svg = incidentChart(spec({ changes }));
    expect(markerX(svg)).toBe(riseX(svg));
  }
  const before = incidentChart(spec({ changes: [change(RISE * STEP_MS - 1, "x", true)] }));
  expect(markerX(before)).toBeLessThan(riseX(before));
});

test("changes are listed in full under the plot, with their numbers and times", () => {
  const changes = [
    change(100_000, "set pg_pool_max of orders from 8 to 1", true),
    change(80_000, "flag cart-compact-summary: on to off"),
  ];
  const svg = incidentChart(spec({ changes }));
  expect(svg).toContain("09:01:40  set pg_pool_max of orders from 8 to 1 (suspect)");
  expect(svg).toContain("09:01:20  flag cart-compact-summary: on to off");
  expect(svg).not.toContain("...");
  expect(svg.match(/rx="6"/g)).toHaveLength(4);
});

test("what is too much for the list is counted, and suspects stay", () => {
  const changes = Array.from({ length: 8 }, (_, i) => change(i * 20_000, `change ${i}`, i === 0));
  const svg = incidentChart(spec({ changes }));
  expect(svg).toContain("change 0 (suspect)");
  expect(svg).toContain("and 3 more");
  expect(svg).not.toContain("change 3<");
});

test("the picture says what a step is, and every label of the axis lies inside it", () => {
  const odd = { toMs: FROM_MS + STEPS * STEP_MS, fromMs: FROM_MS + 5_000 };
  for (const over of [{}, odd]) {
    const svg = incidentChart(spec(over));
    expect(svg).toContain("each step is 5 s, times in UTC");
    const ends = [...svg.matchAll(/<text x="([\d.]+)"[^>]*middle[^>]*>(\d\d:\d\d(?::\d\d)?)</g)];
    expect(ends.length).toBeGreaterThan(2);
    for (const [, x, label = ""] of ends) expect(Number(x) + label.length * 5.5).toBeLessThan(985);
  }
});

test("a long legend goes on in the next row, uncut", () => {
  const [first] = spec().series;
  const points = first?.points ?? [];
  const names = [
    "gateway POST /checkout/:user",
    "catalog-2, as its callers see it",
    "another line",
  ];
  const svg = incidentChart(
    spec({
      series: names.map((name) => ({ name, points })),
      healthy: { low: 70, high: 90 },
      incident: { fromMs: FROM_MS + RISE * STEP_MS },
    }),
  );
  for (const name of names) expect(svg).toContain(`>${name}: 80 ms before, 1800 ms now</text>`);
  for (const name of ["healthy", "incident"]) expect(svg).toContain(`>${name}</text>`);
  const rows = new Set(
    [...svg.matchAll(/<g transform="translate\([\d.]+,(\d+)\)"/g)].map(([, y]) => y),
  );
  expect(rows.size).toBe(3);
});

test("a cause that needs many words is written smaller, not cut", () => {
  const title =
    "Likely cause: one replica, catalog-1, became slower while its siblings are well (90 %)";
  expect(incidentChart(spec({ title }))).toContain(`>${title}</text>`);
});

test("a name that is too long loses its end, never its numbers", () => {
  const [first] = spec().series;
  const name = `gateway GET /${"a".repeat(120)}`;
  const svg = incidentChart(
    spec({
      series: [{ name, points: first?.points ?? [] }],
      incident: { fromMs: FROM_MS + RISE * STEP_MS },
    }),
  );
  expect(svg).toMatch(/a\.\.\.: 80 ms before, 1800 ms now</);
});

test("before is the healthy time, not an earlier trouble in the picture", () => {
  const EARLIER = 25;
  const points = Array.from({ length: STEPS }, (_, i) => ({
    timeMs: FROM_MS + i * STEP_MS,
    value: i < EARLIER ? 1_100 : i < RISE ? 80 : 1_800,
  }));
  const onsetMs = FROM_MS + RISE * STEP_MS;
  const svg = incidentChart(
    spec({
      series: [{ name: "gateway GET /", points }],
      incident: { fromMs: onsetMs },
      before: { fromMs: FROM_MS + EARLIER * STEP_MS, toMs: onsetMs },
    }),
  );
  expect(svg).toContain("gateway GET /: 80 ms before, 1800 ms now<");
});
