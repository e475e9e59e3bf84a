// computation_graph: a small computation, forward and backward; and questions about its gradients.

import { needBetween, needName, raise } from "../../core/errors.js";
import { explorable } from "../../ui/index.js";
import * as core from "./core.js";
import { drawingOf } from "./drawing.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { tapeOf } from "./tape.js";
import { leavesOf, WANTED, words } from "./words.js";

export { core };

const LEAVES = ["x", "w", "b", "t"];
const MODES = { watch: true, predict: true };
const REACH = 5; // of a leaf: far enough to try, and no overflow in any graph
const SPEEDS = { slow: 1, normal: 2.5, fast: 6 }; // steps a second: each wants to be read

const traits = {
  graph: "product",
  x: 2,
  w: -3,
  b: 1,
  t: 1,
  step: -1,
  mode: "watch",
  asked: 1,
  answered: false,
  prediction: 0,
  streak: 0,
  won: false,
};

/** @typedef {ReturnType<typeof compute>} Now */

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const name = ui.get("graph");
  const graph = core.graphOf(name);
  needName("mode", ui.get("mode"), MODES);
  const asking = ui.get("mode") === "predict";
  const asked = asking ? core.question(name, needAsked(ui.get("asked"))) : null;
  const leaves = asking ? asked.leaves : ownLeaves(ui, graph);
  const result = core.trace(graph, leaves);
  const operations = graph.nodes.filter(({ op }) => op);
  const length = 2 * operations.length + 1;
  const whole = ui.get("step") < 0 || ui.get("step") >= length;
  const hidden = asking && !ui.get("answered");
  const shown = hidden ? operations.length : asking || whole ? length : Math.floor(ui.get("step"));
  const [prediction, streak, won] = ["prediction", "streak", "won"].map(ui.get);
  const now = { name, graph, leaves, ...result, operations, output: operations.at(-1).id, length, whole };
  const state = { ...now, asking, asked, hidden, prediction, streak, won, ...progress(operations, shown) };
  return { ...state, arrived: Object.fromEntries(graph.nodes.map(({ id }) => [id, arrivedAt(state, id)])) };
}

const ownLeaves = (ui, graph) =>
  Object.fromEntries(Object.keys(graph.leaves).map((id) => [id, needBetween(id, ui.get(id), -REACH, REACH)]));

function needAsked(value) {
  if (!Number.isInteger(value) || value < 0)
    raise(RangeError, "badRange", "asked", value, "0, 1, 2, …", `asked must be a whole number, not ${value}`);
  return value;
}

/**
 * Which values and gradients there are after `shown` steps, and what the last one did.
 * @param {core.Node[]} operations
 */
function progress(operations, shown) {
  const count = operations.length;
  const ids = operations.map(({ id }) => id);
  const known = new Set(ids.slice(0, shown));
  // Step count + 1 sets the output's gradient to 1; each later one passes one operation's gradient on.
  const passed = new Set(ids.reverse().slice(0, Math.max(0, shown - count - 1)));
  const current = shown <= count ? operations[shown - 1] : operations[2 * count + 1 - shown];
  return { shown, known, passed, seeded: shown > count, current, backward: shown > count };
}

/**
 * What has arrived of the gradient of a value: all of it, a part, or nothing. `asked`: it is what the reader
 * is to find.
 */
function arrivedAt({ edges, passed, output, seeded, hidden, asked }, id) {
  const users = edges.filter(({ from }) => from === id);
  const there = users.filter(({ to }) => passed.has(to));
  return {
    complete: id === output ? seeded : there.length === users.length,
    begun: there.length > 0,
    soFar: there.reduce((sum, { flow }) => sum + flow, 0),
    asked: hidden && asked.target === id,
  };
}

const FRESH = { answered: false, prediction: 0 };

function choices(ui) {
  const { t, toolbar: into } = ui;
  ui.choice({
    trait: "graph",
    label: t("graph"),
    as: "select",
    into,
    onChange: (graph) => ui.set({ graph, ...core.graphOf(graph).leaves, step: -1, ...FRESH }),
    options: Object.keys(core.GRAPHS).map((name) => [name, t(`graph ${name}`)]),
  });
  ui.choice({
    trait: "mode",
    label: t("mode"),
    into,
    onChange: (mode) => ui.set({ mode, step: -1, ...FRESH }),
    options: Object.keys(MODES).map((mode) => [mode, t(`mode ${mode}`)]),
  });
}

/** To watch: steps, and the leaves. To predict: a number, and a button. @param {() => void} onAnswer */
function controls(ui, onAnswer) {
  const { t } = ui;
  const asking = (now) => now.asking;
  const watching = (now) => !now.asking;
  ui.player({ trait: "step", length: (now) => now.length, speeds: SPEEDS, visible: watching });
  for (const id of LEAVES) {
    const visible = (now) => watching(now) && id in now.graph.leaves;
    ui.slider({ trait: id, label: t("leaf"), symbol: id, min: -REACH, max: REACH, step: 0.1, visible });
  }
  ui.slider({
    trait: "prediction",
    label: t("prediction"),
    min: -40,
    max: 40,
    step: 0.1,
    limits: { low: -1e6, high: 1e6 },
    visible: asking,
  });
  const label = () => t(ui.get("answered") ? "next" : "check");
  ui.button({ label, primary: true, onClick: onAnswer, visible: asking });
}

/** Judges the prediction, or goes on to the next question. @param {Now} now */
function answer(ui, now) {
  if (ui.get("answered")) return ui.set({ asked: ui.get("asked") + 1, ...FRESH });
  const right = core.mistake(now.graph, now.asked.leaves, now.asked.target, ui.get("prediction")) === "";
  const streak = right ? ui.get("streak") + 1 : 0;
  ui.set({ answered: true, streak, won: ui.get("won") || streak >= WANTED });
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-graph");
  choices(ui);
  const drawing = drawingOf(ui);
  const tape = tapeOf(ui);
  /** @type {Now} */
  let shown;
  controls(ui, () => answer(ui, shown));

  /** @param {Now} now */
  function draw(now) {
    shown = now;
    drawing(now);
    tape(now);
    const asks = () => t("asks", { target: now.asked.target, list: leavesOf(now).join(", ") });
    ui.question(now.asking ? asks() : t(`question ${now.name}`));
    const goal = t(now.asking ? "goalCount" : "goal", { streak: now.streak, wanted: WANTED });
    ui.goal(now.won ? t("goalReached") : goal, now.won);
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  }
  return { compute: () => compute(ui), draw };
}

export default explorable({ traits, strings, css, setup });
