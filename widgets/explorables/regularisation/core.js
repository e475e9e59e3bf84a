// A sum of waves fitted to noisy points: without a penalty, with L2, L1 or dropout, exactly; its errors, its bias and variance.
import { needBetween, needName, needWhole, raise } from "../../core/errors.js";
import { normals } from "../../core/flow.js";
import { random } from "../../core/random.js";

export const MOST_POINTS = 40;
export const MOST_WAVES = 60;
export const HELD_OUT = 100; // points that only judge
const JITTER = 0.02;

/** The rule that the points follow, but for the noise. */
export const truth = (x) =>
  0.8 * Math.cos(Math.PI * x) - 0.6 * Math.cos(3 * Math.PI * x) + 0.4 * Math.cos(6 * Math.PI * x);

/** Wave number k, from 1; finer waves are lower, so that the smallest weights make the smoothest curve. */
export const wave = (k, x) => (Math.SQRT2 / k) * Math.cos(k * Math.PI * x);

/**
 * @typedef {{x: ArrayLike<number>, f: ArrayLike<number>, noise: ArrayLike<number>}} Points noise has variance 1; y = f + σ·noise
 * @param {number} seed @returns {{train: Points, held: Points}} all there are: the first n are used
 */
export function sample(seed) {
  const next = random(seed);
  const start = next();
  const shifts = normals(next, MOST_POINTS);
  // The golden ratio spreads any number of points evenly; the jitter makes gaps.
  const x = Float64Array.from(shifts, (shift, i) =>
    mirror(((start + i * 0.6180339887498949) % 1) + JITTER * shift),
  );
  const held = Float64Array.from({ length: HELD_OUT }, (_, i) => (i + 0.5) / HELD_OUT);
  return {
    train: { x, f: x.map(truth), noise: normals(next, MOST_POINTS) },
    held: { x: held, f: held.map(truth), noise: normals(next, HELD_OUT) },
  };
}
const mirror = (x) => 1 - Math.abs(1 - Math.abs(x));

/** The waves 1…p at every x, one row a point. @param {ArrayLike<number>} x @param {number} p @returns {Float64Array[]} */
export const design = (x, p) =>
  Array.from(x, (at) => Float64Array.from({ length: p }, (_, j) => wave(j + 1, at)));

const designs = new WeakMap(); // points → all waves at all of them
/** The first p waves at the first n points: views of what is computed once. @param {ArrayLike<number> & object} x @returns {Float64Array[]} */
function designOf(x, n, p) {
  if (!designs.has(x)) designs.set(x, design(x, MOST_WAVES));
  return designs
    .get(x)
    .slice(0, n)
    .map((row) => row.subarray(0, p));
}

const columns = (rows, p) => Array.from({ length: p }, (_, j) => Float64Array.from(rows, (row) => row[j]));
const dot = (a, b) => {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
};

/** Householder's QR of `count` columns of `height` numbers, one after the other in `a`, which is overwritten. */
function qr(a, count, height) {
  const diagonal = new Float64Array(count);
  const scales = new Float64Array(count);
  /** b[from…] minus its part along the mirror of column j, twice. */
  const reflect = (b, start, j) => {
    const at = j * height;
    let sum = 0;
    for (let i = j; i < height; i += 1) sum += a[at + i] * b[start + i];
    const by = scales[j] ? (2 * sum) / scales[j] : 0;
    for (let i = j; i < height; i += 1) b[start + i] -= by * a[at + i];
  };
  for (let j = 0; j < count; j += 1) {
    const at = j * height + j;
    let square = 0;
    for (let i = at; i < (j + 1) * height; i += 1) square += a[i] * a[i];
    diagonal[j] = a[at] > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    scales[j] = 2 * (square - a[at] * diagonal[j]);
    a[at] -= diagonal[j];
    for (let k = j + 1; k < count; k += 1) reflect(a, k * height, j);
  }
  return {
    r: (i, j) => (i === j ? diagonal[i] : a[j * height + i]), // i ≤ j
    turn(b) {
      for (let j = 0; j < count; j += 1) reflect(b, 0, j);
      return b;
    }, // Qᵀ b
    back(b) {
      for (let j = count - 1; j >= 0; j -= 1) reflect(b, 0, j);
      return b;
    }, // Q b
  };
}

