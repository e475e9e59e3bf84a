// next_token: what comes next, by counting or by a network; which tokens temperature, top-k and top-p leave; a text drawn.

import { needBetween, needName, needPositive } from "../../core/errors.js";
import { random } from "../../core/random.js";
import { explorable, h, put, say } from "../../ui/index.js";
import { modelSize, size } from "../../ui/models.js";
import { barsOf, percent, shown, sourceOf, surpriseOf } from "./charts.js";
import * as core from "./core.js";
import { modelsOf } from "./models.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const ALL = 100; // a top-k of so many keeps every token
const MOST = 400; // characters, typed and drawn
const SHOWN = 60; // characters whose surprise is shown and averaged
const PACE = 110; // ms for a character
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

/** The probabilities after what is written, and the surprise of all that was. @param {import("../../ui/frame.js").Ui} ui */
function computer(ui, models) {
  let known = { model: null, setting: "", bits: new Map() }; // surprises do not depend on how one draws
  function surprises(model, ids, from, order, smoothing) {
    const setting = `${order}|${smoothing}`;
    if (known.model !== model || known.setting !== setting || known.bits.size > 5000)
      known = { model, setting, bits: new Map() };
    return ids.slice(from).map((id, i) => {
      const context = ids.slice(Math.max(0, from + i - 8), from + i),
        key = `${context.join()}|${id}`;
      if (!known.bits.has(key)) known.bits.set(key, model.bits(context, id, order, smoothing));
      return known.bits.get(key);
    });
  }
  return function compute() {
    const name = ui.get("source"),
      order = ui.get("order"),
      smoothing = ui.get("smoothing");
    const counts = needName("source", name, SOURCES);
    const [temperature, k, p] = [
      needPositive("temperature", ui.get("temperature")),
      ui.get("top_k"),
      ui.get("top_p"),
    ];
    needBetween("k", k, 1, ALL);
    needBetween("p", p, 0.01, 1);
    const model = models.of(name, ui.words.text()),
      written = ui.words.all();
    if (!model) return { name, counts, model };
    const { ids, unknown } = core.readable(model.vocabulary, written);
    const { tokens } = model.vocabulary;
    const asked = model.next(ids.slice(-8), order, smoothing);
    const own = name === "tang" ? core.inForm(tokens, written, asked.p) : asked.p;
    const mute = !own.some((v) => v > 0);
    const chances = mute
      ? own
      : core.chances(own.map(Math.log), { temperature, k: k >= ALL ? tokens.length : k, p });
    const ranked = Array.from(own, (_, i) => i).sort((a, b) => own[b] - own[a] || a - b);
    const kept = chances.reduce((sum, v) => sum + (v > 0), 0);
    const recent = ids.slice(-SHOWN);
    const bits = surprises(model, ids, ids.length - recent.length, order, smoothing);
    const made = [...ui.get("made")].length;
    return {
      name,
      counts,
      model,
      tokens,
      p: own,
      chances,
      ranked,
      kept,
      mute,
      unknown,
      steps: asked.steps,
      bits,
      typed: Math.max(0, recent.length - made),
      read: recent.map((id) => tokens[id]),
      mean: bits.length ? bits.reduce((sum, v) => sum + v, 0) / bits.length : 0,
      context: recent.map((id) => tokens[id]),
      written,
      choice: core.entropy(chances),
      setting: [order, smoothing, temperature, k, p].join(),
    };
  };
}

/** What is seen, in words. */
function sentences(ui, now) {
  const { t, number } = ui;
  if (!now.model)
    return t(ui.fetched(now.name) ? "unpacking" : "ask", { size: size(modelSize(ui, ui.fileOf(now.name))) });
  const context = now.written.slice(-12).replaceAll("\n", "⏎");
  const best = now.ranked[0],
    digits = (v) => (v < 10 ? v.toFixed(2) : number(v));
  const first = now.mute
    ? t("mute", { context })
    : t("predicts", {
        context,
        best: shown(now.tokens[best]),
        p: t("percent", { p: percent(now.chances[best]) }),
        kept: now.kept,
        all: now.tokens.length,
        bits: now.choice.toFixed(2),
        choices: digits(2 ** now.choice),
      });
  const cost = !now.bits.length
    ? ""
    : Number.isFinite(now.mean)
      ? t("costs", { bits: now.mean.toFixed(2), perplexity: digits(2 ** now.mean) })
      : t("costsInfinite");
  return [first, cost, now.unknown && t("unknown", { character: shown(now.unknown) })]
    .filter(Boolean)
    .join(ui.lang === "zh" ? "" : " ");
}

