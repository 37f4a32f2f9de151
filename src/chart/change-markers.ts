import { CHANGE_LABELS_MAX, type ChartChange, type ChartSpec } from "./chart-spec.ts";
import { COLOR, FONT, type Frame, LABEL_ROW_PX } from "./frame.ts";
import { fitText, svgText, textWidth } from "./svg-text.ts";

interface Placed {
  readonly change: ChartChange;
  readonly text: string;
  readonly x: number;
  readonly left: number;
  readonly row: number;
}

const LABEL_WIDTH_MAX = 300;
const ROWS = 2;

/** Suspects first, then the newest: what does not fit is counted. */
function chosen(changes: readonly ChartChange[]): readonly ChartChange[] {
  return changes
    .toSorted((a, b) => Number(b.suspect) - Number(a.suspect) || b.timeMs - a.timeMs)
    .slice(0, CHANGE_LABELS_MAX);
}

/** Rows above the plot; a label that would overlap another in every row is left out. */
function place(frame: Frame, changes: readonly ChartChange[]): readonly Placed[] {
  const placed: Placed[] = [];
  for (const change of chosen(changes)) {
    const text = fitText(change.label, FONT.label, LABEL_WIDTH_MAX);
    const width = textWidth(text, FONT.label) + 8;
    const x = frame.x(change.timeMs);
    const left = Math.max(frame.left - 10, Math.min(x - width / 2, frame.right + 14 - width));
    const isFree = (row: number): boolean =>
      placed.every(
        (other) =>
          other.row !== row ||
          left > other.left + textWidth(other.text, FONT.label) + 22 ||
          left + width + 14 < other.left,
      );
    const row = Array.from({ length: ROWS }, (_, i) => i).find(isFree);
    if (row !== undefined) placed.push({ change, text, x, left, row });
  }
  return placed;
}

function marker(frame: Frame, change: ChartChange, labelBottom: number): string {
  const x = frame.x(change.timeMs);
  const color = change.suspect ? COLOR.suspect : COLOR.change;
  return (
    `<line x1="${x}" x2="${x}" y1="${labelBottom}" y2="${frame.bottom}" stroke="${color}" stroke-width="${change.suspect ? 3 : 2}" stroke-dasharray="${change.suspect ? "" : "4 4"}"/>` +
    `<path d="M${x - 8},${frame.top - 9}L${x + 8},${frame.top - 9}L${x},${frame.top + 4}Z" fill="${color}"/>`
  );
}

/**
 * Changes as flags over the plot: a solid one for the suspect, dashed ones for the rest. `unnamed` counts those whose
 * label found no room; the legend says so.
 */
export function changeMarkers(
  frame: Frame,
  spec: ChartSpec,
): { readonly svg: string; readonly unnamed: number } {
  const visible = spec.changes.filter(
    (change) => change.timeMs >= spec.fromMs && change.timeMs <= spec.toMs,
  );
  const labels = place(frame, visible);
  const named = new Map(labels.map((label) => [label.change, label]));
  const lines = visible.map((change) => {
    const row = named.get(change)?.row;
    const lift = row === undefined ? 9 : 12 + row * LABEL_ROW_PX;
    return marker(frame, change, frame.top - lift);
  });
  const texts = labels.map(({ text, left, row, change }) => {
    const y = frame.top - 17 - row * LABEL_ROW_PX;
    const width = textWidth(text, FONT.label) + 8;
    return (
      `<rect x="${left}" y="${y - 19}" width="${width}" height="25" fill="${COLOR.paper}" opacity="0.92"/>` +
      `<text x="${left + width / 2}" y="${y}" text-anchor="middle" font-size="${FONT.label}" font-weight="${change.suspect ? 600 : 400}" fill="${change.suspect ? COLOR.suspect : COLOR.muted}">${svgText(text)}</text>`
    );
  });
  return {
    svg: `<g>${lines.join("")}${texts.join("")}</g>`,
    unnamed: visible.length - labels.length,
  };
}
