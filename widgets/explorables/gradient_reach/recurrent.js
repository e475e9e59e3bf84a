// Three recurrent cells, torch's conventions, in float64, and how far their gradient reaches: ∂h_T/∂x_t, exactly, by back-propagation.
import { needName, raise } from "../../core/errors.js";
import { step } from "../../core/lstm.js";

const sigmoid = (z) => 1 / (1 + Math.exp(-z));

/**
 * The weights of one cell. rnn: k = 1. gru: k = 3, the gates r, z, n. lstm: k = 4, the gates i, f, g, o.
 * @typedef {{W: ArrayLike<number>, U: ArrayLike<number>, b: ArrayLike<number>, bh: ArrayLike<number>, inputs: number, hidden: number}} Cell
 *   W (kH, I) and U (kH, H) row by row; b and bh (kH): torch's bias_ih and bias_hh
 * @typedef {{h: Float64Array[], c: Float64Array[], gates: Float64Array[], inner: Float64Array[], room: Float64Array[]}} Tape
 *   h and c begin with the empty state; inner: of the GRU, what r multiplies; room to work in: thousands of small arrays take longer than their sums
 */

/** rows of W x + b, one below the other */
function affine(matrix, x, bias, out) {
  const columns = x.length;
  for (let row = 0, at = 0; row < out.length; row += 1) {
    let sum = bias[row];
    for (let j = 0; j < columns; j += 1, at += 1) sum += matrix[at] * x[j];
    out[row] = sum;
  }
  return out;
}

/** out += Mᵀ d */
function back(matrix, d, out) {
  const columns = out.length;
  for (let row = 0, at = 0; row < d.length; row += 1) {
    const from = d[row];
    for (let j = 0; j < columns; j += 1, at += 1) out[j] += matrix[at] * from;
  }
}

const zeros = (size) => new Float64Array(size);

/** Name → how many gates, one step forward, and one step back: (cell, tape, t, dh, dc, dx) change in place to those of the step before. */
export const CELLS = {
  rnn: {
    gates: 1,
    forward({ W, U, b, bh, hidden: H }, tape, x, t) {
      const [fromInput, fromState] = [affine(W, x, b, zeros(H)), affine(U, tape.h[t], bh, zeros(H))];
      tape.h.push(fromInput.map((z, k) => Math.tanh(z + fromState[k])));
    },
    backward({ W, U }, tape, t, dh, _dc, dx) {
      const dz = tape.room[0];
      dh.forEach((d, k) => {
        dz[k] = d * (1 - tape.h[t + 1][k] ** 2);
      });
      dh.fill(0);
      back(U, dz, dh);
      back(W, dz, dx);
    },
  },
  gru: {
    gates: 3,
    forward({ W, U, b, bh, hidden: H }, tape, x, t) {
      const [gates, own] = [affine(W, x, b, zeros(3 * H)), affine(U, tape.h[t], bh, zeros(3 * H))];
      const h = zeros(H);
      for (let k = 0; k < 2 * H; k += 1) gates[k] = sigmoid(gates[k] + own[k]);
      for (let k = 0; k < H; k += 1) {
        gates[2 * H + k] = Math.tanh(gates[2 * H + k] + gates[k] * own[2 * H + k]);
        h[k] = (1 - gates[H + k]) * gates[2 * H + k] + gates[H + k] * tape.h[t][k];
      }
      tape.gates.push(gates);
      tape.inner.push(own.slice(2 * H));
      tape.h.push(h);
    },
    backward({ W, U, hidden: H }, tape, t, dh, _dc, dx) {
      const [gates, inner, h] = [tape.gates[t], tape.inner[t], tape.h[t]];
      const [dz, direct] = tape.room;
      for (let k = 0; k < H; k += 1) {
        const [r, z, n] = [gates[k], gates[H + k], gates[2 * H + k]];
        dz[2 * H + k] = dh[k] * (1 - z) * (1 - n * n);
        dz[H + k] = dh[k] * (h[k] - n) * z * (1 - z);
        dz[k] = dz[2 * H + k] * inner[k] * r * (1 - r);
        direct[k] = dh[k] * z;
      }
      back(W, dz, dx);
      // The state meets the candidate n behind its gate r.
      for (let k = 0; k < H; k += 1) dz[2 * H + k] *= gates[k];
      dh.set(direct);
      back(U, dz, dh);
    },
  },
  lstm: {
    gates: 4,
    forward({ W, U, b, bh, hidden: H }, tape, x, t) {
      const z = affine(W, x, b, zeros(4 * H));
      for (let k = 0; k < 4 * H; k += 1) z[k] += bh[k];
      const [h, c] = [zeros(H), zeros(H)];
      step(z, U, tape.h[t], tape.c[t], h, c);
      tape.gates.push(z);
      tape.h.push(h);
      tape.c.push(c);
    },
    backward({ W, U, hidden: H }, tape, t, dh, dc, dx) {
      const [gates, before, c] = [tape.gates[t], tape.c[t], tape.c[t + 1]];
      const dz = tape.room[0];
      for (let k = 0; k < H; k += 1) {
        const [i, f, g, o] = [gates[k], gates[H + k], gates[2 * H + k], gates[3 * H + k]];
        const bent = Math.tanh(c[k]);
        dc[k] += dh[k] * o * (1 - bent * bent);
        dz[k] = dc[k] * g * i * (1 - i);
        dz[H + k] = dc[k] * before[k] * f * (1 - f);
        dz[2 * H + k] = dc[k] * i * (1 - g * g);
        dz[3 * H + k] = dh[k] * bent * o * (1 - o);
        dc[k] *= f;
      }
      dh.fill(0);
      back(U, dz, dh);
      back(W, dz, dx);
    },
  },
};

