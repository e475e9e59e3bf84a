// The network that is being trained: made from the traits, trained in slices, and given back to them.
import { needBetween, needName, raise } from "../../core/errors.js";
import { FINE, TILE } from "./colour.js";
import * as mlp from "./core.js";
import { NAMES } from "./names.js";
import * as data from "./points.js";

export const MOST_LAYERS = 6;
export const PENALTIES = { none: [0, 0], l1: [1, 0], l2: [0, 1] };

/** Each data set's goal: the test loss, and what the network may be. */
const GOALS = {
  circles: { below: 0.1, neurons: 3 },
  xor: { below: 0.1, neurons: 0 },
  moons: { below: 0.05, neurons: 3 },
  blobs: { below: 0.05, neurons: 0 },
  spiral: { below: 0.15, neurons: 16, plain: true },
  plane: { below: 0.012, neurons: 0 },
  hills: { below: 0.03, neurons: 16 },
  drawn: { below: 0.2, neurons: 8, each: 20 },
};
const SHAPE = ["dataset", "noise", "seed", "hidden", "features", "activation", "train_share"];

/** @typedef {import("./core.js").Room} Room @typedef {import("./core.js").Net} Net */
/** @typedef {{x: Float64Array, y: Float64Array, rows: number}} Part  of the points: for training, or for testing */
/** @typedef {(k: number) => number} Reader  from place k of a grid, row by row from the top left, to −1 … 1 */

/** Only x₁ and x₂? @param {string[]} features */
export const isPlain = (features) => features.every((name) => name === "x1" || name === "x2");

/** A grid over the square, row by row from the top left: x₁, x₂ of place k of n². */
const gridPoints = (n) =>
  Float64Array.from({ length: 3 * n * n }, (_, i) => {
    const [k, part] = [Math.floor(i / 3), i % 3];
    const along = (u) => data.REACH * ((2 * (u + 0.5)) / n - 1);
    return part === 0 ? along(k % n) : part === 1 ? -along(Math.floor(k / n)) : 0;
  });

export class Model {
  epoch = 0;
  step = 0; // batches so far
  blewUp = false;
  fresh = false; // it began anew, and nobody has looked yet
  version = 0; // of the data
  /** @type {Float64Array} */ points;
  /** @type {number[]} */ trainRows;
  /** @type {number[]} */ testRows;
  /** @type {Net} */ net;
  /** @type {number[]} */ sizes;
  /** @type {ReturnType<typeof mlp.placesOf>} */ places;
  trainScore = { loss: 0, accuracy: 0 };
  testScore = { loss: 0, accuracy: 0 };
  #keys = { data: "", shape: "" };
  #tiles = featureTiles();
  /** @type {{train: Part, test: Part}} */ #parts;
  /** @type {ReturnType<typeof mlp.trainerOf>} */ #trainer;
  /** @type {Room | null} */ #room; // for all points
  /** @type {Room} */ #one; // for the probe
  /** @type {ArrayLike<number>} */ #known; // the weights that the traits and we agree on
  /** @type {Int32Array | null} */ #order = null; // of this epoch
  #cursor = 0;
  #settings;
  /** @type {Float64Array} */ #safe; // the last weights with a finite loss
  /** @type {Map<number, Room>} */ #grids = new Map(); // by resolution, with the features in use

  /** @param {import("../../ui/frame.js").Ui} ui */
  constructor(ui) {
    this.ui = ui;
  }

  // --- from the traits, and to them ---

  /** Brings everything up to date with the traits. */
  sync() {
    checkShape(this.ui.get("hidden"));
    needName("dataset", this.ui.get("dataset"), data.DATASETS);
    this.#readData();
    this.#readShape();
    this.#settings = settingsOf(this.ui);
    this.#score();
  }

  #readData() {
    const names = ["dataset", "noise", "seed", "train_share", "features", "drawn"];
    const [dataset, noise, seed, share, features, drawn] = names.map(this.ui.get);
    const key = JSON.stringify([dataset, noise, seed, share, features, dataset === "drawn" ? drawn : 0]);
    if (key === this.#keys.data) return;
    this.points = data.pointsOf(dataset, noise, seed, drawn);
    const [train, test] = data.splitOf(this.points.length / 3, share);
    const part = (rows) => ({ ...data.featuresOf(this.points, rows, features), rows: rows.length });
    this.#parts = { train: part(train), test: part(test) };
    [this.trainRows, this.testRows] = [train, test];
    this.version += 1;
    this.#order = null;
    this.#grids.clear();
    this.#room = null;
    this.#keys.data = key;
  }

