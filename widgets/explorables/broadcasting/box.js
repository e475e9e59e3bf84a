// A text box for a shape: what is typed is taken as soon as it is a shape, and complained about when it stays
// none.

import { h, say, unique } from "../../ui/dom.js";
import { MOST_AXES, MOST_SIZE, parseShape, shapeText } from "./core.js";

/** @param {import("../../ui/frame.js").Ui} ui @param {"a"|"b"} name */
export function boxOf(ui, name) {
  const { t } = ui;
  const ids = { box: unique("shape"), hint: unique("hint") };
  const box = h("input", {
    type: "text",
    class: "fg-number fg-shape",
    id: ids.box,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": ids.hint,
  });
  const hint = h("p", { class: "fg-hint", id: ids.hint, hidden: true });
  const node = h(
    "div",
    { class: "fg-control fg-choice", "data-trait": name },
    h("label", { for: ids.box, text: t("shape", { name }) }),
    box,
    hint,
  );

  /** While typing, a half-written shape is not an error yet; it is one when the reader is done. */
  function accept(done) {
    try {
      ui.set({ [name]: parseShape(name, box.value) });
      complain("");
    } catch (error) {
      if (!error.code) throw error;
      complain(done || box.value.trim() !== "" ? reason(t, error.code, box.value) : "");
    }
  }
  function complain(text) {
    say(hint, text);
    hint.hidden = text === "";
    text ? box.setAttribute("aria-invalid", "true") : box.removeAttribute("aria-invalid");
  }
  box.addEventListener("input", () => accept(false));
  box.addEventListener("change", () => accept(true));
  box.addEventListener("keydown", (event) => event.key === "Enter" && accept(true));
  box.addEventListener("blur", () => {
    complain("");
    box.value = shapeText(ui.get(name));
  });
  const show = (now) => {
    const root = /** @type {Document | ShadowRoot} */ (box.getRootNode());
    if (now && box !== root.activeElement) box.value = shapeText(now[name]);
  };
  ui.control({ node, show }, { visible: (now) => now.task === "free", into: ui.toolbar });
}

function reason(t, code, text) {
  if (code === "badRank") return t("tooMany", { limit: MOST_AXES });
  if (code === "badRange") return t("tooLong", { limit: String(MOST_SIZE) });
  return t(text.trim() === "" ? "emptyBox" : "badBox");
}
