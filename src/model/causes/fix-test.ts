import type { EdgeId, EntityId } from "../entity.ts";
import type { Picture } from "./picture.ts";
import { compile, type Exemplar, replay } from "./replay.ts";
import type { Suspect } from "./suspect.ts";
import type { MeasuredSymptom } from "./symptom.ts";

/** Healthy traces that are played again with the suspect's change. */
const EXEMPLARS_MAX = 120;
const EXEMPLARS_MIN = 10;

function mean(exemplars: readonly Exemplar[], durationOf: (one: Exemplar) => number): number {
  return exemplars.reduce((sum, one) => sum + durationOf(one), 0) / exemplars.length;
}

const bounded = (ratio: number | undefined): number =>
  ratio === undefined || !Number.isFinite(ratio) ? 1 : Math.max(0.2, Math.min(500, ratio));

/** Whether a link's time changes with this suspect: its callee's, its own, or its caller's when the caller changed. */
function touchesEdge(
  suspect: Suspect,
  ends: { id: EdgeId; caller: EntityId; callee: EntityId },
): boolean {
  return suspect.root === ends.id || suspect.root === ends.callee || suspect.root === ends.caller;
}

/**
 * The fix condition, in distribution: healthy traces played with the suspect's own change. Share of the added mean that
 * they reproduce; for failures the share that begins with the suspect. Undefined: not computable.
 */
export function reproducedBy(
  picture: Picture,
  suspect: Suspect,
  measured: MeasuredSymptom,
): number | undefined {
  const added = measured.meanMs - measured.healthyMeanMs;
  const slow = measured.errorWeight < 0.5 && added > 0.05 * measured.healthyMeanMs;
  if (!slow || suspect.type === "stopped") return undefined;
  const { view, stretch } = picture;
  const exemplars = view
    .traces({
      window: stretch.healthy,
      operation: picture.operation,
      reservoir: "uniform",
      limit: EXEMPLARS_MAX,
    })
    .flatMap((trace) => compile(trace) ?? []);
  if (exemplars.length < EXEMPLARS_MIN) return undefined;
  const owner = [...picture.services.values()].find((one) =>
    one.instances.has(suspect.root as EntityId),
  );
  const played = mean(exemplars, (one) =>
    replay(one, {
      self: (service, span) => {
        if (owner !== undefined) {
          const own =
            span.instance === suspect.root ? owner.instances.get(span.instance) : undefined;
          return own === undefined ? 1 : bounded(own.ratio);
        }
        return service === suspect.root ? bounded(picture.services.get(service)?.shift.ratio) : 1;
      },
      gap: (id) => {
        const edge = picture.edges.get(id);
        return edge !== undefined && touchesEdge(suspect, edge) ? bounded(edge.shift.ratio) : 1;
      },
    }),
  );
  const base = mean(exemplars, (one) => replay(one, { self: () => 1, gap: () => 1 }));
  if (!(base > 0)) return undefined;
  const healthyScale = measured.healthyMeanMs / base;
  return Math.max(0, Math.min(1.5, ((played - base) * healthyScale) / added));
}