/**
 * Solves, for any right-hand side, min (1/2n)‖y − Φθ‖² + (λ/2)‖θ‖²; at λ = 0 the solution of least norm.
 * The square root of λ is appended to the matrix, so that nothing is squared and nothing lost.
 * @param {ArrayLike<number>[]} rows Φ @param {number} penalty λ @returns {(y: ArrayLike<number>) => Float64Array} y → θ
 */
export function ridgeSolver(rows, penalty) {
  needBetween("penalty", penalty, 0, 1e12);
  const [n, p] = [rows.length, rows[0].length];
  const root = Math.sqrt(n * penalty);
  const tall = p < n;
  const [count, along] = tall ? [p, n] : [n, p];
  const height = along + (root ? count : 0);
  const extended = new Float64Array(count * height);
  for (let j = 0; j < count; j += 1) {
    for (let i = 0; i < along; i += 1) extended[j * height + i] = tall ? rows[i][j] : rows[j][i];
    if (root) extended[j * height + along + j] = root;
  }
  const { r, turn, back } = qr(extended, count, height);
  if (tall) {
    return (y) => {
      const b = new Float64Array(height);
      b.set(y);
      turn(b);
      const theta = b.slice(0, count);
      for (let i = count - 1; i >= 0; i -= 1) {
        for (let j = i + 1; j < count; j += 1) theta[i] -= r(i, j) * theta[j];
        theta[i] /= r(i, i);
      }
      return theta;
    };
  }
  return (y) => {
    const b = new Float64Array(height);
    for (let i = 0; i < count; i += 1) {
      let sum = y[i];
      for (let j = 0; j < i; j += 1) sum -= r(j, i) * b[j];
      b[i] = sum / r(i, i);
    }
    return back(b).slice(0, p);
  };
}

/** What dropout scales by: the root of each column's mean square. */
export const scalesOf = (rows) =>
  Float64Array.from(columns(rows, rows[0].length), (c) => Math.sqrt(dot(c, c) / c.length));

/**
 * Least squares whose inputs are dropped with probability `rate` (kept ones are scaled up), the mean over all masks:
 * L2 of strength rate/(1 − rate) on the weights in units of their columns. @param {ArrayLike<number>[]} rows @param {number} rate
 */
export function dropoutSolver(rows, rate) {
  needBetween("rate", rate, 0, 1, true);
  const scales = scalesOf(rows);
  const solve = ridgeSolver(
    rows.map((row) => Float64Array.from(row, (v, j) => v / scales[j])),
    rate / (1 - rate),
  );
  return (y) => solve(y).map((v, j) => v / scales[j]);
}

/** What the lasso needs of the data: Φᵀ Φ/n and Φᵀ y/n. @param {ArrayLike<number>[]} rows @param {ArrayLike<number>} y */
export function moments(rows, y) {
  const cols = columns(rows, rows[0].length);
  const n = rows.length;
  return {
    gram: cols.map((a) => Float64Array.from(cols, (b) => dot(a, b) / n)),
    slope: Float64Array.from(cols, (a) => dot(a, y) / n),
    n,
  };
}

/**
 * The whole path of the lasso, min (1/2n)‖y − Φθ‖² + λ‖θ‖₁, from the λ above which all weights are zero down to `least`:
 * between two knots every weight is linear in λ (least angle regression with the lasso's change).
 * @param {ReturnType<typeof moments>} known of the first p columns or more @param {number} p @param {number} least λ > 0
 * @returns {{penalty: number, theta: Float64Array}[]} knots, λ falling
 */
