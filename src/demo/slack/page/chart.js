/** `data_visualization` blocks as SVG: line, area, bar, pie. */

import { axisTicks, compactNumber, pieSlices } from "./chart-geometry.js";
import { h, svg } from "./dom.js";

const SIZE = { width: 560, height: 220, left: 46, right: 12, top: 12, bottom: 30 };

function seriesOf(chart) {
  return (chart.series ?? []).map((series) => ({
    name: series.name ?? "",
    points: (series.data ?? []).map(({ label, value }) => ({
      label: String(label ?? ""),
      value: Number(value) || 0,
    })),
  }));
}

function plane(series, categories) {
  const values = series.flatMap(({ points }) => points.map(({ value }) => value));
  const ticks = axisTicks(Math.min(0, ...values), Math.max(0, ...values, 0));
  const [low, high] = [ticks[0], ticks.at(-1)];
  const inner = {
    width: SIZE.width - SIZE.left - SIZE.right,
    height: SIZE.height - SIZE.top - SIZE.bottom,
  };
  const count = Math.max(categories.length, 1);
  return {
    ticks,
    step: inner.width / count,
    x: (i) => SIZE.left + (inner.width * (i + 0.5)) / count,
    y: (value) => SIZE.top + inner.height * (1 - (value - low) / (high - low || 1)),
  };
}

function axes(at, categories) {
  const every = Math.ceil(categories.length / 8);
  const lines = at.ticks.map((tick) => {
    const y = at.y(tick);
    return [
      svg("line", { x1: SIZE.left, x2: SIZE.width - SIZE.right, y1: y, y2: y, class: "grid" }),
      svg(
        "text",
        { x: SIZE.left - 8, y: y + 4, class: "tick", "text-anchor": "end" },
        compactNumber(tick),
      ),
    ];
  });
  const labels = categories.map((label, i) =>
    i % every === 0
      ? svg(
          "text",
          { x: at.x(i), y: SIZE.height - 10, class: "tick", "text-anchor": "middle" },
          label,
        )
      : null,
  );
  return [lines.flat(), labels];
}

function drawLine(series, index, at, filled) {
  const path = series.points
    .map(({ value }, i) => `${i === 0 ? "M" : "L"}${at.x(i)} ${at.y(value)}`)
    .join("");
  const last = series.points.length - 1;
  const area = `${path}L${at.x(last)} ${at.y(0)}L${at.x(0)} ${at.y(0)}Z`;
  return [
    filled ? svg("path", { d: area, class: `area series-${index}` }) : null,
    svg("path", { d: path, class: `line series-${index}` }),
  ];
}

function drawBars(series, index, at, of) {
  const width = Math.max(2, (at.step * 0.7) / of);
  return series.points.map(({ value }, i) => {
    const x = at.x(i) - (width * of) / 2 + width * index;
    const y = Math.min(at.y(value), at.y(0));
    const height = Math.abs(at.y(value) - at.y(0));
    return svg("rect", { x, y, width: width - 1, height, rx: 2, class: `bar series-${index}` });
  });
}

function cartesian(chart) {
  const series = seriesOf(chart);
  const categories =
    chart.axis_config?.categories ?? series[0]?.points.map(({ label }) => label) ?? [];
  const at = plane(series, categories);
  const shapes = series.map((each, i) =>
    chart.type === "bar"
      ? drawBars(each, i, at, series.length)
      : drawLine(each, i, at, chart.type === "area"),
  );
  return { names: series.map(({ name }) => name), shapes: [axes(at, categories), shapes].flat(4) };
}

function pie(chart) {
  const segments = (chart.segments ?? []).map(({ label, value }) => ({
    label,
    value: Number(value) || 0,
  }));
  const slices = pieSlices(
    segments.map(({ value }) => value),
    { x: SIZE.width / 2, y: SIZE.height / 2, radius: 92 },
  );
  return {
    names: segments.map(({ label, value }) => `${label} ${compactNumber(value)}`),
    shapes: slices.map((d, i) => svg("path", { d, class: `slice series-${i}` })),
  };
}

export function chartBlock(block) {
  const chart = block.chart ?? {};
  const { names, shapes } = chart.type === "pie" ? pie(chart) : cartesian(chart);
  const label = `${block.title ?? "Chart"}: ${names.join(", ")}`;
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img", "aria-label": label },
    shapes.filter(Boolean),
  );
  const legend = names.map((name, i) =>
    h("li", {}, h("span", { class: `swatch series-${i}`, "aria-hidden": "true" }), name),
  );
  const yLabel = chart.axis_config?.y_label;
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      {},
      h("strong", {}, block.title ?? ""),
      yLabel ? h("span", { class: "muted" }, ` ${yLabel}`) : null,
    ),
    picture,
    h("ul", { class: "legend" }, legend),
  );
}
