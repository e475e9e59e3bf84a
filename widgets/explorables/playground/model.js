// The network that is being trained: made from the traits, trained in slices, and given back to them.

import { needBetween, needName, raise } from "../../core/errors.js";
import { FINE, TILE } from "./colour.js";
import * as mlp from "./core.js";
import { MOST_LAYERS, NAMES } from "./network.js";
import * as data from "./points.js";

export const PENALTIES = { none: [0, 0], l1: [1, 0], l2: [0, 1] };

/** Each data set's goal: the test loss, and what the network may be. */
export const GOALS = {
  circles: { below: 0.1, neurons: 3 },
  xor: { below: 0.1, neurons: 0 },
  moons: { below: 0.05, neurons: 3 },
  blobs: { below: 0.05, neurons: 0 },
  spiral: { below: 0.15, neurons: 16, plain: true },
  plane: { below: 0.012, neurons: 0 },
  hills: { below: 0.03, neurons: 16 },
  drawn: { below: 0.2, neurons: 8, each: 20 },
};

/** A grid over the square, row by row from the top left: x₁, x₂ of place k of n². */
const gridPoints = (n) =>
  Float64Array.from({ length: 3 * n * n }, (_, i) => {
    const [k, part] = [Math.floor(i / 3), i % 3];
    const along = (u) => data.REACH * ((2 * (u + 0.5)) / n - 1);
    return part === 0 ? along(k % n) : part === 1 ? -along(Math.floor(k / n)) : 0;
  });

