// How features and neurons are called.
const FEATURES = {
  x1: "x₁",
  x2: "x₂",
  x1x1: "x₁²",
  x2x2: "x₂²",
  x1x2: "x₁x₂",
  sin1: "sin x₁",
  sin2: "sin x₂",
};
export const NAMES = Object.keys(FEATURES);
export const featureName = (/** @type {string} */ name) => FEATURES[name];

const subscript = (/** @type {number} */ n) => String.fromCharCode(0x2080 + n);

/** h₂.₁ is the first neuron of the second hidden layer; the last layer is the output. @param {number} layers hidden ones */
export const neuronName = (t, layers, layer, i) =>
  layer === layers + 1 ? t("output") : `h${subscript(layer)}.${subscript(i + 1)}`;

/** Input j of a layer. @param {import("../../ui/frame.js").Ui["t"]} t @param {import("./state.js").State} now */
export const inputName = (t, now, layer, j) =>
  layer === 1 ? featureName(now.features[j]) : neuronName(t, now.hidden.length, layer - 1, j);
