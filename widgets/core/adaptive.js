// Optimisers that divide by the gradient's own size, in torch's convention, float64; and the two that they are raced against.
import { needBetween, needName, needPositive } from "./errors.js";
import { OPTIMISERS } from "./optimisers.js";

/**
 * α, β₁, β₂, ε; corrected: m̂ and v̂ in the place of m and v. `momentum` is β₁ for the heavy ball.
 * @typedef {{learningRate: number, beta1: number, beta2: number, epsilon: number, corrected: boolean, momentum: number}} AdamHyper
 */

/** @type {Record<string, {uses: string[], init: (size: number) => object, step: Function}>} */
export const RACERS = {
  sgd: OPTIMISERS.sgd,
  momentum: { ...OPTIMISERS.momentum, uses: ["beta1"] },
  // v ← β₂v + (1−β₂)g²;  θ ← θ − αg / (√v + ε)
  rmsprop: {
    uses: ["beta2", "epsilon"],
    init: (size) => ({ v: new Float64Array(size) }),
    step({ v }, point, gradient, { learningRate, beta2, epsilon }) {
      for (let i = 0; i < point.length; i += 1) {
        v[i] += (1 - beta2) * (gradient[i] * gradient[i] - v[i]);
        point[i] -= (learningRate * gradient[i]) / (Math.sqrt(v[i]) + epsilon);
      }
    },
  },
  // m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − αm̂ / (√v̂ + ε)
  adam: {
    uses: ["beta1", "beta2", "epsilon", "corrected"],
    init: (size) => ({ m: new Float64Array(size), v: new Float64Array(size), t: 0 }),
    step(state, point, gradient, { learningRate, beta1, beta2, epsilon, corrected }) {
      const { m, v } = state;
      state.t += 1;
      const [inM, inV] = corrected ? [1 - beta1 ** state.t, 1 - beta2 ** state.t] : [1, 1];
      for (let i = 0; i < point.length; i += 1) {
        m[i] += (1 - beta1) * (gradient[i] - m[i]);
        v[i] += (1 - beta2) * (gradient[i] * gradient[i] - v[i]);
        point[i] -= (learningRate * (m[i] / inM)) / (Math.sqrt(v[i] / inV) + epsilon);
      }
    },
  },
};

/** @param {string} name */
export const racerOf = (name) => needName("optimiser", name, RACERS);

/** Checks what a reader, a page's state or Python gave. @param {Partial<AdamHyper>} hyper @returns {AdamHyper} */
export function checkAdam({ learningRate, beta1, beta2, epsilon, corrected = true }) {
  needPositive("learning_rate", learningRate);
  needBetween("beta1", beta1, 0, 1, true);
  needBetween("beta2", beta2, 0, 1, true);
  needPositive("epsilon", epsilon);
  return { learningRate, beta1, beta2, epsilon, corrected: Boolean(corrected), momentum: beta1 };
}
