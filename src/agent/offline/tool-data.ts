import { z } from "zod";
import type { Look } from "./transcript.ts";

/** What the offline investigator reads of tool answers; the rest of them it leaves alone. */
const findingSchema = z.object({ kind: z.string(), text: z.string() });
const causeSchema = z.object({
  cause: z.string(),
  type: z.string(),
  title: z.string(),
  probability: z.number(),
  onset: z.string().nullable(),
  path: z.array(z.string()).default([]),
  for: z.array(findingSchema).default([]),
  against: z.array(findingSchema).default([]),
  changes: z.array(z.string()).default([]),
  decidedBy: z.string().optional(),
});
const namedSchema = z.looseObject({ type: z.string() });
const candidateSchema = z.object({
  cause: z.string(),
  why: z.string(),
  intervention: namedSchema,
  /** Absent: it can be simulated, but not proposed. */
  action: namedSchema.nullish(),
});
const rankingSchema = z.object({
  symptom: z.object({
    operation: z.string(),
    kind: z.string(),
    onset: z.string(),
    healthyFrom: z.string().optional(),
    isOver: z.boolean().default(false),
  }),
  causes: z.array(causeSchema),
  noneOfThese: z.number(),
  notSeen: z.array(z.string()).default([]),
  candidates: z.array(candidateSchema).default([]),
  uncalibrated: z.boolean().default(false),
});

const statisticSchema = z.object({
  operation: z.string(),
  statistic: z.string(),
  median: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
const planSchema = z.object({
  plan: z.string(),
  grade: z.string(),
  missing: z.array(z.string()).default([]),
  after: z.array(statisticSchema.extend({ saturatesInSeconds: z.number().nullish() })).default([]),
  assumes: z.array(z.string()).default([]),
  wrongIf: z.array(z.string()).default([]),
});
const simulationSchema = z.object({
  noAction: z.array(statisticSchema),
  plans: z.array(planSchema),
});

const healthSchema = z.object({
  requestsPerSecond: z.number().nullable(),
  errorRatio: z.number().nullable(),
  ownMs: z.number().nullable(),
});
const comparisonSchema = z.object({
  rows: z.array(z.object({ what: z.string(), before: healthSchema, after: healthSchema })),
});
const changesSchema = z.object({
  changes: z.array(
    z.object({
      kind: z.string(),
      entity: z.string(),
      facts: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
const entitySchema = z.object({
  name: z.string(),
  related: z.record(z.string(), z.array(z.string())).default({}),
});
const proposalSchema = z.object({
  action: z.string(),
  prediction: z.object({ grade: z.string() }),
});
const topologySchema = z.object({
  instances: z.array(
    z.object({ instance: z.string(), service: z.string(), host: z.string(), zone: z.string() }),
  ),
});

const objectivesSchema = z.object({
  slos: z.array(z.object({ id: z.string(), operation: z.string(), standing: z.string() })),
});
const logsSchema = z.object({ templates: z.array(z.object({ untrusted: z.string() })) });
const outcomesSchema = z.object({
  proposals: z.array(
    z.object({ action: z.string(), state: z.string(), verdict: z.string().nullable() }),
  ),
});

export type Cause = z.infer<typeof causeSchema>;
export type Candidate = z.infer<typeof candidateSchema>;
export type Ranking = z.infer<typeof rankingSchema>;
export type Change = z.infer<typeof changesSchema>["changes"][number];
export type Plan = z.infer<typeof planSchema>;
export type Simulation = z.infer<typeof simulationSchema>;

function reading<T>(schema: z.ZodType<T>): (look: Look | undefined) => T | undefined {
  return (look) => {
    if (look?.ok !== true) return undefined;
    const parsed = schema.safeParse(look.data);
    return parsed.success ? parsed.data : undefined;
  };
}

/** Each undefined when the tool refused, or its answer was shortened since. */
export const rankingIn = reading(rankingSchema);
export const simulationIn = reading(simulationSchema);
export const comparisonIn = reading(comparisonSchema);
export const changesIn = reading(changesSchema);
export const entityIn = reading(entitySchema);
export const proposalIn = reading(proposalSchema);
export const objectivesIn = reading(objectivesSchema);
export const logsIn = reading(logsSchema);
export const outcomesIn = reading(outcomesSchema);
export const topologyIn = reading(topologySchema);