export function lassoPath({ gram, slope, n }, p, least) {
  needBetween("penalty", least, 1e-9, 1e12);
  const theta = new Float64Array(p);
  const c = slope.slice(0, p);
  const inside = new Uint8Array(p);
  const active = factor(gram);
  let penalty = c.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const knots = [{ penalty, theta: theta.slice() }];
  if (penalty <= least) return knots;
  const first = c.findIndex((v) => Math.abs(v) === penalty);
  active.add(first, Math.sign(c[first]));
  inside[first] = 1;
  let gone = -1; // has just left: it stands on its bound, and may not come straight back
  for (let step = 0; step < 8 * (n + p) && penalty > least; step += 1) {
    const { list, signs } = active;
    const move = active.solve(signs); // of the active weights, when λ falls by one
    const flow = new Float64Array(p); // of every c
    for (let j = 0; j < p; j += 1)
      list.forEach((k, a) => {
        flow[j] += move[a] * gram[j][k];
      });
    let drop = penalty - least;
    let [enters, leaves] = [-1, -1];
    for (let j = 0; j < p && list.length < n; j += 1) {
      if (inside[j]) continue;
      for (const sign of [1, -1]) {
        // sign·c_j − t·sign·flow_j meets λ − t
        const [gap, speed] = [penalty - sign * c[j], 1 - sign * flow[j]];
        if (speed <= 0 || (j === gone && gap < 1e-9 * penalty)) continue;
        const t = Math.max(0, gap / speed);
        if (t < drop) [drop, enters] = [t, j];
      }
    }
    list.forEach((k, a) => {
      const t = -theta[k] / move[a];
      if (t > 0 && t < drop) [drop, enters, leaves] = [t, -1, k];
    });
    list.forEach((k, a) => {
      theta[k] += drop * move[a];
    });
    for (let j = 0; j < p; j += 1) c[j] -= drop * flow[j];
    penalty -= drop;
    gone = leaves;
    if (leaves >= 0) {
      theta[leaves] = 0;
      inside[leaves] = 0;
      active.remove(leaves);
    }
    if (enters >= 0) {
      inside[enters] = 1;
      active.add(enters, Math.sign(c[enters]));
    }
    knots.push({ penalty, theta: theta.slice() });
    if (enters < 0 && leaves < 0) break;
  }
  return knots;
}

/** The active columns with Cholesky's factor of their Gram matrix: one more costs k², one less is begun anew. */
function factor(gram) {
  const self = {
    list: [],
    signs: [],
    rows: [],
    add(j, sign) {
      const { list, rows } = self;
      const row = new Float64Array(list.length + 1);
      let rest = gram[j][j];
      list.forEach((k, a) => {
        let v = gram[j][k];
        for (let b = 0; b < a; b += 1) v -= row[b] * rows[a][b];
        row[a] = v / rows[a][a];
        rest -= row[a] ** 2;
      });
      row[list.length] = Math.sqrt(Math.max(rest, 1e-300));
      rows.push(row);
      list.push(j);
      self.signs.push(sign);
    },
    remove(j) {
      const kept = self.list.map((k, a) => [k, self.signs[a]]).filter(([k]) => k !== j);
      Object.assign(self, { list: [], signs: [], rows: [] });
      for (const [k, sign] of kept) self.add(k, sign);
    },
    solve(b) {
      const { rows } = self;
      const x = Float64Array.from(b);
      for (let i = 0; i < x.length; i += 1) {
        for (let j = 0; j < i; j += 1) x[i] -= rows[i][j] * x[j];
        x[i] /= rows[i][i];
      }
      for (let i = x.length - 1; i >= 0; i -= 1) {
        for (let j = i + 1; j < x.length; j += 1) x[i] -= rows[j][i] * x[j];
        x[i] /= rows[i][i];
      }
      return x;
    },
  };
  return self;
}

/** The weights at one λ, between the knots. @param {{penalty: number, theta: Float64Array}[]} knots @param {number} penalty */
export function onPath(knots, penalty) {
  if (penalty >= knots[0].penalty) return knots[0].theta.slice();
  const after = knots.findIndex((knot) => knot.penalty <= penalty);
  if (after < 0) return knots.at(-1).theta.slice();
  const [a, b] = [knots[after - 1], knots[after]];
  const share = (a.penalty - penalty) / (a.penalty - b.penalty);
  return a.theta.map((v, j) => v + share * (b.theta[j] - v));
}

const METHODS = { none: 0, l2: 0, l1: 0, dropout: 0 };
export const LEAST = 1e-5; // λ: the curve's left end

/** @param {string} method @param {ArrayLike<number>[]} rows @param {number} strength λ, or the dropout rate */
export function solver(method, rows, strength) {
  needName("method", method, METHODS);
  if (method === "l1") return (y) => onPath(lassoPath(moments(rows, y), rows[0].length, strength), strength);
  return method === "dropout"
    ? dropoutSolver(rows, strength)
    : ridgeSolver(rows, method === "none" ? 0 : strength);
}