/** @typedef {keyof typeof CELLS} Kind */

/** Read a sequence from the empty state. @param {Kind} kind @param {Cell} cell @param {ArrayLike<number>[]} xs @returns {Tape} */
export function run(kind, cell, xs) {
  const { gates, forward } = needName("cell", kind, CELLS);
  const { W, U, b, bh, inputs: I, hidden: H } = cell;
  const fits =
    W.length === gates * H * I &&
    U.length === gates * H * H &&
    b.length === gates * H &&
    bh.length === gates * H;
  if (!fits)
    raise(
      RangeError,
      "badWeights",
      "weights",
      kind,
      "",
      `the weights are not those of a ${kind} of ${I} inputs and ${H} units`,
    );
  const tape = { h: [zeros(H)], c: [zeros(H)], gates: [], inner: [], room: [zeros(gates * H), zeros(H)] };
  xs.forEach((x, t) => forward(cell, tape, x, t));
  return tape;
}

/**
 * From the last output, one unit after the other, back to every input.
 * @param {Kind} kind @param {Cell} cell @param {Tape} tape @param {ArrayLike<number>[]} [tops] gradients for h_T to begin with; the unit vectors if not given
 * @returns {number[]} by distance k = 0 … T − 1: the Frobenius norm of (tops ·) ∂h_T/∂x_{T−k}
 */
export function reach(kind, cell, tape, tops) {
  const { backward } = needName("cell", kind, CELLS);
  const { inputs: I, hidden: H } = cell;
  const T = tape.h.length - 1;
  const squares = new Array(T).fill(0);
  const rows = tops ?? Array.from({ length: H }, (_, r) => zeros(H).fill(1, r, r + 1));
  for (const top of rows) {
    const [dh, dc, dx] = [Float64Array.from(top), zeros(H), zeros(I)];
    for (let t = T - 1; t >= 0; t -= 1) {
      dx.fill(0);
      backward(cell, tape, t, dh, dc, dx);
      for (const d of dx) squares[T - 1 - t] += d * d;
    }
  }
  return squares.map(Math.sqrt);
}
