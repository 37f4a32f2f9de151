import type { Answer } from "../../../src/cases/answer.ts";
import { inquire, sceneOf } from "../../../src/model/causes/diagnose.ts";
import type { HypothesisType } from "../../../src/model/causes/diagnosis.ts";
import { clarityOf } from "../../../src/model/causes/rank.ts";
import { suspectWord } from "../../../src/model/causes/suspect.ts";
import type { Feature, Sight } from "../../../src/model/causes/weights.ts";
import { type Asking, incidentMoments } from "./incident-moments.ts";
import type { IncidentRun } from "./incident-run.ts";

/** A question about a simulated incident, with every suspect measured and the truth. */
export interface Sample {
  readonly seed: number;
  readonly kind: string;
  readonly delayS: number;
  readonly asking: Asking;
  readonly sight: Sight;
  readonly clarity: number;
  readonly isWell: boolean;
  readonly suspects: readonly SampledSuspect[];
}

export interface SampledSuspect {
  readonly name: string;
  readonly type: HypothesisType;
  readonly features: Readonly<Record<Feature, number>>;
  readonly isRoot: boolean;
}

const ASKINGS = ["live", "record"] as const;

/** A surge is named by its operation, everything else as it is. */
function nameOf(word: string, type: HypothesisType): NonNullable<Answer["ranking"]>[0]["entity"] {
  return type === "traffic" ? `traffic:${word.split(" ").slice(1).join(" ")}` : word;
}

/** All questions of one incident. */
export function* samplesOf(run: IncidentRun): Generator<Sample, void, undefined> {
  const roots = new Set(run.fault.roots.flatMap(({ entity, aliases }) => [entity, ...aliases]));
  for (const { delayS, view, query } of incidentMoments(run)) {
    for (const asking of ASKINGS) {
      const scene = sceneOf(view, query(asking));
      if ("missing" in scene) continue;
      const { measured, sight } = inquire(scene);
      yield {
        seed: run.seed,
        kind: run.fault.kind,
        delayS,
        asking,
        sight,
        clarity: clarityOf(scene),
        isWell: scene.measured.symptom.kind === "none",
        suspects: measured.map(({ suspect, features }) => {
          const name = nameOf(suspectWord(suspect), suspect.type);
          return { name, type: suspect.type, features, isRoot: roots.has(name) };
        }),
      };
    }
  }
}
