// Optimisers in torch's convention, float64. To add one: a row in the table; tests/parity runs every row against torch.
import { needBetween, needName, needPositive } from "./errors.js";

/**
 * α is `learningRate`, μ is `momentum`.
 * @typedef {{learningRate: number, momentum: number}} Hyper
 *
 * @typedef {object} Optimiser
 * @property {string[]} uses  hyper-parameters besides the learning rate
 * @property {(size: number) => {velocity?: Float64Array}} init  state for `size` parameters
 * @property {(state: {velocity?: Float64Array}, point: Float64Array, gradient: ArrayLike<number>, hyper: Hyper) => void} step  moves `point` in place
 * @property {(s: number, momentum: number) => number[][]} matrix  one step on ½λθ², with s = αλ, as a map of (θ, αv)
 * @property {(momentum: number) => number} limit  the s below which that map contracts
 */

const velocity = (size) => ({ velocity: new Float64Array(size) });

/** @type {Record<string, Optimiser>} */
export const OPTIMISERS = {
  // θ ← θ − αg
  sgd: {
    uses: [],
    init: () => ({}),
    step(_, point, gradient, { learningRate }) {
      for (let i = 0; i < point.length; i += 1) point[i] -= learningRate * gradient[i];
    },
    matrix: (s) => [
      [1 - s, 0],
      [0, 0],
    ],
    limit: () => 2,
  },
  // v ← μv + g;  θ ← θ − αv   (Polyak's heavy ball)
  momentum: {
    uses: ["momentum"],
    init: velocity,
    step({ velocity: v }, point, gradient, { learningRate, momentum }) {
      for (let i = 0; i < point.length; i += 1) {
        v[i] = momentum * v[i] + gradient[i];
        point[i] -= learningRate * v[i];
      }
    },
    matrix: (s, m) => [
      [1 - s, -m],
      [s, m],
    ],
    limit: (m) => 2 * (1 + m),
  },
  // v ← μv + g;  θ ← θ − α(g + μv)
  nesterov: {
    uses: ["momentum"],
    init: velocity,
    step({ velocity: v }, point, gradient, { learningRate, momentum }) {
      for (let i = 0; i < point.length; i += 1) {
        v[i] = momentum * v[i] + gradient[i];
        point[i] -= learningRate * (gradient[i] + momentum * v[i]);
      }
    },
    matrix: (s, m) => [
      [1 - s - m * s, -m * m],
      [s, m],
    ],
    limit: (m) => (2 + 2 * m) / (1 + 2 * m),
  },
};

/** @param {string} name @returns {Optimiser} */
export const optimiserOf = (name) => needName("optimiser", name, OPTIMISERS);

/** Checks what a reader, a page's state or Python gave. @param {Optimiser} optimiser @param {Hyper} hyper @returns {Hyper} */
export function checkHyper(optimiser, { learningRate, momentum = 0 }) {
  needPositive("learning_rate", learningRate);
  if (optimiser.uses.includes("momentum")) needBetween("momentum", momentum, 0, 1, true);
  return { learningRate, momentum };
}

/** The points that a sequence of gradients leads to: the optimiser alone, without a surface. @param {string} name @param {number[]} start @param {number[][]} gradients @param {Hyper} hyper */
export function follow(name, start, gradients, hyper) {
  const optimiser = optimiserOf(name);
  const checked = checkHyper(optimiser, hyper);
  const point = Float64Array.from(start);
  const state = optimiser.init(point.length);
  return gradients.map((gradient) => {
    optimiser.step(state, point, gradient, checked);
    return Array.from(point);
  });
}
