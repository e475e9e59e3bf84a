// What is trained: made anew where a trait changes, in slices, with the vectors of every epoch kept so that
// time can be scrubbed.

import { needBetween, needPositive, needWhole } from "../../core/errors.js";
import { principalPlane, project } from "../../core/projection.js";
import * as core from "./core.js";

export const SLICE = 8; // ms of training a frame, at most: what is left of 16.7 is for drawing

/**
 * @typedef {{window: number, negatives: number, learning_rate: number, dimension: number, sample: number,
 * seed: number,
 *   epochs: number}} Chosen  the traits that change what is trained
 * @typedef {{places: Float64Array, reach: number, share: number}} View  x and y of each word, how far they
 * lie, the plane's share
 */
export const CHOSEN = ["window", "negatives", "learning_rate", "dimension", "sample", "seed", "epochs"];

export class Model {
  key = "";
  /** @type {ReturnType<typeof core.corpusOf>} */ corpus = null;
  pairs = new Int32Array();
  /** @type {number[]} of each epoch */ losses = [];
  /** @type {Float32Array[]} the input vectors of each epoch */ shots = [];
  done = 0;
  epochs = 0;
  dimension = 0;
  diverged = false;
  /** @type {Map<number, Map<number, number>>} word → word → how often in one window */ #met = new Map();
  /** @type {ReturnType<typeof core.start>} */ #net = null;
  /** @type {ReturnType<typeof core.epochOf>} */ #current = null;
  /** @type {Omit<core.Setting, "epoch">} */ #setting = null;
  /** @type {number[]} */ #noise = [];
  /** @type {ReturnType<typeof principalPlane> & {at: string, reach: number}} */ #plane = null;

  busy() {
    return this.key !== "" && this.done < this.epochs && !this.diverged;
  }

