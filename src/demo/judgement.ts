import { z } from "zod";
import type { ActionFacts } from "./message-facts.ts";

/** The part of `truth.json` that a run is judged by. */
export const truthSchema = z.object({
  healthy: z.boolean(),
  roots: z.array(z.object({ entity: z.string(), aliases: z.array(z.string()), fault: z.string() })),
  onset: z.string(),
  remediation: z.array(z.looseObject({ type: z.string() })).default([]),
});
export type TruthLabel = z.infer<typeof truthSchema>;

/** Whether the cause named first is a true one, by its name or an alias. */
export function isTrueRoot(truth: TruthLabel, root: string): boolean {
  return truth.roots.some(({ entity, aliases }) => [entity, ...aliases].includes(root));
}

/** Whether the action would cure: same type, and same value wherever the truth names one. */
export function isTrueRemedy(truth: TruthLabel, action: ActionFacts): boolean {
  return truth.remediation.some((remedy) =>
    Object.entries(remedy).every(([argument, value]) => action[argument] === value),
  );
}
