import type { EntityId } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import { isOfService, type Observed } from "./observed.ts";

/** An instance that was not heard of for this long may be gone: telemetry is exported every few seconds. */
const HEARD_MS = 15_000;
/** One that was not heard of for this long is gone. */
const GONE_MS = 60_000;
/** How long a window must be for its end to count as silence. */
const SILENCE_WINDOW_MS = 5 * 60_000;

/** The replicas of a service, as far as the model can tell. */
export interface ObservedReplicas {
  /** Instances that were heard of in the last minute. */
  readonly count: number;
  /** `false`: one has just come or may just have gone, so that the true number may be another. */
  readonly isSure: boolean;
  /** None is left: the service was heard before, and has been silent for longer than it ever was. */
  readonly hasStopped: boolean;
}

export function observedReplicas(observed: Observed, service: EntityId): ObservedReplicas {
  const { view } = observed;
  const instances = view
    .relations({ type: "instance_of", to: service })
    .flatMap(({ from }) => view.entity(from) ?? []);
  const silentMs = instances.map(({ lastSeenMs }) => view.asOfMs - lastSeenMs);
  if (silentMs.every((ms) => ms >= HEARD_MS) && isSilent(view, service))
    return { count: 0, isSure: true, hasStopped: true };
  const count = silentMs.filter((ms) => ms < GONE_MS).length;
  const isMoving =
    silentMs.some((ms) => ms >= HEARD_MS && ms < GONE_MS) ||
    instances.some(({ firstSeenMs }) => view.asOfMs - firstSeenMs < HEARD_MS) ||
    wasJustTouched(observed, service);
  return { count, isSure: count > 0 && !isMoving, hasStopped: false };
}

function isSilent(view: WorldView, service: EntityId): boolean {
  const window = { fromMs: view.closedMs - SILENCE_WINDOW_MS, toMs: view.closedMs };
  return view.coverage(window).silentServices.includes(service);
}

/** Somebody deployed, scaled or restarted it within the time in which instances come and go unseen. */
function wasJustTouched({ view, changes }: Observed, service: EntityId): boolean {
  return changes.some(
    (change) =>
      view.asOfMs - change.timeMs < GONE_MS &&
      (change.kind === "deploy" || change.kind === "scale" || change.kind === "restart") &&
      isOfService(view, change, service),
  );
}

/** The instance was heard of so lately that it is still there. */
export function isPresent({ view }: Observed, instance: EntityId): boolean {
  const entity = view.entity(instance);
  return entity !== undefined && view.asOfMs - entity.lastSeenMs < HEARD_MS;
}
