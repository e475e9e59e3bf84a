// The model sizer: from a Transformer's measures to its parameters, the memory, the arithmetic, the days and
// the money of its training.

import { choice } from "../../ui/controls/choice.js";
import { explorable, h } from "../../ui/index.js";
import { big, bytes } from "../../ui/units.js";
import * as core from "./core.js";
import { drawingOf } from "./drawing.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { says, wordsOf } from "./words.js";

export { core };

const SHAPE = ["family", "layers", "width", "heads", "vocabulary", "context", "ratio", "tokens"];
// Measures and tokens as published; null where they are not. BERT's tokens: 10⁶ steps of 256 × 512 (Devlin et
// al. 2019).
const PRESETS = {
  "GPT-3": ["gpt", 96, 12288, 96, 50257, 2048, 4, 3e11],
  "GPT-2": ["gpt", 48, 1600, 25, 50257, 1024, 4, null],
  "BERT-large": ["bert", 24, 1024, 16, 30522, 512, 4, 1.31e11],
  "BERT-base": ["bert", 12, 768, 12, 30522, 512, 4, 1.31e11],
  "LLaMA-65B": ["llama", 80, 8192, 64, 32000, 2048, 2.6875, 1.4e12],
};
const traits = {
  ...Object.fromEntries(SHAPE.map((name, i) => [name, PRESETS["GPT-3"][i]])),
  batch: 1,
  precision: "mixed",
  recompute: "none",
  gpu: "H100",
  gpus: 1024,
  utilisation: 0.4,
  price: 2,
};
const DOUBLE = Math.log10(2); // a step of the sliders that count things, on their logarithmic track
const COUNT = { scale: "log", integer: true };
const GOAL = { count: 4.5e9, memory: 80e9 };
// Widths that real models have: multiples of 64, of 128, of 256, the larger the coarser.
const WIDTHS = [...range(64, 2048, 64), ...range(2176, 8192, 128), ...range(8448, 32768, 256)];

function range(from, to, step) {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** @typedef {ReturnType<typeof compute>} Now */

/** Everything that the traits imply; no drawing, no words. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const given = Object.fromEntries(Object.keys(traits).map((name) => [name, ui.get(name)]));
  const { batch, precision, recompute, gpu, gpus, utilisation, price, tokens } = given;
  const { family, layers, width, vocabulary, context } = given;
  const heads = core.fittingHeads(width, given.heads);
  const feed_forward = Math.max(1, Math.round(given.ratio * width));
  const shape = core.shapeOf({ family, layers, width, heads, vocabulary, context, feed_forward });
  const parts = core.parameters(shape);
  const kinds = core.memory(shape, batch, precision, recompute);
  const [N, kept] = [core.total(parts), core.total(kinds)];
  const flops = core.trainingFlops(N, tokens);
  const peak = core.GPUS[gpu]?.[precision === "fp32" ? "peak_32" : "peak_16"];
  const needed = core.gpusNeeded(kept, gpu);
  const seconds = core.trainingSeconds(flops, gpus, peak, utilisation, recompute);
  return {
    ...{ shape, asked: given.heads, heads, parts, kinds, N, kept, flops, needed, seconds },
    ...{ tokens, batch, gpu, gpus, utilisation, price },
    extra: core.attentionFlops(shape, tokens) / flops,
    cost: core.cost(seconds, gpus, price),
    one: core.GPUS[gpu].memory,
    reached: N >= GOAL.count && kept <= GOAL.memory,
    preset: Object.keys(PRESETS).find((name) => matches(given, PRESETS[name])),
  };
}

/** Are these the measures of that model, as far as they are published? */
const matches = (given, preset) => SHAPE.every((trait, i) => [null, given[trait]].includes(preset[i]));

/** Sets the measures of a published model; shows nothing where the reader's are those of none. */
function presets(ui) {
  const measures = (name) => SHAPE.map((trait, i) => [trait, PRESETS[name][i]]);
  const { node } = choice(ui, {
    trait: "preset",
    label: ui.t("preset"),
    as: "select",
    options: Object.keys(PRESETS).map((name) => [name, name]),
    onChange: (name) => ui.set(Object.fromEntries(measures(name).filter(([, value]) => value !== null))),
  });
  const select = node.querySelector("select");
  const show = (now) => {
    select.value = now?.preset ?? "";
  };
  ui.control({ node, show }, { into: ui.toolbar });
}

function choices(ui) {
  const { t, toolbar: into } = ui;
  const named = (...names) => names.map((name) => [name, t(name)]);
  ui.choice({ trait: "family", label: t("family"), into, options: named("gpt", "bert", "llama") });
  const select = (trait, options) => ui.choice({ trait, label: t(trait), as: "select", into, options });
  select("precision", named("mixed", "fp32"));
  select("recompute", named("none", "selective", "full"));
  select(
    "gpu",
    ["H100", "H200", "A100", "V100"].map((name) => [name, name]),
  );
}

/** The measures, by the group that they stand in. */
const SLIDERS = {
  modelGroup: [
    { trait: "layers", symbol: "L", min: 1, max: 160, integer: true },
    { trait: "width", symbol: "h", steps: WIDTHS, integer: true },
    { trait: "heads", symbol: "a", min: 1, max: 128, integer: true },
    { trait: "ratio", min: 1, max: 8, step: 0.125, limits: { low: 0.1, high: 16 } },
    {
      trait: "vocabulary",
      symbol: "v",
      min: 100,
      max: 1e6,
      ...COUNT,
      step: 0.01,
      limits: { low: 2, high: 1e7 },
    },
    {
      trait: "context",
      symbol: "s",
      min: 64,
      max: 131072,
      ...COUNT,
      step: 0.01,
      limits: { low: 1, high: 1e7 },
    },
  ],
  trainingGroup: [
    { trait: "tokens", symbol: "D", min: 1e6, max: 1e14, scale: "log" },
    { trait: "batch", symbol: "b", min: 1, max: 4096, ...COUNT, step: DOUBLE },
  ],
  machineGroup: [
    { trait: "gpus", min: 1, max: 131072, ...COUNT, step: DOUBLE, limits: { low: 1, high: 1e7 } },
    { trait: "utilisation", min: 0.05, max: 0.7, limits: { low: 0.001, high: 1 } },
    { trait: "price", min: 0.1, max: 20, scale: "log", limits: { low: 0, high: 1e6 } },
  ],
};

function sliders(ui) {
  const columns = [h("div", {}), h("div", { class: "fg-group" })];
  ui.controls.append(...columns);
  for (const [key, list] of Object.entries(SLIDERS)) {
    const name = h("p", { class: "fg-group-name", text: ui.t(key) });
    const into = h("div", { class: "fg-group" }, name);
    columns[key === "modelGroup" ? 0 : 1].append(into);
    for (const options of list) ui.slider({ label: ui.t(options.trait), into, ...options });
  }
}

function setup(ui) {
  const { t, lang } = ui;
  presets(ui);
  choices(ui);
  const drawing = drawingOf(ui);
  sliders(ui);

  /** @param {Now} now */
  function draw(now) {
    drawing(now, wordsOf(ui, now));
    const goal = { count: big(GOAL.count, lang), memory: bytes(GOAL.memory) };
    ui.goal(now.reached ? t("goalReached") : t("goal", goal), now.reached);
    ui.status(says(ui, now));
  }
  return { compute: () => compute(ui), draw };
}

export default explorable({ traits, strings, css, setup });
