import { type EntityId, entityName } from "../entity.ts";
import { metricUnit, type Quantity } from "../quantity.ts";
import type { Finding } from "./diagnosis.ts";
import { type EdgeSplit, errorRise, isHurt } from "./edge-split.ts";
import type { Shift } from "./measure.ts";
import type { EdgePicture, Picture, ServicePicture } from "./picture.ts";

const ms = (value: number): Quantity => ({ value, unit: "ms" });
const ratio = (value: number): Quantity => ({ value, unit: "ratio" });
const factor = (value: number): Quantity => ({ value, unit: "factor" });

/** `time` is what grew, `place` is where failures begin. */
function shiftFindings(
  words: { readonly time: string; readonly place: string },
  shift: Shift,
): Finding[] {
  const findings: Finding[] = [];
  if (shift.score > 3 && shift.ratio > 1.15) {
    findings.push({
      kind: "latency",
      text: `${words.time} rose from {{before}} to {{after}} ({{factor}})`,
      values: {
        before: ms(shift.meanHealthyMs),
        after: ms(shift.meanIncidentMs),
        factor: factor(shift.ratio),
        deviation: { value: shift.score, unit: "none" },
      },
      traceIds: [],
    });
  }
  if (errorRise(shift) > 0.01 && shift.errorScore > 3) {
    findings.push({
      kind: "errors",
      text: `failures that begin ${words.place} rose from {{before}} to {{after}} of requests`,
      values: { before: ratio(shift.errorHealthy), after: ratio(shift.errorIncident) },
      traceIds: [],
    });
  }
  return findings;
}

/** The version that serves next to the old one and how the two compare: the sharpest test of a deploy. */
function versionFindings(picture: ServicePicture): { for: Finding[]; against: Finding[] } {
  const serving = [...picture.versions].filter(([, shift]) => shift.countIncident >= 8);
  const fresh = serving.filter(([version]) => !picture.versionsBefore.has(version));
  const old = serving.filter(([version]) => picture.versionsBefore.has(version));
  const next = fresh[0];
  const before = old[0];
  if (next === undefined) return { for: [], against: [] };
  const finding: Finding = {
    kind: "change",
    text:
      before === undefined
        ? `${entityName(picture.service)} ${next[0]} takes {{fresh}} of the time of the version before it`
        : `${entityName(picture.service)} ${next[0]} takes {{fresh}} of the normal time, ${before[0]} beside it {{old}}`,
    values: { fresh: factor(next[1].ratio), old: factor(before?.[1].ratio ?? 1) },
    traceIds: [],
  };
  const alike =
    before !== undefined &&
    Math.abs(Math.log(next[1].ratio / before[1].ratio)) < 0.15 &&
    Math.abs(next[1].errorIncident - before[1].errorIncident) < 0.02;
  return alike ? { for: [], against: [finding] } : { for: [finding], against: [] };
}

/** Findings that speak for a service's own fault. */
export function serviceFindings(picture: ServicePicture): readonly Finding[] {
  const name = entityName(picture.service);
  const own = shiftFindings({ time: `self time of ${name}`, place: `in ${name}` }, picture.shift);
  return own.length === 0 ? [] : [...own, ...versionFindings(picture).for];
}

/** The new version beside the old one: 1 the new one alone is sick, -1 both alike, 0 cannot be told. */
export function versionContrast(picture: ServicePicture): number {
  const { for: pro, against } = versionFindings(picture);
  if (against.length > 0) return -1;
  const sideBySide =
    [...picture.versions].filter(([, shift]) => shift.countIncident >= 8).length > 1;
  return pro.length > 0 && sideBySide ? 1 : 0;
}

const REASONS: Readonly<Record<EdgeSplit["reason"], (edge: EdgePicture) => string>> = {
  "other-callers-normal": (edge) =>
    `other callers of ${entityName(edge.callee)} see nothing unusual`,
  "all-callers-hurt": (edge) => `every caller of ${entityName(edge.callee)} is hurt alike`,
  "one-query": (edge) =>
    `only some calls of ${entityName(edge.caller)} to ${entityName(edge.callee)} slowed, the rest did not`,
  "pool-wait": (edge) =>
    `${entityName(edge.caller)} waits for a connection, not for ${entityName(edge.callee)}`,
  "more-calls": (edge) =>
    `${entityName(edge.caller)} makes more calls for one request, each as fast as before`,
  "one-caller-instance": (edge) =>
    `only some replicas of ${entityName(edge.caller)} see ${entityName(edge.callee)} slow`,
  "caller-starved": (edge) => `everything that ${entityName(edge.caller)} calls looks slow to it`,
  "callee-slow": (edge) => `${entityName(edge.callee)} itself is slow`,
  "callee-silent": (edge) => `${entityName(edge.callee)} is silent`,
  "callee-normal": (edge) =>
    `${entityName(edge.callee)} serves what reaches it as before, and no more of it`,
  "some-wait": (edge) =>
    `some calls of ${entityName(edge.caller)} to ${entityName(edge.callee)} wait long, the others are as fast as ever`,
  "only-caller": (edge) =>
    `${entityName(edge.caller)} is the only observed caller of ${entityName(edge.callee)}`,
};

