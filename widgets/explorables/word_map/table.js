// Where the words come from: a few of them in the traits, all of them when the reader asks.
import { askedModel } from "../../ui/asked_model.js";
import { h, say } from "../../ui/dom.js";
import { tableOf } from "./core.js";

/** @typedef {{tokens?: string[], codes?: string, scales?: number[], words?: number}} Sample  codes: int8, in base64; words: how many there are in all */

/** @param {Sample} sample */
function tableOfSample({ tokens, codes, scales }) {
  if (!tokens) return null;
  const bytes = Uint8Array.from(atob(codes), (c) => c.charCodeAt(0));
  return tableOf(tokens, new Int8Array(bytes.buffer), scales);
}

const grouped = (/** @type {number} */ count) => count.toLocaleString("en");

/** @param {import("../../ui/frame.js").Ui} ui */
export function sourceOf(ui) {
  const { t } = ui;
  let sample = { of: null, table: null };
  const asked = askedModel(ui, "word_vectors", {
    trait: "full",
    read: ({ tensors, metadata }) =>
      tableOf(metadata.tokens.split("\n"), tensors.codes.data, tensors.scales.data),
    text() {
      const { words } = ui.get("sample");
      return words ? t("load", { count: grouped(words) }) : t("loadUnknown");
    },
    loading: t("loading"),
    failed: t("failed"),
  });
  const note = h("span", { class: "fg-wm-note" });
  ui.toolbar.append(h("div", { class: "fg-wm-source" }, note, asked.button, asked.hint));

  function few() {
    const given = ui.get("sample");
    if (sample.of !== given) sample = { of: given, table: tableOfSample(given ?? {}) };
    return sample.table;
  }
  return {
    full: () => Boolean(asked.get()),
    /** The table in use; null where there is none yet. @returns {import("./core.js").Table | null} */
    table: () => asked.get() ?? few(),
    draw() {
      asked.draw();
      const all = asked.get();
      const table = all ?? few();
      const which = table && t(all ? "all" : "sample", { count: grouped(table.tokens.length) });
      say(note, which ? t("wordsHere", { which }) : "");
    },
  };
}
