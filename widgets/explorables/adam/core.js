// What happens inside Adam, and a race of it against the methods that it is made of.
import { checkAdam, RACERS, racerOf } from "../../core/adaptive.js";
import { flattest, reachedAt, walk } from "../../core/descent.js";
import { SURFACES, surfaceOf } from "../../core/surfaces.js";

export { flattest, RACERS, reachedAt, SURFACES, surfaceOf };

/** Learning rates tried for a racer: four to a factor of ten, from 0.0001 to 10. */
export const RATES = Array.from({ length: 21 }, (_, i) => Number((10 ** (i / 4 - 4)).toPrecision(3)));

/** @param {string} name @param {import("../../core/surfaces.js").Surface} surface @param {number[]} start @param {Partial<import("../../core/adaptive.js").AdamHyper>} hyper @param {number} steps */
export const run = (name, surface, start, hyper, steps) =>
  walk(racerOf(name), surface, start, checkAdam(hyper), steps);

/** The points that a sequence of gradients leads to: the optimiser alone. @param {string} name @param {number[]} start @param {number[][]} gradients */
export function follow(name, start, gradients, hyper) {
  const racer = racerOf(name);
  const checked = checkAdam(hyper);
  const point = Float64Array.from(start);
  const state = racer.init(point.length);
  return gradients.map((gradient) => {
    racer.step(state, point, gradient, checked);
    return Array.from(point);
  });
}

/**
 * The averages of one weight's gradients, and the step they make, in units of −α: with the correction and without.
 * @param {ArrayLike<number>} gradients
 */
export function averages(gradients, { beta1, beta2, epsilon }) {
  const row = () => new Float64Array(gradients.length);
  const all = { m: row(), v: row(), mHat: row(), vHat: row(), corrected: row(), raw: row() };
  let [m, v] = [0, 0];
  for (let i = 0; i < gradients.length; i += 1) {
    const g = gradients[i];
    m += (1 - beta1) * (g - m);
    v += (1 - beta2) * (g * g - v);
    const [mHat, vHat] = [m / (1 - beta1 ** (i + 1)), v / (1 - beta2 ** (i + 1))];
    const now = {
      m,
      v,
      mHat,
      vHat,
      corrected: mHat / (Math.sqrt(vHat) + epsilon),
      raw: m / (Math.sqrt(v) + epsilon),
    };
    for (const name of Object.keys(now)) all[name][i] = now[name];
  }
  return all;
}

/** The gradients of one coordinate at the points where steps were taken. @param {import("../../core/descent.js").Run} run @param {import("../../core/surfaces.js").Surface} surface @param {number} axis 0 or 1 */
export function gradientsAlong({ path }, surface, axis) {
  const taken = path.length / 2 - 1;
  return Float64Array.from({ length: taken }, (_, i) => surface.gradient(path[2 * i], path[2 * i + 1])[axis]);
}

/**
 * No step number t of Adam (corrected, whatever the gradients) is longer than this many α.
 * By Cauchy and Schwarz: |Σ β₁ᵏ g| ≤ √(Σ (β₁²/β₂)ᵏ) √(Σ β₂ᵏ g²).
 */
export function bound(t, beta1, beta2) {
  if (t === 1 || beta1 === 0) return Math.sqrt((1 - beta2 ** t) / (1 - beta2));
  if (beta2 === 0) return Infinity;
  const r = (beta1 * beta1) / beta2;
  const sum = r === 1 ? t : (1 - r ** t) / (1 - r);
  return ((1 - beta1) / (1 - beta1 ** t)) * Math.sqrt(((1 - beta2 ** t) / (1 - beta2)) * sum);
}

/** Where a run ends: the largest loss of its last tenth, since the very last may be a lucky swing; ∞ if it diverged or left. */
export function endOf({ losses, diverged, left }) {
  if (diverged !== null || left !== null) return Infinity;
  return losses.slice(Math.floor(0.9 * losses.length)).reduce((top, loss) => Math.max(top, loss));
}

const FAR = 10; // a run whose loss ever grows so many times above the start's was thrown out of the picture: it does not count

/** A racer at the learning rate, of `RATES`, that ends lowest. @returns {{name: string, rate: number, run: object}} */
export function tune(name, surface, start, hyper, steps) {
  let best = null;
  for (const learningRate of RATES) {
    const tried = {
      name,
      rate: learningRate,
      run: run(name, surface, start, { ...hyper, learningRate }, steps),
    };
    const far = tried.run.losses.some((loss) => loss > FAR * tried.run.losses[0]);
    if (best === null || (!far && endOf(tried.run) < endOf(best.run))) best = tried;
  }
  return best;
}

/** Who reaches the goal first; of those who do not, who ends lower. @param {{run: object, hit: number|null}[]} entries */
export function ranking(entries) {
  const last = ({ hit, run: result }) => (hit === null ? [1, endOf(result)] : [0, hit]);
  return [...entries].sort((a, b) => {
    const [[p, q], [r, s]] = [last(a), last(b)];
    return p - r || (q === s ? 0 : q < s ? -1 : 1);
  });
}