/** @param {import("../../ui/frame.js").Ui} ui */
export function modelOf(ui) {
  const self = { epoch: 0, step: 0, blewUp: false, version: 0 };
  const keys = { data: "", shape: "" };
  const tiles = featureTiles();
  let [net, trainer, room, one] = [];
  let parts = null; // of training and testing: {x, y, rows}
  let known = null; // the weights that the traits and we agree on
  let order = null; // of this epoch
  let cursor = 0;
  let settings = null;
  let safe = null; // the last weights with a finite loss
  const grids = new Map(); // resolution → {x of the features in use, room}

  /** Brings everything up to date with the traits. @returns {boolean} whether it began anew */
  function sync() {
    const [dataset, noise, seed, hidden, features, activation, share] = [
      "dataset",
      "noise",
      "seed",
      "hidden",
      "features",
      "activation",
      "train_share",
    ].map(ui.get);
    const drawn = ui.get("drawn");
    checkShape(hidden);
    needName("dataset", dataset, data.DATASETS);
    const dataKey = JSON.stringify([dataset, noise, seed, share, features, dataset === "drawn" ? drawn : 0]);
    if (dataKey !== keys.data) {
      readData(dataset, noise, seed, share, features, drawn);
      keys.data = dataKey;
    }
    const shapeKey = JSON.stringify([dataset, noise, seed, hidden, features, activation, share]);
    const began = shapeKey !== keys.shape;
    // Another data set or another network begins with fresh weights, unless weights came along.
    if (began && keys.shape && same(ui.get("weights"), known)) ui.set({ weights: [], step: 0 });
    const given = ui.get("weights");
    if (began || !same(given, known)) load(given, { hidden, features, activation, dataset, seed });
    keys.shape = shapeKey;
    const [l1, l2] = needName("regularisation", ui.get("regularisation"), PENALTIES).map((on) =>
      on ? ui.get("strength") : 0,
    );
    settings = mlp.checkTraining({
      optimiser: ui.get("optimiser"),
      learningRate: ui.get("learning_rate"),
      l1,
      l2,
    });
    needBetween("strength", ui.get("strength"), 0, 10);
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
    score();
    return began;
  }

  function readData(dataset, noise, seed, share, features, drawn) {
    self.points = data.pointsOf(dataset, noise, seed, drawn);
    const [train, test] = data.splitOf(self.points.length / 3, share);
    parts = {
      train: { ...data.featuresOf(self.points, train, features), rows: train.length },
      test: { ...data.featuresOf(self.points, test, features), rows: test.length },
    };
    Object.assign(self, { train_rows: train, test_rows: test, version: self.version + 1 });
    order = null;
    grids.clear();
    room = null;
  }

  function load(given, { hidden, features, activation, dataset, seed }) {
    const sizes = [features.length, ...hidden, 1];
    const parameters = given.length ? given : mlp.initial(sizes, activation, seed);
    net = mlp.netOf({ sizes, activation, loss: data.DATASETS[dataset].loss, parameters });
    known = given;
    safe = Float64Array.from(net.parameters);
    trainer = mlp.trainerOf(net, mlp.roomOf(sizes, data.COUNT));
    one = mlp.roomOf(sizes, 1);
    room = null;
    grids.clear();
    self.step = given.length ? ui.get("step") : 0;
    const perEpoch = Math.max(1, Math.ceil(parts.train.rows / ui.get("batch_size")));
    Object.assign(self, { net, sizes, places: mlp.placesOf(sizes), blewUp: false });
    self.epoch = Math.floor(self.step / perEpoch);
    cursor = (self.step % perEpoch) * ui.get("batch_size");
    order = null;
    self.fresh = true;
  }

  /** Loss and accuracy on all points of both parts. */
  function score() {
    room ??= mlp.roomOf(net.sizes, Math.max(1, self.points.length / 3));
    for (const name of ["train", "test"]) {
      const { x, y, rows } = parts[name];
      room.h[0].set(x);
      mlp.forward(net, room, rows);
      self[`${name}Score`] = rows ? mlp.scoreOf(net, room, y, rows) : { loss: 0, accuracy: 0 };
    }
    const finite =
      Number.isFinite(self.trainScore.loss) &&
      Number.isFinite(self.testScore.loss) &&
      net.parameters.every(Number.isFinite);
    if (finite) return void safe.set(net.parameters);
    net.parameters.set(safe);
    trainer.forget();
    self.blewUp = true;
    return score();
  }

  const ready = () => parts.train.rows > 0 && parts.test.rows > 0;

  /** One batch. */
  function batch() {
    const { x, y, rows } = parts.train;
    if (cursor >= rows) {
      cursor = 0;
      self.epoch += 1;
      order = null;
    }
    // Points that were drawn meanwhile come in at once.
    if (!order || order.length !== rows) order = mlp.orderOf(ui.get("seed"), self.epoch, rows);
    const size = Math.min(ui.get("batch_size"), rows - cursor, data.COUNT);
    trainer.step(x, y, order.subarray(cursor, cursor + size), settings);
    cursor += size;
    self.step += 1;
  }

  /** Trains for so many batches, or until the time is up. @param {number} batches @param {number} [until] of performance.now */
  function train(batches, until = Infinity) {
    if (!ready() || self.blewUp) return;
    for (let k = 0; k < batches && (k % 4 || performance.now() < until); k += 1) batch();
    score();
  }

  /** The weights, into the traits: for Python, and so that a reset has something to go back from. */
  function save() {
    known = Array.from(net.parameters);
    ui.set({ weights: known, step: self.step });
  }
  function edit(index, value) {
    net.parameters[index] = value;
    self.blewUp = false;
    save();
    score();
  }

  /** Every neuron on a grid of `n` × `n` places. */
  function spread(n) {
    if (!grids.has(n)) {
      const points = gridPoints(n);
      const places = Array.from({ length: n * n }, (_, k) => k);
      const made = mlp.roomOf(net.sizes, n * n);
      made.h[0].set(data.featuresOf(points, places, ui.get("features")).x);
      grids.set(n, made);
    }
    const made = grids.get(n);
    mlp.forward(net, made, n * n);
    return made;
  }

  /** What the probe makes of every neuron. */
  function at([x, y]) {
    one.h[0].set(data.featuresOf([x, y, 0], [0], ui.get("features")).x);
    mlp.forward(net, one, 1);
    return one;
  }

  /** A reader of place k, as −1 to 1, for a neuron on a grid. @param {number} layer @param {number} i */
  function reader(grid, layer, i, stride = 1, n = 0) {
    if (layer === 0)
      return n === TILE
        ? (k) => tiles[i][k]
        : (k) => tiles[i][Math.floor(Math.floor(k / FINE) / 2) * TILE + Math.floor((k % FINE) / 2)];
    const size = net.sizes[layer];
    const values = grid.h[layer];
    const last = layer === net.sizes.length - 1;
    const value =
      last && net.loss === "bce"
        ? (v) => Math.tanh(v / 2)
        : !last && net.activation === "sigmoid"
          ? (v) => 2 * v - 1
          : (v) => v;
    if (stride === 1) return (k) => value(values[k * size + i]);
    return (k) =>
      value(values[(Math.floor(k / TILE) * stride * TILE * stride + (k % TILE) * stride) * size + i]);
  }

  /** Has the goal been met, and by a network that is allowed? */
  function goal() {
    const dataset = ui.get("dataset");
    const { below, neurons, plain, each } = GOALS[dataset];
    const hidden = ui.get("hidden").reduce((sum, width) => sum + width, 0);
    const allowed =
      hidden <= neurons && (!plain || ui.get("features").every((name) => name === "x1" || name === "x2"));
    const labels = each
      ? [0, 1].map((label) => ui.get("drawn").filter((row) => row[2] === label).length)
      : [];
    return {
      below,
      met:
        ready() &&
        allowed &&
        self.testScore.loss < below &&
        labels.every((count) => count >= each) &&
        self.step > 0,
    };
  }

  return Object.assign(self, {
    sync,
    train,
    save,
    edit,
    spread,
    at,
    reader,
    goal,
    ready,
    epochs: () => epochsOf(self, cursor, parts),
    perEpoch: () => Math.max(1, Math.ceil(parts.train.rows / ui.get("batch_size"))),
    rows: () => parts.train.rows,
  });
}

const epochsOf = ({ epoch, step }, cursor, parts) =>
  step ? epoch + Math.min(1, cursor / Math.max(1, parts.train.rows)) : 0;

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
