// next_token: what comes next, by counting or by a network; which tokens temperature, top-k and top-p leave;
// a text drawn.

import { needBetween, needName, needPositive } from "../../core/errors.js";
import { put } from "../../ui/dom.js";
import { explorable, h } from "../../ui/index.js";
import { modelSize } from "../../ui/models.js";
import { barsOf, sourceOf, surpriseOf } from "./charts.js";
import * as core from "./core.js";
import { editorOf, textsOf } from "./editor.js";
import { modelsOf } from "./models.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { sentences } from "./words.js";
import { writerButtons, writerOf } from "./writer.js";

export { core };

const ALL = 100; // a top-k of so many keeps every token
const SHOWN = 60; // characters whose surprise is shown and averaged
const REACH = 8; // characters before, that a surprise can depend on
const SOURCES = { text: true, moby_dick: true, neural: false, tang: true }; // does it count?
const SMOOTHINGS = ["modified", "add-k", "likelihood"];
const traits = {
  source: "text",
  text: null,
  prompt: null,
  made: "",
  order: 4,
  smoothing: "modified",
  temperature: 1,
  top_k: ALL,
  top_p: 1,
  seed: 0,
  found: [],
  model_sizes: {},
};

/**
 * What follows from one state; without a model only the first of it.
 * @typedef {ReturnType<typeof settingOf>
 *   & {model: import("./models.js").Model | null, fetched?: boolean, size?: number, unknown?: string}
 *   & Partial<ReturnType<typeof predicted>> & Partial<ReturnType<typeof surprised>>} Now
 */

