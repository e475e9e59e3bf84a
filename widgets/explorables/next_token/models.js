// The four models, each as { vocabulary, next(context, …) → {p, steps} }: counted in the page, or loaded.

import { trainedModel } from "../../ui/models.js";
import * as core from "./core.js";

export const DEEPEST = 7; // the highest order that is counted
const FILES = { moby_dick: "moby_dick_text", neural: "neural_ngram", tang: "tang_quatrains" };
const LOADS = { moby_dick: "loadMoby", neural: "loadNeural", tang: "loadTang" };
const built = new WeakMap(); // what was loaded -> the model made of it: a change of language keeps it

/**
 * @typedef {import("../../ui/models.js").Trained} Trained
 * @typedef {{vocabulary: {tokens: string[], ids: Map<string, number>},
 *   next: (context: number[], order?: number, smoothing?: string) =>
 *     {p: Float64Array, steps: import("./charts.js").Step[]},
 *   bits: (context: number[], token: number, order?: number, smoothing?: string) => number}} Model
 */

/**
 * Text that gzip has made small; every browser can unpack it.
 * @param {Trained["tensors"][string]["data"]} bytes
 */
async function unpacked(bytes) {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** @param {Trained} trained @returns {Model} */
function neural({ tensors, metadata }) {
  const tokens = [...metadata.characters];
  const vocabulary = { tokens, ids: new Map(tokens.map((c, id) => [c, id])) };
  const reads = tensors["hidden.weight"].shape[1] / tensors["embedding.weight"].shape[1];
  const before = new Array(reads).fill(vocabulary.ids.get("\n")); // where the text has not begun
  const chances = (context) =>
    core.softmax(core.neuralLogits(tensors, [...before, ...context].slice(-reads)));
  return {
    vocabulary,
    next: (context) => ({ p: chances(context), steps: [] }),
    bits: (context, token) => -Math.log2(chances(context)[token]),
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into where the buttons go */
export function modelsOf(ui, into) {
  /** @type {Record<string, Model>} */
  const made = {};
  /** @type {{text: string | null, model: Model | null}} */
  const counted = { text: null, model: null };
  const buttons = Object.fromEntries(
    Object.keys(FILES).map((name) => {
      const onLoad = (trained) => ready(name, trained);
      return [name, trainedModel(ui, FILES[name], { text: ui.t(LOADS[name]), into, onLoad })];
    }),
  );
  async function ready(name, trained) {
    if (!built.has(trained)) built.set(trained, await modelOf(name, trained));
    made[name] = built.get(trained);
    ui.redraw();
  }
  for (const [name, { node }] of Object.entries(buttons))
    ui.control({ node, show: () => showOne(name) }, { into });
  /** Only the button that is of use now. */
  function showOne(name) {
    const useful = name === ui.get("source") && !buttons[name].value;
    buttons[name].node.style.display = useful ? "" : "none";
  }
  return {
    /**
     * The model, or null while it is not in the page.
     * @param {string} name @param {string} text of the reader's own
     */
    of(name, text) {
      if (name !== "text") return made[name] ?? null;
      if (counted.text !== text) Object.assign(counted, { text, model: core.ofText(text, DEEPEST - 1) });
      return counted.model;
    },
    fetched: (name) => Boolean(buttons[name]?.value),
    file: (name) => FILES[name],
  };
}

/** @param {string} name @param {Trained} trained @returns {Promise<Model>} */
const modelOf = async (name, trained) =>
  name === "neural" ? neural(trained) : core.ofText(await unpacked(trained.tensors.gzip.data), DEEPEST);