const meanSquare = (list) => dot(list, list) / list.length;
const errorOf = (rows, theta, target) => meanSquare(target.map((t, i) => t - dot(rows[i], theta)));
export const noisy = ({ f, noise }, sigma) => Float64Array.from(f, (v, i) => v + sigma * noise[i]);

/**
 * One fit. @param {{method: string, n: number, p: number, strength: number, sigma: number}} settings @param {ReturnType<typeof sample>} all
 * @returns {{theta: Float64Array, train: number, held: number, norm: number, used: number}} mean squared errors
 */
export function fit({ method, n, p, strength, sigma }, all) {
  const { rows, y, heldRows, heldY } = data(n, p, sigma, all);
  return judged(solver(method, rows, strength)(y), rows, y, heldRows, heldY);
}

function data(n, p, sigma, { train, held }) {
  for (const [name, value, most] of [
    ["points", n, train.x.length],
    ["waves", p, MOST_WAVES],
  ]) {
    needWhole(name, needBetween(name, value, 1, most));
  }
  needBetween("noise", sigma, 0, 100);
  return {
    rows: designOf(train.x, n, p),
    y: noisy(train, sigma).slice(0, n),
    heldRows: designOf(held.x, held.x.length, p),
    heldY: noisy(held, sigma),
  };
}

const judged = (theta, rows, y, heldRows, heldY) => ({
  theta,
  train: errorOf(rows, theta, y),
  held: errorOf(heldRows, theta, heldY),
  norm: Math.sqrt(dot(theta, theta)),
  used: theta.filter((v) => v !== 0).length,
});

/**
 * Bias and variance of a fit that is linear in y, exactly, over all draws of the training noise:
 * the fit is Σ S y, its mean S f, its variance σ² Σ S². @returns {{bias: number, variance: number}} means over the held-out points
 */
export function parts({ method, n, p, strength, sigma }, all) {
  if (method === "l1")
    raise(
      RangeError,
      "badName",
      "method",
      method,
      "none, l2, dropout",
      "bias and variance: the lasso is not linear in y",
    );
  const { rows, heldRows } = data(n, p, sigma, all);
  const solve = solver(method, rows, strength);
  const mean = solve(all.train.f.slice(0, n));
  let variance = 0;
  const unit = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    unit.fill(0);
    unit[i] = 1;
    const theta = solve(unit);
    for (const row of heldRows) variance += dot(row, theta) ** 2;
  }
  return {
    bias: errorOf(heldRows, mean, all.held.f),
    variance: (sigma * sigma * variance) / heldRows.length,
  };
}

/**
 * The singular values of Φ and what they act on, by Jacobi's rotations of the shorter side: every λ at once.
 * @param {ArrayLike<number>[]} rows @returns {{values: number[], left: Float64Array[], right: Float64Array[]}} Φ = Σ value · left rightᵀ
 */
export function singular(rows) {
  const [n, p] = [rows.length, rows[0].length];
  const wide = p > n;
  const u = wide ? rows.map((row) => Float64Array.from(row)) : columns(rows, p);
  const count = u.length;
  const v = Array.from({ length: count }, (_, j) =>
    Float64Array.from({ length: count }, (__, i) => Number(i === j)),
  );
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep += 1) {
    turned = false;
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) turned = rotate(u, v, a, b) || turned;
    }
  }
  const values = u.map((column) => Math.sqrt(dot(column, column)));
  const unit = u.map((column, j) => column.map((x) => (values[j] ? x / values[j] : 0)));
  return wide ? { values, left: v, right: unit } : { values, left: unit, right: v };
}

/** Makes columns a and b of u perpendicular. */
function rotate(u, v, a, b) {
  const [aa, bb, ab] = [dot(u[a], u[a]), dot(u[b], u[b]), dot(u[a], u[b])];
  if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa * bb)) return false;
  const zeta = (bb - aa) / (2 * ab);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  for (const m of [u, v]) {
    for (let i = 0; i < m[a].length; i += 1)
      [m[a][i], m[b][i]] = [c * m[a][i] - c * t * m[b][i], c * t * m[a][i] + c * m[b][i]];
  }
  return true;
}

const STRENGTHS = Array.from({ length: 41 }, (_, i) => LEAST * 10 ** (i / 8)); // to 10
const RATES = Array.from({ length: 33 }, (_, i) => (i + 0.5) * 0.0285); // to 0.93

