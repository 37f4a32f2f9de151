import { badgeRows, changeList, changeMarkers, listRows } from "./change-markers.ts";
import {
  forecastLayer,
  healthyLayer,
  incidentLayer,
  lastValueLabel,
  seriesLayer,
  thresholdLayer,
} from "./chart-layers.ts";
import { legend, legendRows } from "./chart-legend.ts";
import { type ChartSpec, SERIES_MAX } from "./chart-spec.ts";
import { CHART, COLOR, FONT, type Frame, frameOf } from "./frame.ts";
import { timeLabel, timeTicks, valueLabel } from "./scale.ts";
import { fitText, svgText, textWidth } from "./svg-text.ts";

/** Labels of the axis keep this far from the edge of the picture. */
const EDGE_PX = 20;

function gridAndAxes(frame: Frame, spec: ChartSpec): string {
  const { left, right, top, bottom } = frame;
  const rows = frame.scale.ticks.map((tick) => {
    const y = frame.y(tick);
    const label = svgText(valueLabel(tick, frame.scale.max, spec.unit));
    return (
      `<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" stroke="${tick === 0 ? COLOR.axis : COLOR.grid}"/>` +
      `<text x="${left - 12}" y="${y + 7}" text-anchor="end" fill="${COLOR.muted}" font-size="${FONT.axis}">${label}</text>`
    );
  });
  const ticks = timeTicks(spec.fromMs, spec.toMs, 6);
  const step = (ticks[1] ?? spec.toMs) - (ticks[0] ?? spec.fromMs);
  const columns = ticks.map((tick) => {
    const x = frame.x(tick);
    const label = timeLabel(tick, step);
    // A label at the edge moves inwards rather than over it.
    const labelX = Math.min(x, CHART.width - EDGE_PX - textWidth(label, FONT.axis) / 2);
    return (
      `<line x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 7}" stroke="${COLOR.axis}"/>` +
      `<text x="${labelX}" y="${bottom + 30}" text-anchor="middle" fill="${COLOR.muted}" font-size="${FONT.axis}">${label}</text>`
    );
  });
  return `<g>${rows.join("")}${columns.join("")}<line x1="${left}" x2="${left}" y1="${top}" y2="${bottom}" stroke="${COLOR.grid}"/></g>`;
}

/** As large as it fits: what is said first is not cut. */
function titleText(title: string, width: number): string {
  const wanted = FONT.title * Math.min(1, width / textWidth(title, FONT.title));
  const size = Math.max(FONT.titleLeast, Math.floor(wanted));
  const text = svgText(fitText(title, size, width));
  return `<text x="${CHART.margin}" y="40" font-size="${size}" font-weight="600" fill="${COLOR.ink}">${text}</text>`;
}

function heading(spec: ChartSpec): string {
  const hidden = spec.series.length - SERIES_MAX;
  const more = hidden > 0 ? ` (${hidden} more series not drawn)` : "";
  const subtitle = `${spec.subtitle ?? ""}${more}`.trim();
  const width = CHART.width - 2 * CHART.margin;
  const note = `each step is ${durationText(spec.stepMs)}, times in UTC`;
  const left = width - textWidth(note, FONT.subtitle) - 20;
  const small = `y="70" font-size="${FONT.subtitle}" fill="${COLOR.muted}"`;
  return (
    titleText(spec.title, width) +
    `<text x="${CHART.width - CHART.margin}" text-anchor="end" ${small}>${note}</text>` +
    `<text x="${CHART.margin}" ${small}>${svgText(fitText(subtitle, FONT.subtitle, left))}</text>`
  );
}

function durationText(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

/**
 * An incident in one picture: how the signal moved, since when, what is normal, what changed before, and what is
 * expected. Pure: the same spec gives the same text. Labels are ASCII; colours are Okabe and Ito's, and lines differ in
 * dash as well.
 */
export function incidentChart(spec: ChartSpec): string {
  const shown: ChartSpec = { ...spec, series: spec.series.slice(0, SERIES_MAX) };
  const rows = { legend: legendRows(spec), badges: badgeRows(spec), list: listRows(spec) };
  const frame = frameOf(spec, rows);
  const layers = [
    incidentLayer(frame, shown),
    healthyLayer(frame, shown),
    gridAndAxes(frame, shown),
    forecastLayer(frame, shown),
    seriesLayer(frame, shown),
    changeMarkers(frame, shown),
    thresholdLayer(frame, shown),
    lastValueLabel(frame, shown),
    heading(spec),
    legend(spec),
    changeList(frame, spec),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${CHART.width}" height="${frame.height}" viewBox="0 0 ${CHART.width} ${frame.height}" font-family="Inter">` +
    `<defs><clipPath id="plot"><rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top + 2}"/></clipPath></defs>` +
    `<rect width="100%" height="100%" fill="${COLOR.paper}"/>${layers.join("")}</svg>`
  );
}
