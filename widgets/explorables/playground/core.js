// A multilayer perceptron in flat arrays: forward, backward, and training by batches. Float64, torch's conventions.
import { RACERS, racerOf } from "../../core/adaptive.js";
import { needBetween, needName, needPositive, raise } from "../../core/errors.js";
import { normals } from "../../core/flow.js";
import { random } from "../../core/random.js";

/** erf, exact to the last digits: a series of positive terms only. */
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
const phi = (z) => 0.5 * (1 + erf(z / Math.SQRT2)); // the normal distribution function

/**
 * Name → φ(z), φ′ from z and h = φ(z), and the variance factor of the weights (as firstgrad.models.mlp has it).
 * @type {Record<string, {value: (z: number) => number, slope: (z: number, h: number) => number, factor: number}>}
 */
export const ACTIVATIONS = {
  tanh: { value: Math.tanh, slope: (_z, h) => 1 - h * h, factor: 1 },
  relu: { value: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0), factor: 2 },
  sigmoid: { value: (z) => 1 / (1 + Math.exp(-z)), slope: (_z, h) => h * (1 - h), factor: 1 },
  gelu: {
    value: (z) => z * phi(z),
    slope: (z) => phi(z) + (z * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI),
    factor: 2,
  },
  identity: { value: (z) => z, slope: () => 1, factor: 1 },
};

/** Name → the loss of one output z for the target t, and its derivative by z. */
export const LOSSES = {
  // The cross-entropy of σ(z), in the form that does not overflow; t is 0 or 1.
  bce: {
    value: (z, t) => Math.max(z, 0) - z * t + Math.log1p(Math.exp(-Math.abs(z))),
    slope: (z, t) => 1 / (1 + Math.exp(-z)) - t,
  },
  mse: { value: (z, t) => (z - t) ** 2, slope: (z, t) => 2 * (z - t) },
};

export const OPTIMISERS = { sgd: RACERS.sgd, momentum: RACERS.momentum, adam: RACERS.adam };
const FIXED = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, corrected: true, momentum: 0.9 };

/** How many weights and biases. @param {number[]} sizes units of the input, each hidden layer, the output */
export const countOf = (sizes) => sizes.slice(1).reduce((sum, size, i) => sum + size * (sizes[i] + 1), 0);

/** Where layer l (from 0) has its weights, row by row, and behind them its biases. @returns {{weights: number, biases: number}[]} */
export function placesOf(sizes) {
  let at = 0;
  return sizes.slice(1).map((size, l) => {
    const place = { weights: at, biases: at + size * sizes[l] };
    at = place.biases + size;
    return place;
  });
}

/** Weights drawn for a seed: normal with variance factor / fan-in; biases 0. @returns {Float64Array} */
export function initial(sizes, activation, seed) {
  const { factor } = needName("activation", activation, ACTIVATIONS);
  const parameters = new Float64Array(countOf(sizes));
  const next = random(seed);
  placesOf(sizes).forEach(({ weights, biases }, l) => {
    const drawn = normals(next, biases - weights);
    const deviation = Math.sqrt(factor / sizes[l]);
    for (let i = 0; i < drawn.length; i += 1) parameters[weights + i] = deviation * drawn[i];
  });
  return parameters;
}

/** @typedef {ReturnType<typeof roomOf>} Room */

/**
 * Room for the values of up to `rows` examples: z and h of every layer, h[0] being the input; row by row.
 * @param {number[]} sizes @param {number} rows
 */
export function roomOf(sizes, rows) {
  const arrays = () => sizes.map((size) => new Float64Array(size * rows));
  return { z: arrays(), h: arrays(), delta: arrays(), rows };
}

/** Fills z and h from h[0]. The last layer stays affine. */
export function forward({ sizes, activation, parameters }, room, rows) {
  const { value } = ACTIVATIONS[activation];
  const last = sizes.length - 1;
  let at = 0;
  for (let l = 1; l <= last; l += 1) {
    const [fan, size] = [sizes[l - 1], sizes[l]];
    const [x, z, h] = [room.h[l - 1], room.z[l], room.h[l]];
    const biases = at + size * fan;
    for (let n = 0; n < rows; n += 1) {
      for (let i = 0; i < size; i += 1) {
        let sum = parameters[biases + i];
        for (let j = 0; j < fan; j += 1) sum += parameters[at + i * fan + j] * x[n * fan + j];
        z[n * size + i] = sum;
        h[n * size + i] = l < last ? value(sum) : sum;
      }
    }
    at = biases + size;
  }
  return room.h[last];
}

/** The gradient of the mean loss over `rows` examples, into `gradient`; after `forward`. @returns {number} that mean */
export function backward({ sizes, activation, parameters, loss }, room, targets, rows, gradient) {
  const { slope } = ACTIVATIONS[activation];
  const { value, slope: push } = LOSSES[loss];
  const last = sizes.length - 1;
  const places = placesOf(sizes);
  gradient.fill(0);
  let total = 0;
  for (let n = 0; n < rows; n += 1) {
    total += value(room.h[last][n], targets[n]);
    room.delta[last][n] = push(room.h[last][n], targets[n]) / rows;
  }
  for (let l = last; l > 0; l -= 1) {
    const [fan, size] = [sizes[l - 1], sizes[l]];
    const [x, delta, below] = [room.h[l - 1], room.delta[l], room.delta[l - 1]];
    const { weights, biases } = places[l - 1];
    if (l > 1) below.fill(0, 0, rows * fan);
    for (let n = 0; n < rows; n += 1) {
      for (let i = 0; i < size; i += 1) {
        const d = delta[n * size + i];
        gradient[biases + i] += d;
        for (let j = 0; j < fan; j += 1) gradient[weights + i * fan + j] += d * x[n * fan + j];
        if (l > 1)
          for (let j = 0; j < fan; j += 1) below[n * fan + j] += d * parameters[weights + i * fan + j];
      }
    }
    if (l > 1) for (let k = 0; k < rows * fan; k += 1) below[k] *= slope(room.z[l - 1][k], x[k]);
  }
  return total / rows;
}

