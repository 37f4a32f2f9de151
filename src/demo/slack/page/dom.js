/** The only place that makes elements. Text goes in as text nodes, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** `h("button", { class: "x", onclick }, "text", child)`; false, null and undefined children are left out. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

const ICONS = {
  thread: "M4 5h12v8H9l-4 3v-3H4z",
  close: "M5 5l10 10M15 5L5 15",
  send: "M3 4l14 6-14 6 2-6zM5 10h6",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 12.2a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4z",
  bolt: "M11 2L4 11h5l-1 7 7-9h-5z",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  cross: "M6 6l8 8M14 6l-8 8",
  dot: "M10 10h.01",
  caret: "M7 5l5 5-5 5",
  down: "M5 8l5 5 5-5",
  sun: "M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M15.7 4.3l-1.2 1.2M5.5 14.5l-1.2 1.2",
  up: "M5 9.5V17h9l2.5-6.2a1 1 0 00-1-1.3H11l.6-4.2a1.3 1.3 0 00-2.4-.9L5 9.5zM2.5 9.5H5V17H2.5z",
  thumbDown:
    "M15 10.5V3H6L3.5 9.2a1 1 0 001 1.300H9l-.6 4.200a1.3 1.3 0 002.4.900L15 10.500zM17.5 10.500H15V3h2.500z",
  file: "M5 2.500h6l4 4v11H5zM11 2.500v4h4",
  external: "M8 5H4.500v10.500H15V12M11 4.500h4.500V9M15.5 4.500L9 11",
};

/** A line icon on a 20-unit grid, in the current text colour; hidden from screen readers. */
export function icon(name, size = 18) {
  const shape = svg("path", { d: ICONS[name] ?? ICONS.dot });
  return svg(
    "svg",
    { viewBox: "0 0 20 20", width: size, height: size, class: "icon", "aria-hidden": "true" },
    shape,
  );
}

const HUES = [262, 204, 152, 22, 338, 48, 182, 292];

/** A person's picture: initials on a colour that follows from the id; the app has its own picture. */
export function avatar(person, size = 36) {
  if (person.isBot)
    return h("img", {
      class: "avatar",
      src: "/page/orrery.svg",
      alt: "",
      width: size,
      height: size,
    });
  const sum = [...person.id].reduce((total, char) => total + char.codePointAt(0), 0);
  const initials = person.realName
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("");
  const classes = `avatar hue-${HUES[sum % HUES.length]} size-${size}`;
  return h("span", { class: classes, "aria-hidden": "true" }, initials.toUpperCase());
}
