// n-gram models by looking into the text itself: the text is the model. The same probabilities as
// firstgrad.models.ngram. No table of n-grams is built: the places of the text are sorted once by the tokens
// that follow, so that all places after a context lie side by side, and only what is asked for is counted.
import { needPositive, raise } from "../../core/errors.js";

export const SMOOTHINGS = ["likelihood", "add-k", "absolute", "kneser-ney", "modified"];
const KEPT = 20_000; // counted contexts that are remembered

/**
 * Places sorted by the first `depth` tokens from there on; a text that ends sorts before one that goes on.
 * @typedef {{ids: ArrayLike<number>, size: number, depth: number, places: Int32Array, shared: Uint8Array,
 * known: Map<string, any>}} Index
 * @param {ArrayLike<number>} ids @param {number} size how many tokens there are
 * @param {number} depth the highest order
 * @returns {Index}
 */
export function indexOf(ids, size, depth) {
  if (!Number.isInteger(depth) || depth < 1)
    raise(
      RangeError,
      "badRange",
      "order",
      depth,
      "1, 2, 3, …",
      `order must be a whole number of at least 1, not ${depth}`,
    );
  if (ids.length < depth)
    raise(
      RangeError,
      "shortText",
      "text",
      ids.length,
      `≥ ${depth}`,
      `the text has ${ids.length} tokens; it needs at least ${depth}`,
    );
  let places = Int32Array.from(ids, (_, i) => i),
    spare = new Int32Array(ids.length);
  for (let d = depth - 1; d >= 0; d -= 1) {
    // One counting sort for each token, the last first: each keeps the order that the one before has made.
    const starts = new Int32Array(size + 2);
    const key = (p) => (p + d < ids.length ? ids[p + d] + 1 : 0);
    for (const p of places) starts[key(p) + 1] += 1;
    for (let i = 1; i < starts.length; i += 1) starts[i] += starts[i - 1];
    for (const p of places) spare[starts[key(p)]++] = p;
    [places, spare] = [spare, places];
  }
  return { ids, size, depth, places, shared: sharedWith(ids, places, depth), known: new Map() };
}

/** How many tokens each place has in common with the one before it in the order. */
function sharedWith(ids, places, depth) {
  const shared = new Uint8Array(places.length);
  for (let i = 1; i < places.length; i += 1) {
    const [a, b] = [places[i - 1], places[i]];
    const most = Math.min(depth, ids.length - Math.max(a, b));
    let n = 0;
    while (n < most && ids[a + n] === ids[b + n]) n += 1;
    shared[i] = n;
  }
  return shared;
}

/**
 * The first position in the order whose text is not before `context` (or, `after`, not one that begins with
 * it).
 */