/** The two fields, the text so far, and the buttons. @param {import("../../ui/frame.js").Ui} ui */
function editorOf(ui) {
  const { t } = ui,
    key = {
      "data-lm-suppress-shortcuts": "true",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
    };
  const corpus = h("textarea", {
    class: "fg-nt-corpus",
    rows: 3,
    maxlength: 5000,
    ...key,
    "aria-label": t("trainingText"),
    oninput: () => ui.set({ text: corpus.value, made: "" }),
  });
  const prompt = h("input", {
    type: "text",
    class: "fg-nt-prompt",
    maxlength: 300,
    ...key,
    "aria-label": t("prompt"),
    oninput: () => ui.set({ prompt: prompt.value, made: "" }),
  });
  const field = (label, control) =>
    h("div", { class: "fg-nt-field" }, h("label", { text: label, "aria-hidden": "true" }), control);
  const [own, typed] = [field(t("trainingText"), corpus), field(t("prompt"), prompt)];
  const [before, made] = [h("span", {}), h("b", {})];
  const out = h("p", { class: "fg-nt-out" }, before, made);
  const row = h("div", { class: "fg-nt-row" });
  ui.figures.append(h("div", { class: "fg-nt-top" }, own, typed, row, out));
  return {
    row,
    show(name) {
      own.hidden = name !== "text";
      for (const [box, value] of [
        [corpus, ui.words.text()],
        [prompt, ui.words.prompt()],
      ])
        if (box.value !== value) box.value = value;
      say(before, ui.words.prompt());
      say(made, ui.get("made"));
    },
  };
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-next");
  ui.root.prepend(h("style", { text: css }));
  ui.words = {
    text: () => ui.get("text") ?? t("sample"),
    prompt: () => ui.get("prompt") ?? t(`prompt ${ui.get("source")}`),
    all: () => ui.words.prompt() + ui.get("made"),
  };
  let timer = 0,
    now;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  ui.onClose(stop);

  const toModel = (source) => {
    stop();
    ui.set({ source, prompt: null, made: "" });
  };
  ui.choice({
    trait: "source",
    label: t("source"),
    as: "select",
    options: Object.keys(SOURCES).map((name) => [name, t(name)]),
    into: ui.toolbar,
    onChange: toModel,
  });
  const smoothing = ui.choice({
    trait: "smoothing",
    label: t("smoothing"),
    as: "select",
    options: SMOOTHINGS.map((name) => [name, t(name)]),
    into: ui.toolbar,
  });
  const models = modelsOf(ui, ui.toolbar);
  Object.assign(ui, { fetched: models.fetched, fileOf: models.file });
  const compute = computer(ui, models),
    editor = editorOf(ui);
  const drawBars = barsOf(ui, ui.figures);
  const side = h("div", { class: "fg-nt-side" });
  ui.figures.append(side);
  const drawSurprise = surpriseOf(ui, side),
    drawSource = sourceOf(ui, side);
  const order = ui.slider({ trait: "order", label: t("order"), symbol: "n", min: 1, max: 7, integer: true });
  const cuts = [
    ui.slider({
      trait: "temperature",
      label: t("temperature"),
      symbol: "T",
      min: 0.1,
      max: 5,
      scale: "log",
      limits: { low: 0.01, high: 1000 },
    }),
    ui.slider({
      trait: "top_k",
      label: t("top_k"),
      symbol: "k",
      min: 1,
      max: ALL,
      scale: "log",
      step: 0.02,
      integer: true,
    }),
    ui.slider({
      trait: "top_p",
      label: t("top_p"),
      symbol: "p",
      min: 0.05,
      max: 1,
      limits: { low: 0.01, high: 1 },
    }),
  ];

  /** Draw one character from what is left, and write it down. */
  function draw() {
    const here = compute();
    if (!here.model || here.mute || here.written.length >= MOST) return stop();
    const u = random(ui.get("seed") * 7919 + here.written.length)();
    ui.set({ made: ui.get("made") + here.tokens[core.pick(here.chances, u)] }, { save: !timer });
  }
  const step = ui.button({ label: t("step"), primary: true, into: editor.row, onClick: draw });
  const write = ui.button({
    label: t("write"),
    into: editor.row,
    onClick: () => {
      if (timer) {
        stop();
        return ui.redraw();
      }
      timer = setInterval(() => (ui.alive ? draw() : stop()), PACE);
      draw();
    },
  });
  const clear = ui.button({
    label: t("clear"),
    into: editor.row,
    onClick: () => {
      stop();
      ui.set({ made: "", seed: ui.get("seed") + 1 });
    },
  });
  write.stop = stop; // a reset stops it

  /** Which half of the goal this state reaches; another setting begins anew. */
  let setting = null;
  function look() {
    const found = setting === now.setting || !ui.get("found").length ? ui.get("found") : [];
    setting = now.setting;
    if (!now.model || now.mute || !["moby_dick", "neural"].includes(now.name)) return found;
    const reached = {
      one: now.written.endsWith("Captain Aha") && now.kept === 1,
      many: now.written.endsWith("the ") && now.kept >= 10 && now.kept < now.tokens.length,
    };
    return ["one", "many"].filter((part) => found.includes(part) || reached[part]);
  }

  return function paint() {
    editor.show(ui.get("source"));
    models.show(ui.get("source"));
    now = compute();
    order.visible(now.counts && Boolean(now.model));
    smoothing.node.hidden = !now.counts || !now.model;
    for (const cut of cuts) cut.visible(Boolean(now.model));
    step.enabled(Boolean(now.model) && !now.mute && now.written.length < MOST);
    write.enabled(Boolean(now.model) && !now.mute && now.written.length < MOST);
    write.label(timer ? t("stop") : t("write"));
    clear.enabled(ui.get("made") !== "");
    for (const drawIt of [drawBars, drawSurprise, drawSource]) drawIt(now);
    const found = now.model ? look() : ui.get("found");
    ui.set({ found });
    const done = found.length === 2;
    ui.goal(done ? t("goalReached") : t("goal") + found.map((part) => t(`${part}Done`)).join(""), done);
    ui.status(sentences(ui, now));
    put(ui.root, { "data-loaded": now.model ? "yes" : "no" });
  };
}

export default explorable({ traits, strings, setup });
