import { type EntityId, entityId } from "../entity.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Suspects } from "./enumerate.ts";
import type { Picture } from "./picture.ts";
import type { Scene } from "./scene.ts";
import { healthOf, slowThresholdMs } from "./symptom.ts";

/** A rise of the bad share that hurts. */
const BAD_RISE_MIN = 0.02;
const PLACE_SCORE_MIN = 4;

function operationsHurt(picture: Picture): {
  readonly operations: Diagnosis["blastRadius"]["operations"];
  readonly badPerMinute: number;
} {
  const { stretch } = picture;
  let badPerMinute = 0;
  const operations = picture.entries.flatMap(({ healthy, incident }) => {
    const slo = picture.view
      .slos()
      .find((one) => incident.operation.endsWith(`${one.service} ${one.operation}`));
    const slowMs = slowThresholdMs(slo, healthy);
    const before = healthOf(healthy, stretch.healthy, slowMs);
    const after = healthOf(incident, stretch.incident, slowMs);
    const requestRate = after.requests / stretch.incidentSeconds;
    if (after.badRatio - before.badRatio < BAD_RISE_MIN) return [];
    badPerMinute += after.badRatio * requestRate * 60;
    return [{ operation: incident.operation, badRatio: after.badRatio, requestRate }];
  });
  return { operations, badPerMinute };
}

/** Who is hurt: by spans where there are any, and by metrics. */
export function blastRadius(scene: Scene, all: Suspects): Diagnosis["blastRadius"] {
  const { picture, places, map } = scene;
  const services = new Set<EntityId>(all.silent.map((one) => one.service));
  for (const one of picture?.services.values() ?? []) {
    if (one.shift.score > 4 && one.shift.ratio > 1.3) services.add(one.service);
  }
  for (const [name, { latency, errors }] of places?.shifts ?? []) {
    const score = Math.max(latency?.shift.score ?? 0, errors?.shift.score ?? 0);
    if (score > PLACE_SCORE_MIN && map.places.get(name)?.kind === "service") {
      services.add(entityId("service", name));
    }
  }
  const hurt =
    picture === undefined ? { operations: [], badPerMinute: 0 } : operationsHurt(picture);
  return { ...hurt, services: [...services] };
}
