// threshold: from which probability on is it a shirt? Real scores, the confusion matrix, and both curves.

import { needBetween, needName, needPositive } from "../../core/errors.js";
import { explorable, h } from "../../ui/index.js";
import * as core from "./core.js";
import { panelOf } from "./panel.js";
import { EDGES, prOf, rocOf, scoresOf } from "./pictures.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const traits = { data: "validation", threshold: 0.5, prevalence: 0.107, cost: 1, found: [], scores: {} };
const GOALS = ["f1", "cost"];
const EXPENSIVE = 10; // of the second goal

/** What does not depend on the sliders is computed once for each data set. @param {import("../../ui/frame.js").Ui} ui */
function computer(ui) {
  let known = { scores: null };
  function prepare() {
    const scores = ui.get("scores");
    if (known.scores === scores) return known;
    const sets = {};
    for (const name of ["validation", "test"]) {
      const { logits, labels } = core.checkScores(name, scores?.[name]);
      const swept = core.sweep(logits.map(core.sigmoid), labels);
      sets[name] = {
        swept,
        corners: core.corners(swept),
        bins: core.histogram(logits, labels, EDGES),
        area: core.rocArea(swept),
        own: swept.positives / logits.length,
      };
    }
    known = { scores, sets, best: {} };
    return known;
  }
  /** The best thresholds for a mixture and a cost, kept until another is asked for. */
  function bests(set, data, prevalence, cost) {
    const key = [data, prevalence, cost].join();
    if (known.best.key !== key)
      known.best = {
        key,
        f1: core.best(set.swept, prevalence, cost, "f1"),
        cost: core.best(set.swept, prevalence, cost, "cost"),
        average: core.averagePrecision(set.swept, prevalence),
      };
    return known.best;
  }
  return function compute() {
    const { sets } = prepare();
    const [data, threshold, prevalence, cost] = ["data", "threshold", "prevalence", "cost"].map(ui.get);
    const set = needName("data", data, sets);
    needBetween("threshold", threshold, 0, 1);
    const judged = core.judge(
      set.swept,
      threshold,
      needBetween("prevalence", prevalence, 0.001, 0.999),
      needPositive("cost", cost),
    );
    const best = bests(set, data, prevalence, cost);
    const recorded = Math.abs(prevalence / set.own - 1) < 0.03;
    return {
      ...set,
      ...judged,
      data,
      threshold,
      prevalence,
      costRatio: cost,
      best,
      average: best.average,
      recorded,
      sets,
      f1Best: judged.f1 >= best.f1.value - 0.008,
      cheapest: judged.cost <= 1.02 * best.cost.value,
    };
  };
}

/** What the counts are, and the remark that helps most. */
function words(ui, now) {
  const { t, number } = ui;
  const k = (share) => number(1000 * share, 3);
  const { shares, sets } = now;
  const on = (name, threshold) => core.judge(sets[name].swept, threshold, sets[name].own, 1).f1.toFixed(3);
  const said = {
    flagged: k(shares.tp + shares.fp),
    tp: k(shares.tp),
    fp: k(shares.fp),
    fn: k(shares.fn),
    fpr: number(now.fpr),
    tpr: number(now.tpr),
    precision: Number.isFinite(now.precision) ? now.precision.toFixed(2) : t("nothing"),
    f1: now.f1.toFixed(3),
    accuracy: `${(100 * now.accuracy).toFixed(1)}%`,
    cost: number(now.costRatio),
    price: k(now.cost),
  };
  const before = core.judge(now.swept, now.threshold, now.own, 1).precision;
  const more = {
    before: Number.isFinite(before) ? before.toFixed(2) : t("nothing"),
    theory: number(1 / (1 + now.costRatio)),
    best: now.costRatio === 1 ? now.best.f1.value.toFixed(3) : k(now.best.cost.value),
    test: on("test", now.threshold),
    half: on("test", 0.5),
  };
  return [t("counts", said), t(advice(now), { ...said, ...more })].join(ui.lang === "zh" ? "" : " ");
}

