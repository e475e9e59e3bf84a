// adam: what Adam keeps and what its steps are made of, on the surfaces of *descent*; and a race against its parents.

import { h } from "../../ui/dom.js";
import { explorable } from "../../ui/index.js";
import { mapOf } from "../../ui/surface_map/index.js";
import { averagesChart, raceChart, stepChart } from "./charts.js";
import { COLOURS } from "./colours.js";
import * as core from "./core.js";
import { strings } from "./strings.js";

export { core };

const traits = {
  surface: "quadratic",
  view: "inside",
  watch: "x",
  corrected: true,
  tuned: true,
  learning_rate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  condition: 30,
  angle: 23,
  start: [-2.4, 0.6],
  steps: 100,
  step: -1,
};
const RATES = { quadratic: 0.1, rosenbrock: 0.05, beale: 0.05, saddle: 0.1, mlp: 0.05 }; // where each surface begins
const NAMES = Object.keys(core.RACERS);
const OTHERS = NAMES.filter((name) => name !== "adam");

/** Tuning takes many runs, and most moves change none of a racer's own settings. */
const best = new Map();
/** @param {string} name @param {string} key @param {[import("../../core/surfaces.js").Surface, number[], object, number]} rest */
function tune(name, key, ...rest) {
  const known = best.get(name);
  if (known?.key === key) return known.entry;
  const entry = core.tune(name, ...rest);
  best.set(name, { key, entry });
  return entry;
}

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const [name, start, steps, watch, view, corrected] = [
    "surface",
    "start",
    "steps",
    "watch",
    "view",
    "corrected",
  ].map(ui.get);
  const angle = (ui.get("angle") * Math.PI) / 180;
  const surface = core.surfaceOf(name, { condition: ui.get("condition"), angle });
  const hyper = {
    learningRate: ui.get("learning_rate"),
    beta1: ui.get("beta1"),
    beta2: ui.get("beta2"),
    epsilon: ui.get("epsilon"),
    corrected,
  };
  const tuned = ui.get("tuned");
  const run = core.run("adam", surface, start, hyper, steps);
  const goal = { ...surface.goal, within: Math.min(surface.goal.within, steps) };
  const reached = (result) => (result.losses[0] >= goal.from ? core.reachedAt(result, goal) : null);
  const now = {
    name,
    start,
    steps,
    watch,
    view,
    surface,
    angle,
    tuned,
    run,
    goal,
    ...hyper,
    optimiser: "adam",
    others: [],
    hit: reached(run),
    curvatures: core.flattest(surface).curvatures,
    tooNear: run.losses[0] < goal.from,
  };
  return view === "race" ? { ...now, ...raced(ui, now, hyper, reached) } : { ...now, inside: opened(now) };
}

/** The averages of the watched coordinate, and the longest steps that theory allows. */
function opened({ run, surface, watch, beta1, beta2, epsilon }) {
  const g = core.gradientsAlong(run, surface, watch === "x" ? 0 : 1);
  const all = core.averages(g, { beta1, beta2, epsilon });
  const roots = { root: all.v.map(Math.sqrt), rootHat: all.vHat.map(Math.sqrt) };
  return { g, ...all, ...roots, most: Float64Array.from(g, (_, i) => core.bound(i + 1, beta1, beta2)) };
}

function raced(ui, { name, surface, start, steps, run, tuned }, hyper, reached) {
  const place = [name, ui.get("condition"), ui.get("angle"), start, steps];
  const entries = NAMES.map((which) => {
    const own = core.RACERS[which].uses.map((trait) => hyper[trait]);
    const entry = tuned
      ? tune(which, JSON.stringify([place, own]), surface, start, hyper, steps)
      : {
          name: which,
          rate: hyper.learningRate,
          run: which === "adam" ? run : core.run(which, surface, start, hyper, steps),
        };
    return { ...entry, hit: reached(entry.run) };
  });
  const adam = entries.find((entry) => entry.name === "adam");
  return {
    entries,
    ranked: core.ranking(entries),
    run: adam.run,
    others: OTHERS.map((which) => [which, entries.find((e) => e.name === which).run]),
  };
}

/** The state in words: what happened, and what it means. @returns {{text: string, bad: boolean}} */
function words(ui, now, cursor) {
  if (now.view === "race") return { text: raceWords(ui, now, cursor), bad: false };
  const { t, number } = ui;
  const { run, inside, watch } = now;
  const last = run.losses.length - 1;
  const loss = lossWords(ui, now);
  if (run.left !== null) return { text: t("left", { steps: last }), bad: true };
  if (run.diverged !== null) return { text: t("blewUp", { steps: last }), bad: true };
  const used = inside[now.corrected ? "corrected" : "raw"].map(Math.abs);
  if (ui.get("step") >= 0) {
    const size = number(used[Math.max(0, cursor - 1)]);
    const here = { step: cursor, of: last, loss: loss(run.losses[cursor]), size, axis: watch };
    return { text: t(cursor ? "atStep" : "atStart", here), bad: false };
  }
  const longest = used.reduce((best, size, i) => (size > used[best] ? i : best), 0);
  const said = {
    loss: loss(run.losses[last]),
    steps: last,
    first: number(used[0]),
    longest: number(used[longest]),
    at: longest + 1,
    axis: watch,
    beta1: number(now.beta1),
    from: number(now.goal.from),
  };
  return { text: ui.join(t("summary", said), t(advice(now, used), said)), bad: false };
}

