// lstm_gates: a trained LSTM reads the reader's sentence, character by character: gates, cell, output, and what it expects.
import * as lstm from "../../core/lstm.js";
import { parse } from "../../core/safetensors.js";
import { askedModel } from "../../ui/asked_model.js";
import { say, unique } from "../../ui/dom.js";
import { explorable, h } from "../../ui/index.js";
import { themed } from "../../ui/theme.js";
import * as handmade from "./core.js";
import { expectedOf } from "./expected.js";
import { heatOf } from "./heat.js";
import { computer, LONGEST, mean, SURPRISE } from "./state.js";
import { strings } from "./strings.js";
import { stripOf } from "./strip.js";
import css from "./style.css";
import { themeOf } from "./theme.js";
import { wordsOf } from "./words.js";

export const core = { ...lstm, ...handmade, parse };

/** @typedef {import("./state.js").State} State */

const GOALS = ["reset", "surprise"];
const traits = {
  text: 'Queequeg looked up. "Aye, aye!" cried the old captain (he had but one leg), "a white whale!"',
  quantity: "f",
  unit: 0,
  step: -1,
  trained: false,
  found: [],
  bits: null,
};

/** A line to type into. @param {import("../../ui/frame.js").Ui} ui */
function sentenceOf(ui) {
  const id = unique("text");
  const input = h("input", {
    type: "text",
    class: "fg-sentence",
    id,
    maxlength: LONGEST,
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    oninput: () => ui.set({ text: input.value, step: -1 }),
  });
  const hint = h("p", { class: "fg-hint", hidden: true });
  const label = h("label", { for: id, text: ui.t("text") });
  ui.toolbar.append(h("div", { class: "fg-control fg-text", "data-trait": "text" }, label, input, hint));
  return function draw(/** @type {State} */ { text, unknown }) {
    if (input.value !== text) input.value = text;
    hint.hidden = unknown.length === 0;
    say(hint, unknown.length ? ui.t("unknown", { list: unknown.slice(0, 8).join(" ") }) : "");
  };
}

/** The trained model, when the reader asks for it; until then there are the units that were set by hand. */
function sourceOf(ui) {
  const source = askedModel(ui, "char_lstm", {
    trait: "trained",
    read: ({ tensors, metadata }) => ({
      model: lstm.modelOf(tensors, metadata.characters ?? ""),
      units: unitsOf(metadata.units),
    }),
    text: () => ui.t("load"),
  });
  const node = h("div", { class: "fg-load" }, source.button, source.hint);
  ui.toolbar.append(node);
  return {
    get: source.get,
    draw() {
      source.draw();
      node.hidden = source.button.hidden && source.hint.hidden;
    },
  };
}
/** What the recipe found single units to follow. @returns {import("./state.js").Follower[]} */
function unitsOf(json) {
  try {
    return JSON.parse(json);
  } catch {
    return [];
  }
}

/** Once one unit was found: the others that follow something. @param {import("../../ui/frame.js").Ui} ui */
function othersOf(ui) {
  const { t } = ui;
  const node = h("p", { class: "fg-others", hidden: true });
  ui.controls.append(node);
  let drawn = "";
  const button = ({ unit, follows }) =>
    h("button", {
      type: "button",
      class: "fg-button",
      onclick: () => ui.set({ unit, quantity: "c" }),
      text: t("other", { unit, what: t(`follows ${follows}`) }),
    });
  return function draw(/** @type {State} */ { clear, trained }) {
    node.hidden = !trained || !ui.get("found").includes("reset") || !clear.length;
    const key = JSON.stringify(clear);
    if (node.hidden || drawn === key) return;
    drawn = key;
    node.replaceChildren(h("span", { text: t("others") }), ...clear.map(button));
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {boolean} trained */
function showGoals(ui, trained) {
  const { t } = ui;
  const found = GOALS.filter((name) => ui.get("found").includes(name));
  const all = found.length === GOALS.length;
  const list = ui.clauses(found.map((name) => t(`${name}Done`)));
  const task = (trained ? "" : t("first")) + t("goal", { bits: SURPRISE }) + (list && t("done", { list }));
  ui.goal(all ? t("goalReached") : task, all);
}

/** The pictures, from left to right, and the player below. @param {import("../../ui/frame.js").Ui} ui */
function picturesOf(ui) {
  const theme = themed(ui, themeOf);
  const point = (change) => ui.set(change);
  const strip = stripOf(ui, { onPoint: (step) => point({ step }) });
  const heat = heatOf(ui, { all: true, theme, into: ui.figures, onPoint: point });
  const right = h("div", { class: "fg-side" });
  ui.figures.append(right);
  const lanes = heatOf(ui, { all: false, theme, into: right, onPoint: ({ step }) => point({ step }) });
  const expected = expectedOf(ui, { into: right });
  ui.player({
    trait: "step",
    length: ({ count }) => Math.max(0, count - 1),
    speeds: { slow: 2, normal: 6, fast: 20 },
  });
  return [strip, heat, lanes, expected];
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-lstm-gates");
  const sentence = sentenceOf(ui);
  const source = sourceOf(ui);
  ui.choice({
    trait: "quantity",
    label: t("quantity"),
    into: ui.toolbar,
    options: ["f", "i", "g", "o", "c", "h"].map((name) => [name, t(`state ${name}`)]),
  });
  const pictures = picturesOf(ui);
  ui.slider({
    trait: "unit",
    label: t("unit"),
    min: 0,
    max: ({ model }) => model.hidden - 1,
    integer: true,
  });
  const parts = [sentence, ...pictures, othersOf(ui)];
  ui.goals("found", (/** @type {State} */ { trained, count, means, bits }) => {
    if (!trained || !count) return [];
    const reached = { reset: means.resets, surprise: Math.max(...bits) > SURPRISE };
    return GOALS.filter((name) => reached[name]);
  });
  return {
    compute: computer(ui, source.get),
    draw(/** @type {State} */ now) {
      source.draw();
      for (const draw of parts) draw(now);
      showGoals(ui, now.trained);
      ui.set({ bits: now.trained && now.count ? mean(now.bits) : null });
      ui.status(wordsOf(ui, now));
    },
  };
}

export default explorable({ traits, strings, css, setup });