function bound({ ids, places }, context, after) {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(ids, places[middle], context) < (after ? 1 : 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Negative: the text at `place` is before the context; 0: it begins with it. */
function compare(ids, place, context) {
  for (let i = 0; i < context.length; i += 1) {
    if (place + i >= ids.length) return -1;
    if (ids[place + i] !== context[i]) return ids[place + i] - context[i];
  }
  return 0;
}

/**
 * What comes after a context: the tokens, and how often; or (`different`) after how many different tokens
 * before it.
 * @param {Index} index @param {number[]} context
 * @returns {{tokens: number[], counts: number[], seen: number}}
 */
export function following(index, context, different = false) {
  const key = `${different ? "d" : "c"}${context.join()}`;
  const { ids, places, known } = index;
  if (known.has(key)) return known.get(key);
  if (known.size > KEPT) known.clear();
  const found = { tokens: [], counts: [], seen: 0 };
  const before = new Int32Array(index.size).fill(-1);
  const end = bound(index, context, true);
  for (let i = bound(index, context, false); i < end; i += 1) {
    const next = places[i] + context.length;
    if (next >= ids.length) continue;
    found.seen += 1;
    if (found.tokens.at(-1) !== ids[next]) {
      found.tokens.push(ids[next]);
      found.counts.push(0);
    }
    const token = found.tokens.length - 1;
    if (!different) found.counts[token] += 1;
    else if (places[i] > 0 && before[ids[places[i] - 1]] !== token) {
      before[ids[places[i] - 1]] = token;
      found.counts[token] += 1;
    }
  }
  known.set(key, found);
  return found;
}

/**
 * How many k-grams come once, twice, three and four times (or after so many different tokens).
 * @param {Index} index
 */
export function countsOfCounts(index, k, different = false) {
  const { ids, places, shared, size } = index;
  const n = [0, 0, 0, 0, 0],
    before = new Int32Array(size).fill(-1);
  let run = -1,
    count = 0;
  const close = () => {
    if (run >= 0 && count < 5) n[count] += 1;
  };
  for (let i = 0; i < places.length; i += 1) {
    const p = places[i];
    if (p + k > ids.length) continue;
    if (run < 0 || shared[i] < k) {
      close();
      run = i;
      count = 0;
    }
    if (!different) count += 1;
    else if (p > 0 && before[ids[p - 1]] !== run) {
      before[ids[p - 1]] = run;
      count += 1;
    }
  }
  close();
  return n;
}

/** What is taken from counts of 1, 2, and 3 or more, of k-grams. @param {Index} index */
export function discounts(index, k, different = false, modified = false) {
  const key = `D${k}${different}${modified}`;
  if (!index.known.has(key)) {
    const [, n1, n2, n3, n4] = countsOfCounts(index, k, different);
    const D = n1 && n2 ? n1 / (n1 + 2 * n2) : 0.5;
    const three = [1 - (2 * D * n2) / n1, 2 - (3 * D * n3) / n2, 3 - (4 * D * n4) / n3];
    index.known.set(
      key,
      modified && n1 && n2 && n3 ? three.map((d, i) => Math.min(i + 1, Math.max(0, d))) : [D, D, D],
    );
  }
  return index.known.get(key);
}

/**
 * P(w | context) for every token w, and what each shorter context gave: how often it came, what it hands
 * down.
 * @param {Index} index @param {number[]} context @param {number} order @param {string} smoothing
 * @param {number} k of add-k
 * @returns {{p: Float64Array, steps: {length: number, seen: number, share: number}[]}}
 */
export function probabilities(index, context, order, smoothing = "kneser-ney", k = 1) {
  if (!SMOOTHINGS.includes(smoothing))
    raise(
      RangeError,
      "badName",
      "smoothing",
      smoothing,
      SMOOTHINGS.join(", "),
      `unknown smoothing ${smoothing}`,
    );
  if (!(order >= 1 && order <= index.depth))
    raise(
      RangeError,
      "badRange",
      "order",
      order,
      `[1, ${index.depth}]`,
      `order must lie in [1, ${index.depth}], not ${order}`,
    );
  const h = context.slice(Math.max(0, context.length - order + 1));
  return smoothing === "likelihood" || smoothing === "add-k"
    ? counted(index, h, smoothing === "add-k" ? needPositive("k", k) : 0)
    : interpolated(index, h, smoothing);
}

/**
 * One of them: P(token | context), without the others; in bits what it costs is −log2 of it.
 * @param {Index} index @param {number[]} context @param {number} token
 */
export function chance(index, context, token, order, smoothing = "kneser-ney", k = 1) {
  const h = context.slice(Math.max(0, context.length - order + 1));
  if (smoothing === "likelihood" || smoothing === "add-k")
    return counted(index, h, smoothing === "add-k" ? k : 0).p[token];
  let p = 1 / index.size;
  for (const { at, counts, taken, total, share } of ladder(index, h, smoothing)) {
    const i = at.get(token);
    p = p * share + (i === undefined ? 0 : (counts[i] - taken[i]) / total);
  }
  return p;
}

function counted(index, h, k) {
  const { tokens, counts, seen } = following(index, h);
  const total = seen + k * index.size;
  const p = new Float64Array(index.size).fill(total ? k / total : 0);
  tokens.forEach((w, i) => {
    p[w] = (counts[i] + k) / total;
  });
  return { p, steps: [{ length: h.length, seen, share: total ? (k * index.size) / total : 1 }] };
}

function interpolated(index, h, smoothing) {
  let p = new Float64Array(index.size).fill(1 / index.size);
  const steps = [];
  for (const { length, tokens, counts, seen, taken, total, share } of ladder(index, h, smoothing)) {
    p = p.map((lower) => lower * share);
    tokens.forEach((w, i) => {
      p[w] += (counts[i] - taken[i]) / total;
    });
    steps.push({ length, seen, share });
  }
  return { p, steps };
}

/**
 * From the empty context to the longest that came: the counts, what is taken from each, and what share that
 * is.
 */
function ladder(index, h, smoothing) {
  const rungs = [];
  for (let length = 0; length <= h.length; length += 1) {
    const different = smoothing !== "absolute" && length < h.length;
    const context = h.slice(h.length - length);
    const key = `${smoothing}${different}|${context.join()}`;
    if (!index.known.has(key))
      index.known.set(key, rung(index, context, different, smoothing === "modified"));
    if (!index.known.get(key).total) break;
    rungs.push(index.known.get(key));
  }
  return rungs;
}

function rung(index, context, different, modified) {
  const { tokens, counts, seen } = following(index, context, different);
  const D = discounts(index, context.length + 1, different, modified);
  const taken = counts.map((c) => (c ? D[Math.min(c, 3) - 1] : 0));
  const total = counts.reduce((sum, c) => sum + c, 0);
  const share = taken.reduce((sum, d) => sum + d, 0) / total;
  return {
    length: context.length,
    tokens,
    counts,
    seen,
    taken,
    total,
    share,
    at: new Map(tokens.map((w, i) => [w, i])),
  };
}

/** @typedef {{shape: number[], data: ArrayLike<number>}} Tensor */

/**
 * The logits of a neural n-gram: U tanh(W e + d) + b, e the embeddings of the context one after the other.
 * @param {Record<string, Tensor>} weights named as in Python
 * @param {number[]} context as many ids as it reads
 */
export function neuralLogits(weights, context) {
  const width = weights["embedding.weight"].shape[1];
  const e = context.flatMap((id) =>
    Array.from({ length: width }, (_, j) => weights["embedding.weight"].data[id * width + j]),
  );
  const h = affine(weights["hidden.weight"], weights["hidden.bias"], e).map(Math.tanh);
  return affine(weights["output.weight"], weights["output.bias"], h);
}

/** @param {Tensor} weight @param {Tensor} bias @param {ArrayLike<number>} x */
function affine({ shape, data }, bias, x) {
  const [rows, columns] = shape;
  const y = Float64Array.from({ length: rows }, (_, i) => bias.data[i]);
  for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) y[i] += data[i * columns + j] * x[j];
  return y;
}