const lossWords =
  (ui, { name }) =>
  (value) =>
    ui.number(value, name === "mlp" ? 3 : 2);

function raceWords(ui, now, cursor) {
  const { t, number } = ui;
  if (ui.get("step") >= 0) {
    const loss = lossWords(ui, now);
    const at = (losses) => losses[Math.min(cursor, losses.length - 1)];
    const list = now.entries.map(({ name, run }) => `${t(name)} ${loss(at(run.losses))}`).join(t("comma"));
    return t("raceAt", { step: cursor, of: now.run.losses.length - 1, list });
  }
  const list = now.ranked
    .map(({ name, run, hit }) =>
      t(hit === null ? "endsAt" : "arrivesAt", { name: t(name), loss: number(core.endOf(run), 3), hit }),
    )
    .join(t("comma"));
  return ui.join(t(now.tuned ? "raceTuned" : "raceSame", { list }), t(raceAdvice(now)));
}

/** Which remark helps most: the key of a string. */
function advice({ tooNear, hit, name, corrected, beta1, learningRate, run, surface, start }, used) {
  if (!corrected) return used[0] > 1.5 ? "kick" : "noKick";
  if (tooNear) return "tooNear";
  if (hit !== null) return "reached";
  if (name === "saddle" && start[1] === 0) return "ridge";
  if (name === "mlp") return "otherValley";
  if (run.losses.at(-1) > 0.05 * run.losses[0] && learningRate < 0.05) return "tooShort";
  if (surface.quadratic && beta1 >= 0.85) return "swings";
  return "almost";
}

function raceAdvice({ ranked, surface, angle, curvatures }) {
  if (!surface.quadratic) return ranked[0].name === "adam" ? "adamWins" : "otherWins";
  const skew = Math.min(angle, Math.PI / 2 - angle);
  if (curvatures[1] < 5) return ranked[0].name === "adam" ? "adamWins" : "otherWins";
  return skew < 0.05 ? "aligned" : "turned";
}

function toolbar(ui) {
  const { t } = ui;
  /** Another surface brings its own start and scales. */
  function choose(surface) {
    const { start, goal } = core.surfaceOf(surface, { condition: ui.get("condition") });
    ui.set({ surface, start, learning_rate: RATES[surface], steps: goal.within, step: -1 });
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
    trait: "view",
    label: t("view"),
    into: ui.toolbar,
    options: ["inside", "race"].map((v) => [v, t(v)]),
  });
  ui.choice({
    trait: "watch",
    label: t("watch"),
    as: "select",
    into: ui.toolbar,
    options: ["x", "y"].map((v) => [v, t(`watch ${v}`)]),
    visible: (now) => now.view !== "race",
  });
  ui.checkbox({ trait: "corrected", label: t("corrected"), into: ui.toolbar });
  ui.checkbox({
    trait: "tuned",
    label: t("tuned"),
    into: ui.toolbar,
    visible: (now) => now.view === "race",
  });
}

/** Adam's own settings. */
function settings(ui) {
  const slider = (trait, name, symbol, options) =>
    ui.slider({ trait, label: ui.t(name), symbol, ...options });
  slider("learning_rate", "learningRate", "α", {
    min: 1e-3,
    max: 3,
    scale: "log",
    limits: { positive: true },
    visible: (now) => !(now.view === "race" && now.tuned),
  });
  slider("beta1", "beta1", "β₁", { min: 0, max: 0.999, scale: "share", limits: { low: 0, high: 0.9999 } });
  slider("beta2", "beta2", "β₂", { min: 0, max: 0.9999, scale: "share", limits: { low: 0, high: 0.99999 } });
  slider("epsilon", "epsilon", "ε", { min: 1e-10, max: 10, scale: "log", limits: { positive: true } });
  // The surface's, where it has any.
  const visible = (now) => now.surface.quadratic;
  const high = { low: 1, high: 1000 };
  slider("condition", "condition", "κ", { min: 1, max: 300, scale: "log", limits: high, visible });
  slider("angle", "angle", "φ", { min: 0, max: 90, step: 1, limits: { low: 0, high: 90 }, visible });
}

/** The charts beside the map: what is not shown is not there, since it would be measured, and read aloud. */
function chartsOf(ui) {
  const side = h("div", { class: "fg-side", style: "display:grid;gap:8px;min-width:0" });
  ui.figures.append(side);
  const [averages, sizes, race] = [averagesChart(ui, side), stepChart(ui, side), raceChart(ui, side)];
  return function draw(now, cursor) {
    const shown = now.view === "race" ? [race] : [averages, sizes];
    if (shown[0].plot.node.parentNode !== side || side.children.length !== shown.length)
      side.replaceChildren(...shown.map(({ plot }) => plot.node));
    for (const chart of shown) chart.draw(now, cursor);
  };
}

function setup(ui) {
  const { t } = ui;
  toolbar(ui);
  const colours = { ...Object.fromEntries(OTHERS.map((name) => [name, COLOURS[name]])), adam: COLOURS.adam };
  const map = mapOf(ui, { colours, arrows: false });
  const drawCharts = chartsOf(ui);
  settings(ui);
  const player = ui.player({ trait: "step", length: (now) => now.run.losses.length - 1 });

  function draw(now) {
    const cursor = player.current();
    map.draw(now, cursor);
    drawCharts(now, cursor);
    ui.question(t(`question ${now.view}`));
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
