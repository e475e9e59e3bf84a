// The model sizer: from a Transformer's measures to its parameters, the memory, the arithmetic, the days and the money of its training.

import { explorable, h, number } from "../../ui/index.js";
import * as core from "./core.js";
import { drawing } from "./drawing.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { big, bytes, duration, money } from "./units.js";

export { core };

const SHAPE = ["family", "layers", "width", "heads", "vocabulary", "context", "ratio", "tokens"];
// Measures and tokens as published; null where they are not. BERT's tokens: 10⁶ steps of 256 × 512 (Devlin et al. 2019).
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
const GOAL = { count: 4.5e9, memory: 80e9 };
// Widths that real models have: multiples of 64, of 128, of 256, the larger the coarser.
const WIDTHS = [...range(64, 2048, 64), ...range(2176, 8192, 128), ...range(8448, 32768, 256)];

function range(from, to, step) {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** Everything that the traits imply; no drawing, no words. */
function compute(ui) {
  const [
    family,
    layers,
    width,
    asked,
    vocabulary,
    context,
    ratio,
    tokens,
    batch,
    precision,
    recompute,
    gpu,
    gpus,
    utilisation,
    price,
  ] = [...SHAPE, "batch", "precision", "recompute", "gpu", "gpus", "utilisation", "price"].map(ui.get);
  const heads = core.fittingHeads(width, asked);
  const shape = core.shapeOf({
    family,
    layers,
    width,
    heads,
    vocabulary,
    context,
    feed_forward: Math.max(1, Math.round(ratio * width)),
  });
  const parts = core.parameters(shape);
  const kinds = core.memory(shape, batch, precision, recompute);
  const [N, kept] = [core.total(parts), core.total(kinds)];
  const flops = core.trainingFlops(N, tokens);
  const peak = core.GPUS[gpu]?.[precision === "fp32" ? "peak_32" : "peak_16"];
  const needed = core.gpusNeeded(kept, gpu);
  const seconds = core.trainingSeconds(flops, gpus, peak, utilisation, recompute);
  return {
    shape,
    asked,
    heads,
    parts,
    kinds,
    N,
    kept,
    flops,
    needed,
    seconds,
    tokens,
    batch,
    gpu,
    gpus,
    utilisation,
    price,
    extra: core.attentionFlops(shape, tokens) / flops,
    cost: core.cost(seconds, gpus, price),
    one: core.GPUS[gpu].memory,
    reached: N >= GOAL.count && kept <= GOAL.memory,
  };
}

/** The same in words. */
function tell(ui, now) {
  const { t, lang } = ui;
  const count = (value) => big(value, lang);
  const said = {
    N: count(now.N),
    layers: now.shape.layers,
    heads: now.heads,
    size: now.shape.width / now.heads,
    hidden: now.shape.feed_forward,
    memory: bytes(now.kept),
    D: count(now.tokens),
    flops: number(now.flops),
    time: duration(now.seconds, t),
    n: now.gpus,
    gpu: now.gpu,
    share: number(100 * now.utilisation),
    cost: money(now.cost, lang),
    price: number(now.price),
  };
  const named = (parts, shown) =>
    Object.entries(parts)
      .map(([name, value]) => `${t(name)} ${shown(value)}`)
      .join(lang === "zh" ? "，" : ", ");
  const words = {
    N: said.N,
    memory: said.memory,
    flops: t("flops", said),
    shape: t("shape", said),
    hold: now.needed > 1 ? t("hold", { n: big(now.needed, lang), gpu: now.gpu }) : t("one", said),
    lines: [t("extra", { share: number(100 * now.extra, 2) }), t("run", said), t("bill", said)],
    picture: t("picture", { ...said, parts: named(now.parts, count), kinds: named(now.kinds, bytes) }),
  };
  const more =
    now.heads !== now.asked
      ? t("sayHeads", { asked: now.asked, width: now.shape.width, heads: now.heads })
      : now.kinds.activations > now.kept / 2
        ? t("sayActivations", { b: now.batch, s: now.shape.context })
        : t("sayStates", {
            weights: bytes(now.kinds.weights),
            times: number(now.kept / now.kinds.weights, 2),
          });
  return { words, says: [t("says", said), more].join(lang === "zh" ? "" : " "), count };
}

function group(ui, key, column) {
  const place = h("div", { class: "fg-group" }, h("p", { class: "fg-group-name", text: ui.t(key) }));
  column.append(place);
  return place;
}

/** Sets the measures of a published model; shows nothing where the reader's are those of none. */
function presets(ui) {
  const control = ui.choice({
    trait: "preset",
    label: ui.t("preset"),
    as: "select",
    into: ui.toolbar,
    options: Object.keys(PRESETS).map((name) => [name, name]),
    onChange: (name) =>
      ui.set(
        Object.fromEntries(
          SHAPE.map((trait, i) => [trait, PRESETS[name][i]]).filter(([, value]) => value !== null),
        ),
      ),
  });
  const select = control.node.querySelector("select");
  return () => {
    const name = Object.keys(PRESETS).find((key) =>
      SHAPE.every((trait, i) => [null, ui.get(trait)].includes(PRESETS[key][i])),
    );
    select.value = name ?? "";
  };
}

function setup(ui) {
  const { t } = ui;
  ui.root.prepend(h("style", { text: css }));
  const named = (...names) => names.map((name) => [name, t(name)]);
  const showPreset = presets(ui);
  ui.choice({
    trait: "family",
    label: t("family"),
    into: ui.toolbar,
    options: named("gpt", "bert", "llama"),
  });
  ui.choice({
    trait: "precision",
    label: t("precision"),
    as: "select",
    into: ui.toolbar,
    options: named("mixed", "fp32"),
  });
  ui.choice({
    trait: "recompute",
    label: t("recompute"),
    as: "select",
    into: ui.toolbar,
    options: named("none", "selective", "full"),
  });
  ui.choice({
    trait: "gpu",
    label: t("gpu"),
    as: "select",
    into: ui.toolbar,
    options: ["H100", "H200", "A100", "V100"].map((name) => [name, name]),
  });
  const draw = drawing(ui);
  const columns = [h("div", {}), h("div", { class: "fg-group" })];
  ui.controls.append(...columns);
  const model = group(ui, "modelGroup", columns[0]);
  ui.slider({
    trait: "layers",
    label: t("layers"),
    symbol: "L",
    min: 1,
    max: 160,
    integer: true,
    into: model,
  });
  ui.slider({ trait: "width", label: t("width"), symbol: "h", steps: WIDTHS, integer: true, into: model });
  ui.slider({ trait: "heads", label: t("heads"), symbol: "a", min: 1, max: 128, integer: true, into: model });
  ui.slider({
    trait: "ratio",
    label: t("ratio"),
    min: 1,
    max: 8,
    step: 0.125,
    limits: { low: 0.1, high: 16 },
    into: model,
  });
  ui.slider({
    trait: "vocabulary",
    label: t("vocabulary"),
    symbol: "v",
    min: 100,
    max: 1e6,
    scale: "log",
    integer: true,
    step: 0.01,
    limits: { low: 2, high: 1e7 },
    into: model,
  });
  ui.slider({
    trait: "context",
    label: t("context"),
    symbol: "s",
    min: 64,
    max: 131072,
    scale: "log",
    integer: true,
    step: 0.01,
    limits: { low: 1, high: 1e7 },
    into: model,
  });
  const training = group(ui, "trainingGroup", columns[1]);
  ui.slider({
    trait: "tokens",
    label: t("tokens"),
    symbol: "D",
    min: 1e6,
    max: 1e14,
    scale: "log",
    into: training,
  });
  ui.slider({
    trait: "batch",
    label: t("batch"),
    symbol: "b",
    min: 1,
    max: 4096,
    scale: "log",
    integer: true,
    step: DOUBLE,
    into: training,
  });
  const machine = group(ui, "machineGroup", columns[1]);
  ui.slider({
    trait: "gpus",
    label: t("gpus"),
    min: 1,
    max: 131072,
    scale: "log",
    integer: true,
    step: DOUBLE,
    limits: { low: 1, high: 1e7 },
    into: machine,
  });
  ui.slider({
    trait: "utilisation",
    label: t("utilisation"),
    min: 0.05,
    max: 0.7,
    limits: { low: 0.001, high: 1 },
    into: machine,
  });
  ui.slider({
    trait: "price",
    label: t("price"),
    min: 0.1,
    max: 20,
    scale: "log",
    limits: { low: 0, high: 1e6 },
    into: machine,
  });

  return function redraw() {
    showPreset();
    const now = compute(ui);
    const { words, says, count } = tell(ui, now);
    const shown = (parts) =>
      Object.entries(parts)
        .filter(([, value]) => value > 0)
        .map(([name, value]) => [t(name), value]);
    draw({ ...now, parts: shown(now.parts), kinds: shown(now.kinds), words, count, bytes });
    ui.goal(
      now.reached ? t("goalReached") : t("goal", { count: count(GOAL.count), memory: bytes(GOAL.memory) }),
      now.reached,
    );
    ui.status(says);
  };
}

export default explorable({ traits, strings, setup });