/** Where a curve over this axis is computed. @param {"size"|"penalty"|"data"} axis @param {{method: string, n: number, p: number}} settings */
export function places(axis, { method, n, p }) {
  if (axis === "penalty") return method === "dropout" ? RATES : STRENGTHS;
  const [around, far, least, most] =
    axis === "data"
      ? [
          [-4, -2, -1, 0, 1, 2, 4].map((d) => p + d),
          [4, 6, 8, 10, 13, 16, 20, 24, 28, 32, 36, MOST_POINTS],
          4,
          MOST_POINTS,
        ]
      : [
          [-5, -3, -2, -1, 0, 1, 2, 3, 5, 8].map((d) => n + d),
          [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 39, 45, 52, MOST_WAVES],
          1,
          MOST_WAVES,
        ];
  return [...new Set([...around, ...far])].filter((v) => v >= least && v <= most).sort((a, b) => a - b);
}

const NAMED = { size: "p", penalty: "strength", data: "n" };
/** Bias² and variance are for fits that are linear in y: the lasso shows its errors instead. */
export const splits = (watch, method) => watch === "parts" && method !== "l1";

/**
 * Errors, or bias² and variance, along one axis; no penalty along the penalty's axis means L2.
 * @returns {{at: number[], first: number[], second: number[]}} training and held-out error; or bias² and variance
 */
export function curve(axis, watch, settings, all) {
  const set = axis === "penalty" && settings.method === "none" ? { ...settings, method: "l2" } : settings;
  const at = places(needName("axis", axis, { size: axis, penalty: axis, data: axis }), set);
  const split = splits(watch, set.method);
  const one = (value) => ({ ...set, [NAMED[axis]]: value });
  const points =
    axis === "penalty"
      ? alongPenalty(at, split, set, all)
      : axis === "size" && set.method === "l1"
        ? alongSize(at, set, all)
        : at.map((value) => (split ? parts : fit)(one(value), all));
  const [first, second] = split ? ["bias", "variance"] : ["train", "held"];
  return { at, first: points.map((v) => v[first]), second: points.map((v) => v[second]) };
}

/** One matrix, many penalties: decomposed once. */
function alongPenalty(at, split, { method, n, p, sigma }, all) {
  const { rows, y, heldRows, heldY } = data(n, p, sigma, all);
  if (method === "l1") {
    const knots = lassoPath(moments(rows, y), p, at[0]);
    return at.map((penalty) => judged(onPath(knots, penalty), rows, y, heldRows, heldY));
  }
  const scales = method === "dropout" ? scalesOf(rows) : new Float64Array(p).fill(1);
  const scaled = (row) => Float64Array.from(row, (v, j) => v / scales[j]);
  const { values, left, right } = singular(rows.map(scaled));
  const seen = heldRows.map((row) => {
    const g = scaled(row);
    return right.map((v) => dot(v, g));
  }); // held-out points × directions
  const target = split ? all.train.f.slice(0, n) : y;
  const along = left.map((u) => dot(u, target));
  const heldTarget = split ? all.held.f : heldY;
  return at.map((strength) => {
    const penalty = method === "dropout" ? strength / (1 - strength) : strength;
    const gain = values.map((s) => s / (s * s + n * penalty)); // of each direction
    const move = gain.map((g, j) => g * along[j]);
    const held = meanSquare(heldTarget.map((t, i) => t - dot(seen[i], move)));
    if (split)
      return {
        bias: held,
        variance:
          (sigma *
            sigma *
            seen.reduce((sum, g) => sum + g.reduce((s, v, j) => s + (v * gain[j]) ** 2, 0), 0)) /
          seen.length,
      };
    return {
      held,
      train: meanSquare(
        Float64Array.from(y, (t, i) => t - left.reduce((sum, u, j) => sum + u[i] * values[j] * move[j], 0)),
      ),
    };
  });
}

/** More and more waves: their moments are computed once. */
function alongSize(at, { n, strength, sigma }, all) {
  const { rows, y, heldRows, heldY } = data(n, MOST_WAVES, sigma, all);
  const known = moments(rows, y);
  return at.map((p) => {
    const theta = new Float64Array(MOST_WAVES);
    theta.set(onPath(lassoPath(known, p, strength), strength));
    return judged(theta, rows, y, heldRows, heldY);
  });
}
