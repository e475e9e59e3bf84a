// How large is a model, and what does it take to train it? The formulas of lib/firstgrad/book/sizes.py; a test
// holds the two equal.
// h width, f feed-forward units, L layers, a heads, s context, v vocabulary, b sequences at a time.
import { needBetween, needName, needPositive, needWhole, raise } from "../../core/errors.js";

const FAMILIES = {
  gpt: { gated: false, dropout: true },
  bert: { gated: false, dropout: true },
  llama: { gated: true, dropout: false },
};
const PRECISIONS = { mixed: [2, 2, 12], fp32: [4, 4, 8] }; // bytes a parameter: weight, gradient, optimiser
const RECOMPUTE = { none: 0, selective: 1, full: 2 };

/** FLOP/s with 16-bit and with 32-bit numbers (dense), bytes of memory: NVIDIA's white papers. */
export const GPUS = {
  V100: { peak_16: 125e12, peak_32: 15.7e12, memory: 32e9 },
  A100: { peak_16: 312e12, peak_32: 19.5e12, memory: 80e9 },
  H100: { peak_16: 989e12, peak_32: 67e12, memory: 80e9 },
  H200: { peak_16: 989e12, peak_32: 67e12, memory: 141e9 },
};

/**
 * @typedef {{layers: number, width: number, heads: number, vocabulary: number, context: number,
 * feed_forward?: number, family?: string}} Shape
 */

const needCount = (argument, value, least = 1) =>
  needWhole(argument, needBetween(argument, value, least, Number.MAX_SAFE_INTEGER));

/** @param {Shape} shape checked, with what it leaves open */
export function shapeOf(shape) {
  for (const name of ["layers", "width", "heads", "vocabulary", "context"]) needCount(name, shape[name]);
  const whole = {
    family: "gpt",
    ...shape,
    feed_forward: needCount("feed_forward", shape.feed_forward ?? 0, 0) || 4 * shape.width,
  };
  needName("family", whole.family, FAMILIES);
  if (whole.width % whole.heads) {
    raise(
      RangeError,
      "badHeads",
      "heads",
      whole.heads,
      String(whole.width),
      `heads must divide the width ${whole.width}, not ${whole.heads}`,
    );
  }
  return whole;
}

/**
 * The largest number of heads that divides the width, at most `heads`.
 * @param {number} width @param {number} heads
 */
export function fittingHeads(width, heads) {
  let a = Math.min(needCount("heads", heads), needCount("width", width));
  while (width % a) a -= 1;
  return a;
}

/** Where the parameters are. @param {Shape} given */
export function parameters(given) {
  const { layers: L, width: h, feed_forward: f, vocabulary: v, context: s, family } = shapeOf(given);
  if (family === "llama")
    return {
      embeddings: v * h,
      attention: L * 4 * h * h,
      feed_forward: L * 3 * h * f,
      norms: (2 * L + 1) * h,
      output: v * h,
    };
  const bert = family === "bert";
  return {
    embeddings: (v + s + (bert ? 2 : 0)) * h,
    attention: L * (4 * h * h + 4 * h),
    feed_forward: L * (2 * h * f + f + h),
    norms: (2 * L + 1) * 2 * h,
    output: bert ? h * h + h : 0,
  };
}

/** @param {Record<string, number>} parts */
export const total = (parts) => Object.values(parts).reduce((sum, part) => sum + part, 0);

/**
 * Bytes kept for the backward pass.
 * @param {Shape} given @param {number} batch @param {string} precision @param {string} recompute
 */
export function activations(given, batch = 1, precision = "mixed", recompute = "none") {
  const {
    layers: L,
    width: h,
    feed_forward: f,
    heads: a,
    vocabulary: v,
    context: s,
    family,
  } = shapeOf(given);
  const [e] = needName("precision", precision, PRECISIONS);
  needName("recompute", recompute, RECOMPUTE);
  needCount("batch", batch);
  const { gated, dropout } = FAMILIES[family];
  const mask = dropout ? 1 : 0;
  const linear = e * (8 * h + (gated ? 4 : 2) * f) + 2 * mask * h;
  const scores = (dropout ? 2 * e + 1 : e) * a * s;
  const block = recompute === "full" ? e * h : linear + (recompute === "none" ? scores : 0);
  return s * batch * (L * block + 2 * e * h + 4 * v + mask * h);
}

/**
 * Bytes to train with Adam.
 * @param {Shape} shape @param {number} batch @param {string} precision @param {string} recompute
 */
export function memory(shape, batch = 1, precision = "mixed", recompute = "none") {
  const kept = activations(shape, batch, precision, recompute);
  const N = total(parameters(shape));
  const [weight, gradient, optimiser] = PRECISIONS[precision];
  return { weights: weight * N, gradients: gradient * N, optimiser: optimiser * N, activations: kept };
}

/** @param {number} count @param {number} tokens */
export const trainingFlops = (count, tokens) =>
  6 * needPositive("count", count) * needPositive("tokens", tokens);

/** @param {Shape} given @param {number} tokens */
export function attentionFlops(given, tokens) {
  const { layers, width, context } = shapeOf(given);
  return 12 * layers * width * context * needPositive("tokens", tokens);
}

/**
 * @param {number} flops @param {number} gpus @param {number} peak FLOP/s @param {number} utilisation
 * @param {string} recompute
 */
export function trainingSeconds(flops, gpus, peak, utilisation, recompute = "none") {
  needName("recompute", recompute, RECOMPUTE);
  if (!(utilisation > 0 && utilisation <= 1)) needBetween("utilisation", utilisation, Number.MIN_VALUE, 1);
  const work = needPositive("flops", flops) * (recompute === "full" ? 4 / 3 : 1);
  return work / (needCount("gpus", gpus) * needPositive("peak", peak) * utilisation);
}

/** @param {number} seconds @param {number} gpus @param {number} price of one for an hour */
export const cost = (seconds, gpus, price) =>
  (needBetween("seconds", seconds, 0, Infinity) / 3600) *
  needCount("gpus", gpus) *
  needBetween("price", price, 0, Infinity);

/** @param {number} bytes @param {string} gpu */
export const gpusNeeded = (bytes, gpu) =>
  Math.max(1, Math.ceil(needPositive("total", bytes) / needName("gpu", gpu, GPUS).memory));
