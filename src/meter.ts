/** Orrery's own counters and gauges, exposed in Prometheus text form at `/metrics`. */
export interface Meter {
  /** Adds to a counter: name in Prometheus form with `_total`, labels as a plain record. */
  add(name: string, value?: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge. */
  set(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** The value of one counter or gauge, 0 when it was never touched. */
  get(name: string, labels?: Readonly<Record<string, string>>): number;
  /** Prometheus text exposition format 0.0.4. */
  expose(): string;
}

/** Limit: label sets kept for one meter; further ones are counted in `orrery_meter_overflow_total`. */
const METER_SERIES_MAX = 5_000;

export function createMeter(): Meter {
  const values = new Map<string, number>();
  const key = (name: string, labels?: Readonly<Record<string, string>>): string => {
    if (labels === undefined) return name;
    const pairs = Object.entries(labels).map(
      ([label, value]) => `${label}=${JSON.stringify(value)}`,
    );
    return pairs.length === 0 ? name : `${name}{${pairs.sort().join(",")}}`;
  };
  const write = (id: string, next: (old: number) => number): void => {
    const target =
      values.has(id) || values.size < METER_SERIES_MAX ? id : "orrery_meter_overflow_total";
    values.set(target, target === id ? next(values.get(id) ?? 0) : (values.get(target) ?? 0) + 1);
  };
  return {
    add: (name, value = 1, labels) => write(key(name, labels), (old) => old + value),
    set: (name, value, labels) => write(key(name, labels), () => value),
    get: (name, labels) => values.get(key(name, labels)) ?? 0,
    expose: () =>
      [...values]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, value]) => `${id} ${value}\n`)
        .join(""),
  };
}
