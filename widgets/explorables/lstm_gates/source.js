// The model that reads: four units set by hand, or the trained one when the reader asks for it.
import { modelOf } from "../../core/lstm.js";
import { h, put, say } from "../../ui/dom.js";
import { loadModel, modelSize, size } from "../../ui/models.js";

const NAME = "char_lstm";

/** @param {import("../../ui/frame.js").Ui} ui */
export function sourceOf(ui) {
  let made = null; // { model, units }
  let state = "idle"; // loading, failed
  const words = h("span", {});
  const hint = h("p", { class: "fg-hint", role: "alert", hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: "fg-button fg-primary",
      "data-model": NAME,
      onclick: () => ui.set({ trained: true }),
    },
    words,
  );
  const node = h("div", { class: "fg-load" }, button, hint);
  ui.toolbar.append(node);

  async function load() {
    if (state === "loading") return;
    state = "loading";
    try {
      const { tensors, metadata } = await loadModel(ui, NAME);
      made = { model: modelOf(tensors, metadata.characters ?? ""), units: unitsOf(metadata) };
      state = "idle";
    } catch (error) {
      console.warn(`model ${NAME}:`, error);
      state = "failed";
      if (ui.alive) ui.set({ trained: false });
    }
    if (ui.alive) ui.redraw();
  }
  /** What the recipe found single units to follow. */
  function unitsOf({ units }) {
    try {
      return JSON.parse(units);
    } catch {
      return [];
    }
  }
  return function source() {
    const asked = ui.get("trained");
    if (asked && !made) load();
    put(ui.root, { "data-busy": state === "loading" ? "yes" : "no" });
    button.hidden = Boolean(asked && made);
    put(button, { "aria-disabled": state === "loading" ? "true" : "false" });
    say(words, state === "loading" ? ui.t("ui.loading") : `${ui.t("load")} (${size(modelSize(ui, NAME))})`);
    hint.hidden = state !== "failed";
    node.hidden = button.hidden && hint.hidden;
    say(hint, state === "failed" ? ui.t("ui.loadFailed") : "");
    return asked && made ? made : { model: null, units: [] };
  };
}
