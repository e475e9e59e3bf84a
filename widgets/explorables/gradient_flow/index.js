// gradient_flow: how large the signal is in each layer of a deep network, and the gradient on its way back.
import * as core from "../../core/flow.js";
import { raise } from "../../core/errors.js";
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

/** Everything that one state of the traits implies; the random numbers of a seed are drawn once. */
function computer(ui) {
  let drawn = { seed: null };
  return function compute() {
    const [activation, depth, gain, seed] = ["activation", "depth", "gain", "seed"].map(ui.get);
    if (!Number.isInteger(seed))
      raise(TypeError, "badType", "seed", seed, "whole number", `seed must be a whole number, not ${seed}`);
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
  while (high - low < 6) (high - low) & 1 ? (high += 1) : (low -= 1);
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
  const band = plot.area({ class: "fg-target", layer: "under" });
  const bandName = plot.text({ color: "good" });
  const theory = plot.line({ color: "muted", width: 1.5, dash: "2 5" });
  const theoryName = plot.text({ class: "fg-quiet" });
  const line = plot.line({ width: 2 });
  const dots = plot.dots({ size: 6 });
  return {
    plot,
    draw({ activation, depth, fine }, numbers, { banded, predicted }) {
      plot.layout({
        x: { domain: [0, depth + 1] },
        y: { domain: decades([...numbers, ...(predicted ?? [])]) },
      });
      for (const mark of [line, dots]) mark.color(HUE[activation]);
      line.set(curve(numbers));
      dots.set(curve(numbers));
      predicted ? theory.set(curve(predicted)) : theory.hide();
      // Below the line, on the side where there is room.
      const half = predicted ? Math.floor(predicted.length / 2) : 0;
      const falls = predicted && predicted[0] > predicted.at(-1);
      predicted
        ? theoryName.set(half + 1, predicted[half], ui.t("theory"), {
            dx: falls ? -8 : 8,
            dy: 20,
            anchor: falls ? "end" : "start",
          })
        : theoryName.hide();
      if (!banded) return [band, bandName].forEach((mark) => mark.hide());
      const middle = Math.sqrt(
        Math.max(Math.max(...numbers) * Math.max(Math.min(...numbers), 1e-300), 1e-300),
      );
      band.set(0, middle * Math.sqrt(WITHIN), depth + 1, middle / Math.sqrt(WITHIN));
      band.node.classList.toggle("fg-won", fine);
      // On the side where the curve is below the band.
      const rising = numbers[0] < numbers.at(-1);
      bandName.set(rising ? 0 : depth + 1, middle * Math.sqrt(WITHIN), ui.t("band", { within: WITHIN }), {
        dx: rising ? 6 : -6,
        dy: -6,
        anchor: rising ? "start" : "end",
      });
    },
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
    : now.gradients[0] < now.gradients.at(-1)
      ? "vanishes"
      : now.spread === Infinity
        ? "vanishes"
        : "explodes";
  const why = now.fine
    ? now.depth < DEEP
      ? "shallow"
      : `fine ${now.activation}`
    : `${kind} ${now.activation}`;
  return { text: [t(kind, said), t(why, said)].join(ui.lang === "zh" ? "" : " "), bad: kind === "explodes" };
}

function setup(ui) {
  const { t } = ui;
  const compute = computer(ui);
  const activations = ui.choice({
    trait: "activation",
    label: t("activation"),
    into: ui.toolbar,
    options: Object.keys(core.ACTIVATIONS).map((name) => [name, t(name)]),
  });
  const gradients = chartOf(ui, "gradientAxis");
  const signals = chartOf(ui, "signalAxis");
  const gain = ui.slider({
    trait: "gain",
    label: t("gain"),
    symbol: "g",
    min: 0.1,
    max: 20,
    scale: "log",
    limits: { low: 0.01, high: 20 },
  });
  ui.slider({ trait: "depth", label: t("depth"), min: 2, max: core.DEEPEST, integer: true });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });

  // Letting go inside the band counts; passing over it with the mouse held does not.
  const look = () => {
    const now = compute();
    const passed = ui.get("passed");
    if (now.fine && now.depth >= DEEP && GOALS.includes(now.activation) && !passed.includes(now.activation))
      ui.set({ passed: [...passed, now.activation] });
  };
  for (const event of ["change", "pointerup", "click"])
    ui.root.addEventListener(
      event,
      () => ui.root.dataset.error !== "yes" && setTimeout(() => ui.alive && look()),
    );

  return function draw() {
    const now = compute();
    gain.marks([
      { value: GAINS.xavier, text: "Xavier", tone: "good", side: "left" },
      { value: GAINS.he, text: "He", tone: "good", side: "right" },
    ]);
    // Each ReLU layer passes on half of the mean square, forward and backward.
    const half = now.activation === "relu" ? now.gain / Math.SQRT2 : null;
    const powers = half && now.gradients.map((_, i) => half ** i);
    gradients.draw(now, now.gradients, {
      banded: true,
      predicted: half && powers.toReversed().map((p) => p * now.gradients.at(-1)),
    });
    signals.draw(now, now.signals, { banded: false, predicted: half && powers.map((p) => p * half) });
    gradients.plot.describe(
      t("gradientNow", {
        activation: t(now.activation),
        depth: now.depth,
        first: ui.number(now.gradients[0], 2),
        last: ui.number(now.gradients.at(-1), 2),
      }),
    );
    signals.plot.describe(
      t("signalNow", {
        activation: t(now.activation),
        depth: now.depth,
        first: ui.number(now.signals[0], 2),
        last: ui.number(now.signals.at(-1), 2),
      }),
    );
    const passed = GOALS.filter((name) => ui.get("passed").includes(name));
    ui.goal(
      passed.length === GOALS.length
        ? t("goalReached")
        : t("goal", { deep: DEEP, within: WITHIN }) +
            (passed.length ? t("passed", { list: passed.map((name) => t(name)).join(", ") }) : ""),
      passed.length === GOALS.length,
    );
    activations.node.querySelectorAll(".fg-segment").forEach((segment) => {
      const name = segment.querySelector("input").value;
      const text = passed.includes(name) ? `${t(name)} ✓` : t(name);
      const span = segment.querySelector("span");
      if (span.textContent !== text) span.textContent = text;
    });
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  };
}

export default explorable({ traits, strings, setup });
