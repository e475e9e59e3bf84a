// gradient_flow: how large the signal is in each layer of a deep network, and the gradient on its way back.

import { needWhole } from "../../core/errors.js";
import * as core from "../../core/flow.js";
import { explorable } from "../../ui/index.js";
import { strings } from "./strings.js";

export { core };

const GAINS = { xavier: 1, he: Math.SQRT2 };
const WITHIN = 10; // the goal: largest over smallest gradient
const DEEP = 30; // and at least so many layers
const GOALS = ["tanh", "relu"];
const HUE = { tanh: "blue", relu: "orange", sigmoid: "purple" };
const MARGIN = { left: 46, right: 14, top: 24, bottom: 38 };

const traits = { activation: "tanh", depth: 30, gain: 0.6, seed: 1, passed: [] };

/** @typedef {ReturnType<ReturnType<typeof computer>>} Now */

/** Everything that one state of the traits implies; the random numbers of a seed are drawn once. */
function computer(ui) {
  let drawn = { seed: null };
  return function compute() {
    const [activation, depth, gain, seed] = ["activation", "depth", "gain", "seed"].map(ui.get);
    needWhole("seed", seed);
    if (drawn.seed !== seed) drawn = { seed, numbers: core.draw(seed) };
    const { signals, gradients } = core.flow(activation, gain, depth, drawn.numbers);
    const spread = core.spread(gradients);
    return {
      activation,
      depth,
      gain,
      signals,
      gradients,
      spread,
      rate: core.perLayer(gradients),
      fine: spread <= WITHIN,
    };
  };
}

/** Whole decades around the numbers, at least six of them, so that a small change does not look like a large one. */
function decades(numbers) {
  const there = numbers.filter((v) => v > 0 && Number.isFinite(v));
  let [low, high] = [
    Math.floor(Math.log10(Math.min(...there, 1)) - 0.15),
    Math.ceil(Math.log10(Math.max(...there, 1)) + 0.15),
  ];
  while (high - low < 6) {
    if ((high - low) % 2) high += 1;
    else low -= 1;
  }
  return [10 ** low, 10 ** high];
}

const curve = (numbers) =>
  Float64Array.from({ length: 2 * numbers.length }, (_, i) =>
    i % 2 ? Math.max(numbers[(i - 1) / 2], 1e-300) : i / 2 + 1,
  );

/** Layer by layer: a line with dots, and what else the picture of that side needs. */
function chartOf(ui, label) {
  const height = (width) => Math.round(Math.min(330, Math.max(210, width * 0.78)));
  const plot = ui.plot({
    label: ui.t(label),
    height,
    margin: MARGIN,
    x: { domain: [0, 31], label: ui.t("layer"), ticks: 6 },
    y: { domain: [1e-3, 1e3], scale: "log", label: ui.t(label), ticks: 7 },
  });
  const drawBand = bandOf(ui, plot);
  const drawTheory = theoryOf(ui, plot);
  const line = plot.line({ width: 2 });
  const dots = plot.dots({ size: 6 });
  return {
    plot,
    /** @param {Now} now @param {number[]} numbers @param {{banded: boolean, predicted: number[]|null}} more */
    draw({ activation, depth, fine }, numbers, { banded, predicted }) {
      plot.layout({
        x: { domain: [0, depth + 1] },
        y: { domain: decades([...numbers, ...(predicted ?? [])]) },
      });
      for (const mark of [line, dots]) {
        mark.color(HUE[activation]);
        mark.set(curve(numbers));
      }
      drawTheory(predicted);
      drawBand(numbers, depth, { shown: banded, fine });
    },
  };
}

/** Where all gradients have to lie; its name on the side where the curve is below it. */
function bandOf(ui, plot) {
  const band = plot.area({ class: "fg-target", layer: "under" });
  const name = plot.text({ color: "good" });
  return function draw(numbers, depth, { shown, fine }) {
    if (!shown) {
      band.hide();
      name.hide();
      return;
    }
    const [least, most] = [Math.max(Math.min(...numbers), 1e-300), Math.max(...numbers)];
    const middle = Math.sqrt(Math.max(most * least, 1e-300));
    band.set(0, middle * Math.sqrt(WITHIN), depth + 1, middle / Math.sqrt(WITHIN));
    band.node.classList.toggle("fg-won", fine);
    const rising = numbers[0] < numbers.at(-1);
    const side = rising ? { dx: 6, dy: -6, anchor: "start" } : { dx: -6, dy: -6, anchor: "end" };
    name.set(rising ? 0 : depth + 1, middle * Math.sqrt(WITHIN), ui.t("band", { within: WITHIN }), side);
  };
}

