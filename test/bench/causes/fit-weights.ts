import { FEATURES, type Weights } from "../../../src/model/causes/weights.ts";
import type { Sample, SampledSuspect } from "./sample.ts";

/** The types whose prior odds are weights; the others stand at 0. */
const TYPES = [
  "service",
  "stopped",
  "edge",
  "host",
  "instance",
  "store",
  "external",
  "traffic",
] as const;
const NONE = ["base", "clarity", "well"] as const;

const STEPS = 600;
const RATE = 0.03;
/** Pull towards where the weights were. Chosen by cross-validation between halves of the training seeds. */
const PULL = 0.015;

type Vector = Float64Array;

const LENGTH = FEATURES.length + TYPES.length + NONE.length;
const TYPE_AT = FEATURES.length;
const NONE_AT = TYPE_AT + TYPES.length;

function vectorOf({ features, types, none, temperature }: Weights): Vector {
  const all = [
    ...FEATURES.map((feature) => features[feature]),
    ...TYPES.map((type) => types[type] ?? 0),
    ...NONE.map((part) => none[part]),
  ];
  return Float64Array.from(all, (weight) => weight / temperature);
}

function weightsOf(vector: Vector): Weights {
  const at = (index: number): number => Math.round((vector[index] ?? 0) * 100) / 100;
  return {
    features: Object.fromEntries(
      FEATURES.map((feature, index) => [feature, at(index)]),
    ) as Weights["features"],
    types: Object.fromEntries(TYPES.map((type, index) => [type, at(TYPE_AT + index)])),
    none: { base: at(NONE_AT), clarity: at(NONE_AT + 1), well: at(NONE_AT + 2) },
    temperature: 1,
  };
}

/** What a weight vector is multiplied with, suspect by suspect and for "none of these" last. */
interface Row {
  readonly inputs: readonly Vector[];
  readonly isRoot: readonly boolean[];
}

function inputOf({ features, type }: SampledSuspect): Vector {
  const input = new Float64Array(LENGTH);
  FEATURES.forEach((feature, index) => {
    input[index] = features[feature];
  });
  const at = (TYPES as readonly string[]).indexOf(type);
  if (at >= 0) input[TYPE_AT + at] = 1;
  return input;
}

function rowOf({ suspects, clarity, isWell }: Sample): Row {
  const none = new Float64Array(LENGTH);
  none.set([1, clarity, isWell ? 1 : 0], NONE_AT);
  const hasRoot = suspects.some(({ isRoot }) => isRoot);
  return {
    inputs: [...suspects.map(inputOf), none],
    // What is not among the suspects cannot be named: "none of these" is then the right answer.
    isRoot: [...suspects.map(({ isRoot }) => isRoot), !hasRoot],
  };
}

const dot = (a: Vector, b: Vector): number =>
  a.reduce((sum, one, at) => sum + one * (b[at] ?? 0), 0);

/** Probabilities of a row's suspects, "none of these" last. */
function softmax({ inputs }: Row, vector: Vector): readonly number[] {
  const utilities = inputs.map((input) => dot(vector, input));
  const top = Math.max(...utilities);
  const all = utilities.map((utility) => Math.exp(utility - top));
  const total = all.reduce((sum, one) => sum + one, 0);
  return all.map((one) => one / total);
}

function addGradient(row: Row, vector: Vector, into: Vector): number {
  const p = softmax(row, vector);
  const right = row.isRoot.reduce((sum, isRoot, at) => sum + (isRoot ? (p[at] ?? 0) : 0), 0);
  row.inputs.forEach((input, at) => {
    const target = row.isRoot[at] === true ? (p[at] ?? 0) / Math.max(1e-12, right) : 0;
    const error = target - (p[at] ?? 0);
    for (let index = 0; index < LENGTH; index += 1) {
      into[index] = (into[index] ?? 0) + error * (input[index] ?? 0);
    }
  });
  return -Math.log(Math.max(1e-12, right));
}

/** A weight never changes what it says: what speaks for a suspect may come to say nothing, not the contrary. */
function keepSign(vector: Vector, start: Vector): void {
  for (let index = 0; index < TYPE_AT; index += 1) {
    const [now, was] = [vector[index] ?? 0, start[index] ?? 0];
    if (now * was < 0 || was === 0) vector[index] = 0;
  }
}

export interface Fitted {
  readonly weights: Weights;
  /** Mean negative logarithm of the probability that the truth got, before and after. */
  readonly lossBefore: number;
  readonly loss: number;
}

/** Maximum likelihood of the conditional logit, drawn towards where it starts (Adam, full batches; deterministic). */
export function fitWeights(samples: readonly Sample[], from: Weights): Fitted {
  const rows = samples.map(rowOf);
  const start = vectorOf(from);
  const vector = start.slice();
  const [mean, square] = [new Float64Array(LENGTH), new Float64Array(LENGTH)];
  let [lossBefore, loss] = [Number.NaN, Number.NaN];
  for (let step = 1; step <= STEPS; step += 1) {
    const gradient = new Float64Array(LENGTH);
    loss = rows.reduce((sum, row) => sum + addGradient(row, vector, gradient), 0) / rows.length;
    if (step === 1) lossBefore = loss;
    for (let index = 0; index < LENGTH; index += 1) {
      const pull = PULL * ((start[index] ?? 0) - (vector[index] ?? 0));
      const slope = (gradient[index] ?? 0) / rows.length + pull;
      mean[index] = 0.9 * (mean[index] ?? 0) + 0.1 * slope;
      square[index] = 0.999 * (square[index] ?? 0) + 0.001 * slope ** 2;
      const [m, v] = [
        (mean[index] ?? 0) / (1 - 0.9 ** step),
        (square[index] ?? 0) / (1 - 0.999 ** step),
      ];
      vector[index] = (vector[index] ?? 0) + (RATE * m) / (Math.sqrt(v) + 1e-8);
    }
    keepSign(vector, start);
  }
  return { weights: weightsOf(vector), lossBefore, loss };
}
