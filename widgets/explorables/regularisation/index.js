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

/** The trait that moves along an axis. */
const traitOf = (axis, method) => (axis === "penalty" && method === "dropout" ? "rate" : AXES[axis]);

/** Everything that one state of the traits implies; the data of a seed and the last curves are kept. */
function computer(ui) {
  let drawn = { seed: null };
  const kept = new Map();
  const curveOf = (axis, watch, settings) => {
    const own =
      axis === "size"
        ? { ...settings, p: 0 }
        : axis === "data"
          ? { ...settings, n: 0 }
          : { ...settings, strength: 0 };
    const key = JSON.stringify([axis, watch, own]);
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
    const here = split ? core.parts(settings, drawn.all) : { train: fitted.train, held: fitted.held };
    const at = { size: p, penalty: method === "none" ? core.LEAST : strength, data: n }[axis];
    return {
      ...settings,
      axis,
      split,
      fitted,
      here: split ? [here.bias, here.variance] : [here.train, here.held],
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

/** Which goal this state reaches, or null. */
function goalOf(now) {
  const { method, n, p, fitted, sigma, all } = now;
  if (method === "none")
    return n >= 10 && sigma > 0 && p >= 2 * n && fitted.held < core.fit({ ...pick(now), p: n }, all).held / 5
      ? "peak"
      : null;
  if (method === "dropout" || p < 20 || fitted.held > NEAR * best(now).held) return null;
  return n === FEW ? "few" : n === 2 * FEW ? "many" : null;
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
  const parts = [t(`seen ${method}`, said), t("errors", said)];
  if (now.split)
    parts.push(
      t("split", {
        bias: now.here[0] < 1e-12 ? "0" : number(now.here[0], 2),
        variance: number(now.here[1], 2),
        floor: said.floor,
        sum: number(now.here[0] + now.here[1] + sigma * sigma, 2),
      }),
    );
  const bad = fitted.held > 4 * Math.max(sigma * sigma, 0.2);
  if (method === "none")
    parts.push(t(p > n + 5 ? "beyond" : p >= n - 3 && bad ? "peaked" : p < 6 ? "coarse" : "below", said));
  else {
    const lowest = best(now);
    const close = fitted.held <= NEAR * lowest.held;
    parts.push(t(close ? "lowest" : strength < lowest.strength ? "weak" : "strong", said));
    if (method === "l1") parts.push(t("sparse", said));
    if (method === "dropout") parts.push(t("alike", said));
    if (close && method !== "dropout" && n === 2 * FEW)
      parts.push(
        t("moved", {
          before: number(best(now, { n: FEW }).strength, 2),
          few: FEW,
          after: number(lowest.strength, 2),
          n,
        }),
      );
  }
  return { text: parts.join(ui.lang === "zh" ? "" : " "), bad };
}

function setup(ui) {
  const { t } = ui;
  const compute = computer(ui);
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
  const sliders = {
    waves: ui.slider({
      trait: "waves",
      label: t("waves"),
      symbol: "p",
      min: 1,
      max: core.MOST_WAVES,
      integer: true,
    }),
    points: ui.slider({
      trait: "points",
      label: t("points"),
      symbol: "n",
      min: 4,
      max: core.MOST_POINTS,
      integer: true,
    }),
    penalty: ui.slider({
      trait: "penalty",
      label: t("penalty"),
      symbol: "λ",
      min: core.LEAST,
      max: 1,
      scale: "log",
    }),
    rate: ui.slider({ trait: "rate", label: t("rate"), symbol: "d", min: 0.01, max: 0.95 }),
    noise: ui.slider({
      trait: "noise",
      label: t("noise"),
      symbol: "σ",
      min: 0,
      max: 1,
      limits: { low: 0, high: 5 },
    }),
  };
  ui.choice({
    trait: "axis",
    label: t("axis"),
    as: "select",
    options: Object.keys(AXES).map((name) => [name, t(`axis ${name}`)]),
  });
  const watch = ui.choice({
    trait: "watch",
    label: t("watch"),
    as: "select",
    options: ["errors", "parts"].map((name) => [name, t(`watch ${name}`)]),
  });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });

  // A click in the curve goes there.
  errors.plot.onPlace((x) => {
    const method = ui.get("method");
    const trait = traitOf(ui.get("axis"), method);
    if (trait === "penalty" && method === "none") return;
    const ends = {
      waves: [1, core.MOST_WAVES],
      points: [4, core.MOST_POINTS],
      penalty: [core.LEAST, 1],
      rate: [0.01, 0.95],
    }[trait];
    const inside = Math.min(ends[1], Math.max(ends[0], x));
    ui.set({ [trait]: trait === "waves" || trait === "points" ? Math.round(inside) : inside });
  });

  // Letting go there counts; passing by with the mouse held does not.
  const look = () => {
    const reached = goalOf(compute());
    const passed = ui.get("passed");
    if (reached && !passed.includes(reached)) ui.set({ passed: [...passed, reached] });
  };
  for (const event of ["change", "pointerup", "click"])
    ui.root.addEventListener(event, () =>
      setTimeout(() => ui.alive && ui.root.dataset.error !== "yes" && look()),
    );

  return function draw() {
    const now = compute();
    watch.node.hidden = now.method === "l1";
    sliders.penalty.visible(now.method === "l2" || now.method === "l1");
    sliders.rate.visible(now.method === "dropout");
    fit.draw(now);
    errors.draw(now);
    weights.draw(now);
    const passed = GOALS.filter((name) => ui.get("passed").includes(name));
    const done = passed.length === GOALS.length;
    const list = GOALS.map(
      (name, i) =>
        `${i + 1} ${t(`goal ${name}`, { few: FEW, many: 2 * FEW })}${passed.includes(name) ? " ✓" : ""}`,
    );
    ui.goal(done ? t("goalReached") : list.join(" "), done);
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  };
}

export default explorable({ traits, strings, setup });