  /** Starts again where what is trained has changed. @param {string} text @param {Chosen} chosen */
  sync(text, chosen) {
    const key = JSON.stringify([text, chosen]);
    if (key === this.key) return;
    this.key = ""; // until everything is right: what is wrong is said at each draw
    const { window, negatives, learning_rate: rate, dimension, sample, seed, epochs } = needChosen(chosen);
    const corpus = core.corpusOf(core.sentencesOf(text));
    core.keepChances(corpus.counts, sample);
    this.#setting = { window, negatives, rate, sample, seed };
    this.#noise = core.noiseOf(corpus.counts);
    this.#net = core.start(corpus.tokens.length, dimension, seed);
    this.#current = null;
    this.#plane = null;
    const pairs = core.pairsOf(corpus.sentences, window);
    this.#met = metOf(pairs);
    const fresh = { losses: [], shots: [], done: 0, diverged: false };
    Object.assign(this, { key, corpus, pairs, epochs, dimension, ...fresh });
    this.#remember();
  }
  #remember() {
    this.diverged = !this.#net.input.every((x) => Math.abs(x) < 1e6);
    if (this.diverged) return;
    this.losses.push(core.expectedLoss(this.#net, this.pairs, this.#noise, this.#setting.negatives));
    this.shots.push(Float32Array.from(this.#net.input));
  }
  /** Works until that time. @param {number} until */
  train(until) {
    while (this.busy() && performance.now() < until) {
      this.#current ??= core.epochOf(this.#net, this.corpus, { ...this.#setting, epoch: this.done });
      if (!this.#current.run(until)) return;
      this.#current = null;
      this.done += 1;
      this.#remember();
    }
  }

  /**
   * Where the words point at an epoch: unit vectors, for cosines compare directions only. The plane is that
   * of the last epoch,
   * so that no axis turns round while time goes on; frequent words count more for it.
   * @param {number} epoch @param {number[]} anchors two words that stay where they were @returns {View}
   */
  view(epoch, anchors) {
    const [n, d] = [this.corpus.tokens.length, this.dimension];
    const last = this.shots.length - 1;
    const at = `${last} ${anchors}`;
    if (this.#plane?.at !== at) {
      const rows = directions(this.shots[last], n, d);
      const plane = { at, ...principalPlane(rows, n, d, this.corpus.counts) };
      turn(plane, project(rows, n, d, plane), anchors, d);
      this.#plane = { ...plane, reach: Math.max(1e-3, ...project(rows, n, d, plane).map(Math.abs)) };
    }
    const { reach, shares } = this.#plane;
    const rows = directions(this.shots[Math.min(epoch, last)], n, d);
    return { places: project(rows, n, d, this.#plane), reach, share: shares[0] + shares[1] };
  }
  /** All words by their cosine with one, the nearest first. @param {number} epoch @param {number} word */
  near(epoch, word) {
    const d = this.dimension;
    const rows = this.shots[Math.min(epoch, this.shots.length - 1)];
    const norm = (i) => Math.hypot(...rows.subarray(i * d, i * d + d));
    const own = norm(word);
    const cosine = (_, i) => {
      let sum = 0;
      for (let k = 0; k < d; k += 1) sum += rows[i * d + k] * rows[word * d + k];
      return { word: i, cosine: sum / (norm(i) * own || 1) };
    };
    const others = this.corpus.tokens.map(cosine).filter(({ word: i }) => i !== word);
    return others.sort((a, b) => b.cosine - a.cosine);
  }
  /**
   * How often a word stands in one window with each other word.
   * @param {number} word @returns {Map<number, number>}
   */
  contexts(word) {
    return this.#met.get(word) ?? new Map();
  }
  /** The same as a list, the most frequent first. @param {number} word */
  company(word) {
    const list = [...this.contexts(word)].map(([i, count]) => ({ word: i, count }));
    return list.sort((a, b) => b.count - a.count || a.word - b.word);
  }
  meets(a, b) {
    return this.contexts(a).has(b);
  }
}

/** @param {Chosen} chosen */
function needChosen(chosen) {
  needWhole("window", needBetween("window", chosen.window, 1, 10));
  needWhole("negatives", needBetween("negatives", chosen.negatives, 1, 20));
  needPositive("learning_rate", chosen.learning_rate);
  needWhole("dimension", needBetween("dimension", chosen.dimension, 2, 32));
  needWhole("epochs", needBetween("epochs", chosen.epochs, 1, 1000));
  return chosen;
}

function metOf(pairs) {
  const met = new Map();
  for (let p = 0; p < pairs.length; p += 2) {
    if (!met.has(pairs[p])) met.set(pairs[p], new Map());
    const row = met.get(pairs[p]);
    row.set(pairs[p + 1], (row.get(pairs[p + 1]) ?? 0) + 1);
  }
  return met;
}

function directions(rows, n, d) {
  const units = Float64Array.from(rows);
  for (let i = 0; i < n; i += 1) {
    const row = units.subarray(i * d, i * d + d);
    const length = Math.hypot(...row) || 1;
    for (let k = 0; k < d; k += 1) row[k] /= length;
  }
  return units;
}

/**
 * Turns the plane so that the first anchor lies on the left and the second in the upper half: an edit leaves
 * them where they were.
 * @param {number[]} anchors
 */
function turn(plane, places, anchors, d) {
  const [first, second] = anchors;
  if (!(first >= 0)) return;
  const [x, y] = [places[2 * first], places[2 * first + 1]];
  const length = Math.hypot(x, y);
  if (!(length > 0)) return;
  const [c, s] = [-x / length, -y / length];
  const [u, v] = [plane.axes.slice(0, d), plane.axes.slice(d)];
  const flip = second >= 0 && -s * places[2 * second] + c * places[2 * second + 1] < 0 ? -1 : 1;
  for (let k = 0; k < d; k += 1) {
    plane.axes[k] = c * u[k] + s * v[k];
    plane.axes[d + k] = flip * (-s * u[k] + c * v[k]);
  }
}
