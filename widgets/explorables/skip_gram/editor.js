// The reader's text, and which of its words is shown.
import { activeIn } from "../../ui/controls/live.js";
import { h, say } from "../../ui/index.js";

const LONGEST = 20_000; // characters of a text

/** @param {import("../../ui/frame.js").Ui} ui */
export const textOf = (ui) => ui.get("text") ?? ui.t("text");

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {() => void} onShow  also where the text cannot be trained
 */
export function editorOf(ui, onShow) {
  const { t } = ui;
  const editor = h("textarea", {
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    maxlength: LONGEST,
    rows: 9,
    "data-trait": "text",
    "data-lm-suppress-shortcuts": "true",
    "aria-label": t("textLabel"),
    oninput: () => ui.set({ text: editor.value }),
  });
  const counts = h("span", {});
  const label = h("span", { class: "fg-sg-label", "aria-hidden": "true", text: t("textLabel") });
  const node = h("div", { class: "fg-sg-side" }, label, editor, h("div", { class: "fg-sg-row" }, counts));
  function show(now) {
    const text = textOf(ui);
    const typing = editor === activeIn(node) && ui.get("text") !== null;
    if (!typing && editor.value !== text) editor.value = text;
    if (now) say(counts, t("counts", now.counts));
    onShow();
  }
  ui.control({ node, show }, { into: ui.figures });
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function chooserOf(ui, into) {
  const label = ui.t("word");
  const select = h("select", {
    class: "fg-select",
    "aria-label": label,
    onchange: () => ui.set({ word: select.value }),
  });
  const name = h("span", { class: "fg-sg-label", "aria-hidden": "true", text: label });
  let filled = "";
  let shown = null;
  function show(now) {
    if (!now || now === shown) return; // no result of this state: what is chosen stays
    shown = now;
    const key = now.tokens.join("\n");
    const sorted = () => [...now.tokens].sort((a, b) => a.localeCompare(b, ui.lang));
    if (key !== filled)
      select.replaceChildren(...sorted().map((word) => h("option", { value: word, text: word })));
    filled = key;
    select.value = now.tokens[now.word];
  }
  ui.control({ node: h("div", { class: "fg-sg-word" }, name, select), show }, { into });
}