/** What theory predicts, and its name below the line, on the side where there is room. */
function theoryOf(ui, plot) {
  const line = plot.line({ color: "muted", width: 1.5, dash: "2 5" });
  const name = plot.text({ class: "fg-quiet" });
  return function draw(predicted) {
    if (!predicted) {
      line.hide();
      name.hide();
      return;
    }
    line.set(curve(predicted));
    const half = Math.floor(predicted.length / 2);
    const falls = predicted[0] > predicted.at(-1);
    const side = falls ? { dx: -8, dy: 20, anchor: "end" } : { dx: 8, dy: 20, anchor: "start" };
    name.set(half + 1, predicted[half], ui.t("theory"), side);
  };
}

/** One sentence on what is seen, one on why. */
function words(ui, now) {
  const { t, number } = ui;
  const said = {
    depth: now.depth,
    rate: number(now.rate),
    ratio: number(now.gradients[0] / now.gradients.at(-1), 2),
    spread: number(now.spread, 2),
    gain: number(now.gain),
    std: number(now.gain / Math.sqrt(core.WIDTH), 2),
    half: number(now.gain / Math.SQRT2),
    signal: number(now.signals.at(-1), 2),
  };
  const kind = now.fine
    ? "fine"
    : now.gradients[0] < now.gradients.at(-1) || now.spread === Infinity
      ? "vanishes"
      : "explodes";
  const why = now.fine
    ? now.depth < DEEP
      ? "shallow"
      : `fine ${now.activation}`
    : `${kind} ${now.activation}`;
  return { text: ui.join(t(kind, said), t(why, said)), bad: kind === "explodes" };
}

function controls(ui) {
  const { t } = ui;
  const passed = (name) => ui.get("passed").includes(name) && GOALS.includes(name);
  ui.choice({
    trait: "activation",
    label: t("activation"),
    into: ui.toolbar,
    options: () =>
      Object.keys(core.ACTIVATIONS).map((name) => [name, passed(name) ? `${t(name)} ✓` : t(name)]),
  });
  ui.slider({
    trait: "gain",
    label: t("gain"),
    symbol: "g",
    min: 0.1,
    max: 20,
    scale: "log",
    limits: { low: 0.01, high: 20 },
    marks: [
      { value: GAINS.xavier, text: "Xavier", tone: "good", side: "left" },
      { value: GAINS.he, text: "He", tone: "good", side: "right" },
    ],
  });
  ui.slider({ trait: "depth", label: t("depth"), min: 2, max: core.DEEPEST, integer: true });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });
}

function showGoal(ui) {
  const { t } = ui;
  const passed = GOALS.filter((name) => ui.get("passed").includes(name));
  const all = passed.length === GOALS.length;
  const so = passed.length ? t("passed", { list: passed.map((name) => t(name)).join(", ") }) : "";
  ui.goal(all ? t("goalReached") : t("goal", { deep: DEEP, within: WITHIN }) + so, all);
}

/** What one picture shows, for screen readers. */
function describe(ui, plot, key, { activation, depth }, numbers) {
  const [first, last] = [numbers[0], numbers.at(-1)].map((value) => ui.number(value, 2));
  plot.describe(ui.t(key, { activation: ui.t(activation), depth, first, last }));
}

function setup(ui) {
  const gradients = chartOf(ui, "gradientAxis");
  const signals = chartOf(ui, "signalAxis");
  controls(ui);
  ui.goals("passed", ({ fine, depth, activation }) =>
    fine && depth >= DEEP && GOALS.includes(activation) ? [activation] : [],
  );

  /** @param {Now} now */
  function draw(now) {
    // Each ReLU layer passes on half of the mean square, forward and backward.
    const half = now.activation === "relu" ? now.gain / Math.SQRT2 : null;
    const powers = half && now.gradients.map((_, i) => half ** i);
    const backward = powers && [...powers].reverse().map((p) => p * now.gradients.at(-1));
    gradients.draw(now, now.gradients, { banded: true, predicted: backward });
    signals.draw(now, now.signals, { banded: false, predicted: powers?.map((p) => p * half) });
    describe(ui, gradients.plot, "gradientNow", now, now.gradients);
    describe(ui, signals.plot, "signalNow", now, now.signals);
    showGoal(ui);
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  }
  return { compute: computer(ui), draw };
}

export default explorable({ traits, strings, setup });
