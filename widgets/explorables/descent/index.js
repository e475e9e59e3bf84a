// descent: an optimiser walks down a surface. Path, loss curve, and the learning rates that theory allows.
import * as core from "../../core/descent.js";
import { explorable } from "../../ui/index.js";
import { mapOf } from "../../ui/surface_map/index.js";
import { chartOf } from "./chart.js";
import { COLOURS } from "./colours.js";
import { strings } from "./strings.js";

export { core };

const traits = {
  surface: "quadratic",
  optimiser: "sgd",
  learning_rate: 0.02,
  momentum: 0.9,
  condition: 30,
  start: [-2.4, 0.6],
  steps: 100,
  step: -1,
  compare: false,
};
const NAMES = Object.keys(core.OPTIMISERS);

/** @typedef {ReturnType<typeof compute>} Now */

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const [name, optimiser, start] = ["surface", "optimiser", "start"].map(ui.get);
  const surface = core.surfaceOf(name, { condition: ui.get("condition") });
  const hyper = { learningRate: ui.get("learning_rate"), momentum: ui.get("momentum") };
  const steps = ui.get("steps");
  const go = (which) => core.run(which, surface, start, hyper, steps);
  const run = go(optimiser);
  const { momentum } = hyper;
  const { curvatures } = core.flattest(surface);
  const goal = { ...surface.goal, within: Math.min(surface.goal.within, steps) };
  return {
    name,
    optimiser,
    start,
    surface,
    steps,
    run,
    goal,
    ...hyper,
    curvatures,
    compare: ui.get("compare"),
    others: ui.get("compare")
      ? NAMES.filter((other) => other !== optimiser).map((other) => [other, go(other)])
      : [],
    limit: core.stabilityLimit(optimiser, curvatures[1], momentum),
    best: core.bestRate(optimiser, curvatures, momentum),
    rate: core.rateOf(optimiser, hyper.learningRate, curvatures, momentum),
    hit: run.losses[0] >= goal.from ? core.reachedAt(run, goal) : null,
    tooNear: run.losses[0] < goal.from,
  };
}

/** The state in words: what happened, and what it means. @returns {{text: string, bad: boolean}} */
function words(ui, now, cursor) {
  const { t, number } = ui;
  const { run, surface, limit, learningRate, best, rate, momentum } = now;
  const last = run.losses.length - 1;
  // Two different rates must not look the same.
  const digits = number(learningRate) === number(limit) ? 6 : 3;
  const loss = (value) => number(value, now.name === "mlp" ? 3 : 2);
  const said = {
    loss: loss(run.losses[last]),
    steps: last,
    rate: number(rate),
    learningRate: number(learningRate, digits),
    limit: number(limit, digits),
    best: number(best),
  };
  if (surface.quadratic && learningRate > limit) return { text: t("diverges", said), bad: true };
  if (run.left !== null) return { text: t("left", said), bad: true };
  if (run.diverged !== null)
    return { text: t(learningRate > limit ? "blewUpLimit" : "blewUp", said), bad: true };
  const more = {
    ...said,
    from: number(now.goal.from),
    root: number(Math.sqrt(momentum)),
    momentum: number(momentum),
  };
  if (ui.get("step") >= 0)
    return { text: t("atStep", { step: cursor, loss: loss(run.losses[cursor]), of: last }), bad: false };
  return { text: ui.join(t("summary", said), t(advice(now), more)), bad: false };
}

/** Which remark helps most: the key of a string. */
function advice(now) {
  const { name, surface, hit, limit, learningRate, best, rate, optimiser, momentum, start, tooNear } = now;
  if (tooNear) return "tooNear";
  if (hit !== null) return `reached ${name}`;
  if (name === "saddle" && start[1] === 0) return "ridge";
  if (name === "mlp") return "otherValley";
  if (!surface.quadratic) return learningRate > limit ? "restless" : `try ${name}`;
  if (learningRate === limit) return "onLimit";
  if (learningRate < 0.7 * best && rate > Math.sqrt(momentum) + 1e-9) return "slow";
  if (optimiser === "sgd") return "asFastAsItGets";
  return rate < Math.sqrt(momentum) + 1e-6 ? "brake" : "almost";
}

function toolbar(ui) {
  const { t } = ui;
  /** Another surface brings its own start and scales. */
  function choose(surface) {
    const { start, learningRate, goal } = core.surfaceOf(surface, { condition: ui.get("condition") });
    ui.set({ surface, start, learning_rate: learningRate, steps: goal.within, step: -1 });
  }
  ui.choice({
    trait: "surface",
    label: t("surface"),
    as: "select",
    into: ui.toolbar,
    onChange: choose,
    options: Object.keys(core.SURFACES).map((s) => [s, t(s)]),
  });
  ui.choice({
    trait: "optimiser",
    label: t("optimiser"),
    into: ui.toolbar,
    options: NAMES.map((o) => [o, t(o)]),
  });
  ui.checkbox({ trait: "compare", label: t("compare"), into: ui.toolbar });
}

function sliders(ui) {
  const { t } = ui;
  ui.slider({
    trait: "learning_rate",
    label: t("learningRate"),
    symbol: "α",
    min: (now) => now.surface.rates[0],
    max: (now) => now.surface.rates[1],
    scale: "log",
    limits: { positive: true },
    marks: (now) => rateMarks(t, now),
  });
  ui.slider({
    trait: "momentum",
    label: t("momentumLabel"),
    symbol: "μ",
    min: 0,
    max: 0.99,
    step: 0.01,
    limits: { low: 0, high: 0.999 },
    visible: (now) => core.OPTIMISERS[now.optimiser].uses.includes("momentum") || now.compare,
  });
  ui.slider({
    trait: "condition",
    label: t("condition"),
    symbol: "κ",
    min: 1,
    max: 300,
    scale: "log",
    limits: { low: 1, high: 1000 },
    visible: (now) => now.surface.quadratic,
  });
}

/** The best rate and the largest that converges, where they are known. @returns {import("../../ui/controls/slider.js").Mark[]} */
function rateMarks(t, { surface, limit, best }) {
  if (!surface.quadratic)
    return [{ value: limit, text: t("limitThere"), tone: "bad", side: "left", beyond: true }];
  return [
    { value: best, text: t("best"), tone: "good", side: "left" },
    { value: limit, text: t("limit"), tone: "bad", side: "right", beyond: true },
  ];
}

function setup(ui) {
  const { t } = ui;
  toolbar(ui);
  const map = mapOf(ui, { colours: COLOURS });
  const chart = chartOf(ui);
  sliders(ui);
  const player = ui.player({ trait: "step", length: (now) => now.run.losses.length - 1 });

  function draw(now) {
    const cursor = player.current();
    map.draw(now, cursor);
    chart.draw(now, cursor);
    ui.question(t(`question ${now.name}`));
    const said = { below: ui.number(now.goal.below), within: now.goal.within, hit: now.hit };
    ui.goal(t(now.hit === null ? "goal" : "goalReached", said), now.hit !== null);
    const last = now.run.losses.at(-1);
    ui.set({ goal_reached: now.hit !== null, final_loss: Number.isFinite(last) ? last : null });
    const { text, bad } = words(ui, now, cursor);
    ui.status(text, { bad });
  }
  return { compute: () => compute(ui), draw };
}

export default explorable({ traits, strings, setup });
