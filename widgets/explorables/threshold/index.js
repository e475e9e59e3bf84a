// threshold: from which probability on is it a shirt? Real scores, the confusion matrix, and both curves.

import { needBetween, needName, needPositive } from "../../core/errors.js";
import { explorable } from "../../ui/index.js";
import * as core from "./core.js";
import { panelOf } from "./panel.js";
import { EDGES, prOf, rocOf, scoresOf } from "./pictures.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const traits = { data: "validation", threshold: 0.5, prevalence: 0.107, cost: 1, found: [], scores: {} };
const GOALS = ["f1", "cost"];
const EXPENSIVE = 10; // of the second goal

/** @typedef {ReturnType<ReturnType<typeof computer>>} Now */

/** What does not depend on the sliders, of one data set. */
function prepared(name, given) {
  const { logits, labels } = core.checkScores(name, given);
  const swept = core.sweep(logits.map(core.sigmoid), labels);
  return {
    swept,
    corners: core.corners(swept),
    bins: core.histogram(logits, labels, EDGES),
    area: core.rocArea(swept),
    own: swept.positives / logits.length,
  };
}

/** The best thresholds for a mixture and a cost. */
const bests = ({ swept }, prevalence, cost) => ({
  f1: core.best(swept, prevalence, cost, "f1"),
  cost: core.best(swept, prevalence, cost, "cost"),
  average: core.averagePrecision(swept, prevalence),
});

/**
 * What takes long is kept until other scores, another mixture or another cost come.
 * @param {import("../../ui/frame.js").Ui} ui
 */
function computer(ui) {
  const sets = kept((scores) => ({
    validation: prepared("validation", scores?.validation),
    test: prepared("test", scores?.test),
  }));
  const best = kept(bests);
  return function compute() {
    const both = sets(ui.get("scores"));
    const [data, threshold, prevalence, cost] = ["data", "threshold", "prevalence", "cost"].map(ui.get);
    const set = needName("data", data, both);
    needBetween("threshold", threshold, 0, 1);
    needBetween("prevalence", prevalence, 0.001, 0.999);
    const judged = core.judge(set.swept, threshold, prevalence, needPositive("cost", cost));
    const { average, ...goals } = best(set, prevalence, cost);
    return {
      ...{
        ...set,
        ...judged,
        data,
        threshold,
        prevalence,
        costRatio: cost,
        best: goals,
        average,
        sets: both,
      },
      recorded: Math.abs(prevalence / set.own - 1) < 0.03,
      f1Best: judged.f1 >= goals.f1.value - 0.008,
      cheapest: judged.cost <= 1.02 * goals.cost.value,
      found: GOALS.filter((name) => ui.get("found").includes(name)),
    };
  };
}

/**
 * The same function, which remembers its last answer.
 * @template {any[]} A @template R @param {(...given: A) => R} of @returns {(...given: A) => R}
 */
function kept(of) {
  let known = null;
  return (...given) => {
    if (!known || given.some((value, i) => value !== known.given[i])) known = { given, answer: of(...given) };
    return known.answer;
  };
}

/**
 * What the counts are, and the remark that helps most.
 * @param {import("../../ui/frame.js").Ui} ui @param {Now} now
 */
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
  return ui.join(t("counts", said), t(advice(now), { ...said, ...more }));
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

/**
 * What was found is marked, never before.
 * @param {(key: string) => string} t @param {Now} now @returns {import("../../ui/controls/slider.js").Mark[]}
 */
function thresholdMarks(t, { costRatio, best, found, data, recorded }) {
  const [name, text] = costRatio === 1 ? ["f1", "bestF1"] : ["cost", "cheapest"];
  const { threshold } = best[name];
  if (!found.includes(name) || data !== "validation" || !recorded || threshold > 1) return [];
  return [{ value: Math.floor(threshold * 1e3) / 1e3, text: t(text), tone: "good" }];
}

/**
 * The way back to the data's own share.
 * @param {(key: string) => string} t @param {Now} now @returns {import("../../ui/controls/slider.js").Mark[]}
 */
const prevalenceMarks = (t, { recorded, own }) =>
  recorded ? [] : [{ value: own, text: t("recorded"), side: own > 0.03 ? "left" : "right" }];

function sliders(ui) {
  const { t } = ui;
  ui.slider({
    trait: "cost",
    label: t("cost"),
    symbol: "c",
    min: 0.1,
    max: 100,
    scale: "log",
    limits: { low: 0.01, high: 1000 },
  });
  ui.slider({
    trait: "prevalence",
    label: t("prevalence"),
    symbol: "π",
    min: 0.001,
    max: 0.5,
    scale: "log",
    limits: { low: 0.001, high: 0.999 },
    marks: (now) => prevalenceMarks(t, now),
  });
}

/** Which goals a state reaches: on the validation set, as it was recorded. @param {Now} now */
function reached({ data, recorded, f1Best, cheapest, costRatio }) {
  if (data !== "validation" || !recorded) return [];
  return [f1Best && costRatio === 1 && "f1", cheapest && costRatio >= EXPENSIVE && "cost"].filter(Boolean);
}

/** The scores with their threshold, the counts, the curves. @param {import("../../ui/frame.js").Ui} ui */
function figures(ui) {
  const scores = scoresOf(ui);
  ui.slider({
    trait: "threshold",
    label: ui.t("threshold"),
    symbol: "t",
    min: 0,
    max: 1,
    step: 0.01,
    into: ui.figures,
    marks: (now) => thresholdMarks(ui.t, now),
  });
  return [scores, panelOf(ui), rocOf(ui), prOf(ui)];
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-threshold");
  /** @type {Now} */
  let shown;
  ui.choice({
    trait: "data",
    label: t("data"),
    into: ui.toolbar,
    options: ["validation", "test"].map((name) => [name, t(name)]),
    // Another data set has its own share of shirts: taken along where the reader had left it as it was.
    onChange: (data) => ui.set(shown?.recorded ? { data, prevalence: shown.sets[data].own } : { data }),
  });
  const pictures = figures(ui);
  sliders(ui);
  ui.goals("found", reached);

  /** @param {Now} now */
  function draw(now) {
    shown = now;
    for (const picture of pictures) picture(now);
    const all = now.found.length === GOALS.length;
    const done = now.found.length && t("done", { list: ui.list(now.found.map((name) => t(`${name}Done`))) });
    ui.goal(all ? t("goalReached") : t("goal") + (done || ""), all);
    ui.status(words(ui, now));
  }
  return { compute: computer(ui), draw };
}

export default explorable({ traits, strings, css, setup });
