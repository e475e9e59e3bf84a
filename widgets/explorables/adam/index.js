// adam: what Adam keeps and what its steps are made of, on the surfaces of *descent*; and a race against its parents.
import * as core from "./core.js";
import { h } from "../../ui/dom.js";
import { explorable } from "../../ui/index.js";
import { averagesChart, raceChart, stepChart } from "./charts.js";
import { COLOURS } from "./colours.js";
import { strings } from "./strings.js";
import { mapOf } from "../descent/map.js";

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
const tuned = new Map();
function tune(name, key, ...rest) {
  const known = tuned.get(name);
  if (known?.key === key) return known.best;
  const best = core.tune(name, ...rest);
  tuned.set(name, { key, best });
  return best;
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

function raced(ui, { name, surface, start, steps, run }, hyper, reached) {
  const place = [name, ui.get("condition"), ui.get("angle"), start, steps];
  const entries = NAMES.map((which) => {
    const own = core.RACERS[which].uses.map((trait) => hyper[trait]);
    const entry = ui.get("tuned")
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
  const { t, number } = ui;
  const join = (...parts) => parts.filter(Boolean).join(ui.lang === "zh" ? "" : " ");
  const loss = (value) => number(value, now.name === "mlp" ? 3 : 2);
  const last = now.run.losses.length - 1;
  if (now.view === "race" && ui.get("step") >= 0) {
    const here = ({ name, run }) => `${t(name)} ${loss(run.losses[Math.min(cursor, run.losses.length - 1)])}`;
    return {
      text: t("raceAt", { step: cursor, of: last, list: now.entries.map(here).join(t("comma")) }),
      bad: false,
    };
  }
  if (now.view === "race") {
    const list = now.ranked.map(({ name, run, hit }) =>
      t(hit === null ? "endsAt" : "arrivesAt", { name: t(name), loss: number(core.endOf(run), 3), hit }),
    );
    return {
      text: join(
        t(ui.get("tuned") ? "raceTuned" : "raceSame", { list: list.join(t("comma")) }),
        t(raceAdvice(now)),
      ),
      bad: false,
    };
  }
  const used = now.inside[now.corrected ? "corrected" : "raw"].map(Math.abs);
  const longest = used.reduce((best, size, i) => (size > used[best] ? i : best), 0);
  const said = {
    loss: loss(now.run.losses[last]),
    steps: last,
    first: number(used[0]),
    longest: number(used[longest]),
    at: longest + 1,
    axis: now.watch,
    beta1: number(now.beta1),
    from: number(now.goal.from),
  };
  if (now.run.left !== null) return { text: t("left", said), bad: true };
  if (now.run.diverged !== null) return { text: t("blewUp", said), bad: true };
  if (ui.get("step") >= 0) {
    const at = Math.max(0, cursor - 1);
    const here = {
      step: cursor,
      of: last,
      loss: loss(now.run.losses[cursor]),
      size: number(used[at]),
      axis: now.watch,
    };
    return { text: t(cursor ? "atStep" : "atStart", here), bad: false };
  }
  return { text: join(t("summary", said), t(advice(now, used), said)), bad: false };
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

function setup(ui) {
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
  const watch = ui.choice({
    trait: "watch",
    label: t("watch"),
    as: "select",
    into: ui.toolbar,
    options: ["x", "y"].map((v) => [v, t(`watch ${v}`)]),
  });
  ui.checkbox({ trait: "corrected", label: t("corrected"), into: ui.toolbar });
  const fair = ui.checkbox({ trait: "tuned", label: t("tuned"), into: ui.toolbar });
  const map = mapOf(ui, {
    colours: { ...Object.fromEntries(OTHERS.map((name) => [name, COLOURS[name]])), adam: COLOURS.adam },
    arrows: false,
  });
  const side = h("div", { class: "fg-side", style: "display:grid;gap:8px;min-width:0" });
  ui.figures.append(side);
  const [averages, sizes, race] = [averagesChart(ui, side), stepChart(ui, side), raceChart(ui, side)];
  const rate = ui.slider({
    trait: "learning_rate",
    label: t("learningRate"),
    symbol: "α",
    min: 1e-3,
    max: 3,
    scale: "log",
    limits: { positive: true },
  });
  ui.slider({
    trait: "beta1",
    label: t("beta1"),
    symbol: "β₁",
    min: 0,
    max: 0.999,
    scale: "share",
    limits: { low: 0, high: 0.9999 },
  });
  ui.slider({
    trait: "beta2",
    label: t("beta2"),
    symbol: "β₂",
    min: 0,
    max: 0.9999,
    scale: "share",
    limits: { low: 0, high: 0.99999 },
  });
  ui.slider({
    trait: "epsilon",
    label: t("epsilon"),
    symbol: "ε",
    min: 1e-10,
    max: 10,
    scale: "log",
    limits: { positive: true },
  });
  const condition = ui.slider({
    trait: "condition",
    label: t("condition"),
    symbol: "κ",
    min: 1,
    max: 300,
    scale: "log",
    limits: { low: 1, high: 1000 },
  });
  const angle = ui.slider({
    trait: "angle",
    label: t("angle"),
    symbol: "φ",
    min: 0,
    max: 90,
    step: 1,
    limits: { low: 0, high: 90 },
  });
  let now;
  const player = ui.player({
    trait: "step",
    length: () => (now ? now.run.losses.length - 1 : ui.get("steps")),
  });

  return function draw() {
    now = compute(ui);
    player.show();
    const racing = now.view === "race";
    watch.node.hidden = racing;
    fair.node.hidden = !racing;
    rate.visible(!(racing && ui.get("tuned")));
    for (const slider of [condition, angle]) slider.visible(now.surface.quadratic);
    const charts = racing ? [race] : [averages, sizes];
    // What is not shown is not there: it would be measured, and read aloud.
    if (charts[0].plot.node.parentNode !== side || side.children.length !== charts.length)
      side.replaceChildren(...charts.map(({ plot }) => plot.node));
    const cursor = player.current();
    map.draw(now, cursor);
    for (const chart of charts) chart.draw(now, cursor);
    ui.question(t(`question ${now.view}`));
    const said = { below: ui.number(now.goal.below), within: now.goal.within, hit: now.hit };
    ui.goal(t(now.hit === null ? "goal" : "goalReached", said), now.hit !== null);
    ui.set({
      goal_reached: now.hit !== null,
      final_loss: Number.isFinite(now.run.losses.at(-1)) ? now.run.losses.at(-1) : null,
    });
    const { text, bad } = words(ui, now, cursor);
    ui.status(text, { bad });
  };
}

export default explorable({ traits, strings, setup });
