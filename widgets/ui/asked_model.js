// A trained model that a trait asks for: a saved state brings it back, and the button only sets the trait.
import { h, put, say } from "./dom.js";
import { loadModel, modelSize, size } from "./models.js";

/**
 * The button that asks, and what came of it. If nothing comes that is said, and the trait is set back.
 * @template T
 * @param {import("./frame.js").Ui} ui @param {string} name of the model
 * @param {object} options
 * @param {string} options.trait  is it asked for?
 * @param {(trained: import("./models.js").Trained) => T} options.read  what is made of it
 * @param {() => string} options.text  what is loaded, without the size
 * @param {string} [options.loading] @param {string} [options.failed]
 */
export function askedModel(ui, name, { trait, read, text, ...said }) {
  const { loading = ui.t("ui.loading"), failed = ui.t("ui.loadFailed") } = said;
  let state = "idle"; // loading, failed
  /** @type {T | null} */ let made = null;
  const words = h("span", {});
  const hint = h("p", { class: "fg-hint", role: "alert", hidden: true });
  const button = h("button", { type: "button", class: "fg-button fg-primary", "data-model": name }, words);
  button.addEventListener("click", () => ui.set({ [trait]: true }));

  async function load() {
    if (state === "loading") return;
    state = "loading";
    try {
      made = read(await loadModel(ui, name));
      state = "idle";
    } catch (error) {
      console.warn(`model ${name}:`, error);
      state = "failed";
      if (ui.alive) ui.set({ [trait]: false });
    }
    if (ui.alive) ui.redraw();
  }
  return {
    button,
    hint,
    /** What was made of it, where the trait asks for it and it is there. */
    get() {
      const asked = ui.get(trait);
      if (asked && !made) load();
      return asked ? made : null;
    },
    draw() {
      const bytes = modelSize(ui, name);
      const [busy, there] = [state === "loading", Boolean(ui.get(trait) && made)];
      put(ui.root, { "data-busy": busy ? "yes" : "no" });
      put(button, { "aria-disabled": busy ? "true" : "false" });
      button.hidden = there;
      say(words, busy ? loading : text() + (bytes ? ` (${size(bytes)})` : ""));
      hint.hidden = state !== "failed";
      say(hint, state === "failed" ? failed : "");
    },
  };
}
