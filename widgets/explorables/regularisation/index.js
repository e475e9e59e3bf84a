// regularisation: waves fitted to noisy points, with and without a penalty; the errors, or bias and variance, along one axis.

import { h } from "../../ui/dom.js";
import { explorable } from "../../ui/index.js";
import { curveChart, fitChart, weightChart } from "./charts.js";
import * as core from "./core.js";
import { strings } from "./strings.js";

export { core };

const traits = {
  method: "none",
  axis: "size",
  watch: "errors",
  points: 20,
  waves: 8,
  penalty: 1e-4,
  rate: 0.3,
  noise: 0.3,
  seed: 39,
  passed: [],
};
const FEW = 20; // the goal: the best penalty with so many points, and with twice as many
const NEAR = 1.02; // so close to the lowest error of the curve counts as lowest
const GOALS = ["peak", "few", "many"];
export const AXES = { size: "waves", penalty: "penalty", data: "points" };

const MOVING = { size: "p", penalty: "strength", data: "n" };

/** The trait that moves along an axis. */
const traitOf = (axis, method) => (axis === "penalty" && method === "dropout" ? "rate" : AXES[axis]);

function partsOf(settings, all) {
  const { bias, variance } = core.parts(settings, all);
  return [bias, variance];
}

/** Everything that one state of the traits implies; the data of a seed and the last curves are kept. */
function computer(ui) {
  let drawn = { seed: null };
  const kept = new Map();
  const curveOf = (axis, watch, settings) => {
    // What moves along the axis does not change the curve.
    const key = JSON.stringify([axis, watch, { ...settings, [MOVING[axis]]: 0 }]);
    if (kept.get(axis + watch)?.key !== key)
      kept.set(axis + watch, { key, curve: core.curve(axis, watch, settings, drawn.all) });
    return kept.get(axis + watch).curve;
  };
  return function compute() {
    const [method, axis, watch, n, p, sigma, seed] = [
      "method",
      "axis",
      "watch",
      "points",
      "waves",
      "noise",
      "seed",
    ].map(ui.get);
    if (drawn.seed !== seed) {
      drawn = { seed, all: core.sample(seed) };
      kept.clear();
    }
    const strength = method === "none" ? 0 : ui.get(method === "dropout" ? "rate" : "penalty");
    const settings = { method, n, p, strength, sigma };
    const fitted = core.fit(settings, drawn.all);
    const split = core.splits(watch, method);
    const at = { size: p, penalty: method === "none" ? core.LEAST : strength, data: n }[axis];
    return {
      ...settings,
      axis,
      split,
      fitted,
      here: split ? partsOf(settings, drawn.all) : [fitted.train, fitted.held],
      at,
      all: drawn.all,
      curve: curveOf(axis, watch, settings),
      curveOf,
    };
  };
}

/** The λ with the lowest held-out error, for these points and waves. */
function best(now, changes = {}) {
  const { at, second } = now.curveOf("penalty", "errors", { ...pick(now), ...changes });
  const i = second.indexOf(Math.min(...second));
  return { strength: at[i], held: second[i] };
}
const pick = ({ method, n, p, strength, sigma }) => ({ method, n, p, strength, sigma });

/** The goals that this state reaches: one or none. */
function goalsOf(now) {
  const { method, n, p, fitted, sigma, all } = now;
  if (method === "none") {
    if (n < 10 || sigma === 0 || p < 2 * n) return [];
    return fitted.held < core.fit({ ...pick(now), p: n }, all).held / 5 ? ["peak"] : [];
  }
  if (method === "dropout" || p < 20 || fitted.held > NEAR * best(now).held) return [];
  return n === FEW ? ["few"] : n === 2 * FEW ? ["many"] : [];
}

/** Far above the noise. */
const isBad = ({ fitted, sigma }) => fitted.held > 4 * Math.max(sigma * sigma, 0.2);

/** Bias and variance in figures. */
function splitSaid({ here: [bias, variance], sigma }, { t, number }) {
  return t("split", {
    bias: bias < 1e-12 ? "0" : number(bias, 2),
    variance: number(variance, 2),
    floor: number(sigma * sigma, 2),
    sum: number(bias + variance + sigma * sigma, 2),
  });
}

function unpenalised(now) {
  const { n, p } = now;
  if (p > n + 5) return "beyond";
  if (p >= n - 3 && isBad(now)) return "peaked";
  return p < 6 ? "coarse" : "below";
}

