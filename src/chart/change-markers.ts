import { CHANGES_LISTED_MAX, type ChartChange, type ChartSpec } from "./chart-spec.ts";
import { BADGE_ROW_PX, CHART, COLOR, FONT, type Frame, LINE_PX } from "./frame.ts";
import { fitText, svgText } from "./svg-text.ts";

/** A change with the number by which the picture and the list under it name it. */
interface Numbered {
  readonly change: ChartChange;
  readonly number: number;
}

const BADGE_PX = 24;
const BADGE_GAP_PX = 4;
const BADGE_ROWS_MAX = 2;

function visible({ changes, fromMs, toMs }: ChartSpec): readonly ChartChange[] {
  return changes.filter((change) => change.timeMs >= fromMs && change.timeMs <= toMs);
}

/** Suspects first, then the newest, in the order of time: what is not listed is counted. */
function listed(spec: ChartSpec): readonly Numbered[] {
  return visible(spec)
    .toSorted((a, b) => Number(b.suspect) - Number(a.suspect) || b.timeMs - a.timeMs)
    .slice(0, CHANGES_LISTED_MAX)
    .toSorted((a, b) => a.timeMs - b.timeMs)
    .map((change, i) => ({ change, number: i + 1 }));
}

/** Lines that `changeList` takes. */
export function listRows(spec: ChartSpec): number {
  const all = visible(spec).length;
  return Math.min(all, CHANGES_LISTED_MAX) + (all > CHANGES_LISTED_MAX ? 1 : 0);
}

/** The plot is at least this wide, px: enough to know whether two numbers would touch. */
const PLOT_MIN_PX = 800;

/** Rows that the numbers over the plot take: near ones stand above each other. */
export function badgeRows(spec: ChartSpec): number {
  const times = listed(spec).map(({ change }) => change.timeMs);
  const nearMs =
    ((BADGE_PX + BADGE_GAP_PX) / PLOT_MIN_PX) * (spec.toMs - spec.fromMs) + spec.stepMs;
  const isTight = times.some((timeMs, i) => i > 0 && timeMs - (times[i - 1] ?? 0) < nearMs);
  return isTight ? BADGE_ROWS_MAX : Math.min(1, times.length);
}

/** A change is drawn where the step begins that it falls into: what it did shows in that step, never before it. */
function markerX(frame: Frame, spec: ChartSpec, change: ChartChange): number {
  const anchorMs = spec.series[0]?.points[0]?.timeMs ?? spec.fromMs;
  const steps = Math.floor((change.timeMs - anchorMs) / spec.stepMs);
  return frame.x(Math.max(spec.fromMs, anchorMs + steps * spec.stepMs));
}

function badge(x: number, y: number, { change, number }: Numbered): string {
  const half = BADGE_PX / 2;
  return (
    `<rect x="${x - half}" y="${y - half}" width="${BADGE_PX}" height="${BADGE_PX}" rx="6" fill="${colorOf(change)}"/>` +
    `<text x="${x}" y="${y + 6.5}" text-anchor="middle" font-size="${FONT.label}" font-weight="600" fill="${COLOR.paper}">${number}</text>`
  );
}

const colorOf = ({ suspect }: ChartChange): string => (suspect ? COLOR.suspect : COLOR.change);

function line(frame: Frame, x: number, change: ChartChange, fromY: number): string {
  const dash = change.suspect ? "" : ` stroke-dasharray="4 4"`;
  return `<line x1="${x}" x2="${x}" y1="${fromY}" y2="${frame.bottom}" stroke="${colorOf(change)}" stroke-width="${change.suspect ? 3 : 2}"${dash}/>`;
}

/** Changes as numbered flags over the plot: a solid one for a suspect, dashed ones for the rest. */
export function changeMarkers(frame: Frame, spec: ChartSpec): string {
  const numbered = listed(spec);
  const numbers = new Map(numbered.map((one) => [one.change, one]));
  const taken: { readonly x: number; readonly row: number }[] = [];
  const parts = visible(spec).map((change) => {
    const x = markerX(frame, spec, change);
    const one = numbers.get(change);
    if (one === undefined) return line(frame, x, change, frame.top);
    const isFree = (row: number): boolean =>
      taken.every((other) => other.row !== row || Math.abs(other.x - x) > BADGE_PX + BADGE_GAP_PX);
    const row = Array.from({ length: BADGE_ROWS_MAX }, (_, i) => i).find(isFree) ?? 0;
    taken.push({ x, row });
    const y = frame.top - BADGE_PX / 2 - 4 - row * BADGE_ROW_PX;
    return line(frame, x, change, y) + badge(x, y, one);
  });
  return `<g>${parts.join("")}</g>`;
}

/** Under the plot, in full: number, time and what was changed. */
export function changeList(frame: Frame, spec: ChartSpec): string {
  const numbered = listed(spec);
  const left = CHART.margin + BADGE_PX / 2;
  const yOf = (row: number): number => frame.bottom + 68 + row * LINE_PX;
  const lines = numbered.map((one, row) => {
    const { change } = one;
    const y = yOf(row);
    const clock = new Date(change.timeMs).toISOString().slice(11, 19);
    const text = `${clock}  ${change.label}${change.suspect ? " (suspect)" : ""}`;
    const shown = fitText(text, FONT.label, CHART.width - CHART.margin - left - 26);
    return (
      badge(left, y - 7, one) +
      `<text x="${left + 24}" y="${y}" font-size="${FONT.label}" font-weight="${change.suspect ? 600 : 400}" fill="${change.suspect ? COLOR.suspect : COLOR.ink}">${svgText(shown)}</text>`
    );
  });
  const more = visible(spec).length - numbered.length;
  const rest =
    more > 0
      ? `<text x="${left + 24}" y="${yOf(numbered.length)}" font-size="${FONT.label}" fill="${COLOR.muted}">and ${more} more</text>`
      : "";
  return `<g>${lines.join("")}${rest}</g>`;
}
