/** Signs that code writes and the bundled font must not be asked for. */
const ASCII: Readonly<Record<string, string>> = {
  "×": "x",
  "→": "->",
  "≥": ">=",
  "≤": "<=",
  "…": "...",
  "–": "-",
  "—": "-",
  "‑": "-",
  "’": "'",
  "“": '"',
  "”": '"',
  µ: "u",
  "∞": "inf",
  "·": "-",
  "\u00a0": " ",
  "\u202f": " ",
};

/** Text that surely has glyphs: everything else shows as `?`. */
function asciiText(text: string): string {
  return [...text.normalize("NFKD")]
    .map(
      (sign) => ASCII[sign] ?? (sign >= " " && sign <= "~" ? sign : /\p{M}/u.test(sign) ? "" : "?"),
    )
    .join("");
}

/** ASCII, escaped for element content and attributes. */
export function svgText(text: string): string {
  return asciiText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Widths of Inter in em, measured from its tables and rounded up; the rest is `OTHER_EM`. */
const NARROW = new Set("iljI.,:;'|!()[] ");
const WIDE = new Set("mwMWOQGDHNU@%&");
const OTHER_EM = 0.58;

/** How wide a line of text comes out, px. Errs to the wide side. */
export function textWidth(text: string, fontPx: number): number {
  let em = 0;
  for (const sign of asciiText(text))
    em += NARROW.has(sign) ? 0.3 : WIDE.has(sign) ? 0.85 : OTHER_EM;
  return em * fontPx;
}

/** Cut with a visible mark so that it fits. */
export function fitText(text: string, fontPx: number, widthPx: number): string {
  const clean = asciiText(text);
  if (textWidth(clean, fontPx) <= widthPx) return clean;
  let end = clean.length;
  while (end > 1 && textWidth(`${clean.slice(0, end)}...`, fontPx) > widthPx) end -= 1;
  return `${clean.slice(0, end).trimEnd()}...`;
}
