// A text box for a shape: what is typed is taken as soon as it is a shape, and complained about when it stays none.

import { h, say } from "../../ui/dom.js";
import { MOST_AXES, MOST_SIZE, parseShape, shapeText } from "./core.js";

/** @param {import("../../ui/frame.js").Ui} ui @param {"a"|"b"} name */
export function boxOf(ui, name) {
  const { t } = ui;
  const ids = [`fg-shape-${name}-${Math.random().toString(36).slice(2)}`, ""];
  ids[1] = `${ids[0]}-hint`;
  const box = h("input", {
    type: "text",
    class: "fg-number fg-shape",
    id: ids[0],
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": ids[1],
  });
  const hint = h("p", { class: "fg-hint", id: ids[1], hidden: true });
  const node = h(
    "div",
    { class: "fg-control fg-choice", "data-trait": name },
    h("label", { for: ids[0], text: t("shape", { name }) }),
    box,
    hint,
  );
  ui.toolbar.append(node);

  /** While typing, a half-written shape is not an error yet; it is one when the reader is done. */
  function accept(done) {
    try {
      ui.set({ [name]: parseShape(name, box.value) });
      complain("");
    } catch (error) {
      if (!error.code) throw error;
      complain(done || box.value.trim() !== "" ? reason(error) : "");
    }
  }
  function reason({ code }) {
    if (code === "badRank") return t("tooMany", { limit: MOST_AXES });
    if (code === "badRange") return t("tooLong", { limit: String(MOST_SIZE) });
    return t(box.value.trim() === "" ? "emptyBox" : "badBox");
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

  return {
    show({ task, [name]: shape }) {
      node.hidden = task !== "free";
      if (box !== box.getRootNode().activeElement) box.value = shapeText(shape);
    },
  };
}
