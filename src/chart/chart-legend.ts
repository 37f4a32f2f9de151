import { DASHES } from "./chart-layers.ts";
import { type ChartSeries, type ChartSpec, SERIES_MAX } from "./chart-spec.ts";
import { CHART, COLOR, FONT, LEGEND_Y, LINE_PX } from "./frame.ts";
import { exactLabel } from "./scale.ts";
import { fitText, svgText, textWidth } from "./svg-text.ts";

interface Entry {
  readonly name: string;
  /** Draws the sample in a box of `SAMPLE_PX` by 20 at the origin. */
  readonly sample: string;
}

const SAMPLE_PX = 30;
const GAP_PX = 26;
/** Names of operations may be long; this leaves room for the sample. */
const NAME_WIDTH_MAX = CHART.width - 2 * CHART.margin - SAMPLE_PX - 9;

const line = (color: string, dash: string, width: number): string =>
  `<line x1="0" x2="${SAMPLE_PX}" y1="10" y2="10" stroke="${color}" stroke-width="${width}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`;
const box = (color: string, opacity: number): string =>
  `<rect x="0" y="1" width="${SAMPLE_PX}" height="18" rx="3" fill="${color}" opacity="${opacity}"/>`;

/** Middle of what was seen in the healthy time before the incident, and the newest. */
function beforeAndNow({ points }: ChartSeries, spec: ChartSpec): string {
  const { incident, unit } = spec;
  if (incident === undefined) return "";
  const { fromMs, toMs } = spec.before ?? { fromMs: spec.fromMs, toMs: incident.fromMs };
  const seen = points.filter(({ value }) => Number.isFinite(value));
  const before = seen
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  const middle = before[Math.floor(before.length / 2)];
  const now = seen.at(-1)?.value;
  if (middle === undefined || now === undefined) return "";
  return `: ${exactLabel(middle, unit)} before, ${exactLabel(now, unit)} now`;
}

/** The numbers stay whole where a name is too long. */
function named(series: ChartSeries, spec: ChartSpec): string {
  const numbers = beforeAndNow(series, spec);
  const width = NAME_WIDTH_MAX - textWidth(numbers, FONT.label);
  return `${fitText(series.name, FONT.label, width)}${numbers}`;
}

function entries(spec: ChartSpec): readonly Entry[] {
  const series = spec.series.slice(0, SERIES_MAX).map((each, i) => ({
    name: named(each, spec),
    sample: line(COLOR.series[i % COLOR.series.length] ?? COLOR.ink, DASHES[i] ?? "", 4),
  }));
  const forecasts = (spec.forecasts ?? []).map((each, i) => {
    const color = COLOR.forecast[i % COLOR.forecast.length] ?? COLOR.ink;
    return { name: each.name, sample: `${box(color, 0.2)}${line(color, "7 6", 3)}` };
  });
  return [
    ...series,
    ...forecasts,
    ...(spec.healthy === undefined ? [] : [{ name: "healthy", sample: box(COLOR.healthy, 0.22) }]),
    ...(spec.incident === undefined
      ? []
      : [{ name: "incident", sample: box(COLOR.incident, 0.14) }]),
  ];
}

interface PlacedEntry {
  readonly entry: Entry;
  readonly x: number;
  readonly row: number;
}

/** In rows; an entry that does not fit begins the next. */
function placed(spec: ChartSpec): readonly PlacedEntry[] {
  const end = CHART.width - CHART.margin;
  let x: number = CHART.margin;
  let row = 0;
  return entries(spec).map((entry) => {
    const width = SAMPLE_PX + 9 + textWidth(entry.name, FONT.label);
    if (x > CHART.margin && x + width > end) {
      x = CHART.margin;
      row += 1;
    }
    const at = { entry, x, row };
    x += width + GAP_PX;
    return at;
  });
}

export const legendRows = (spec: ChartSpec): number => 1 + (placed(spec).at(-1)?.row ?? 0);

/** Rows under the title. */
export function legend(spec: ChartSpec): string {
  const parts = placed(spec).map(({ entry, x, row }) => {
    const y = LEGEND_Y + row * LINE_PX;
    return (
      `<g transform="translate(${x.toFixed(1)},${y - 17})">${entry.sample}</g>` +
      `<text x="${(x + SAMPLE_PX + 9).toFixed(1)}" y="${y}" font-size="${FONT.label}" fill="${COLOR.ink}">${svgText(entry.name)}</text>`
    );
  });
  return `<g>${parts.join("")}</g>`;
}
