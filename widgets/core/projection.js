// The plane in which a cloud of vectors is widest: principal components, by Jacobi's rotations of the smaller Gram matrix.
import { raise } from "./errors.js";

const SWEEPS = 60;

/**
 * Eigenvalues, falling, and eigenvectors of a symmetric matrix (row major, which is destroyed).
 * @param {Float64Array} a @param {number} n @returns {{values: Float64Array, vectors: Float64Array}} row i belongs to value i
 */
export function eigen(a, n) {
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) v[i * n + i] = 1;
  let scale = 0;
  for (const x of a) scale += x * x;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let off = 0;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) off += a[p * n + q] ** 2;
    if (!(off > 1e-26 * scale)) break;
    for (let p = 0; p < n; p += 1)
      for (let q = p + 1; q < n; q += 1) if (a[p * n + q] ** 2 > 1e-32 * scale) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(v.subarray(from * n, from * n + n), to * n));
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}

/** Makes a[p][q] zero; the rows of v turn along. */
function rotate(a, v, n, p, q) {
  const apq = a[p * n + q];
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k += 1) {
    const [x, y] = [a[k * n + p], a[k * n + q]];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (let k = 0; k < n; k += 1) {
    const [x, y] = [a[p * n + k], a[q * n + k]];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
    const [e, f] = [v[p * n + k], v[q * n + k]];
    v[p * n + k] = c * e - s * f;
    v[q * n + k] = s * e + c * f;
  }
}

/**
 * The two principal axes of the rows, of length 1, at right angles, each with its largest entry positive.
 * @param {ArrayLike<number>} rows flat, n × d
 * @param {ArrayLike<number>} [weights] of the rows, positive: a row of weight 2 counts as two
 * @returns {{mean: Float64Array, axes: Float64Array, shares: number[]}} axes: 2 × d; shares: of the variance, one for each axis
 */
export function principalPlane(rows, n, d, weights) {
  if (!(n >= 1 && d >= 1 && rows.length === n * d))
    raise(
      RangeError,
      "badRange",
      "rows",
      rows.length,
      "n × d",
      `${rows.length} numbers are not ${n} rows of ${d}`,
    );
  const mean = new Float64Array(d);
  const weight = Float64Array.from({ length: n }, (_, i) => weights?.[i] ?? 1);
  const all = weight.reduce((a, b) => a + b, 0);
  for (let i = 0; i < n; i += 1)
    for (let k = 0; k < d; k += 1) mean[k] += (weight[i] * rows[i * d + k]) / all;
  const x = Float64Array.from(
    { length: n * d },
    (_, i) => Math.sqrt(weight[Math.floor(i / d)]) * (rows[i] - mean[i % d]),
  );
  const axes = new Float64Array(2 * d);
  const wide = d > n; // then X Xᵀ is the smaller of the two
  const m = wide ? n : d;
  const gram = new Float64Array(m * m);
  for (let i = 0; i < m; i += 1) {
    for (let j = i; j < m; j += 1) {
      let sum = 0;
      if (wide) for (let k = 0; k < d; k += 1) sum += x[i * d + k] * x[j * d + k];
      else for (let k = 0; k < n; k += 1) sum += x[k * d + i] * x[k * d + j];
      gram[i * m + j] = sum;
      gram[j * m + i] = sum;
    }
  }
  const total = Array.from({ length: m }, (_, i) => gram[i * m + i]).reduce((a, b) => a + b, 0);
  const { values, vectors } = eigen(gram, m);
  for (let axis = 0; axis < Math.min(2, m); axis += 1) {
    const out = axes.subarray(axis * d, axis * d + d);
    const u = vectors.subarray(axis * m, axis * m + m);
    if (!wide) out.set(u);
    else for (let i = 0; i < n; i += 1) for (let k = 0; k < d; k += 1) out[k] += u[i] * x[i * d + k];
    const length = Math.hypot(...out);
    const largest = out.reduce((best, value, k) => (Math.abs(value) > Math.abs(out[best]) ? k : best), 0);
    const factor = length > 0 && values[axis] > 1e-14 * total ? Math.sign(out[largest]) / length : 0;
    for (let k = 0; k < d; k += 1) out[k] *= factor;
  }
  return {
    mean,
    axes,
    shares: [0, 1].map((axis) => (total > 0 && axis < m ? Math.max(0, values[axis]) / total : 0)),
  };
}

/** Places of the rows in a plane: x0, y0, x1, y1, … */
export function project(rows, n, d, { mean, axes }) {
  const places = new Float64Array(2 * n);
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < d; k += 1) {
      const value = rows[i * d + k] - mean[k];
      places[2 * i] += value * axes[k];
      places[2 * i + 1] += value * axes[d + k];
    }
  }
  return places;
}
