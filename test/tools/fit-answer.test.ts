import { expect, test } from "vitest";
import { z } from "zod";
import { TOOL_ANSWER_BYTES_MAX } from "../../tools/answer.ts";
import type { ToolOutcome } from "../../tools/define-tool.ts";
import { answerBytes, fitAnswer } from "../../tools/fit-answer.ts";

const schema = z.object({
  name: z.string(),
  rows: z.array(z.object({ what: z.string(), tags: z.array(z.string()).optional() })),
  facts: z.record(z.string(), z.string()).nullable(),
});
type Data = z.infer<typeof schema>;

const outcome = (data: Data, evidence: ToolOutcome<Data>["evidence"] = []): ToolOutcome<Data> => ({
  ok: true,
  data,
  evidence,
  notes: ["one note"],
});
const evidence = (about: string): ToolOutcome<Data>["evidence"][number] => ({
  kind: "service",
  about,
  text: "x".repeat(100),
  values: {},
});
const rows = (count: number): Data["rows"] =>
  Array.from({ length: count }, (_, index) => ({ what: `row ${index} ${"x".repeat(90)}` }));

test("leaves an answer alone that is short enough", () => {
  const short = outcome({ name: "a", rows: rows(3), facts: null });
  expect(fitAnswer(short, schema)).toBe(short);
});

test("cuts the last entries of the longest list, keeps its evidence and says so", () => {
  const long = outcome({ name: "a", rows: rows(100), facts: null }, [evidence("a")]);
  const fitted = fitAnswer(long, schema);
  if (!fitted.ok) throw new Error(fitted.message);
  const data = schema.parse(fitted.data);
  expect(answerBytes(fitted)).toBeLessThanOrEqual(TOOL_ANSWER_BYTES_MAX);
  expect(data.rows.length).toBeGreaterThan(10);
  expect(data.rows[0]?.what).toContain("row 0");
  expect(fitted.evidence).toHaveLength(1);
  expect(fitted.notes).toEqual(["one note", "cut to fit an answer: rows"]);
  expect(long.data.rows).toHaveLength(100);
});

test("cuts lists within lists, records, and letters that take more bytes than one", () => {
  const facts = Object.fromEntries(
    Array.from({ length: 80 }, (_, at) => [`k${at}`, "界".repeat(60)]),
  );
  const tags = Array.from({ length: 200 }, (_, at) => `tag ${at} 🙂`);
  const fitted = fitAnswer(outcome({ name: "a", rows: [{ what: "b", tags }], facts }), schema);
  if (!fitted.ok) throw new Error(fitted.message);
  expect(schema.parse(fitted.data)).toEqual(fitted.data);
  expect(answerBytes(fitted)).toBeLessThanOrEqual(TOOL_ANSWER_BYTES_MAX);
  expect(fitted.notes.join()).toContain("facts");
});

test("shortens what the things that are compared hold before it loses one of them", () => {
  const tags = Array.from({ length: 40 }, (_, at) => `tag ${at} ${"x".repeat(60)}`);
  const two = ["a", "b"].map((what) => ({ what, tags: [...tags] }));
  const fitted = fitAnswer(outcome({ name: "a", rows: two, facts: null }), schema);
  if (!fitted.ok) throw new Error(fitted.message);
  expect(schema.parse(fitted.data).rows.map((row) => row.what)).toEqual(["a", "b"]);
  expect(schema.parse(fitted.data).rows[1]?.tags?.[0]).toContain("tag 0");
});

test("counts evidence as it is shown", () => {
  const values = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => [`k${at}`, { value: at / 7, unit: "ms" as const }]),
  );
  const short = outcome({ name: "a", rows: [], facts: null }, [{ ...evidence("a"), values }]);
  expect(JSON.stringify(short).length).toBeGreaterThan(5_000);
  expect(answerBytes(short)).toBeLessThan(3_000);
});

test("cuts evidence only when there is little else to cut", () => {
  const many = Array.from({ length: 80 }, (_, index) => evidence(`s${index}`));
  const fitted = fitAnswer(outcome({ name: "a", rows: rows(2), facts: null }, many), schema);
  if (!fitted.ok) throw new Error(fitted.message);
  expect(schema.parse(fitted.data).rows).toHaveLength(1);
  expect(fitted.evidence.length).toBeGreaterThan(10);
  expect(fitted.evidence[0]?.about).toBe("s0");
});

test("refuses what cannot be made short", () => {
  const fitted = fitAnswer(outcome({ name: "x".repeat(9_000), rows: [], facts: null }), schema);
  expect(fitted).toMatchObject({ ok: false, code: "answer_too_large" });
});
