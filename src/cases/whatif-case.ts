import { existsSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import { caseFolders } from "./case-folder.ts";

/** One figure that is asked for. Without an operation it is about all requests that the entity serves. */
export interface WhatIfAsk {
  readonly entity: string;
  readonly operation?: string;
  readonly signal: "latency" | "error_ratio";
  readonly stat: "mean" | "p50" | "p95" | "p99";
}

export interface WhatIfQuestion {
  readonly id: string;
  /** One, or several at once. */
  readonly interventions: readonly Intervention[];
  readonly horizonMs: number;
  readonly ask: readonly WhatIfAsk[];
}

/** What came true. `value` is in milliseconds, or a ratio. */
export interface WhatIfTruth extends WhatIfAsk {
  readonly question: string;
  readonly value: number;
  readonly saturated: boolean;
}

export interface WhatIfCase {
  readonly id: string;
  /** Folder below the root that holds it, or its system. */
  readonly set: string;
  readonly folder: string;
  readonly questions: readonly WhatIfQuestion[];
  readonly truth: readonly WhatIfTruth[];
}

const ask = z.object({
  entity: z.string(),
  operation: z.string().optional(),
  signal: z.enum(["latency", "error_ratio"]),
  stat: z.enum(["mean", "p50", "p95", "p99"]),
});
const entity = z.string();
const link = { from: z.string(), to: z.string() };
const intervention = z.discriminatedUnion("type", [
  z.object({ type: z.literal("none") }),
  z.object({
    type: z.literal("load"),
    factor: z.number().positive(),
    operation: z.string().optional(),
  }),
  z.object({ type: z.literal("scale"), entity, replicas: z.number().int().positive() }),
  z.object({ type: z.literal("rollback"), entity, to_version: z.string() }),
  z.object({ type: z.literal("drain"), entity }),
  z.object({
    type: z.literal("shed"),
    share: z.number().min(0).max(1),
    operation: z.string().optional(),
  }),
  z.object({ type: z.literal("restart"), entity }),
  z.object({ type: z.literal("demand"), entity, factor: z.number().positive() }),
  z.object({ type: z.literal("pool"), ...link, size: z.number().int().positive() }),
  z.object({ type: z.literal("timeout"), ...link, ms: z.number().positive() }),
  z.object({ type: z.literal("retries"), ...link, count: z.number().int().min(0) }),
  z.object({ type: z.literal("flag"), flag: z.string(), variant: z.string() }),
]);
const questions = z.array(
  z.object({
    id: z.string(),
    intervention: z.union([intervention, z.array(intervention).min(1)]),
    horizon_s: z.number().positive().catch(300),
    ask: z.array(ask),
  }),
);
const truth = z.object({
  answers: z.array(
    z.object({
      ...ask.shape,
      question: z.string(),
      value: z.number(),
      saturated: z.boolean().catch(false),
    }),
  ),
});

const invalid = (path: string, cause: unknown): OperationError =>
  new OperationError("case_invalid", `${path} is not in the case format`, { cause });

function readJson<T>(schema: z.ZodType<T>, path: string): T {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw invalid(path, error);
  }
}

/** Optional fields that are absent stay absent. */
function asked(row: z.infer<typeof ask>): WhatIfAsk {
  const { entity: of, operation, signal, stat } = row;
  return { entity: of, signal, stat, ...(operation === undefined ? {} : { operation }) };
}

/** `undefined` values are left out, as the model's unions want it. */
const parsed = (one: z.infer<typeof intervention>): Intervention =>
  JSON.parse(JSON.stringify(one)) as Intervention;

/** The case's own id, where it has one. */
function headOf(folder: string): { readonly id: string; readonly system: string } {
  const head = z.object({
    id: z.string().catch(basename(folder)),
    system: z.string().catch("all"),
  });
  return readJson(head, join(folder, "case.json"));
}

/** What-if cases below a folder: those with questions and answers. Errors: `OperationError("case_invalid")`. */
export function whatIfCases(root: string): readonly WhatIfCase[] {
  return [...caseFolders(resolve(root))].flatMap((folder) => {
    const files = ["questions.json", "truth.json"].map((name) => join(folder, name));
    if (!files.every((path) => existsSync(path))) return [];
    const answers = truth.safeParse(JSON.parse(readFileSync(files[1] ?? "", "utf8")));
    if (!answers.success) return [];
    const { id, system } = headOf(folder);
    const parts = relative(resolve(root), folder).split(sep);
    return [
      {
        id,
        set: parts.length > 1 ? parts.slice(0, -1).join("/") : system,
        folder,
        questions: readJson(questions, files[0] ?? "").map((one) => ({
          id: one.id,
          interventions: [one.intervention].flat().map(parsed),
          horizonMs: one.horizon_s * 1000,
          ask: one.ask.map(asked),
        })),
        truth: answers.data.answers.map(({ question, value, saturated, ...row }) => ({
          ...asked(row),
          question,
          value,
          saturated,
        })),
      },
    ];
  });
}
