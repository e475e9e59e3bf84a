// Skip-gram with negative sampling on a text short enough to be trained while it is read.
// Rows of the input vectors stand for words in the middle of a window, rows of the output vectors for their
// company.
import { needBetween, needNumber, needPositive, raise } from "../../core/errors.js";
import { random } from "../../core/random.js";

export const MOST_TOKENS = 2000;
export const MOST_WORDS = 300;
const HAN = /\p{Script=Han}/u;
const RUNS = /[\p{L}\p{N}\p{M}'’-]+/gu;

/**
 * Sentences end with a line, or with a full stop; words are what stands between spaces and punctuation, in
 * small letters.
 * A line of Chinese without a space inside is split into characters.
 * @param {string} text @returns {string[][]}
 */
export function sentencesOf(text) {
  if (typeof text !== "string") raise(TypeError, "badType", "text", text, "text", "text must be a string");
  const sentences = text
    .normalize("NFC")
    .toLowerCase()
    .split(/[\n.!?;。！？；]+/)
    .map(wordsOf)
    .filter((words) => words.length);
  return sentences;
}

function wordsOf(sentence) {
  const words = sentence.match(RUNS) ?? [];
  const spaced = /\S\s+\S/.test(sentence.trim());
  return spaced ? words : words.flatMap((word) => (HAN.test(word) ? Array.from(word) : [word]));
}

/**
 * The different words, the most frequent first, and the sentences in their numbers. A RangeError for what
 * cannot be trained.
 * @param {string[][]} sentences
 */
export function corpusOf(sentences) {
  const counted = new Map();
  for (const word of sentences.flat()) counted.set(word, (counted.get(word) ?? 0) + 1);
  const total = sentences.reduce((sum, words) => sum + words.length, 0);
  if (counted.size < 2)
    raise(
      RangeError,
      "fewWords",
      "text",
      counted.size,
      "2",
      `the text needs at least two different words, not ${counted.size}`,
    );
  if (total > MOST_TOKENS)
    raise(
      RangeError,
      "longText",
      "text",
      total,
      String(MOST_TOKENS),
      `the text has ${total} words; at most ${MOST_TOKENS} are trained here`,
    );
  if (counted.size > MOST_WORDS)
    raise(
      RangeError,
      "manyWords",
      "text",
      counted.size,
      String(MOST_WORDS),
      `the text has ${counted.size} different words; at most ${MOST_WORDS} are trained here`,
    );
  // sort is stable: ties keep the text's order
  const tokens = [...counted.keys()].sort((a, b) => counted.get(b) - counted.get(a));
  const number = new Map(tokens.map((word, i) => [word, i]));
  return {
    tokens,
    counts: tokens.map((word) => counted.get(word)),
    sentences: sentences.map((words) => words.map((word) => number.get(word))),
    total,
  };
}

/**
 * Chance that an occurrence is kept: √(t/f) + t/f, at most 1; f is the word's share of the text.
 * @param {number[]} counts @param {number} threshold
 */
export function keepChances(counts, threshold) {
  needPositive("sample", threshold);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => {
    const ratio = (threshold * total) / count;
    return Math.min(1, Math.sqrt(ratio) + ratio);
  });
}

/**
 * Shares from which negatives are drawn: counts to the power 0.75.
 * @param {number[]} counts @param {number} [power]
 */
export function noiseOf(counts, power = 0.75) {
  const raised = counts.map((count) => count ** power);
  const total = raised.reduce((sum, share) => sum + share, 0);
  return raised.map((share) => share / total);
}

/**
 * Every word with every other within the window, never across a sentence's end: centre, context, centre, …
 * @param {number[][]} sentences @param {number} window
 */
export function pairsOf(sentences, window) {
  needBetween("window", window, 1, 100);
  const pairs = [];
  for (const words of sentences) {
    for (let i = 0; i < words.length; i += 1) {
      for (let j = Math.max(0, i - window); j <= Math.min(words.length - 1, i + window); j += 1)
        if (j !== i) pairs.push(words[i], words[j]);
    }
  }
  return Int32Array.from(pairs);
}

/** ln(1 + eˣ) without overflow. */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * Small input vectors from a seed, output vectors of zeros, as word2vec starts.
 * @param {number} words @param {number} dimension @param {number} seed
 */
export function start(words, dimension, seed) {
  needBetween("dimension", dimension, 1, 100);
  const draw = random(needNumber("seed", seed));
  const input = Float64Array.from({ length: words * dimension }, () => (draw() - 0.5) / dimension);
  return { input, output: new Float64Array(words * dimension), dimension };
}

function dot(a, i, b, j, d) {
  let sum = 0;
  for (let k = 0; k < d; k += 1) sum += a[i * d + k] * b[j * d + k];
  return sum;
}

/**
 * −ln σ(u·v) − Σ ln σ(−uₙ·v): the loss of one pair with its negatives.
 * @param {{input: ArrayLike<number>, output: ArrayLike<number>, dimension: number}} net
 */
export function samplingLoss({ input, output, dimension }, center, context, negatives) {
  let loss = softplus(-dot(input, center, output, context, dimension));
  for (const word of negatives) loss += softplus(dot(input, center, output, word, dimension));
  return loss;
}

