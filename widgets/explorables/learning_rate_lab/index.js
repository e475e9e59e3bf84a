// The learning-rate lab: recorded trainings over a grid of learning rates; with a kernel, real ones.
import { needName, needPositive } from "../../core/errors.js";
import { explorable, number, put } from "../../ui/index.js";
import * as recordings from "./core.js";
import { curvesOf } from "./curves.js";
import { HUE } from "./shared.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { tableOf } from "./table.js";
import { trainerOf } from "./trainer.js";
import { valleyOf } from "./valley.js";
import { words } from "./words.js";

const { OPTIMISERS } = recordings;
const THUMB = 18; // px, of the ui's sliders

/** @typedef {ReturnType<ReturnType<typeof computer>>} Now */

/** What is looked at now. The recording is checked, and its range taken, once, not on every frame. */
function computer(ui) {
  let checked; // the last one that was whole
  let range; // the losses that both pictures show
  return function compute() {
    const recording = ui.get("recording");
    if (recording !== checked || !recording) {
      recordings.checkRecording(recording);
      range = lossRange(recording);
    }
    checked = recording;
    const optimiser = ui.get("optimiser");
    needName("optimiser", optimiser, HUE);
    const { learning_rates: rates, settings } = recording;
    const at = recordings.nearest(rates, needPositive("learning_rate", ui.get("learning_rate")));
    const runs = recording.runs[optimiser];
    const guess = recordings.guessing(recording);
    return {
      recording,
      range,
      settings,
      rates,
      optimiser,
      at,
      rate: rates[at],
      runs,
      run: runs[at],
      guess,
      best: recordings.bestOf(runs),
      beyond: recordings.brokenFrom(runs, guess),
    };
  };
}

/** The losses that both pictures show, so that a curve's end and its point in the valley lie at one height. */
function lossRange(recording) {
  const all = OPTIMISERS.flatMap((name) =>
    recording.runs[name].flatMap((run) => [...run.train, ...run.validation_loss]),
  );
  const low = all.reduce((least, v) => Math.min(least, v), Infinity);
  return [Math.floor(10 * low) / 10, 1.5 * recordings.guessing(recording)];
}

/** The slider under the valley: its stops stand under the points of the curve. */
function rateSlider(ui) {
  const { node } = ui.slider({
    trait: "learning_rate",
    label: ui.t("rate"),
    symbol: "α",
    steps: (now) => now.rates,
    limits: { positive: true },
    into: ui.figures,
    marks: ({ rates, beyond }) =>
      beyond < rates.length
        ? [{ value: rates[beyond], text: ui.t("breaksFrom"), tone: "bad", side: "left", beyond: true }]
        : [],
  });
  const track = node.querySelector(".fg-track");
  /** @param {number[]} ends  of the curve, px from the sides of its picture */
  return function place(ends) {
    const [left, right] = ends.map((px) => (px - THUMB / 2).toFixed(1));
    put(track, { style: `margin-inline:${left}px ${right}px` });
  };
}

function showGoal(ui, { recording, rates }) {
  const found = OPTIMISERS.filter((name) => ui.get("found").includes(name));
  const each = found.map((name) => `${name} ${number(rates[recordings.bestOf(recording.runs[name])])}`);
  const list = ui.t("found", { list: ui.clauses(each) });
  ui.goal(found.length ? ui.t("goal") + list : ui.t("goal"), found.length === OPTIMISERS.length);
}

function setup(ui) {
  ui.root.classList.add("fg-lab");
  const named = (name) => (ui.get("found").includes(name) ? `${name} ✓` : name);
  ui.choice({
    trait: "optimiser",
    label: ui.t("optimiser"),
    options: () => OPTIMISERS.map((name) => [name, named(name)]),
    into: ui.toolbar,
  });
  const drawCurves = curvesOf(ui);
  const valley = valleyOf(ui);
  const placeSlider = rateSlider(ui);
  const drawTrainer = trainerOf(ui);
  const drawTable = tableOf(ui);
  ui.goals("found", (now) => (now.at === now.best ? [now.optimiser] : []));
  // The frame puts the reader's settings back; a training ends, and its curve goes.
  ui.root
    .querySelector(".fg-reset")
    .addEventListener("click", () => ui.set({ running: false, live: {}, message: {}, progress: 0 }));

  /** @param {Now} now */
  function draw(now) {
    drawCurves(now);
    valley.draw(now);
    placeSlider(valley.ends(now));
    drawTrainer(now);
    drawTable(now);
    showGoal(ui, now);
    ui.status(words(ui, now), { bad: now.at >= now.beyond });
  }
  return { compute: computer(ui), draw };
}

const traits = {
  recording: {},
  optimiser: "SGD",
  learning_rate: 0.01,
  found: [],
  running: false,
  progress: 0,
  live: {},
  message: {},
  kernel: false,
};

export const core = recordings;
export default explorable({ traits, strings, css, setup });