/** λ₁ Σ|w| + ½ λ₂ Σw² over the weights, not the biases: added to the gradient. @returns {number} the penalty */
export function penalise({ sizes, parameters }, l1, l2, gradient) {
  let penalty = 0;
  if (l1 === 0 && l2 === 0) return penalty;
  for (const { weights, biases } of placesOf(sizes)) {
    for (let k = weights; k < biases; k += 1) {
      const w = parameters[k];
      penalty += l1 * Math.abs(w) + 0.5 * l2 * w * w;
      gradient[k] += l1 * Math.sign(w) + l2 * w;
    }
  }
  return penalty;
}

/** @typedef {{sizes: number[], activation: string, loss: string, parameters: Float64Array}} Net */

/** @returns {Net} @param {{sizes: number[], activation: string, loss: string, parameters: ArrayLike<number>}} given */
export function netOf({ sizes, activation, loss, parameters }) {
  needName("activation", activation, ACTIVATIONS);
  needName("loss", loss, LOSSES);
  const [given, count] = [parameters.length, countOf(sizes)];
  const fine = given === count && Array.prototype.every.call(parameters, Number.isFinite);
  if (!fine)
    raise(
      RangeError,
      "badWeights",
      "weights",
      given,
      String(count),
      `weights must be ${count} finite numbers, not ${given}`,
    );
  return { sizes, activation, loss, parameters: Float64Array.from(parameters) };
}

/** Checks the reader's, the page's or Python's settings of training. */
export function checkTraining({ optimiser, learningRate, l1 = 0, l2 = 0 }) {
  racerOf(optimiser);
  needName("optimiser", optimiser, OPTIMISERS);
  needPositive("learning_rate", learningRate);
  for (const strength of [l1, l2]) needBetween("strength", strength, 0, 10);
  return { optimiser, learningRate, l1, l2 };
}

/** Trains `net` in place: one step a batch; the optimiser's state lives here. @param {Net} net */
export function trainerOf(net, room) {
  const gradient = new Float64Array(net.parameters.length);
  const targets = new Float64Array(room.rows);
  let state = { name: "" };
  return {
    /** @param {ArrayLike<number>} x inputs, row by row @param {ArrayLike<number>} y @param {ArrayLike<number>} batch numbers of rows @returns {number} the loss of the batch, penalty included */
    step(x, y, batch, { optimiser, learningRate, l1, l2 }) {
      const [fan] = net.sizes;
      const rows = batch.length;
      for (let n = 0; n < rows; n += 1) {
        for (let j = 0; j < fan; j += 1) room.h[0][n * fan + j] = x[batch[n] * fan + j];
        targets[n] = y[batch[n]];
      }
      forward(net, room, rows);
      const value = backward(net, room, targets, rows, gradient) + penalise(net, l1, l2, gradient);
      // Another optimiser begins with a state of its own.
      if (state.name !== optimiser)
        state = { name: optimiser, own: OPTIMISERS[optimiser].init(gradient.length) };
      OPTIMISERS[optimiser].step(state.own, net.parameters, gradient, { ...FIXED, learningRate });
      return value;
    },
    /** After the weights were edited from outside. */
    forget() {
      state = { name: "" };
    },
  };
}

/** The order in which an epoch takes the rows: drawn from seed and epoch. @returns {Int32Array} */
export function orderOf(seed, epoch, count) {
  const next = random((seed * 1000003 + epoch * 7919 + 17) >>> 0);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Mean loss and, for classes, the share on the right side. `room` has the outputs of `forward`. */
export function scoreOf({ sizes, loss }, room, targets, rows) {
  const out = room.h[sizes.length - 1];
  let [total, right] = [0, 0];
  for (let n = 0; n < rows; n += 1) {
    total += LOSSES[loss].value(out[n], targets[n]);
    if (out[n] > 0 === targets[n] > 0.5) right += 1;
  }
  return { loss: total / rows, accuracy: right / rows };
}

/**
 * A whole training, for the tests: the loss of each batch, the last weights, and the outputs for all x then.
 * @param {{sizes: number[], activation: string, loss: string, parameters: number[], x: number[], y: number[], batches: number[][], optimiser: string, learningRate: number, l1: number, l2: number}} given
 */
export function train({ x, y, batches, ...given }) {
  const net = netOf(given);
  const settings = checkTraining(given);
  const room = roomOf(net.sizes, y.length);
  const trainer = trainerOf(net, room);
  const losses = batches.map((batch) => trainer.step(x, y, batch, settings));
  room.h[0].set(x);
  const outputs = Array.from(forward(net, room, y.length));
  return { losses, parameters: Array.from(net.parameters), outputs, ...scoreOf(net, room, y, y.length) };
}
