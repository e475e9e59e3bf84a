// skip_gram: the reader's own text, and the word vectors that skip-gram with negative sampling learns from
// it, in view.

import { put } from "../../ui/dom.js";
import { explorable, h } from "../../ui/index.js";
import { chartOf } from "./chart.js";
import * as skip from "./core.js";
import { chooserOf, editorOf, textOf } from "./editor.js";
import { companyOf, neighboursOf } from "./lists.js";
import { mapOf } from "./map.js";
import { CHOSEN, Model, SLICE } from "./model.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { judge, words } from "./words.js";

export { skip as core };

const traits = {
  text: null,
  word: "",
  pair: [],
  window: 2,
  negatives: 5,
  learning_rate: 0.1,
  dimension: 8,
  sample: 1,
  seed: 1,
  epochs: 200,
  epoch: -1,
};

/** @typedef {ReturnType<typeof compute>} Now */

/**
 * What the state and the training so far imply; another text or setting begins anew.
 * @param {import("../../ui/frame.js").Ui} ui @param {Model} model
 */
function compute(ui, model) {
  const { t } = ui;
  const chosen = CHOSEN.map((name) => [name, ui.get(name)]);
  model.sync(textOf(ui), Object.fromEntries(chosen));
  const { tokens, total } = model.corpus;
  const [stranger = t("stranger"), ...others] = ui.get("pair");
  const friends = others.length ? others : t("friends").split(" ");
  // The word shown: the reader's, or the stranger, or the most frequent.
  const word = [ui.get("word"), stranger, tokens[0]].map((one) => tokens.indexOf(one)).find((i) => i >= 0);
  const asked = ui.get("epoch") < 0 ? model.epochs : Math.floor(ui.get("epoch"));
  const epoch = Math.min(asked, model.epochs, model.shots.length - 1);
  const near = model.near(epoch, word);
  const anchors = [friends[0], tokens.find((one) => one !== friends[0])];
  const busy = model.busy();
  const end = busy ? null : judge(model, stranger, friends, t("and"));
  return {
    ...{ model, tokens, word, epoch, near, stranger, friends, busy, end },
    names: near.slice(0, 3).map((one) => tokens[one.word]),
    special: [stranger, ...friends].map((one) => tokens.indexOf(one)).filter((i) => i >= 0),
    view: model.view(
      epoch,
      anchors.map((one) => tokens.indexOf(one)),
    ),
    counts: { total, different: tokens.length, pairs: model.pairs.length / 2 },
    said: { stranger, friends: friends.join(t("or")) },
    reached: end?.verdict === "aha" && !model.diverged,
  };
}

/** Trains a slice in each frame, as long as there is something to train. */
function trainer(ui, model) {
  let frame = 0;
  ui.onClose(() => cancelAnimationFrame(frame));
  function tick() {
    frame = 0;
    if (!ui.alive) return;
    model.train(performance.now() + SLICE);
    ui.redraw();
  }
  return function go() {
    if (model.busy() && !frame) frame = requestAnimationFrame(tick);
  };
}

function controls(ui) {
  const { t } = ui;
  const speeds = { slow: 6, normal: 30, fast: 90 };
  ui.player({ trait: "epoch", length: (now) => now.model.epochs, speeds });
  const whole = { min: 1, integer: true };
  const log = /** @type {const} */ ({ scale: "log" });
  const add = (trait, symbol, options) =>
    ui.slider({ trait, label: t(trait === "learning_rate" ? "rate" : trait), symbol, ...options });
  add("window", "m", { ...whole, max: 6, limits: { low: 1, high: 10 } });
  add("negatives", "k", { ...whole, max: 15, limits: { low: 1, high: 20 } });
  add("dimension", "d", { ...whole, min: 2, max: 20, limits: { low: 2, high: 32 } });
  add("learning_rate", "α", { min: 0.01, max: 2, ...log, limits: { positive: true, high: 100 } });
  add("sample", "t", { min: 1e-3, max: 1, ...log, limits: { positive: true, high: 1 } });
  ui.button({ label: t("seed"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });
}

/** The text on the left, the map and its lists on the right, the loss below. */
function figures(ui, model) {
  editorOf(ui, () => put(ui.root, { "data-busy": model.busy() ? "yes" : "no" }));
  const right = h("div", { class: "fg-sg-side" });
  ui.figures.append(right);
  chooserOf(ui, right);
  return [mapOf(ui, right), neighboursOf(ui, right), companyOf(ui, right), chartOf(ui)];
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-skip");
  const model = new Model();
  const train = trainer(ui, model);
  const pictures = figures(ui, model);
  controls(ui);

  /** @param {Now} now */
  function draw(now) {
    train();
    for (const picture of pictures) picture(now);
    ui.question(t("question", now.said));
    ui.goal(t(now.reached ? "goalReached" : "goal", { ...now.said, ...now.end }), now.reached);
    const last = model.losses.at(-1);
    if (!now.busy) ui.set({ goal_reached: now.reached, final_loss: Number.isFinite(last) ? last : null });
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  }
  return { compute: () => compute(ui, model), draw };
}

export default explorable({ traits, strings, css, setup });
