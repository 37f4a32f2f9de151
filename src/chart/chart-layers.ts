import { type ChartPoint, type ChartSpec, POINTS_MAX } from "./chart-spec.ts";
import { COLOR, FONT, type Frame } from "./frame.ts";
import { valueLabel } from "./scale.ts";
import { svgText, textWidth } from "./svg-text.ts";

/** Second dimension beside colour: which line is which, also in grey. */
export const DASHES: readonly string[] = ["", "9 5", "3 4", "14 4 3 4"];

export function incidentLayer(frame: Frame, { incident, toMs, fromMs }: ChartSpec): string {
  if (incident === undefined) return "";
  const x1 = frame.x(Math.max(incident.fromMs, fromMs));
  const x2 = frame.x(Math.min(incident.toMs ?? toMs, toMs));
  const height = frame.bottom - frame.top;
  return (
    `<rect x="${x1}" y="${frame.top}" width="${Math.max(2, x2 - x1)}" height="${height}" fill="${COLOR.incident}" opacity="0.09"/>` +
    `<line x1="${x1}" x2="${x1}" y1="${frame.top}" y2="${frame.bottom}" stroke="${COLOR.incident}" stroke-width="2" opacity="0.55"/>`
  );
}

export function healthyLayer(frame: Frame, { healthy }: ChartSpec): string {
  if (healthy === undefined) return "";
  const top = Math.max(frame.top, frame.y(healthy.high));
  const height = Math.max(3, frame.y(healthy.low) - top);
  return `<rect x="${frame.left}" y="${top}" width="${frame.right - frame.left}" height="${height}" fill="${COLOR.healthy}" opacity="0.18"/>`;
}

/** Keeps the lowest and highest of each step, so that a spike survives. */
function thinned(points: readonly ChartPoint[]): readonly ChartPoint[] {
  if (points.length <= POINTS_MAX) return points;
  const step = Math.ceil(points.length / (POINTS_MAX / 2));
  const kept: ChartPoint[] = [];
  for (let at = 0; at < points.length; at += step) {
    const part = points.slice(at, at + step);
    const sorted = part.toSorted((a, b) => a.value - b.value);
    const ends = [sorted[0], sorted.at(-1)].filter((point) => point !== undefined);
    kept.push(...new Set(ends.toSorted((a, b) => a.timeMs - b.timeMs)));
  }
  return kept;
}

function linePath(frame: Frame, points: readonly ChartPoint[]): string {
  let pen = "M";
  let path = "";
  for (const point of thinned(points)) {
    if (!Number.isFinite(point.value)) {
      pen = "M";
      continue;
    }
    path += `${pen}${frame.x(point.timeMs)},${frame.y(point.value)}`;
    pen = "L";
  }
  return path;
}

/** Points with nothing on either side would draw no line; they become dots. */
function lonePoints(points: readonly ChartPoint[]): readonly ChartPoint[] {
  const seen = (point: ChartPoint | undefined): boolean =>
    point !== undefined && Number.isFinite(point.value);
  return points.filter((point, i) => seen(point) && !seen(points[i - 1]) && !seen(points[i + 1]));
}

export function seriesLayer(frame: Frame, spec: ChartSpec): string {
  const lines = spec.series.map((series, i) => {
    const color = COLOR.series[i % COLOR.series.length];
    const dash = DASHES[i % DASHES.length] ?? "";
    const dots = lonePoints(series.points).map(
      (point) =>
        `<circle cx="${frame.x(point.timeMs)}" cy="${frame.y(point.value)}" r="3.5" fill="${color}"/>`,
    );
    return (
      `<path d="${linePath(frame, series.points)}" fill="none" stroke="${color}" stroke-width="${i === 0 ? 4 : 3}" stroke-linejoin="round" stroke-linecap="round"` +
      `${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>${dots.join("")}`
    );
  });
  return `<g clip-path="url(#plot)">${lines.reverse().join("")}</g>`;
}

export function forecastLayer(frame: Frame, spec: ChartSpec): string {
  const parts = (spec.forecasts ?? []).map((forecast, i) => {
    const color = COLOR.forecast[i % COLOR.forecast.length];
    const upper = forecast.points.map((point) => `${frame.x(point.timeMs)},${frame.y(point.high)}`);
    const lower = forecast.points.map((point) => `${frame.x(point.timeMs)},${frame.y(point.low)}`);
    const middle = forecast.points.map((point) => ({ timeMs: point.timeMs, value: point.median }));
    return (
      `<polygon points="${[...upper, ...lower.reverse()].join(" ")}" fill="${color}" opacity="0.2"/>` +
      `<path d="${linePath(frame, middle)}" fill="none" stroke="${color}" stroke-width="3" stroke-dasharray="7 6"/>`
    );
  });
  return parts.length === 0 ? "" : `<g clip-path="url(#plot)">${parts.join("")}</g>`;
}

export function thresholdLayer(frame: Frame, { threshold }: ChartSpec): string {
  if (threshold === undefined) return "";
  const y = frame.y(threshold.value);
  const width = textWidth(threshold.label, FONT.label) + 14;
  return (
    `<line x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}" stroke="${COLOR.threshold}" stroke-width="2" stroke-dasharray="3 5"/>` +
    `<rect x="${frame.left + 8}" y="${y - 27}" width="${width}" height="25" rx="4" fill="${COLOR.paper}" opacity="0.88"/>` +
    `<text x="${frame.left + 15}" y="${y - 8}" font-size="${FONT.label}" fill="${COLOR.threshold}">${svgText(threshold.label)}</text>`
  );
}

/** The newest value of the first line, written where the line ends. */
export function lastValueLabel(frame: Frame, spec: ChartSpec): string {
  const last = spec.series[0]?.points.findLast((point) => Number.isFinite(point.value));
  if (last === undefined) return "";
  const text = valueLabel(roundedForLabel(last.value), frame.scale.max, spec.unit);
  const x = frame.x(last.timeMs);
  const y = frame.y(last.value);
  const width = textWidth(text, FONT.label) + 14;
  const left = Math.min(x - width / 2, frame.right + 14 - width);
  const top = y - 40 < frame.top ? y + 14 : y - 40;
  return (
    `<circle cx="${x}" cy="${y}" r="6" fill="${COLOR.series[0]}" stroke="${COLOR.paper}" stroke-width="2"/>` +
    `<rect x="${left}" y="${top}" width="${width}" height="27" rx="5" fill="${COLOR.series[0]}"/>` +
    `<text x="${left + width / 2}" y="${top + 20}" text-anchor="middle" font-size="${FONT.label}" font-weight="600" fill="${COLOR.paper}">${svgText(text)}</text>`
  );
}

function roundedForLabel(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(3));
}
