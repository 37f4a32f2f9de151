import type { EntityId } from "../model/entity.ts";
import type { Window } from "../model/quantity.ts";
import { versionsLeftBy } from "../model/taken-back.ts";
import { BUCKET_MS, type WorldView } from "../model/view.ts";
import { isOfService, type Observed, said } from "./observed.ts";

/** What served within this is serving now; a reported deploy this young is believed before its first span. */
export const SERVING_MS = 60_000;
/** A version without requests for this long, while another had some, may have been taken away. */
const QUIET_MS = 15_000;

interface Served {
  readonly version: string;
  /** Start of the newest bucket with requests. */
  readonly lastMs: number;
}

/** Versions of a service that served in a window, the one with the newest request first. */
function versionsServed(view: WorldView, service: EntityId, window: Window): readonly Served[] {
  const last = new Map<string, number>();
  for (const { service: of, version, count, fromMs } of view.stations(window)) {
    const index = of === service ? count.findLastIndex((requests) => requests > 0) : -1;
    if (index < 0 || version === undefined) continue;
    last.set(version, Math.max(last.get(version) ?? 0, fromMs + index * BUCKET_MS));
  }
  return [...last]
    .map(([version, lastMs]) => ({ version, lastMs }))
    .sort((a, b) => b.lastMs - a.lastMs);
}

/**
 * The version that was put there last. A young deploy is believed; an older one as long as its version serves. Undefined:
 * telemetry names none, or several serve and it is not clear which of them stays.
 */
export function currentVersion({ view, changes }: Observed, service: EntityId): string | undefined {
  const deploy = changes.findLast(
    (change) =>
      change.kind === "deploy" &&
      said(change, "version") !== undefined &&
      isOfService(view, change, service),
  );
  const deployed = deploy === undefined ? undefined : said(deploy, "version");
  if (deploy !== undefined && view.asOfMs - deploy.timeMs <= SERVING_MS) return deployed;
  const now = { fromMs: view.closedMs - SERVING_MS, toMs: view.closedMs };
  const serving = versionsServed(view, service, now);
  if (serving.length === 1) return serving[0]?.version;
  const newestMs = serving[0]?.lastMs ?? 0;
  const own = serving.find(({ version }) => version === deployed);
  if (own !== undefined && newestMs - own.lastMs <= QUIET_MS) return deployed;
  if (serving.length > 0) return undefined;
  const described = view.entity(service)?.attributes.version;
  return described === undefined ? deployed : String(described);
}

/** Versions that served, or that a deploy is known to have replaced; most recent first. */
export function versionsKnown(observed: Observed, service: EntityId): readonly string[] {
  const { view, changes } = observed;
  const retained = { fromMs: view.retainedFromMs, toMs: view.closedMs };
  const replaced = changes
    .filter((change) => change.kind === "deploy" && isOfService(view, change, service))
    .toReversed()
    .map((change) => said(change, "previous_version"));
  const heard = view
    .relations({ type: "version_of", to: service })
    .toSorted((a, b) => b.validFromMs - a.validFromMs)
    .map(({ from }) => view.entity(from)?.attributes.version);
  const known = [...replaced, ...heard].flatMap((version) =>
    version === undefined || version === "" ? [] : String(version),
  );
  const served = versionsServed(view, service, retained).map(({ version }) => version);
  return [...new Set([...served, ...known])];
}

/** Versions of a service that a later deploy went back from: nobody means them who names no version. */
export function versionsLeft({ view, changes }: Observed, service: EntityId): readonly string[] {
  const deploys = changes.filter(
    (change) => change.kind === "deploy" && isOfService(view, change, service),
  );
  const current = currentVersion({ view, changes, isWhole: true }, service);
  return [...versionsLeftBy(deploys)].filter((version) => version !== current);
}