  /** Another data set or another network begins with fresh weights, unless weights came along. */
  #readShape() {
    const { ui } = this;
    const key = JSON.stringify(SHAPE.map(ui.get));
    const began = key !== this.#keys.shape;
    if (began && this.#keys.shape && same(ui.get("weights"), this.#known)) ui.set({ weights: [], step: 0 });
    const given = ui.get("weights");
    if (began || !same(given, this.#known)) this.#load(given);
    this.#keys.shape = key;
  }

  /** @param {ArrayLike<number>} given  weights; none: drawn for the seed */
  #load(given) {
    const names = ["hidden", "features", "activation", "dataset", "seed", "step", "batch_size"];
    const [hidden, features, activation, dataset, seed, step, batch] = names.map(this.ui.get);
    const sizes = [features.length, ...hidden, 1];
    const parameters = given.length ? given : mlp.initial(sizes, activation, seed);
    this.net = mlp.netOf({ sizes, activation, loss: data.DATASETS[dataset].loss, parameters });
    this.#known = given;
    this.#safe = Float64Array.from(this.net.parameters);
    this.#trainer = mlp.trainerOf(this.net, mlp.roomOf(sizes, data.COUNT));
    this.#one = mlp.roomOf(sizes, 1);
    this.#room = null;
    this.#grids.clear();
    [this.sizes, this.places, this.blewUp] = [sizes, mlp.placesOf(sizes), false];
    this.step = given.length ? step : 0;
    this.epoch = Math.floor(this.step / this.perEpoch());
    this.#cursor = (this.step % this.perEpoch()) * batch;
    this.#order = null;
    this.fresh = true;
  }

  /** The weights, into the traits: for Python, and so that a reset has something to go back from. */
  save() {
    const weights = Array.from(this.net.parameters);
    this.#known = weights;
    this.ui.set({ weights, step: this.step });
  }
  /** @param {number} index @param {number} value */
  edit(index, value) {
    this.net.parameters[index] = value;
    this.blewUp = false;
    this.save();
    this.#score();
  }

  // --- training ---

  /** Are there points to train on, and to test on? */
  ready() {
    return this.#parts.train.rows > 0 && this.#parts.test.rows > 0;
  }
  rows() {
    return this.#parts.train.rows;
  }
  /** Batches of an epoch. */
  perEpoch() {
    return Math.max(1, Math.ceil(this.rows() / this.ui.get("batch_size")));
  }
  epochs() {
    return this.step ? this.epoch + Math.min(1, this.#cursor / Math.max(1, this.rows())) : 0;
  }
  /** Trains for so many batches, or until the time is up. @param {number} batches @param {number} [until] of performance.now */
  train(batches, until = Infinity) {
    if (!this.ready() || this.blewUp) return;
    for (let k = 0; k < batches && (k % 4 || performance.now() < until); k += 1) this.#batch();
    this.#score();
  }
  #batch() {
    const { x, y, rows } = this.#parts.train;
    if (this.#cursor >= rows) {
      this.#cursor = 0;
      this.epoch += 1;
      this.#order = null;
    }
    // Points that were drawn meanwhile come in at once.
    if (this.#order?.length !== rows) this.#order = mlp.orderOf(this.ui.get("seed"), this.epoch, rows);
    const from = this.#cursor;
    const size = Math.min(this.ui.get("batch_size"), rows - from, data.COUNT);
    this.#trainer.step(x, y, this.#order.subarray(from, from + size), this.#settings);
    this.#cursor += size;
    this.step += 1;
  }

  /** Loss and accuracy on all points of both parts; of weights that are not finite those before. */
  #score() {
    const { net } = this;
    this.#room ??= mlp.roomOf(net.sizes, Math.max(1, this.points.length / 3));
    [this.trainScore, this.testScore] = [this.#parts.train, this.#parts.test].map((part) =>
      this.#scoreOf(part),
    );
    const finite = (v) => Number.isFinite(v);
    if (finite(this.trainScore.loss) && finite(this.testScore.loss) && net.parameters.every(finite)) {
      this.#safe.set(net.parameters);
      return;
    }
    net.parameters.set(this.#safe);
    this.#trainer.forget();
    this.blewUp = true;
    this.#score();
  }
  /** @param {Part} part */
  #scoreOf({ x, y, rows }) {
    this.#room.h[0].set(x);
    mlp.forward(this.net, this.#room, rows);
    return rows ? mlp.scoreOf(this.net, this.#room, y, rows) : { loss: 0, accuracy: 0 };
  }

  // --- what it answers ---

  /** Every neuron on a grid of `n` × `n` places. @param {number} n */
  spread(n) {
    if (!this.#grids.has(n)) {
      const places = Array.from({ length: n * n }, (_, k) => k);
      const made = mlp.roomOf(this.net.sizes, n * n);
      made.h[0].set(data.featuresOf(gridPoints(n), places, this.ui.get("features")).x);
      this.#grids.set(n, made);
    }
    const made = this.#grids.get(n);
    mlp.forward(this.net, made, n * n);
    return made;
  }

  /** What the probe makes of every neuron. @param {number[]} probe */
  at([x, y]) {
    this.#one.h[0].set(data.featuresOf([x, y, 0], [0], this.ui.get("features")).x);
    mlp.forward(this.net, this.#one, 1);
    return this.#one;
  }

  /** A neuron's values on a grid, place by place. @param {Room} grid @param {number} layer @param {number} i @returns {Reader} */
  reader(grid, layer, i) {
    if (layer === 0) {
      const tile = this.#tiles[i];
      if (grid.rows === TILE * TILE) return (k) => tile[k];
      return (k) => tile[Math.floor(Math.floor(k / FINE) / 2) * TILE + Math.floor((k % FINE) / 2)];
    }
    const [size, values, value] = [this.net.sizes[layer], grid.h[layer], scaleOf(this.net, layer)];
    return (k) => value(values[k * size + i]);
  }
  /** The same, of TILE × TILE places. @param {Room} grid @param {number} layer @param {number} i @param {number} stride of the grid @returns {Reader} */
  tileReader(grid, layer, i, stride) {
    if (layer === 0) return (k) => this.#tiles[i][k];
    if (stride === 1) return this.reader(grid, layer, i);
    const [size, values, value] = [this.net.sizes[layer], grid.h[layer], scaleOf(this.net, layer)];
    return (k) =>
      value(values[(Math.floor(k / TILE) * stride * TILE * stride + (k % TILE) * stride) * size + i]);
  }

  /** Has the goal been met, and by a network that is allowed? */
  goal() {
    const [dataset, hidden, features, drawn] = ["dataset", "hidden", "features", "drawn"].map(this.ui.get);
    const { below, neurons, plain = false, each = 0 } = GOALS[dataset];
    const count = hidden.reduce((sum, width) => sum + width, 0);
    const allowed = count <= neurons && (!plain || isPlain(features));
    const enough = [0, 1].every((label) => drawn.filter((row) => row[2] === label).length >= each);
    return {
      below,
      met: this.ready() && allowed && this.testScore.loss < below && enough && this.step > 0,
    };
  }
}

/** From a neuron's value to −1 … 1. @param {Net} net @param {number} layer @returns {(v: number) => number} */
function scaleOf({ sizes, loss, activation }, layer) {
  const last = layer === sizes.length - 1;
  if (last && loss === "bce") return (v) => Math.tanh(v / 2);
  if (!last && activation === "sigmoid") return (v) => 2 * v - 1;
  return (v) => v;
}

/** The features themselves, on a coarse grid, scaled to their largest value. */
function featureTiles() {
  const points = gridPoints(TILE);
  return NAMES.map((name) => {
    const values = Array.from({ length: TILE * TILE }, (_, k) =>
      data.FEATURES[name](points[3 * k], points[3 * k + 1]),
    );
    const most = Math.max(...values.map(Math.abs));
    return values.map((v) => v / most);
  });
}

/** How it trains. @param {import("../../ui/frame.js").Ui} ui */
function settingsOf(ui) {
  const strength = ui.get("strength");
  const [l1, l2] = needName("regularisation", ui.get("regularisation"), PENALTIES).map((on) =>
    on ? strength : 0,
  );
  const [optimiser, learningRate] = [ui.get("optimiser"), ui.get("learning_rate")];
  const settings = mlp.checkTraining({ optimiser, learningRate, l1, l2 });
  needBetween("strength", strength, 0, 10);
  const batch = ui.get("batch_size");
  if (!Number.isInteger(batch) || batch < 1)
    raise(
      RangeError,
      "badBatch",
      "batch_size",
      batch,
      "≥ 1",
      `batch_size must be a whole number from 1 on, not ${batch}`,
    );
  return settings;
}

function checkShape(hidden) {
  const fine =
    Array.isArray(hidden) &&
    hidden.length <= MOST_LAYERS &&
    hidden.every((width) => Number.isInteger(width) && width >= 1 && width <= 8);
  if (!fine)
    raise(
      RangeError,
      "badHidden",
      "hidden",
      hidden,
      "",
      `hidden must be at most ${MOST_LAYERS} layers of 1 to 8 neurons, not ${JSON.stringify(hidden)}`,
    );
}

/** The same numbers? They may have come back from Python as another array. */
const same = (a, b) => a === b || Boolean(a && b && a.length === b.length && a.every((v, i) => v === b[i]));