/**
 * Its gradient for the centre's input vector and, row by row, for the output vectors of context and
 * negatives.
 */
export function samplingGradient({ input, output, dimension: d }, center, context, negatives) {
  const v = new Float64Array(d);
  const rows = [context, ...negatives].map((word, n) => {
    const error = sigmoid(dot(input, center, output, word, d)) - (n === 0 ? 1 : 0);
    const row = new Float64Array(d);
    for (let k = 0; k < d; k += 1) {
      v[k] += error * output[word * d + k];
      row[k] = error * input[center * d + k];
    }
    return row;
  });
  return { v, rows };
}

/**
 * One step down that gradient, in place: the fused form of the inner loop. A negative drawn twice counts
 * twice, from the same values. Returns the net.
 */
export function step(net, center, context, negatives, rate, count = negatives.length) {
  const { input, output, dimension: d } = net;
  const { errors, sum } = scratch(count + 1, d);
  sum.fill(0, 0, d);
  for (let n = 0; n <= count; n += 1) {
    const word = n ? negatives[n - 1] : context;
    errors[n] = rate * (sigmoid(dot(input, center, output, word, d)) - (n ? 0 : 1));
    for (let k = 0; k < d; k += 1) sum[k] += errors[n] * output[word * d + k];
  }
  for (let n = 0; n <= count; n += 1) {
    const word = n ? negatives[n - 1] : context;
    for (let k = 0; k < d; k += 1) output[word * d + k] -= errors[n] * input[center * d + k];
  }
  for (let k = 0; k < d; k += 1) input[center * d + k] -= sum[k];
  return net;
}
let room = { errors: new Float64Array(16), sum: new Float64Array(16) };
function scratch(errors, sum) {
  if (room.errors.length < errors || room.sum.length < sum)
    room = { errors: new Float64Array(2 * errors), sum: new Float64Array(2 * sum) };
  return room;
}

/** The place of a random number among cumulative shares. */
function place(cumulative, u) {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u < cumulative[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * @typedef {ReturnType<typeof start>} Net
 * @typedef {{window: number, negatives: number, rate: number, sample: number, seed: number, epoch: number}}
 * Setting
 */

/**
 * Trains one epoch, pair after pair in random order, in slices: `run(until)` works until that time and says
 * whether the epoch is over.
 * The seed and the number of the epoch give the same numbers wherever the slices end.
 * A negative that is the context itself is left out, as word2vec does it.
 * @param {Net} net @param {ReturnType<typeof corpusOf>} corpus @param {Setting} setting
 */
export function epochOf(net, corpus, { window, negatives, rate, sample, seed, epoch }) {
  const draw = random(seed * 1_000_003 + epoch + 1);
  const keep = keepChances(corpus.counts, sample);
  const kept = corpus.sentences.map((words) =>
    words.filter((word) => keep[word] >= 1 || draw() < keep[word]),
  );
  const pairs = pairsOf(kept, window);
  const order = Int32Array.from({ length: pairs.length / 2 }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(draw() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  let sum = 0;
  const cumulative = noiseOf(corpus.counts).map((share) => (sum += share));
  const drawn = new Int32Array(negatives);
  let at = 0;
  return {
    run(until = Infinity) {
      for (; at < order.length; at += 1) {
        if (at % 64 === 63 && performance.now() > until) {
          return false;
        }
        const [center, context] = [pairs[2 * order[at]], pairs[2 * order[at] + 1]];
        let count = 0;
        for (let n = 0; n < negatives; n += 1) {
          const word = place(cumulative, draw() * sum);
          if (word !== context) {
            drawn[count] = word;
            count += 1;
          }
        }
        step(net, center, context, drawn, rate, count);
      }
      return true;
    },
  };
}

/**
 * All of it at once: so many epochs on a text.
 * @param {string} text @param {Omit<Setting, "epoch"> & {dimension: number}} setting @param {number} epochs
 */
export function learn(text, { dimension, ...setting }, epochs) {
  const corpus = corpusOf(sentencesOf(text));
  const net = start(corpus.tokens.length, dimension, setting.seed);
  for (let epoch = 0; epoch < epochs; epoch += 1) epochOf(net, corpus, { ...setting, epoch }).run();
  return { tokens: corpus.tokens, ...net };
}

/**
 * The loss a pair has on average, over all pairs of the text and all negatives that could be drawn: no chance
 * in it.
 * @param {Net} net @param {Int32Array} pairs @param {number[]} noise @param {number} negatives
 */
export function expectedLoss(net, pairs, noise, negatives) {
  const { input, output, dimension: d } = net;
  if (!pairs.length) return NaN;
  const words = noise.length;
  const against = new Map(); // centre → Σ P(n) softplus(uₙ·v), and each term
  let total = 0;
  for (let p = 0; p < pairs.length; p += 2) {
    const [center, context] = [pairs[p], pairs[p + 1]];
    if (!against.has(center)) {
      const terms = Float64Array.from(
        { length: words },
        (_, word) => noise[word] * softplus(dot(input, center, output, word, d)),
      );
      against.set(center, { terms, sum: terms.reduce((a, b) => a + b, 0) });
    }
    const { terms, sum } = against.get(center);
    total += softplus(-dot(input, center, output, context, d)) + negatives * (sum - terms[context]);
  }
  return total / (pairs.length / 2);
}
