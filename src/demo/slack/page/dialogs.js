/** Confirmation dialogs, enlarged pictures, and short notices. */
import { h, icon } from "./dom.js";

function show(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close("dismiss");
  });
  dialog.showModal();
}

/** Slack's confirmation dialog; resolves to the person's answer. Escape and a click outside mean no. */
export function confirmed(confirm) {
  const style = confirm.style === "danger" ? "danger" : "primary";
  const { promise, resolve } = Promise.withResolvers();
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "confirm-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "confirm-title" }, confirm.title?.text ?? "Are you sure?"),
      h("p", {}, confirm.text?.text ?? ""),
      h(
        "div",
        { class: "row end" },
        h("button", { class: "button", value: "dismiss" }, confirm.deny?.text ?? "Cancel"),
        h(
          "button",
          { class: `button ${style}`, value: "confirm", autofocus: true },
          confirm.confirm?.text ?? "Yes",
        ),
      ),
    ),
  );
  // The form is never sent: the policy of the page forbids it, so its buttons close the dialog themselves.
  for (const button of dialog.querySelectorAll("button"))
    button.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close(button.value);
    });
  dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"));
  show(dialog);
  return promise;
}

export function enlarge(source, altText, title) {
  const dialog = h(
    "dialog",
    { class: "lightbox", "aria-label": title || altText || "Picture" },
    h("img", { src: source, alt: altText }),
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "Close",
        onclick: () => dialog.close(),
      },
      icon("close"),
    ),
  );
  show(dialog);
}

const NOTICE_MS = 6000;

/** A short notice at the foot of the page, read out by screen readers. */
export function notify(text, kind = "info") {
  const notice = h("div", { class: `notice ${kind}`, role: "status" }, text);
  document.getElementById("notices").append(notice);
  setTimeout(() => notice.remove(), NOTICE_MS);
}
