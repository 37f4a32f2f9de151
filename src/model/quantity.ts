/** The units that leave the model. Time inside is epoch milliseconds; only code turns a quantity into text. */
export type Unit =
  | "ms"
  | "s"
  | "ratio"
  | "probability"
  | "per_second"
  | "count"
  | "factor"
  | "time"
  | "bytes"
  | "percent_points"
  | "none";

export interface Quantity {
  readonly value: number;
  readonly unit: Unit;
}

/** How finely time is told: five seconds for an hour, minutes for a day, quarters of an hour for a fortnight. */
export type Step = 5_000 | 60_000 | 900_000;

/** Units of metrics as OpenTelemetry writes them, where code can tell them. */
const METRIC_UNITS: Readonly<Record<string, Unit>> = { ms: "ms", s: "s", By: "bytes" };

export const metricUnit = (unit: string): Unit => METRIC_UNITS[unit] ?? "none";

/** A half-open measurement window `[fromMs, toMs)`. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  /** The step in which it is asked for; 5 s where nothing is said. */
  readonly stepMs?: Step;
}

const digits = (value: number, significant: number): string => {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  const rounded = Number(value.toPrecision(significant));
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString("en-US") : String(rounded);
};

const clockTime = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

const HOUR_MS = 3_600_000;

function duration(ms: number): string {
  if (Math.abs(ms) >= 48 * HOUR_MS) return `${digits(ms / (24 * HOUR_MS), 2)} d`;
  if (Math.abs(ms) >= 2 * HOUR_MS) return `${digits(ms / HOUR_MS, 2)} h`;
  if (Math.abs(ms) >= 60_000) return `${digits(ms / 60_000, 2)} min`;
  if (Math.abs(ms) >= 1000) return `${digits(ms / 1000, 2)} s`;
  return `${digits(ms, 2)} ms`;
}

/** Number and unit as people read them, at most two significant digits (three for rates and counts). */
export function formatQuantity({ value, unit }: Quantity): string {
  switch (unit) {
    case "ms":
      return duration(value);
    case "s":
      return duration(value * 1000);
    case "ratio":
    case "probability":
      return `${digits(value * 100, 2)} %`;
    case "percent_points":
      return `${digits(value * 100, 2)} pp`;
    case "per_second":
      return `${digits(value, 3)}/s`;
    case "factor":
      return `${digits(value, 2)}×`;
    case "time":
      return clockTime(value);
    case "bytes":
      return value >= 1e6 ? `${digits(value / 1e6, 2)} MB` : `${digits(value / 1e3, 2)} KB`;
    case "count":
    case "none":
      return digits(value, 3);
  }
}
