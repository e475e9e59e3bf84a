// The two fields, the text so far, and a row for buttons.
import { h, say } from "../../ui/index.js";

const KEYS = {
  "data-lm-suppress-shortcuts": "true",
  spellcheck: "false",
  autocomplete: "off",
  autocapitalize: "off",
};

/**
 * What is written in the fields: the reader's, or what stands there at first.
 * @param {import("../../ui/frame.js").Ui} ui
 */
export function textsOf(ui) {
  const written = (trait, otherwise) => (typeof ui.get(trait) === "string" ? ui.get(trait) : otherwise);
  const text = written("text", ui.t("sample"));
  const prompt = written("prompt", ui.t(`prompt ${ui.get("source")}`));
  const made = ui.get("made");
  return { text, prompt, made, written: prompt + made };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {{stop: () => void}} writer
 * @returns {HTMLElement} the row
 */
export function editorOf(ui, { stop }) {
  const { t } = ui;
  const corpus = h("textarea", {
    class: "fg-nt-corpus",
    rows: 3,
    maxlength: 5000,
    ...KEYS,
    "aria-label": t("trainingText"),
    oninput: () => ui.set({ text: corpus.value, made: "" }),
  });
  const prompt = h("input", {
    type: "text",
    class: "fg-nt-prompt",
    maxlength: 300,
    ...KEYS,
    "aria-label": t("prompt"),
    oninput: () => ui.set({ prompt: prompt.value, made: "" }),
  });
  const [own, typed] = [field(t("trainingText"), corpus), field(t("prompt"), prompt)];
  const [before, made] = [h("span", {}), h("b", {})];
  const out = h("p", { class: "fg-nt-out" }, before, made);
  const row = h("div", { class: "fg-nt-row" });
  /** From the traits alone: what is being typed stays, also where nothing can be computed from it. */
  function show() {
    const texts = textsOf(ui);
    own.hidden = ui.get("source") !== "text";
    if (corpus.value !== texts.text) corpus.value = texts.text;
    if (prompt.value !== texts.prompt) prompt.value = texts.prompt;
    say(before, texts.prompt);
    say(made, texts.made);
  }
  const node = h("div", { class: "fg-nt-top" }, own, typed, row, out);
  ui.control({ node, show, stop }, { into: ui.figures });
  return row;
}

const field = (label, control) =>
  h("div", { class: "fg-nt-field" }, h("label", { text: label, "aria-hidden": "true" }), control);
