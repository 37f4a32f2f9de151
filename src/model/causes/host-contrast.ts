import { median } from "../dynamics/robust.ts";
import { type EntityId, entityName } from "../entity.ts";
import type { Finding } from "./diagnosis.ts";
import type { Picture } from "./picture.ts";

/** A host or zone on which replicas of several services are sick while their siblings elsewhere are well. */
export interface SickPlace {
  readonly place: EntityId;
  readonly share: number;
  readonly members: readonly EntityId[];
  readonly finding: Finding;
}

const REQUESTS_MIN = 8;
const SLOWER_MIN = 1.3;
/** Siblings elsewhere are well when at least this share of the added time is this replica's alone. */
const OWN_SHARE_MIN = 0.5;

interface Member {
  readonly instance: EntityId;
  readonly service: EntityId;
  readonly contrast: number;
}

function placesOf(picture: Picture, instance: EntityId): readonly EntityId[] {
  const hosts = picture.view
    .relations({ type: "runs_on", from: instance })
    .map((relation) => relation.to);
  const zones = hosts.flatMap((host) =>
    picture.view.relations({ type: "hosted_in", from: host }).map((relation) => relation.to),
  );
  return [...new Set([...hosts, ...zones])];
}

/** How many times slower than its siblings elsewhere a replica became; 1 when they became nearly as slow. */
function contrastOf(ratio: number, elsewhere: number): number {
  const own = ratio - 1;
  const isApart = own > 0 && own - Math.max(0, elsewhere - 1) >= OWN_SHARE_MIN * own;
  return isApart ? ratio / Math.max(0.2, elsewhere) : 1;
}

/** Needs replicas elsewhere to compare with, of at least two services: else the service is as good an explanation. */
export function sickHosts(picture: Picture): readonly SickPlace[] {
  const byPlace = new Map<EntityId, Member[]>();
  for (const known of picture.services.values()) {
    const serving = [...known.instances].filter(([, shift]) => shift.countIncident >= REQUESTS_MIN);
    for (const [instance, shift] of serving) {
      const own = placesOf(picture, instance);
      for (const place of own) {
        const elsewhere = serving
          .filter(([other]) => !placesOf(picture, other).includes(place))
          .map(([, other]) => other.ratio);
        if (elsewhere.length === 0) continue;
        const contrast = shift.score > 3 ? contrastOf(shift.ratio, median(elsewhere)) : 1;
        const members = byPlace.get(place) ?? [];
        members.push({ instance, service: known.service, contrast });
        byPlace.set(place, members);
      }
    }
  }
  return [...byPlace].flatMap(([place, members]) => {
    const sick = members.filter((member) => member.contrast >= SLOWER_MIN);
    const services = new Set(sick.map((member) => member.service));
    const share = sick.length / members.length;
    if (services.size < 2 || share < 0.6) return [];
    const finding: Finding = {
      kind: "topology",
      text: `{{sick}} of {{all}} replicas on ${entityName(place)} are slower than their siblings elsewhere`,
      values: {
        sick: { value: sick.length, unit: "count" },
        all: { value: members.length, unit: "count" },
      },
      traceIds: [],
    };
    return [{ place, share, members: [...sick.map((m) => m.instance), ...services], finding }];
  });
}
