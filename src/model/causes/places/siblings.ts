import { median } from "../../dynamics/robust.ts";
import type { PlacePicture } from "./place-picture.ts";
import type { PlaceShift } from "./place-shift.ts";

/** How far a replica, or what runs on a host, is set apart from its like. */
export interface Apart {
  readonly name: string;
  /** 0: like the others; 1 and above: clearly apart. */
  readonly contrast: number;
  /** Services that are touched: of a host, those of the replicas that are apart. */
  readonly services: readonly string[];
}

/** How sick metrics say that a place is: logarithm of added time, added failures, and gauges a little. */
function sickness(shift: PlaceShift | undefined): number {
  if (shift === undefined) return 0;
  const { latency, errors, gauges } = shift;
  const slow = (latency?.shift.score ?? 0) > 2 ? Math.max(0, latency?.shift.moved ?? 0) : 0;
  const failing =
    errors?.isShare === true && errors.shift.score > 2 ? 4 * Math.max(0, errors.shift.moved) : 0;
  const gauge = gauges.find(({ kind }) => kind === "resource" || kind === "restarts");
  const full = gauge !== undefined && gauge.badness > 4 ? 0.12 * Math.log1p(gauge.badness) : 0;
  return slow + failing + full;
}

/** A difference in sickness that sets one replica apart in full. */
const APART = 0.5;
/** Sickness below which nothing is sick. */
const SICK_MIN = 0.15;

function apartOf(own: number, others: readonly number[]): number {
  if (others.length === 0 || own < SICK_MIN) return 0;
  const usual = median(others);
  const share = (own - usual) / own;
  return share < 0.4 ? 0 : Math.min(1.5, ((own - usual) / APART) * share);
}

/** Replicas that are sick while their siblings are well. */
export function instancesApart(picture: PlacePicture): readonly Apart[] {
  const found: Apart[] = [];
  for (const [service, instances] of picture.map.instancesOf) {
    const known = [...instances].filter((name) => picture.shifts.has(name));
    if (known.length < 2) continue;
    const sick = new Map(known.map((name) => [name, sickness(picture.shifts.get(name))]));
    for (const name of known) {
      const others = known.filter((other) => other !== name).map((other) => sick.get(other) ?? 0);
      const contrast = apartOf(sick.get(name) ?? 0, others);
      if (contrast > 0) found.push({ name, contrast, services: [service] });
    }
  }
  return found;
}

/** Hosts (and zones) on which replicas of several services are sick while their siblings elsewhere are well. */
export function placesApart(picture: PlacePicture): readonly Apart[] {
  const { map, shifts } = picture;
  const whereOf = (instance: string): readonly string[] => {
    const host = map.hostOf.get(instance);
    const zone = host === undefined ? undefined : map.zoneOf.get(host);
    return [host, zone].filter((name) => name !== undefined);
  };
  const members = new Map<string, { contrast: number; service: string }[]>();
  for (const [service, instances] of map.instancesOf) {
    for (const instance of instances) {
      if (!shifts.has(instance)) continue;
      for (const where of whereOf(instance)) {
        const elsewhere = [...instances].filter(
          (other) => shifts.has(other) && !whereOf(other).includes(where),
        );
        if (elsewhere.length === 0) continue;
        const contrast = apartOf(
          sickness(shifts.get(instance)),
          elsewhere.map((other) => sickness(shifts.get(other))),
        );
        const list = members.get(where) ?? [];
        list.push({ contrast, service });
        members.set(where, list);
      }
    }
  }
  return [...members].flatMap(([name, list]) => {
    const apart = list.filter(({ contrast }) => contrast > 0);
    const services = [...new Set(apart.map(({ service }) => service))];
    if (services.length === 0) return [];
    const strength = apart.reduce((sum, { contrast }) => sum + contrast, 0) / list.length;
    const several = services.length >= 2 ? 1 : 0.35;
    return [{ name, contrast: strength * several, services }];
  });
}
