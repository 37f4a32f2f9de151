import { DASHES } from "./chart-layers.ts";
import { type ChartSpec, SERIES_MAX } from "./chart-spec.ts";
import { CHART, COLOR, FONT, type Frame, legendY } from "./frame.ts";
import { fitText, svgText, textWidth } from "./svg-text.ts";

interface Entry {
  readonly name: string;
  /** Draws the sample in a box of `SAMPLE_PX` by 20 at the origin. */
  readonly sample: string;
}

const SAMPLE_PX = 30;
const GAP_PX = 26;
const NAME_WIDTH_MAX = 260;

const line = (color: string, dash: string, width: number): string =>
  `<line x1="0" x2="${SAMPLE_PX}" y1="10" y2="10" stroke="${color}" stroke-width="${width}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`;
const box = (color: string, opacity: number): string =>
  `<rect x="0" y="1" width="${SAMPLE_PX}" height="18" rx="3" fill="${color}" opacity="${opacity}"/>`;

function entries(spec: ChartSpec): readonly Entry[] {
  const series = spec.series.slice(0, SERIES_MAX).map((each, i) => ({
    name: each.name,
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

function changesEntry(count: number): readonly Entry[] {
  if (count === 0) return [];
  const sample = `<path d="M7,3L23,3L15,17Z" fill="${COLOR.change}"/>`;
  return [{ name: count === 1 ? "1 more change" : `${count} more changes`, sample }];
}

/** One row under the title; what does not fit is counted at its end. */
export function legend(frame: Frame, spec: ChartSpec, unnamedChanges: number): string {
  const y = legendY(spec);
  let x: number = CHART.margin;
  const end = Math.min(CHART.width - CHART.margin, frame.right + 16);
  const parts: string[] = [];
  const all = [...entries(spec), ...changesEntry(unnamedChanges)];
  for (const [i, entry] of all.entries()) {
    const name = fitText(entry.name, FONT.label, NAME_WIDTH_MAX);
    const width = SAMPLE_PX + 9 + textWidth(name, FONT.label);
    if (x + width > end - (i < all.length - 1 ? 50 : 0)) {
      parts.push(
        `<text x="${x}" y="${y}" font-size="${FONT.label}" fill="${COLOR.muted}">+${all.length - i}</text>`,
      );
      break;
    }
    parts.push(
      `<g transform="translate(${x.toFixed(1)},${y - 17})">${entry.sample}</g>` +
        `<text x="${(x + SAMPLE_PX + 9).toFixed(1)}" y="${y}" font-size="${FONT.label}" fill="${COLOR.ink}">${svgText(name)}</text>`,
    );
    x += width + GAP_PX;
  }
  return `<g>${parts.join("")}</g>`;
}
