// What the picture is drawn from.
import { TILE } from "./colour.js";

/** @typedef {[layer: number, index: number]} Neuron  layer 0: a feature, of all there are */

/**
 * @typedef {object} State
 * @property {import("./model.js").Model} model
 * @property {string} dataset @property {number[]} hidden @property {string[]} features @property {string} activation
 * @property {string} regularisation
 * @property {boolean} discrete @property {boolean} numbers @property {boolean} showTest
 * @property {number[]} probe @property {import("./core.js").Room} at  every neuron there
 * @property {import("./core.js").Net} net @property {number[]} sizes @property {import("./model.js").Model["places"]} places
 * @property {boolean} classes  are they classes, or values?
 * @property {number} grid  places along a side of the maps
 * @property {Neuron | null} selected
 * @property {Neuron} shown  whose map is the large one
 * @property {boolean} peeking  because the mouse is on it
 * @property {import("./model.js").Reader} large  its values on the grid
 * @property {(layer: number, i: number) => import("./model.js").Reader} tileOf  the values of any, on TILE × TILE places
 * @property {number} below @property {boolean} met  the goal
 * @property {boolean} ready  can it train?
 */

/** "2.1" → [2, 0], where there is such a neuron. @param {string} text @param {number[]} sizes @returns {Neuron | null} */
function place(text, sizes) {
  const found = /^(\d+)\.(\d+)$/.exec(text);
  const [layer, i] = found ? [Number(found[1]), Number(found[2]) - 1] : [0, 0];
  return layer > 0 && i >= 0 && i < (sizes[layer] ?? 0) ? [layer, i] : null;
}

/** Is it (still) there? All features are. @param {Neuron | null} neuron @param {number[]} sizes */
const exists = (neuron, sizes) => Boolean(neuron) && sizes[neuron[0]] > (neuron[0] ? neuron[1] : -1);

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {import("./model.js").Model} model
 * @param {{peek: Neuron | null, grid: number}} view  the neuron under the mouse; places along a side of the maps
 * @returns {State}
 */
export function stateOf(ui, model, { peek, grid }) {
  const { net, sizes, places } = model;
  const values = model.spread(grid);
  const probe = ui.get("probe");
  const selected = place(ui.get("selected"), sizes);
  const peeking = exists(peek, sizes);
  const shown = peeking ? peek : (selected ?? [sizes.length - 1, 0]);
  return {
    model,
    dataset: ui.get("dataset"),
    hidden: ui.get("hidden"),
    features: ui.get("features"),
    activation: ui.get("activation"),
    regularisation: ui.get("regularisation"),
    discrete: ui.get("discrete"),
    numbers: ui.get("numbers"),
    showTest: ui.get("show_test"),
    probe,
    at: model.at(probe),
    net,
    sizes,
    places,
    classes: net.loss === "bce",
    grid,
    selected,
    shown,
    peeking,
    large: model.reader(values, ...shown),
    tileOf: (layer, i) => model.tileReader(values, layer, i, grid / TILE),
    ...model.goal(),
    ready: model.ready() && !model.blewUp,
  };
}