/** What a link shows: to both of its ends, and what favours one of them. */
export function edgeFindings(
  edge: EdgePicture,
  split: EdgeSplit,
): { readonly both: readonly Finding[]; readonly favoured: readonly Finding[] } {
  const [from, to] = [entityName(edge.caller), entityName(edge.callee)];
  const both = shiftFindings(
    edge.outside
      ? { time: `what ${from} waits for ${to}`, place: `in calls of ${from} to ${to}` }
      : {
          time: `time on the way from ${from} to ${to}`,
          place: `on the way from ${from} to ${to}`,
        },
    edge.shift,
  );
  if (edge.retryIncident > edge.retryHealthy + 0.05) {
    both.push({
      kind: "errors",
      text: `retries rose from {{before}} to {{after}} of calls of ${from} to ${to}`,
      values: { before: ratio(edge.retryHealthy), after: ratio(edge.retryIncident) },
      traceIds: [],
    });
  }
  if (both.length === 0 && !isHurt(edge.shift) && split.reason !== "more-calls") {
    return { both, favoured: [] };
  }
  const favoured: Finding = {
    kind: "topology",
    text: `${REASONS[split.reason](edge)} ({{calls}} calls for one request, {{normal}} before)`,
    values: {
      calls: { value: edge.callsIncident, unit: "count" },
      normal: { value: edge.callsHealthy, unit: "count" },
    },
    traceIds: [],
  };
  return { both, favoured: [favoured] };
}

/** Pools and event loops: gauges whose level in the incident left what it was before. */
const RESOURCE_METRICS =
  /^(db\.client\.connection\.(pending_requests|count|wait_time|use_time|timeouts)|nodejs\.eventloop\.(utilization|delay\.p99|delay\.mean)|process\.cpu\.utilization|v8js\.memory\.heap\.used|container\.cpu\.throttled)/;
/** Limit: metric series read for one entity. */
const SERIES_MAX = 40;

export function resourceFindings(picture: Picture, entity: EntityId): readonly Finding[] {
  const { view, stretch } = picture;
  const names = view.metrics(entity).filter((info) => RESOURCE_METRICS.test(info.metric));
  const findings: Finding[] = [];
  for (const { metric, unit: written } of names.slice(0, SERIES_MAX)) {
    const level = (window: typeof stretch.healthy): number => {
      const series = view.series({ entity, metric, window });
      const values = series.slice(0, SERIES_MAX).flatMap((one) => {
        const seen = Array.from(one.values).filter(Number.isFinite);
        return seen.length === 0 ? [] : [seen.reduce((a, b) => a + b, 0) / seen.length];
      });
      return values.length === 0 ? Number.NaN : Math.max(...values);
    };
    const before = level(stretch.healthy);
    const after = level(stretch.incident);
    if (!(after > 1.5 * before + 0.05)) continue;
    const unit = metricUnit(written);
    findings.push({
      kind: "saturation",
      text: `${metric} of ${entityName(entity)} rose from {{before}} to {{after}}`,
      values: { before: { value: before, unit }, after: { value: after, unit } },
      traceIds: [],
    });
  }
  return findings;
}

/** Log templates of a service that are new, or far more frequent for one request than before. */
export function logFindings(picture: Picture, service: EntityId): readonly Finding[] {
  const { view, stretch } = picture;
  const requests = picture.services.get(service)?.shift;
  const lengthHealthy = (stretch.healthy.toMs - stretch.healthy.fromMs) / 1000;
  const lengthIncident = (stretch.incident.toMs - stretch.incident.fromMs) / 1000;
  const load = (requests?.rateIncident ?? 1) / Math.max(1e-3, requests?.rateHealthy ?? 1);
  const before = new Map(
    view
      .logTemplates(stretch.healthy, service)
      .map((one) => [one.id, one.count.reduce((a, b) => a + b, 0)]),
  );
  return view
    .logTemplates(stretch.incident, service)
    .filter((one) => one.severity >= 13)
    .map((one) => {
      const seen = one.count.reduce((a, b) => a + b, 0);
      const usual =
        ((before.get(one.id) ?? 0) * lengthIncident * load) / Math.max(1, lengthHealthy);
      return { one, seen, usual, score: (seen - usual) / Math.sqrt(usual + 1) };
    })
    .filter((entry) => entry.score > 4)
    .sort((a, b) => b.score - a.score)
    .slice(0, 2)
    .map(({ one, seen, usual }) => ({
      kind: "logs" as const,
      text: `${entityName(service)} logged one ${one.severity >= 17 ? "error" : "warning"} pattern {{seen}} times, {{usual}} expected`,
      values: {
        seen: { value: seen, unit: "count" as const },
        usual: { value: usual, unit: "count" as const },
      },
      traceIds: one.samples
        .map((sample) => sample.traceId)
        .filter((id) => id !== "")
        .slice(0, 2),
    }));
}
