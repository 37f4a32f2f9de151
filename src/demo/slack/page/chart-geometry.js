/** Numbers behind the charts; nothing here draws. */

const STEPS = [1, 2, 2.5, 5, 10];

/** Three to six round values that enclose `low` and `high`. */
export function axisTicks(low, high) {
  const span = high - low || 1;
  const magnitude = 10 ** Math.floor(Math.log10(span / 4));
  const step = (STEPS.find((each) => each * magnitude * 4 >= span) ?? 10) * magnitude;
  const first = Math.floor(low / step);
  const last = high > low ? Math.ceil(high / step) : first + 4;
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** 1234 as 1.2k; small numbers keep three digits. */
export function compactNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(4)));
}

/** One SVG path a value, clockwise from the top. */
export function pieSlices(values, { x, y, radius }) {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0) || 1;
  let from = 0;
  return values.map((value) => {
    const to = from + Math.max(0, value) / total;
    const path = slice(from, Math.min(to, from + 0.999999), { x, y, radius });
    from = to;
    return path;
  });
}

function slice(from, to, { x, y, radius }) {
  const point = (turn) => {
    const angle = 2 * Math.PI * turn - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = to - from > 0.5 ? 1 : 0;
  return `M${x} ${y}L${point(from)}A${radius} ${radius} 0 ${large} 1 ${point(to)}Z`;
}