/** How the penalty compares with the best one; and what is special about the method. */
function penalised(now, said, { t, number }) {
  const { method, n, strength, fitted } = now;
  const lowest = best(now);
  const close = fitted.held <= NEAR * lowest.held;
  const moves = close && method !== "dropout" && n === 2 * FEW;
  const before = moves && number(best(now, { n: FEW }).strength, 2);
  return [
    t(close ? "lowest" : strength < lowest.strength ? "weak" : "strong", said),
    method === "l1" && t("sparse", said),
    method === "dropout" && t("alike", said),
    moves && t("moved", { before, few: FEW, after: number(lowest.strength, 2), n }),
  ];
}

/** What is seen, and what it means. */
function words(ui, now) {
  const { t, number } = ui;
  const { method, n, p, strength, fitted, sigma } = now;
  const said = {
    n,
    p,
    train: number(fitted.train, 2),
    held: number(fitted.held, 2),
    floor: number(sigma * sigma, 2),
    norm: number(fitted.norm, 2),
    used: fitted.used,
    strength: number(strength, 2),
    dropped: number(100 * strength, 2),
    same: number(strength / (1 - strength), 2),
  };
  const parts = [
    t(`seen ${method}`, said),
    t("errors", said),
    now.split && splitSaid(now, ui),
    ...(method === "none" ? [t(unpenalised(now), said)] : penalised(now, said, ui)),
  ];
  return { text: ui.join(...parts), bad: isBad(now) };
}

/** The sliders with their ends: a click in the curve stays inside. */
const SLIDERS = {
  waves: { symbol: "p", min: 1, max: core.MOST_WAVES, integer: true },
  points: { symbol: "n", min: 4, max: core.MOST_POINTS, integer: true },
  penalty: {
    symbol: "λ",
    min: core.LEAST,
    max: 1,
    scale: "log",
    visible: ({ method }) => method === "l2" || method === "l1",
  },
  rate: { symbol: "d", min: 0.01, max: 0.95, visible: ({ method }) => method === "dropout" },
  noise: { symbol: "σ", min: 0, max: 1, limits: { low: 0, high: 5 } },
};

function controlsOf(ui) {
  const { t } = ui;
  for (const [trait, options] of Object.entries(SLIDERS)) ui.slider({ trait, label: t(trait), ...options });
  ui.choice({
    trait: "axis",
    label: t("axis"),
    as: "select",
    options: Object.keys(AXES).map((name) => [name, t(`axis ${name}`)]),
  });
  ui.choice({
    trait: "watch",
    label: t("watch"),
    as: "select",
    options: ["errors", "parts"].map((name) => [name, t(`watch ${name}`)]),
    visible: ({ method }) => method !== "l1",
  });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });
}

/** A click in the curve goes there. */
function goByClick(ui, plot) {
  plot.onPlace((x) => {
    const method = ui.get("method");
    const trait = traitOf(ui.get("axis"), method);
    if (trait === "penalty" && method === "none") return;
    const { min, max, integer } = SLIDERS[trait];
    const inside = Math.min(max, Math.max(min, x));
    ui.set({ [trait]: integer ? Math.round(inside) : inside });
  });
}

function showGoals(ui) {
  const { t } = ui;
  const passed = GOALS.filter((name) => ui.get("passed").includes(name));
  const done = passed.length === GOALS.length;
  const list = GOALS.map(
    (name, i) =>
      `${i + 1} ${t(`goal ${name}`, { few: FEW, many: 2 * FEW })}${passed.includes(name) ? " ✓" : ""}`,
  );
  ui.goal(done ? t("goalReached") : list.join(" "), done);
}

function setup(ui) {
  const { t } = ui;
  ui.choice({
    trait: "method",
    label: t("method"),
    into: ui.toolbar,
    options: ["none", "l2", "l1", "dropout"].map((name) => [name, t(name)]),
  });
  const fit = fitChart(ui, ui.figures);
  const side = h("div", { class: "fg-side", style: "display:grid;gap:8px;min-width:0;align-content:start" });
  ui.figures.append(side);
  const [errors, weights] = [curveChart(ui, side), weightChart(ui, side)];
  controlsOf(ui);
  goByClick(ui, errors.plot);
  ui.goals("passed", goalsOf);
  return {
    compute: computer(ui),
    draw(now) {
      for (const chart of [fit, errors, weights]) chart.draw(now);
      showGoals(ui);
      const { text, bad } = words(ui, now);
      ui.status(text, { bad });
    },
  };
}

export default explorable({ traits, strings, setup });
