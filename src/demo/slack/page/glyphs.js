/** Emoji that carry a state are drawn, as Slack draws its own: they look alike everywhere, with or without an emoji font. */
import { h, svg } from "./dom.js";

const disc = (tone) => () => [svg("circle", { cx: 10, cy: 10, r: 8, class: `glyph-${tone}` })];
const line = (d) => svg("path", { d, class: "glyph-line" });

const GLYPHS = {
  "🔴": { label: "red circle", shapes: disc("bad") },
  "🟢": { label: "green circle", shapes: disc("good") },
  "🟡": { label: "yellow circle", shapes: disc("warn") },
  "🟠": { label: "orange circle", shapes: disc("warn") },
  "⚪": { label: "white circle", shapes: disc("pale") },
  "⚫": { label: "black circle", shapes: disc("dark") },
  "✅": {
    label: "done",
    shapes: () => [
      svg("rect", { x: 2, y: 2, width: 16, height: 16, rx: 4, class: "glyph-good" }),
      line("M5.5 10.5l3 3 6-6.5"),
    ],
  },
  "❌": {
    label: "failed",
    shapes: () => [
      svg("circle", { cx: 10, cy: 10, r: 8, class: "glyph-bad" }),
      line("M7 7l6 6M13 7l-6 6"),
    ],
  },
  "⚠": {
    label: "warning",
    shapes: () => [
      svg("path", { d: "M10 2.5l8 14.5H2z", class: "glyph-warn glyph-joined" }),
      line("M10 7.5v4.200M10 14.3h.01"),
    ],
  },
  "⏳": {
    label: "under way",
    shapes: () => [
      svg("circle", { cx: 10, cy: 10, r: 7.5, class: "glyph-ring" }),
      svg("path", { d: "M10 5.5V10l3 2", class: "glyph-hand" }),
    ],
  },
};

const SPLIT = new RegExp(`(${Object.keys(GLYPHS).join("|")})\\uFE0F?`, "u");

function glyph({ label, shapes }) {
  const drawing = svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, ...shapes());
  return h("span", { class: "glyph", role: "img", "aria-label": label }, drawing);
}

/** Text as nodes, with the characters that carry a state drawn. */
export function drawn(text) {
  return text
    .split(SPLIT)
    .filter((part) => part !== "")
    .map((part) =>
      Object.hasOwn(GLYPHS, part) ? glyph(GLYPHS[part]) : document.createTextNode(part),
    );
}
