// Runs of an optimiser on a surface, and what theory says about them.
import { needBetween, needPoint, needWhole } from "./errors.js";
import { checkHyper, follow, OPTIMISERS, optimiserOf } from "./optimisers.js";
import { curvatures, SURFACES, surfaceOf } from "./surfaces.js";

export { curvatures, follow, OPTIMISERS, optimiserOf, SURFACES, surfaceOf };

const CEILING = 1e12; // a loss above it is called divergence, and the run ends

/**
 * @typedef {object} Run
 * @property {Float64Array} path  x0, y0, x1, y1, …
 * @property {Float64Array} losses  one more than the steps taken
 * @property {number|null} diverged  the step at which the loss passed the ceiling
 * @property {number|null} left  the step at which it left the part of the plane where the surface is known
 */

/**
 * @param {string} optimiserName @param {import("./surfaces.js").Surface} surface @param {number[]} start
 * @param {import("./optimisers.js").Hyper} hyper @param {number} steps @returns {Run}
 */
export function run(optimiserName, surface, start, hyper, steps) {
  const optimiser = optimiserOf(optimiserName);
  return walk(optimiser, surface, start, checkHyper(optimiser, hyper), steps);
}

/** The same with an optimiser, `{init, step}`, and settings that were checked. @returns {Run} */
export function walk(optimiser, surface, start, checked, steps) {
  needWhole("steps", needBetween("steps", steps, 1, 10000));
  const point = Float64Array.from(needPoint("start", start));
  const state = optimiser.init(2);
  const path = new Float64Array(2 * (steps + 1));
  const losses = new Float64Array(steps + 1);
  path.set(point);
  losses[0] = surface.value(point[0], point[1]);
  let [taken, diverged, left] = [0, null, null];
  while (taken < steps && diverged === null && left === null) {
    optimiser.step(state, point, surface.gradient(point[0], point[1]), checked);
    taken += 1;
    path.set(point, 2 * taken);
    losses[taken] = surface.value(point[0], point[1]);
    // NaN fails the comparison too.
    if (!(losses[taken] <= CEILING)) diverged = taken;
    else if (surface.inside && !surface.inside(point[0], point[1])) left = taken;
  }
  return { path: path.subarray(0, 2 * (taken + 1)), losses: losses.subarray(0, taken + 1), diverged, left };
}

/** The first step at which the goal is reached, or null. @param {Run} result @param {{below: number, within: number}} goal */
export function reachedAt({ losses, left }, { below, within }) {
  // Beyond the edge the loss is only a continuation of the grid.
  const last = Math.min(within, left === null ? losses.length - 1 : left - 1);
  for (let i = 0; i <= last; i += 1) if (losses[i] < below) return i;
  return null;
}

/** The largest |eigenvalue| of a 2×2 matrix. @param {number[][]} matrix */
export function spectralRadius([[a, b], [c, d]]) {
  const [half, det] = [(a + d) / 2, a * d - b * c];
  const under = half * half - det;
  return under >= 0 ? Math.abs(half) + Math.sqrt(under) : Math.sqrt(det);
}

/**
 * By how much the distance to the minimum shrinks per step in the long run (above 1: it grows); the loss by its square.
 * @param {string} name @param {number} learningRate @param {number[]} curvatures λ of the Hessian @param {number} momentum
 */
export function rateOf(name, learningRate, curvatures, momentum) {
  const { matrix } = optimiserOf(name);
  return Math.max(...curvatures.map((lambda) => spectralRadius(matrix(learningRate * lambda, momentum))));
}

/** Learning rates below this converge on a quadratic whose largest curvature is `lambdaMax`. */
export const stabilityLimit = (name, lambdaMax, momentum) => optimiserOf(name).limit(momentum) / lambdaMax;

/**
 * The learning rate with the smallest `rateOf`: 2/(λ_min + λ_max) for gradient descent, (1 + μ) times that for momentum,
 * unless a whole interval gives √μ, where every eigenvalue swings: then its middle.
 * The rate falls, then rises, in α (each eigenvalue's does), so a golden-section search finds Nesterov's.
 * @param {string} name @param {number[]} curvatures smallest and largest @param {number} momentum
 */
export function bestRate(name, curvatures, momentum) {
  const [lambdaMin, lambdaMax] = curvatures;
  const middle = 2 / (lambdaMin + lambdaMax);
  if (name === "sgd") return middle;
  if (name === "momentum") {
    const root = Math.sqrt(momentum);
    const [from, to] = [(1 - root) ** 2 / lambdaMin, (1 + root) ** 2 / lambdaMax];
    return from < to ? (from + to) / 2 : (1 + momentum) * middle;
  }
  const worst = (alpha) => rateOf(name, alpha, [lambdaMin, lambdaMax], momentum);
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, stabilityLimit(name, lambdaMax, momentum)];
  for (let i = 0; i < 80; i += 1) {
    const width = golden * (high - low);
    if (worst(high - width) <= worst(low + width)) high = low + width;
    else low = high - width;
  }
  return (low + high) / 2;
}

/** The minimum that bears the largest steps: above its limit no minimum of the surface can hold the optimiser. @param {import("./surfaces.js").Surface} surface */
export function flattest({ minima }) {
  return minima.reduce((best, next) => (next.curvatures[1] < best.curvatures[1] ? next : best));
}
