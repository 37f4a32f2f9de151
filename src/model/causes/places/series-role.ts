import type { AttributeValue } from "../../entity.ts";

/** What a series tells of the place that it belongs to. */
export type RoleKind =
  /** Time that a request takes here, or (`outward`) that calls from here take. */
  | "latency"
  /** Failures: a share, a rate or a count. */
  | "errors"
  /** 1 or 100 is well: availability, readiness, success. */
  | "health"
  | "traffic"
  /** Something that fills up or is used. */
  | "resource"
  /** What is left of something: falling is bad. */
  | "reserve"
  /** Restarts, kills, evictions: a running count. */
  | "restarts"
  | "other";

export interface SeriesRole {
  readonly kind: RoleKind;
  /** Of calls to others, as the caller sees them. */
  readonly isOutward: boolean;
  /** A share of 1 or of 100: its level says something by itself. */
  readonly full: 1 | 100 | undefined;
  /** Multiplies values of a latency to milliseconds; 1 where the unit is not known. */
  readonly toMs: number;
  /** Lower is closer to the mean of a request; undefined: not a statistic of a distribution. */
  readonly tail: number | undefined;
}

const TIME_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  nanoseconds: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  microseconds: 1e-3,
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  min: 60_000,
};

/** The time unit that a name ends in: `…_ms`, `…(s)`, `…_seconds_p99`; what is counted per second is no time. */
const NAMED_UNIT =
  /(?<!per)[_.( ](ns|us|ms|milliseconds?|s|sec|seconds)(?:\)|$|[_.](?:p\d|avg|mean|max|bucket))/i;

const OUTWARD = /client|outbound|upstream|egress|outgoing|downstream|remote|peer|\bsource[_.]/;
const RESTARTS = /restart|oom|\bkill|evict|crash(?!ed requests)/;
const BAD_STATE = /unavailable|unhealthy|not.?ready|unschedul/;
const RESERVE =
  /expir|until|remaining|\bfree|freeable|headroom|balance|credit|allocatable|(?:bytes|space|memory)[_.]avail|avail\w*[_.](?:bytes|space|memory)|uptime/;
const HEALTH = /availab|success|ready|health|condition|\bup$|[_.]up$|replicas[_.]ready|running/;
const ERRORS =
  /error|fail|exception|fault|[_.]?[45]xx|\b[45]\d\d\b|reject|denied|unauthor|timeout|timed|drop|discard|dead.?letter|abort|conflict|deadlock|invalid|refused|panic|mismatch|missing|lost|retrans/;
const LATENCY = /latency|duration|response.?time|elapsed|wait|delay|time.?taken|_time$|\.time$|rtt/;
const RESOURCE =
  /throttl|pending|queue|backlog|blocked|saturat|pressure|util|usage|used|cpu|mem|heap|\bgc|disk|iops|storage|connection|thread|pool|load|in.?flight|active|concurren|swap|descriptor|lag|depth|sessions|lock/;
const TRAFFIC =
  /request|\breq|rps|qps|\bops|throughput|workload|calls|invocation|hits|count|rate|messages|commits|commands|queries|transactions|bytes|packets|processed/;

const QUANTILE = /\bp(\d\d)(?:[_.](\d+))?\b|p(\d\d)(?:[^\d]|$)|[_.](50|75|90|95|99)(?:$|[^\d])/;

function tailOf(text: string, stat: string): number | undefined {
  const words = `${text} ${stat}`;
  if (/average|\bavg|mean\b/.test(words)) return 0;
  const match = QUANTILE.exec(words);
  const digits = match?.[1] ?? match?.[3] ?? match?.[4];
  if (digits !== undefined) return Math.abs(Number(digits) - 50) / 50 + 0.1;
  if (/\bmax|maximum/.test(words)) return 1.5;
  if (/\bmin\b|minimum/.test(words)) return 2;
  return undefined;
}

/** The statistic that an attribute names: `stat=p95`, `quantile=0.95`. */
function statOf(attributes: Readonly<Record<string, AttributeValue>>): string {
  const stat = attributes.stat ?? attributes.statistic ?? attributes.aggregation;
  if (stat !== undefined) return String(stat).toLowerCase();
  const quantile = Number(attributes.quantile);
  return Number.isFinite(quantile) ? `p${Math.round(quantile * 100)}` : "";
}

const words = (name: string): string => name.replaceAll(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase();

function fullOf(name: string, unit: string): 1 | 100 | undefined {
  if (unit === "%" || /percent|pct|\(%\)/.test(name) || unit === "percent") return 100;
  return unit === "1" || /ratio|utilization|fraction/.test(name) ? 1 : undefined;
}

function kindOf(name: string, unit: string, isTime: boolean): RoleKind {
  if (/\.rate$/.test(name)) return "traffic";
  if (RESTARTS.test(name)) return "restarts";
  if (BAD_STATE.test(name)) return "errors";
  if (RESERVE.test(name)) return "reserve";
  if (ERRORS.test(name) && !isTime) return "errors";
  if (HEALTH.test(name)) return "health";
  if (LATENCY.test(name) && (isTime || !/queue|count|pending/.test(name))) return "latency";
  if (isTime && !/cpu|lag|age|since/.test(name)) return "latency";
  if (RESOURCE.test(name)) return "resource";
  if (TRAFFIC.test(name) || /request|operation|call/.test(unit)) return "traffic";
  return "other";
}

/** Reads a series' role from its name, unit and attributes. What nothing is known of is `other`. */
export function roleOf(series: {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}): SeriesRole {
  const name = words(series.metric);
  const unit = series.unit.toLowerCase().replaceAll(/[{}]/g, "");
  const named = NAMED_UNIT.exec(name)?.[1];
  const toMs = TIME_UNITS[unit] ?? (named === undefined ? undefined : TIME_UNITS[named]);
  const kind = kindOf(name, unit, toMs !== undefined);
  const tail = tailOf(name, statOf(series.attributes));
  return {
    kind,
    isOutward: OUTWARD.test(name) && kind === "latency",
    full: fullOf(name, unit),
    toMs: toMs ?? 1,
    tail: kind === "latency" && tail === undefined ? 0.05 : tail,
  };
}