/** The key of a string. */
function advice(now) {
  if (!now.recorded) return "shifted";
  if (now.data === "test") return "onTest";
  if (now.costRatio !== 1)
    return now.cheapest ? "atCheapest" : now.threshold > now.best.cost.threshold ? "lowerCost" : "higherCost";
  if (now.shares.tp + now.shares.fp === 0) return "silent";
  if (now.f1Best) return "atBest";
  return now.threshold > now.best.f1.threshold ? "lower" : "higher";
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-threshold");
  ui.root.prepend(h("style", { text: css }));
  const compute = computer(ui);
  let now;
  ui.now = () => now;
  /** Another data set has its own share of shirts: taken along where the reader had left it as it was. */
  function choose(data) {
    ui.set(now?.recorded ? { data, prevalence: now.sets[data].own } : { data });
  }
  ui.choice({
    trait: "data",
    label: t("data"),
    into: ui.toolbar,
    options: [
      ["validation", t("validation")],
      ["test", t("test")],
    ],
    onChange: choose,
  });
  const drawScores = scoresOf(ui);
  const threshold = ui.slider({
    trait: "threshold",
    label: t("threshold"),
    symbol: "t",
    min: 0,
    max: 1,
    step: 0.01,
    into: ui.figures,
  });
  const drawPanel = panelOf(ui);
  const drawRoc = rocOf(ui);
  const drawPr = prOf(ui);
  const cost = ui.slider({
    trait: "cost",
    label: t("cost"),
    symbol: "c",
    min: 0.1,
    max: 100,
    scale: "log",
    limits: { low: 0.01, high: 1000 },
  });
  const prevalence = ui.slider({
    trait: "prevalence",
    label: t("prevalence"),
    symbol: "π",
    min: 0.001,
    max: 0.5,
    scale: "log",
    limits: { low: 0.001, high: 0.999 },
  });

  // Letting go at the best counts; passing over it with the mouse held does not.
  function look() {
    const here = compute();
    if (here.data !== "validation" || !here.recorded) return;
    const reached = {
      f1: here.f1Best && here.costRatio === 1,
      cost: here.cheapest && here.costRatio >= EXPENSIVE,
    };
    const found = ui.get("found");
    const fresh = GOALS.filter((name) => reached[name] && !found.includes(name));
    if (fresh.length) ui.set({ found: [...found, ...fresh] });
  }
  for (const event of ["change", "pointerup", "click"])
    ui.root.addEventListener(
      event,
      () => ui.root.dataset.error !== "yes" && setTimeout(() => ui.alive && look()),
    );

  return function draw() {
    now = compute();
    const found = GOALS.filter((name) => ui.get("found").includes(name));
    const marks = {
      f1: { value: now.best.f1.threshold, text: t("bestF1"), tone: "good" },
      cost: { value: now.best.cost.threshold, text: t("cheapest"), tone: "good" },
    };
    const shown = now.costRatio === 1 ? "f1" : "cost"; // what was found is marked, never before
    threshold.marks(
      found.includes(shown) && now.data === "validation" && now.recorded && marks[shown].value <= 1
        ? [{ ...marks[shown], value: Math.floor(marks[shown].value * 1e3) / 1e3 }]
        : [],
    );
    prevalence.marks(
      now.recorded ? [] : [{ value: now.own, text: t("recorded"), side: now.own > 0.03 ? "left" : "right" }],
    );
    cost.marks([]);
    for (const draw of [drawScores, drawPanel, drawRoc, drawPr]) draw(now);
    const list = found.map((name) => t(`${name}Done`)).join(ui.lang === "zh" ? "、" : ", ");
    ui.goal(
      found.length === GOALS.length
        ? t("goalReached")
        : t("goal") + (found.length ? t("done", { list }) : ""),
      found.length === GOALS.length,
    );
    ui.status(words(ui, now));
  };
}

export default explorable({ traits, strings, setup });