/** The traits, checked. @param {import("../../ui/frame.js").Ui} ui */
function settingOf(ui) {
  const name = ui.get("source");
  const counts = needName("source", name, SOURCES);
  const [order, smoothing, k, p] = ["order", "smoothing", "top_k", "top_p"].map(ui.get);
  const temperature = needPositive("temperature", ui.get("temperature"));
  needBetween("k", k, 1, ALL);
  needBetween("p", p, 0.01, 1);
  const setting = [order, smoothing, temperature, k, p].join();
  return { name, counts, order, smoothing, temperature, k, p, setting, ...textsOf(ui) };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {ReturnType<typeof modelsOf>} models @returns {() => Now}
 */
function computer(ui, models) {
  const surprises = surpriser();
  return function compute() {
    const setting = settingOf(ui);
    const { name } = setting;
    const model = models.of(name, setting.text);
    if (!model)
      return { ...setting, model, fetched: models.fetched(name), size: modelSize(ui, models.file(name)) };
    const { ids, unknown } = core.readable(model.vocabulary, setting.written);
    const past = surprised(model, ids, setting, surprises);
    return { ...setting, model, unknown, ...predicted(model, ids, setting), ...past };
  };
}

/**
 * The probabilities after what is written, and what the cuts leave of them.
 * @param {import("./models.js").Model} model
 */
function predicted(model, ids, { name, written, order, smoothing, temperature, k, p: top }) {
  const { tokens } = model.vocabulary;
  const asked = model.next(ids.slice(-REACH), order, smoothing);
  const p = name === "tang" ? core.inForm(tokens, written, asked.p) : asked.p;
  const mute = !p.some((v) => v > 0);
  const cuts = { temperature, k: k >= ALL ? tokens.length : k, p: top };
  const chances = mute ? p : core.chances(p.map(Math.log), cuts);
  return {
    ...{ tokens, p, chances, mute, steps: asked.steps },
    ranked: Array.from(p, (_, i) => i).sort((a, b) => p[b] - p[a] || a - b),
    kept: chances.reduce((sum, v) => sum + (v > 0 ? 1 : 0), 0),
    choice: core.entropy(chances),
  };
}

/** The surprise of all that was written. @param {import("./models.js").Model} model */
function surprised(model, ids, { made, order, smoothing }, surprises) {
  const recent = ids.slice(-SHOWN);
  const bits = surprises(model, ids, ids.length - recent.length, order, smoothing);
  return {
    bits,
    typed: Math.max(0, recent.length - [...made].length),
    read: recent.map((id) => model.vocabulary.tokens[id]),
    mean: bits.length ? bits.reduce((sum, v) => sum + v, 0) / bits.length : 0,
  };
}

/** Surprises, which do not depend on how one draws: each is computed once for a setting. */
function surpriser() {
  let known = { model: null, setting: "", bits: new Map() };
  /** @returns {number[]} */
  return function surprises(model, ids, from, order, smoothing) {
    const setting = `${order}|${smoothing}`;
    if (known.model !== model || known.setting !== setting || known.bits.size > 5000)
      known = { model, setting, bits: new Map() };
    return ids.slice(from).map((id, i) => {
      const context = ids.slice(Math.max(0, from + i - REACH), from + i);
      const key = `${context.join()}|${id}`;
      if (!known.bits.has(key)) known.bits.set(key, model.bits(context, id, order, smoothing));
      return known.bits.get(key);
    });
  };
}

/** Which half of the goal a state reaches; another setting begins anew. */
function goalOf(ui) {
  let setting = null;
  /** @param {Now} now @returns {string[]} */
  return function look(now) {
    if (!now.model) return ui.get("found");
    const found = setting === now.setting ? ui.get("found") : [];
    setting = now.setting;
    if (now.mute || !["moby_dick", "neural"].includes(now.name)) return found;
    const reached = {
      one: now.written.endsWith("Captain Aha") && now.kept === 1,
      many: now.written.endsWith("the ") && now.kept >= 10 && now.kept < now.tokens.length,
    };
    return ["one", "many"].filter((part) => found.includes(part) || reached[part]);
  };
}

/** Which model, and what smooths its counts. */
function choices(ui, onSource) {
  const { t, toolbar: into } = ui;
  const named = (names) => names.map((name) => [name, t(name)]);
  const source = { trait: "source", label: t("source"), options: named(Object.keys(SOURCES)) };
  ui.choice({ ...source, as: "select", into, onChange: onSource });
  const visible = (now) => now.counts && Boolean(now.model);
  const smoothing = { trait: "smoothing", label: t("smoothing"), options: named(SMOOTHINGS) };
  ui.choice({ ...smoothing, as: "select", into, visible });
}

function sliders(ui) {
  const visible = (now) => Boolean(now.model);
  const add = (trait, symbol, options) =>
    ui.slider({ trait, label: ui.t(trait), symbol, visible, ...options });
  const counting = (now) => now.counts && Boolean(now.model);
  add("order", "n", { min: 1, max: 7, integer: true, visible: counting });
  add("temperature", "T", { min: 0.1, max: 5, scale: "log", limits: { low: 0.01, high: 1000 } });
  add("top_k", "k", { min: 1, max: ALL, scale: "log", step: 0.02, integer: true });
  add("top_p", "p", { min: 0.05, max: 1, limits: { low: 0.01, high: 1 } });
}

/** The three pictures. */
function picturesOf(ui) {
  const bars = barsOf(ui, ui.figures);
  const side = h("div", { class: "fg-nt-side" });
  ui.figures.append(side);
  return [bars, surpriseOf(ui, side), sourceOf(ui, side)];
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-next");
  const writer = writerOf(ui, () => compute());
  choices(ui, (source) => {
    writer.stop();
    ui.set({ source, prompt: null, made: "" });
  });
  const compute = computer(ui, modelsOf(ui, ui.toolbar));
  const row = editorOf(ui, writer);
  const pictures = picturesOf(ui);
  sliders(ui);
  writerButtons(ui, writer, row);
  const look = goalOf(ui);

  /** @param {Now} now */
  function draw(now) {
    for (const picture of pictures) picture(now);
    const found = look(now);
    ui.set({ found });
    const done = found.length === 2;
    ui.goal(done ? t("goalReached") : t("goal") + found.map((part) => t(`${part}Done`)).join(""), done);
    ui.status(sentences(ui, now));
    put(ui.root, { "data-loaded": now.model ? "yes" : "no" });
  }
  return { compute, draw };
}

export default explorable({ traits, strings, css, setup });
