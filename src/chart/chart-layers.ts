import type { ChartPoint, ChartSpec } from "./chart-spec.ts";
import { COLOR, FONT, type Frame } from "./frame.ts";
import { exactLabel } from "./scale.ts";
import { svgText, textWidth } from "./svg-text.ts";

/** Second dimension beside colour: which line is which, also in grey. */
export const DASHES: readonly string[] = ["", "9 5", "3 4", "14 4 3 4"];

export function incidentLayer(frame: Frame, { incident, toMs, fromMs }: ChartSpec): string {
  if (incident === undefined) return "";
  const x1 = frame.x(Math.max(incident.fromMs, fromMs));
  const x2 = frame.x(Math.min(incident.toMs ?? toMs, toMs));
  const height = frame.bottom - frame.top;
  return (
    `<rect x="${x1}" y="${frame.top}" width="${Math.max(2, x2 - x1)}" height="${height}" fill="${COLOR.incident}" opacity="0.1"/>` +
    `<line x1="${x1}" x2="${x1}" y1="${frame.top}" y2="${frame.bottom}" stroke="${COLOR.incident}" stroke-width="2" opacity="0.55"/>`
  );
}

export function healthyLayer(frame: Frame, { healthy }: ChartSpec): string {
  if (healthy === undefined) return "";
  const top = Math.max(frame.top, frame.y(healthy.high));
  const height = Math.max(3, frame.y(healthy.low) - top);
  return `<rect x="${frame.left}" y="${top}" width="${frame.right - frame.left}" height="${height}" fill="${COLOR.healthy}" opacity="0.18"/>`;
}

/** Each value as long as what it stands for: nothing rises before the step in which it was seen to. */
function stepPath(frame: Frame, points: readonly ChartPoint[], stepMs: number): string {
  let pen = "M";
  let path = "";
  for (const { timeMs, value } of points) {
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const y = frame.y(value);
    path += `${pen}${frame.x(timeMs)},${y}L${frame.x(timeMs + stepMs)},${y}`;
    pen = "L";
  }
  return path;
}

export function seriesLayer(frame: Frame, spec: ChartSpec): string {
  const lines = spec.series.map((series, i) => {
    const color = COLOR.series[i % COLOR.series.length];
    const dash = DASHES[i % DASHES.length] ?? "";
    return (
      `<path d="${stepPath(frame, series.points, spec.stepMs)}" fill="none" stroke="${color}" stroke-width="${i === 0 ? 4 : 3}" stroke-linejoin="round" stroke-linecap="round"` +
      `${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`
    );
  });
  return `<g clip-path="url(#plot)">${lines.reverse().join("")}</g>`;
}

function linePath(frame: Frame, points: readonly ChartPoint[]): string {
  return points.map(({ timeMs, value }) => `${frame.x(timeMs)},${frame.y(value)}`).join("L");
}

export function forecastLayer(frame: Frame, spec: ChartSpec): string {
  const parts = (spec.forecasts ?? []).map((forecast, i) => {
    const color = COLOR.forecast[i % COLOR.forecast.length];
    const upper = forecast.points.map((point) => `${frame.x(point.timeMs)},${frame.y(point.high)}`);
    const lower = forecast.points.map((point) => `${frame.x(point.timeMs)},${frame.y(point.low)}`);
    const middle = forecast.points.map((point) => ({ timeMs: point.timeMs, value: point.median }));
    return (
      `<polygon points="${[...upper, ...lower.reverse()].join(" ")}" fill="${color}" opacity="0.2"/>` +
      `<path d="M${linePath(frame, middle)}" fill="none" stroke="${color}" stroke-width="3" stroke-dasharray="7 6"/>`
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
  const text = exactLabel(last.value, spec.unit);
  const x = frame.x(last.timeMs + spec.stepMs);
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
