// Loss surfaces over the plane: value, gradient, minima with their curvatures, and what the explorable needs to show them.
import { networks, points, reach, loss as sliceLoss } from "../../data/recordings/mlp_slice.json";
import { needBetween, needName } from "./errors.js";
import { interpolator } from "./grid.js";

/**
 * @typedef {{at: number[], value: number, curvatures: number[]}} Minimum  curvatures: the Hessian's eigenvalues, rising
 *
 * @typedef {object} Surface
 * @property {(x: number, y: number) => number} value
 * @property {(x: number, y: number) => number[]} gradient
 * @property {{x: number[], y: number[]}} domain  what is drawn
 * @property {(loss: number) => number} height  contour lines are evenly spaced in it
 * @property {number} [detail]  samples along a side that show its narrowest valley
 * @property {(height: number) => {at: number[], radii: number[], angle: number}} [ellipse]  its contour at a height, if it is one
 * @property {Minimum[]} minima
 * @property {boolean} quadratic  the curvatures hold everywhere, so that theory is exact
 * @property {number[]} start @property {number} learningRate @property {number[]} rates  [slowest, fastest] on the slider
 * @property {{below: number, within: number, from: number}} goal  loss, steps, least loss at the start
 * @property {number[]} losses  the loss axis
 * @property {(x: number, y: number) => boolean} [inside]  where it is known
 */

/** Hessian by central differences of the exact gradient. @returns {number[]} its eigenvalues, rising */
export function curvatures(gradient, [x, y], h = 1e-5) {
  const along = (dx, dy) => {
    const [a, b] = [gradient(x + dx, y + dy), gradient(x - dx, y - dy)];
    return [(a[0] - b[0]) / (2 * h), (a[1] - b[1]) / (2 * h)];
  };
  const [[a, b1], [b2, c]] = [along(h, 0), along(0, h)];
  const [mean, spread] = [(a + c) / 2, Math.hypot((a - c) / 2, (b1 + b2) / 2)];
  return [mean - spread, mean + spread];
}

const minimum = ({ value, gradient }, at) => ({
  at,
  value: value(...at),
  curvatures: curvatures(gradient, at),
});

/** f = ½ (u² + κ w²) in axes turned by `angle`: curvature 1 along the valley, κ across it. */
function quadratic({ condition = 30, angle = 0.4 } = {}) {
  needBetween("condition", condition, 1, 1000);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return {
    value: (x, y) => ((c * x + s * y) ** 2 + condition * (c * y - s * x) ** 2) / 2,
    gradient(x, y) {
      const [u, w] = [c * x + s * y, condition * (c * y - s * x)];
      return [c * u - s * w, s * u + c * w];
    },
    ellipse: (height) => ({
      at: [0, 0],
      radii: [height * Math.SQRT2, height * Math.sqrt(2 / condition)],
      angle,
    }),
    quadratic: true,
    minima: [{ at: [0, 0], value: 0, curvatures: [1, condition] }],
    domain: { x: [-3, 3], y: [-3, 3] },
    height: Math.sqrt,
    start: [-2.4, 0.6],
    learningRate: 0.02,
    rates: [1e-3, 3],
    goal: { below: 1e-6, within: 100, from: 1 },
    losses: [1e-9, 1e4],
  };
}

/** f = (1 − x)² + 100 (y − x²)²  (Rosenbrock 1960) */
function rosenbrock() {
  const value = (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  const gradient = (x, y) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)];
  return {
    value,
    gradient,
    quadratic: false,
    minima: [minimum({ value, gradient }, [1, 1])],
    domain: { x: [-2, 2], y: [-1, 3] },
    height: (f) => Math.log(3 + f),
    detail: 110,
    start: [-1.2, 1],
    learningRate: 1e-3,
    rates: [1e-5, 1e-2],
    goal: { below: 1e-2, within: 300, from: 1 },
    losses: [1e-5, 1e4],
  };
}

/** f = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²  (Beale 1958) */
function beale() {
  const terms = (x, y) => [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y];
  const value = (x, y) => terms(x, y).reduce((sum, t) => sum + t * t, 0);
  const gradient = (x, y) => {
    const [p, q, r] = terms(x, y);
    return [
      2 * (p * (y - 1) + q * (y * y - 1) + r * (y * y * y - 1)),
      2 * x * (p + 2 * q * y + 3 * r * y * y),
    ];
  };
  return {
    value,
    gradient,
    quadratic: false,
    minima: [minimum({ value, gradient }, [3, 0.5])],
    domain: { x: [-0.5, 4.5], y: [-3, 2] },
    height: (f) => Math.log(0.3 + f),
    detail: 80,
    start: [0.5, -1],
    learningRate: 5e-3,
    rates: [1e-4, 1],
    goal: { below: 1e-4, within: 150, from: 1 },
    losses: [1e-8, 1e4],
  };
}

/** f = ½x² + ¼(y² − 1)²: a saddle at the origin between two minima. */
function saddle() {
  const value = (x, y) => (x * x) / 2 + (y * y - 1) ** 2 / 4;
  const gradient = (x, y) => [x, y * (y * y - 1)];
  return {
    value,
    gradient,
    quadratic: false,
    minima: [
      [0, 1],
      [0, -1],
    ].map((at) => minimum({ value, gradient }, at)),
    domain: { x: [-2, 2], y: [-2, 2] },
    height: Math.sqrt,
    detail: 64,
    start: [-1.6, 0],
    learningRate: 0.2,
    rates: [1e-2, 10],
    goal: { below: 1e-6, within: 60, from: 0.2 },
    losses: [1e-10, 1e2],
  };
}

/** A plane through the loss of a real network, recorded (recipes/learning/mlp_slice.py): three trained networks, a hill between them. */
function mlp() {
  const plane = interpolator(sliceLoss, points, reach);
  return {
    ...plane,
    quadratic: false,
    minima: networks.map((at) => minimum(plane, descend(plane, at))),
    domain: { x: [-1.9, 1.9], y: [-1.9, 1.9] },
    height: Math.log,
    detail: 64,
    start: [0.1, 0.2],
    learningRate: 0.1,
    rates: [1e-2, 10],
    goal: { below: 0.397, within: 40, from: 0.7 },
    losses: [0.2, 5],
  };
}

/** The bottom of the valley that a trained network lies in: the slice's own minimum is near, not at it. */
function descend({ gradient }, at) {
  let [x, y] = at;
  for (let i = 0; i < 400; i += 1) {
    const [gx, gy] = gradient(x, y);
    [x, y] = [x - 0.1 * gx, y - 0.1 * gy];
  }
  return [x, y];
}

/** @type {Record<string, (options?: {condition?: number, angle?: number}) => Surface>} */
export const SURFACES = { quadratic, rosenbrock, beale, saddle, mlp };

const made = new Map();

/** @param {string} name @param {{condition?: number, angle?: number}} [options] of the quadratic @returns {Surface} */
export function surfaceOf(name, options = {}) {
  const make = needName("surface", name, SURFACES);
  if (make === quadratic) return quadratic(options);
  if (!made.has(name)) made.set(name, make());
  return made.get(name);
}
