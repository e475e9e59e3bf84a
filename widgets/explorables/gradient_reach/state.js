// Everything that one state of the traits implies. What a slider does not touch is not computed again.
import { needWhole } from "../../core/errors.js";
import { draw, measure, sweep } from "./core.js";

export const FAR = 100; // of the goals: steps
export const WITHIN = 10; // of the RNN's goal: a factor, up or down
const POINTS = 17;
export const SCALES = Array.from({ length: POINTS }, (_, i) => 0.3 * 10 ** (i / (POINTS - 1)));
const KINDS = /** @type {const} */ (["rnn", "gru", "lstm"]);
const SLICE = 3; // ms a frame for the curves of the second picture, at least one point

/**
 * @typedef {object} State
 * @property {number} scale @property {number} bias @property {number} length
 * @property {Record<import("./core.js").Kind, import("./core.js").Measured>} cells
 * @property {Record<import("./core.js").Kind, number[]>} swept  the factor a step for `SCALES`; while `pending` an older one, or its beginning
 * @property {boolean} pending
 * @property {number} forget  σ(b)
 * @property {boolean} fine  the RNN keeps its gradient @property {number} high  the most that is left in it
 * @property {{rnn: boolean, lstm: boolean}} reached  the goals
 */

/** @param {import("../../ui/frame.js").Ui} ui @returns {() => State} */
export function computer(ui) {
  let drawn = { seed: null, numbers: null };
  /** @type {{key: string, cells: State["cells"]}} */ let measured = { key: "", cells: null };
  const sweptBy = sweeper();
  return function compute() {
    const [scale, bias, length, seed] = ["scale", "bias", "length", "seed"].map(ui.get);
    needWhole("seed", seed);
    if (drawn.seed !== seed) drawn = { seed, numbers: draw(seed) };
    const key = [seed, scale, bias, length].join();
    if (measured.key !== key) measured = { key, cells: measure(drawn.numbers, scale, bias, length) };
    const { cells } = measured;
    const { left } = cells.rnn;
    const [low, high] = [Math.min(...left), Math.max(...left)];
    const fine = low >= 1 / WITHIN && high <= WITHIN;
    return {
      scale,
      bias,
      length,
      cells,
      ...sweptBy({ ...drawn, bias, length }),
      forget: 1 / (1 + Math.exp(-bias)),
      fine,
      high,
      reached: { rnn: fine && length >= FAR, lstm: cells.lstm.reach >= FAR },
    };
  };
}

const isBegun = (swept) => KINDS.every((kind) => swept[kind].length > 0);
const isWhole = (swept) => KINDS.every((kind) => swept[kind].length === POINTS);

/** The curves of the second picture. They take longer than a frame has: a few points a frame, and the last whole ones until then. */
function sweeper() {
  let [whole, begun] = [null, null];
  const same = (a, b, ...names) => Boolean(a) && names.every((name) => a[name] === b[name]);
  function begin(asked) {
    // The bias is the gates': without them nothing changes.
    const rnn = same(whole, asked, "seed", "length") ? whole.swept.rnn : null;
    return { ...asked, swept: { rnn: rnn ?? [], gru: [], lstm: [] } };
  }
  function advance({ swept, numbers, bias, length }) {
    // No frame comes before paper is printed.
    const until = matchMedia("print").matches ? Infinity : performance.now() + SLICE;
    do {
      const kind = KINDS.reduce((a, b) => (swept[b].length < swept[a].length ? b : a));
      swept[kind].push(...sweep(kind, numbers, [SCALES[swept[kind].length]], bias, length));
    } while (!isBegun(swept) || (!isWhole(swept) && performance.now() < until));
  }
  return function sweptBy(asked) {
    if (!same(whole, asked, "seed", "bias", "length")) {
      begun ??= begin(asked);
      advance(begun);
      if (isWhole(begun.swept)) [whole, begun] = [begun, null];
    }
    return {
      swept: (whole ?? begun).swept,
      pending: !same(whole, asked, "seed", "bias", "length"),
    };
  };
}
