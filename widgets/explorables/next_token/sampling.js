// From logits to the next token: temperature, top-k, top-p, and the draw. The same as firstgrad.sampling.
import { needBetween, needPositive, raise } from "../../core/errors.js";

/** @typedef {number[] | Float64Array} Numbers */

/** exp, divided by the sum. @param {Numbers} logits */
export function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = Float64Array.from(logits, (z) => Math.exp(z - highest));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/** @param {Numbers} logits @param {number} temperature */
export function temper(logits, temperature) {
  needPositive("temperature", temperature);
  return Float64Array.from(logits, (z) => z / temperature);
}

/** The k largest stay, and whatever equals the k-th. @param {Numbers} logits @param {number} k */
export function topK(logits, k) {
  if (!Number.isInteger(k) || k < 1)
    raise(RangeError, "badRange", "k", k, "1, 2, 3, …", `k must be a whole number of at least 1, not ${k}`);
  const kth = Float64Array.from(logits).sort().at(-Math.min(k, logits.length));
  return Float64Array.from(logits, (z) => (z < kth ? -Infinity : z));
}

/**
 * The fewest tokens stay, the likeliest first, that have at least p together.
 * @param {Numbers} logits @param {number} p
 */
export function topP(logits, p) {
  needBetween("p", p, 0, 1);
  needPositive("p", p);
  const chances = softmax(logits);
  const order = Array.from(logits, (_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);
  const kept = Float64Array.from(logits);
  let sum = 0;
  for (const i of order) {
    sum += chances[i];
    if (sum - chances[i] >= p && p < 1) kept[i] = -Infinity;
  }
  return kept;
}

/** What is drawn from: temperature first, then top-k, then top-p. @param {Numbers} logits */
export function chances(logits, { temperature = 1, k = logits.length, p = 1 } = {}) {
  return softmax(topP(topK(temper(logits, temperature), k), p));
}

/** Where the running sum passes u, in [0, 1). @param {Numbers} chances @param {number} u */
export function pick(chances, u) {
  needBetween("u", u, 0, 1, true);
  const total = Array.prototype.reduce.call(chances, (sum, v) => sum + v, 0);
  let sum = 0,
    last = 0;
  for (let i = 0; i < chances.length; i += 1) {
    sum += chances[i];
    if (chances[i] > 0) last = i;
    if (sum > u * total) return i;
  }
  return last;
}

/** In bits. @param {Numbers} chances */
export const entropy = (chances) =>
  Array.prototype.reduce.call(chances, (sum, v) => (v > 0 ? sum - v * Math.log2(v) : sum), 0);
