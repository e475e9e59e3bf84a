// A signal through a deep network and its gradient back: how large each is, layer by layer.
import { needBetween, needName, needWhole } from "./errors.js";
import { random } from "./random.js";

export const WIDTH = 64; // units in every layer
export const BATCH = 8; // inputs sent through at once
export const DEEPEST = 50;

/** Name → φ, and φ′ from φ(z): each of these can be had from its own value. */
export const ACTIVATIONS = {
  tanh: { value: Math.tanh, slope: (h) => 1 - h * h },
  relu: { value: (z) => Math.max(0, z), slope: (h) => (h > 0 ? 1 : 0) },
  sigmoid: { value: (z) => 1 / (1 + Math.exp(-z)), slope: (h) => h * (1 - h) },
};

/** Standard normal numbers (Box and Muller). @param {() => number} next @param {number} count */
export function normals(next, count) {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/**
 * The random numbers of one network: `weights` have variance 1, the gain scales them later.
 * @typedef {{weights: ArrayLike<number>[], input: ArrayLike<number>, top: ArrayLike<number>, width: number, batch: number}} Draw
 * @param {number} seed @returns {Draw}
 */
export function draw(seed) {
  const next = random(seed);
  const [input, top] = [normals(next, BATCH * WIDTH), normals(next, BATCH * WIDTH)];
  const weights = Array.from({ length: DEEPEST }, () => normals(next, WIDTH * WIDTH));
  return { weights, input, top, width: WIDTH, batch: BATCH };
}

const rms = (numbers) => Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0) / numbers.length);

/**
 * h ← φ(W h) for each layer, W = gain/√width · weights; then back from a gradient `top` for the last h.
 * @param {string} activation @param {number} gain @param {number} depth @param {Draw} drawn
 * @returns {{signals: number[], gradients: number[]}} layer by layer, the root mean square of h, and of ∂J/∂z
 */
export function flow(activation, gain, depth, { weights, input, top, width, batch }) {
  const { value, slope } = needName("activation", activation, ACTIVATIONS);
  needWhole("depth", needBetween("depth", depth, 1, weights.length));
  needBetween("gain", gain, 0, 100);
  const scale = gain / Math.sqrt(width);
  const outputs = [];
  let h = input;
  for (let layer = 0; layer < depth; layer += 1) {
    const W = weights[layer];
    const out = new Float64Array(batch * width);
    for (let n = 0; n < batch; n += 1) {
      for (let i = 0; i < width; i += 1) {
        let sum = 0;
        for (let j = 0; j < width; j += 1) sum += W[i * width + j] * h[n * width + j];
        out[n * width + i] = value(scale * sum);
      }
    }
    outputs.push(out);
    h = out;
  }
  const gradients = new Array(depth);
  let g = Float64Array.from(top);
  for (let layer = depth - 1; layer >= 0; layer -= 1) {
    for (let k = 0; k < g.length; k += 1) g[k] *= slope(outputs[layer][k]);
    gradients[layer] = rms(g);
    g = back(weights[layer], g, scale, width, batch);
  }
  return { signals: outputs.map((out) => rms(out)), gradients };
}

/** Wᵀ δ for every example. */
function back(W, delta, scale, width, batch) {
  const out = new Float64Array(batch * width);
  for (let n = 0; n < batch; n += 1) {
    for (let i = 0; i < width; i += 1) {
      const d = scale * delta[n * width + i];
      for (let j = 0; j < width; j += 1) out[n * width + j] += W[i * width + j] * d;
    }
  }
  return out;
}

/** Largest over smallest; ∞ where the smallest is 0. @param {number[]} gradients */
export const spread = (gradients) => Math.max(...gradients) / Math.min(...gradients);

/** By what factor the gradient changes from one layer to the layer below, on average. @param {number[]} gradients */
export const perLayer = (gradients) =>
  gradients.length > 1 ? (gradients[0] / gradients.at(-1)) ** (1 / (gradients.length - 1)) : 1;
