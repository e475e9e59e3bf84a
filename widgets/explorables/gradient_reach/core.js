// The laboratory of *gradient_reach*: the same random numbers make an RNN, a GRU and an LSTM; two sliders scale and tilt them.
import { needBetween } from "../../core/errors.js";
import { normals } from "../../core/flow.js";
import { random } from "../../core/random.js";
import { CELLS, reach, run } from "./recurrent.js";

export { CELLS, reach, run };
export const HIDDEN = 16;
export const INPUTS = 4;
export const LONGEST = 150;
export const STRENGTH = 0.1; // of the inputs: standard deviation of W x
export const LEVEL = 0.01; // what is left of the gradient where its reach ends
const SMALLEST = 1e-300;

/** @typedef {import("./recurrent.js").Kind} Kind */

/** A random matrix that turns and mirrors, and changes no length: Gram and Schmidt on normal numbers. @returns {Float64Array} (size, size) */
export function orthogonal(next, size) {
  const rows = Array.from({ length: size }, () => normals(next, size));
  rows.forEach((row, i) => {
    for (let pass = 0; pass < 2; pass += 1) {
      // twice is enough
      for (const other of rows.slice(0, i)) {
        const along = row.reduce((sum, v, k) => sum + v * other[k], 0);
        for (let k = 0; k < size; k += 1) row[k] -= along * other[k];
      }
    }
    const length = Math.hypot(...row);
    for (let k = 0; k < size; k += 1) row[k] /= length;
  });
  return Float64Array.from(rows.flatMap((row) => Array.from(row)));
}

/** All random numbers of a seed. @param {number} seed */
export function draw(seed) {
  const next = random(seed);
  const turns = Array.from({ length: 4 }, () => orthogonal(next, HIDDEN));
  const weights = normals(next, 4 * HIDDEN * INPUTS).map((v) => (STRENGTH * v) / Math.sqrt(INPUTS));
  const xs = Array.from({ length: LONGEST }, () => normals(next, INPUTS));
  return { turns, weights, xs };
}

/**
 * The three cells: recurrent matrices `scale` times an orthogonal one; all biases 0 but that of the gate which keeps
 * (of the LSTM: f, the second; of the GRU: z, the second as well).
 * @param {Kind} kind
 * @returns {import("./recurrent.js").Cell}
 */
export function cellOf(kind, { turns, weights }, scale, bias) {
  const { gates } = CELLS[kind];
  const U = new Float64Array(gates * HIDDEN * HIDDEN);
  for (let gate = 0; gate < gates; gate += 1) {
    turns[gate].forEach((v, k) => {
      U[gate * HIDDEN * HIDDEN + k] = scale * v;
    });
  }
  const b = new Float64Array(gates * HIDDEN);
  if (gates > 1) b.fill(bias, HIDDEN, 2 * HIDDEN);
  return {
    W: weights.slice(0, gates * HIDDEN * INPUTS),
    U,
    b,
    bh: new Float64Array(gates * HIDDEN),
    inputs: INPUTS,
    hidden: HIDDEN,
  };
}

/** What is left of the gradient, by distance: 1 at distance 0. @param {number[]} norms */
export const relative = (norms) => norms.map((norm) => norm / Math.max(norms[0], SMALLEST));

/** The farthest step back from which at least `LEVEL` is left. @param {number[]} left */
export const reachOf = (left) => left.reduce((far, share, step) => (share >= LEVEL ? step : far), -1);

/** By what factor a step back changes the gradient, on average. @param {number[]} left */
export const perStep = (left) =>
  left.length > 1 ? Math.max(left.at(-1), SMALLEST) ** (1 / (left.length - 1)) : 1;

/** Gradients of length 1 in four directions at right angles: what a loss of h_T sends back. */
const topsOf = ({ turns }) =>
  Array.from({ length: 4 }, (_, row) => turns[3].slice(row * HIDDEN, (row + 1) * HIDDEN));

/**
 * What is left of the gradient at every distance, how far it reaches, and the factor a step, on average over all steps.
 * @typedef {{left: number[], reach: number, rate: number}} Measured
 */

/** @returns {Measured} of one cell, over `length` steps */
function measureOne(kind, drawn, scale, bias, length) {
  const cell = cellOf(kind, drawn, scale, bias);
  const left = relative(reach(kind, cell, run(kind, cell, drawn.xs.slice(0, length)), topsOf(drawn)));
  return { left, reach: reachOf(left), rate: perStep(left) };
}

/** @returns {Record<Kind, Measured>} of each cell, over `length` steps */
export function measure(drawn, scale, bias, length) {
  needBetween("scale", scale, 0, 100);
  needBetween("bias", bias, -100, 100);
  needBetween("length", length, 2, LONGEST);
  const of = (/** @type {Kind} */ kind) => measureOne(kind, drawn, scale, bias, length);
  return { rnn: of("rnn"), gru: of("gru"), lstm: of("lstm") };
}

/** The factor a step of one cell for every scale of a list: the `rate` that `measure` gives there. @param {Kind} kind */
export const sweep = (kind, drawn, scales, bias, length) =>
  scales.map((scale) => measureOne(kind, drawn, scale, bias, length).rate);
