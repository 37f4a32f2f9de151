/** Buttons, menus and feedback: what a person can act on inside a message. */

import { confirmed } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { drawn } from "./glyphs.js";
import { safeUrl } from "./inline.js";
import { emoji } from "./render.js";

/** Plain text of a button: short names become characters, nothing else is read. */
export function plain(object) {
  const text = object?.text ?? "";
  return text
    .split(/(:[a-z0-9_+-]{2,40}:)/)
    .flatMap((part) => (/^:.+:$/.test(part) ? emoji(part.slice(1, -1)) : drawn(part)));
}

/** Asks first where the element wants it, then acts; the element shows that it is at work. */
async function act(element, value, context, control) {
  if (element.confirm !== undefined && !(await confirmed(element.confirm))) return;
  context.setPending(actionKey(element, value));
  control.setAttribute("aria-busy", "true");
  await context.click(element.action_id, value, actionKey(element, value));
}

function actionKey(element, value) {
  return `${element.action_id}/${value ?? ""}`;
}

function button(element, context) {
  const url = safeUrl(element.url ?? "");
  const busy = context.isPending(actionKey(element, element.value));
  const control = h(
    "button",
    {
      type: "button",
      class: `button ${element.style === "primary" || element.style === "danger" ? element.style : ""}`,
      "aria-label": element.accessibility_label,
      "aria-busy": busy ? "true" : false,
      "data-key": `${element.action_id}/${element.value ?? ""}`,
      onclick: () => {
        if (url !== undefined) window.open(url, "_blank", "noopener,noreferrer");
        if (control.getAttribute("aria-busy") !== "true")
          return act(element, element.value, context, control);
      },
    },
    h("span", { class: "label" }, plain(element.text)),
    h("span", { class: "spinner", "aria-hidden": "true" }),
    url === undefined ? null : icon("external", 14),
  );
  return control;
}

function menu(element, context) {
  const options =
    element.options ?? (element.option_groups ?? []).flatMap((group) => group.options ?? []);
  const select = h(
    "select",
    {
      class: "button menu",
      "aria-label": element.placeholder?.text ?? "More actions",
      onchange: async () => {
        const value = select.value;
        select.selectedIndex = 0;
        await act(element, value, context, select);
      },
    },
    h(
      "option",
      { value: "", selected: true, disabled: true },
      element.placeholder?.text ?? "More…",
    ),
    options.map((option) => h("option", { value: option.value }, option.text?.text ?? "")),
  );
  return select;
}

function feedback(element, context) {
  const side = (part, name) => {
    const chosen = context.isPending(actionKey(element, part.value));
    const control = h(
      "button",
      {
        type: "button",
        class: `button quiet ${chosen ? "chosen" : ""}`,
        title: part.text?.text,
        "aria-label": part.accessibility_label ?? part.text?.text,
        "aria-pressed": chosen ? "true" : "false",
        onclick: () => act(element, part.value, context, control),
      },
      icon(name, 16),
    );
    return control;
  };
  return h(
    "span",
    { class: "feedback", role: "group", "aria-label": "Was this helpful?" },
    side(element.positive_button ?? {}, "up"),
    side(element.negative_button ?? {}, "thumbDown"),
  );
}

function iconButton(element, context) {
  const control = h(
    "button",
    {
      type: "button",
      class: "button quiet",
      title: element.text?.text,
      "aria-label": element.accessibility_label ?? element.text?.text,
      onclick: () => act(element, element.value, context, control),
    },
    icon(element.icon === "trash" ? "cross" : "dot", 16),
    h("span", {}, plain(element.text)),
  );
  return control;
}

const ELEMENTS = {
  button,
  static_select: menu,
  overflow: menu,
  radio_buttons: menu,
  feedback_buttons: feedback,
  icon_button: iconButton,
};

/** Elements that this page cannot operate are named, not hidden. */
export function interactive(element, context) {
  const make = ELEMENTS[element?.type];
  if (make !== undefined) return make(element, context);
  return h("span", { class: "unsupported" }, `[${element?.type ?? "element"}]`);
}
