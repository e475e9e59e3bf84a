// Where the words come from: a few of them in the traits, all of them when the reader asks.

import { h, put, say } from "../../ui/dom.js";
import { loadModel, modelSize, size } from "../../ui/models.js";
import { tableOf } from "./core.js";

const NAME = "word_vectors";

/** @param {import("../../ui/frame.js").Ui} ui */
export function sourceOf(ui) {
  const { t } = ui;
  const made = { sample: null, all: null };
  let state = "idle"; // loading, failed
  let seen = null;
  const words = h("span", {});
  const hint = h("p", { class: "fg-hint", role: "alert", hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: "fg-button fg-primary",
      "data-model": NAME,
      onclick: () => ui.set({ full: true }),
    },
    words,
  );
  const note = h("span", { class: "fg-wm-note" });
  const node = h("div", { class: "fg-wm-source" }, note, button, hint);
  ui.toolbar.append(node);

  async function load() {
    if (state === "loading") return;
    state = "loading";
    try {
      const { tensors, metadata } = await loadModel(ui, NAME);
      made.all = tableOf(metadata.tokens.split("\n"), tensors.codes.data, tensors.scales.data);
      state = "idle";
    } catch (error) {
      console.warn(`model ${NAME}:`, error);
      state = "failed";
      if (ui.alive) ui.set({ full: false });
    }
    if (ui.alive) ui.redraw();
  }
  function sample() {
    const given = ui.get("sample");
    if (seen !== given) {
      seen = given;
      made.sample = given?.tokens
        ? tableOf(
            given.tokens,
            new Int8Array(Uint8Array.from(atob(given.codes), (c) => c.charCodeAt(0)).buffer),
            given.scales,
          )
        : null;
    }
    return made.sample;
  }
  return {
    /** Is all of it on its way? */
    busy: () => state === "loading",
    full: () => ui.get("full") && Boolean(made.all),
    total: () => made.all?.tokens.length ?? ui.get("sample")?.words ?? 0,
    /** The table in use. */
    table() {
      const few = sample();
      const full = ui.get("full");
      if (full && !made.all) load();
      const table = full && made.all ? made.all : few;
      button.hidden = full && Boolean(made.all);
      put(button, { "aria-disabled": state === "loading" ? "true" : "false" });
      const count = ui.get("sample")?.words;
      const bytes = modelSize(ui, NAME);
      say(
        words,
        state === "loading"
          ? t("loading")
          : `${count ? t("load", { count: count.toLocaleString("en") }) : t("loadUnknown")}${bytes ? ` (${size(bytes)})` : ""}`,
      );
      hint.hidden = state !== "failed";
      say(hint, state === "failed" ? t("failed") : "");
      say(
        note,
        table
          ? t("wordsHere", {
              which: t(table === few ? "sample" : "all", { count: table.tokens.length.toLocaleString("en") }),
            })
          : "",
      );
      return table;
    },
  };
}
