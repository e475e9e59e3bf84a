// What is trained: made anew where a trait changes, in slices, with the vectors of every epoch kept so that time can be scrubbed.

import { needBetween, needPositive } from "../../core/errors.js";
import { principalPlane, project } from "../../core/projection.js";
import * as core from "./core.js";

export const SLICE = 8; // ms of training a frame, at most: what is left of 16.7 is for drawing

/** @param {import("../../ui/frame.js").Ui} ui @param {{textOf: () => string}} options */
export function modelOf(ui, { textOf }) {
  const self = {
    key: "",
    corpus: null,
    pairs: null,
    losses: [],
    shots: [],
    done: 0,
    epochs: 0,
    dimension: 0,
    sync,
    train,
    view,
    near,
    company,
    contexts,
    meets,
    busy: () => self.key !== "" && self.done < self.epochs && !self.diverged,
    diverged: false,
  };
  let net, current, setting, noise, plane;

  /** Starts again where what is trained has changed. */
  function sync() {
    const chosen = Object.fromEntries(
      ["window", "negatives", "learning_rate", "dimension", "sample", "seed", "epochs"].map((name) => [
        name,
        ui.get(name),
      ]),
    );
    const text = textOf();
    const key = JSON.stringify([text, chosen]);
    if (key === self.key) return;
    self.key = ""; // until everything is right: what is wrong is said at each draw
    needBetween("window", chosen.window, 1, 10);
    needBetween("negatives", chosen.negatives, 1, 20);
    needPositive("learning_rate", chosen.learning_rate);
    needBetween("dimension", chosen.dimension, 2, 32);
    needBetween("epochs", chosen.epochs, 1, 1000);
    const corpus = core.corpusOf(core.sentencesOf(text));
    setting = {
      window: chosen.window,
      negatives: chosen.negatives,
      rate: chosen.learning_rate,
      sample: chosen.sample,
      seed: chosen.seed,
    };
    noise = core.noiseOf(corpus.counts);
    core.keepChances(corpus.counts, chosen.sample);
    net = core.start(corpus.tokens.length, chosen.dimension, chosen.seed);
    current = null;
    plane = { at: -1 };
    Object.assign(self, {
      key,
      corpus,
      pairs: core.pairsOf(corpus.sentences, chosen.window),
      losses: [],
      shots: [],
      done: 0,
      epochs: chosen.epochs,
      dimension: chosen.dimension,
      diverged: false,
    });
    self.met = metOf(self.pairs, corpus.tokens.length);
    self.keep = core.keepChances(corpus.counts, chosen.sample);
    remember();
  }
  function remember() {
    self.losses.push(core.expectedLoss(net, self.pairs, noise, setting.negatives));
    self.shots.push(Float32Array.from(net.input));
    self.diverged = !net.input.every((x) => Math.abs(x) < 1e6);
    if (self.diverged) {
      self.shots.pop();
      self.losses.pop();
    }
  }
  /** Works until that time. @param {number} until */
  function train(until) {
    while (self.busy() && performance.now() < until) {
      current ??= core.epochOf(net, self.corpus, { ...setting, epoch: self.done });
      if (!current.run(until)) return;
      current = null;
      self.done += 1;
      remember();
    }
  }

  /**
   * Where the words point at an epoch: unit vectors, for cosines compare directions only. The plane is that of the last epoch,
   * so that no axis turns round while time goes on; frequent words count more for it.
   */
  function view(epoch, anchors) {
    const [n, d] = [self.corpus.tokens.length, self.dimension];
    const last = self.shots.length - 1;
    const key = `${last} ${anchors}`;
    if (plane.at !== key) {
      const rows = directions(self.shots[last], n, d);
      plane = { at: key, ...principalPlane(rows, n, d, self.corpus.counts) };
      turn(plane, project(rows, n, d, plane), anchors, d);
      plane.reach = Math.max(1e-3, ...project(rows, n, d, plane).map(Math.abs));
    }
    return {
      places: project(directions(self.shots[Math.min(epoch, last)], n, d), n, d, plane),
      reach: plane.reach,
      share: plane.shares[0] + plane.shares[1],
    };
  }
  /** All words by their cosine with one, the nearest first. */
  function near(epoch, word) {
    const d = self.dimension;
    const rows = self.shots[Math.min(epoch, self.shots.length - 1)];
    const norm = (i) => Math.hypot(...rows.subarray(i * d, i * d + d));
    const own = norm(word);
    return self.corpus.tokens
      .map((_, i) => {
        let sum = 0;
        for (let k = 0; k < d; k += 1) sum += rows[i * d + k] * rows[word * d + k];
        return { word: i, cosine: sum / (norm(i) * own || 1) };
      })
      .filter(({ word: i }) => i !== word)
      .sort((a, b) => b.cosine - a.cosine);
  }
  /** How often a word stands in one window with each other word. */
  function contexts(word) {
    return self.met.get(word) ?? new Map();
  }
  function company(word) {
    return [...contexts(word)]
      .map(([i, count]) => ({ word: i, count }))
      .sort((a, b) => b.count - a.count || a.word - b.word);
  }
  function meets(a, b) {
    return contexts(a).has(b);
  }
  return self;
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

/** Turns the plane so that the first anchor lies on the left and the second in the upper half: an edit leaves them where they were. */
function turn(plane, places, [first, second], d) {
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
