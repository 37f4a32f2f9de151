import { OperationError } from "../errors.ts";
import type { Answer, Truth } from "./answer.ts";
import { type Summary, scoreCase, summarise } from "./cause-score.ts";

/** A case with its label, and the set that it belongs to. */
export interface LabelledCase {
  readonly id: string;
  readonly set: string;
  readonly truth: Truth;
}

export interface CauseReport {
  readonly unknown_ids: readonly string[];
  readonly what_if_cases: number;
  readonly delays: readonly {
    readonly delay_s: number;
    readonly sets: readonly (Summary & {
      readonly set: string;
      readonly faults: readonly (Summary & { readonly fault: string })[];
    })[];
    readonly all: Summary;
  }[];
}

function faultOf(truth: Truth): string {
  if (truth.healthy === true) return "(healthy)";
  return [...new Set((truth.roots ?? []).map((root) => root.fault ?? "?"))].sort().join("+");
}

const keyOf = (id: string, delay: number): string => `${id}\u0000${delay}`;
const delayOf = (answer: Answer): number => Number(answer.delay_s ?? 0);
const sortedNames = <T>(items: readonly T[], name: (item: T) => string): readonly string[] =>
  [...new Set(items.map(name))].sort();

function byCaseAndDelay(answers: readonly Answer[]): ReadonlyMap<string, Answer> {
  const by = new Map<string, Answer>();
  for (const answer of answers) {
    const key = keyOf(answer.id, delayOf(answer));
    if (by.has(key)) {
      throw new OperationError(
        "answer_twice",
        `There are two answers for ${answer.id} at ${delayOf(answer)} s.`,
      );
    }
    by.set(key, answer);
  }
  return by;
}

/**
 * Scores answers at every delay that they were made at; a case that lacks one there is a miss. What-if cases are counted
 * and left out. Errors: `OperationError` when there is no case, or an id or an answer occurs twice.
 */
export function causeReport(
  cases: readonly LabelledCase[],
  answers: readonly Answer[],
): CauseReport {
  const known = new Set(cases.map(({ id }) => id));
  if (cases.length === 0) throw new OperationError("no_cases", "There is no case to score.");
  if (known.size !== cases.length)
    throw new OperationError("case_twice", "Two cases have the same id.");
  const scored = cases.filter(({ truth }) => truth.purpose !== "what-if");
  const ours = answers.filter(({ id }) => known.has(id));
  const by = byCaseAndDelay(ours);
  const delays = [...new Set(ours.map(delayOf))].sort((a, b) => a - b);
  return {
    unknown_ids: sortedNames(
      answers.filter(({ id }) => !known.has(id)),
      ({ id }) => id,
    ),
    what_if_cases: cases.length - scored.length,
    delays: (delays.length > 0 ? delays : [0]).map((delay) => {
      const rows = scored.map(({ id, set, truth }) => ({
        set,
        fault: faultOf(truth),
        ...scoreCase(truth, by.get(keyOf(id, delay))),
      }));
      const sets = sortedNames(rows, (row) => row.set).map((set) => {
        const own = rows.filter((row) => row.set === set);
        const faults = sortedNames(own, (row) => row.fault).map((fault) => ({
          fault,
          ...summarise(own.filter((row) => row.fault === fault)),
        }));
        return { set, ...summarise(own), faults };
      });
      return { delay_s: delay, sets, all: summarise(rows) };
    }),
  };
}
