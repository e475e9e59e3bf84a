// playground: a network of any shape learns points of the plane, in view; every weight can be seen, and changed.

import { explorable, h, put, say } from "../../ui/index.js";
import { chartOf } from "./chart.js";
import { FINE, TILE, themeOf } from "./colour.js";
import * as mlp from "./core.js";
import { modelOf, PENALTIES } from "./model.js";
import { featureName, MOST_LAYERS, NAMES, networkOf, neuronName } from "./network.js";
import { editorOf, tableOf } from "./numbers.js";
import { MOST, outputOf } from "./output.js";
import * as points from "./points.js";
import { strings } from "./strings.js";
import css from "./style.css";

export const core = { ...mlp, ...points };

const traits = {
  dataset: "circles",
  noise: 0.1,
  train_share: 0.5,
  seed: 1,
  drawn: [],
  pen: "plus",
  features: ["x1", "x2"],
  hidden: [2],
  activation: "tanh",
  optimiser: "sgd",
  learning_rate: 0.1,
  batch_size: 10,
  regularisation: "none",
  strength: 0.001,
  step: 0,
  weights: [],
  probe: [1.5, 0.5],
  selected: "",
  show_test: true,
  discrete: false,
  numbers: false,
};
const SLICE = 7; // ms of training a frame, at most: what is left of 16.7 is for drawing
const SPEEDS = { slow: 0, normal: 1, fast: 1000 }; // epochs a frame
const SLOWLY = 5; // frames a batch, when slow
const WORDS = 250; // ms between two changes of the words while it plays
const CALM = 500; // ms between two pictures where the reader asked for less motion
const COSTLY = 5; // ms of drawing a frame: beyond, the maps are coarser while it plays
const ICONS = {
  start: "M4 3h2v14H4zM16 3v14L7 10z",
  play: "M5 3v14l12-7z",
  pause: "M5 3h4v14H5zM12 3h4v14h-4z",
  oneBatch: "M5 3v14l9-7zM14 3h2v14h-2z",
  oneEpoch: "M2 3v14l7-7zM9 3v14l7-7zM16 3h2v14h-2z",
};

/** "2.1" → [2, 0], where there is such a neuron. */
function place(text, sizes) {
  const found = /^(\d+)\.(\d+)$/.exec(text);
  const [layer, i] = found ? [Number(found[1]), Number(found[2]) - 1] : [0, 0];
  return layer > 0 && i >= 0 && i < (sizes[layer] ?? 0) ? [layer, i] : null;
}

function setup(ui) {
  const { t, number } = ui;
  ui.root.classList.add("fg-play");
  ui.root.prepend(h("style", { text: css }));
  const model = modelOf(ui);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let theme = null;
  let peek = null; // the neuron under the mouse
  let cost = 0; // ms of drawing a frame, smoothed
  let spokenAt = 0;
  let sent = -1; // the version of the data that Python has

  // --- what can be chosen ---
  const select = (trait, label, names) =>
    ui.choice({
      trait,
      label: t(label),
      as: "select",
      into: ui.toolbar,
      options: names.map((name) => [name, t(name)]),
    });
  select("dataset", "dataset", Object.keys(points.DATASETS));
  select("activation", "activation", Object.keys(mlp.ACTIVATIONS));
  select("optimiser", "optimiser", Object.keys(mlp.OPTIMISERS));
  select("regularisation", "regularisation", Object.keys(PENALTIES));
  for (const [trait, label] of [
    ["show_test", "showTest"],
    ["discrete", "discrete"],
    ["numbers", "numbers"],
  ])
    ui.checkbox({ trait, label: t(label), into: ui.toolbar });

  const left = h("div", { class: "fg-side" });
  const right = h("div", { class: "fg-side" });
  ui.figures.append(left, right);
  const layers = layersOf(ui, left);
  const network = networkOf(ui, {
    onPeek(at) {
      peek = at;
      if (!playing) ui.redraw();
    },
    onLink([layer, i], input) {
      ui.set({ selected: `${layer}.${i + 1}` });
      requestAnimationFrame(() => requestAnimationFrame(() => editor.focus(input)));
    },
  });
  left.append(network.node);
  const editor = editorOf(ui, {
    into: left,
    onEdit: (index, value) => {
      model.edit(index, value);
      ui.redraw();
    },
  });
  const output = outputOf(ui, { into: right });
  const penbox = h("div", { class: "fg-penbox", hidden: true });
  right.append(penbox);
  ui.choice({
    trait: "pen",
    label: t("pen"),
    into: penbox,
    options: ["plus", "minus", "erase"].map((name) => [name, t(name)]),
  });
  ui.button({ label: t("putHere"), into: penbox, onClick: () => output.putHere() });
  ui.button({ label: t("clear"), into: penbox, onClick: () => ui.set({ drawn: [] }) });
  const chart = chartOf(ui, { into: right });
  const table = tableOf(ui);
  ui.controls.before(table.node);
  ui.slider({
    trait: "learning_rate",
    label: t("learningRate"),
    symbol: "α",
    min: 1e-4,
    max: 3,
    scale: "log",
    limits: { positive: true },
  });
  ui.slider({
    trait: "batch_size",
    label: t("batch"),
    min: 1,
    max: 100,
    integer: true,
    limits: { low: 1, high: points.COUNT },
  });
  ui.slider({ trait: "noise", label: t("noise"), min: 0, max: 0.5, step: 0.05 });
  ui.slider({ trait: "train_share", label: t("share"), min: 0.1, max: 0.9, step: 0.1 });
  const strength = ui.slider({
    trait: "strength",
    label: t("strength"),
    symbol: "λ",
    min: 1e-5,
    max: 1,
    scale: "log",
    limits: { positive: true, high: 10 },
  });
  ui.button({ label: t("anotherSeed"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });

  // --- playing ---
  const icon = (name, onclick) => {
    const node = h("button", {
      type: "button",
      class: "fg-icon",
      "aria-label": t(name),
      title: t(name),
      onclick,
    });
    node.innerHTML = `<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="${ICONS[name.replace("ui.", "")]}"/></svg>`;
    return node;
  };
  let playing = false;
  let frame = 0;
  let count = 0;
  let pictureAt = 0;
  let onScreen = true;
  const back = icon("start", () => {
    stop();
    ui.set({ weights: [], step: 0 });
  });
  const play = icon("ui.play", () => (playing ? stop() : begin()));
  const speed = h(
    "select",
    { class: "fg-select", "aria-label": t("ui.speed") },
    ...Object.keys(SPEEDS).map((value) =>
      h("option", { value, text: t(`ui.${value}`), selected: value === "normal" }),
    ),
  );
  const out = h("output", { class: "fg-out" });
  const go = (batches) => () => {
    stop();
    model.train(batches());
    remember();
    model.save();
  };
  const stepButtons = [
    icon(
      "oneBatch",
      go(() => 1),
    ),
    icon(
      "oneEpoch",
      go(() => model.perEpoch()),
    ),
  ];
  const player = h("div", { class: "fg-player" }, back, play, ...stepButtons, out, speed);
  ui.figures.after(player);
  ui.root.addEventListener("click", (event) => event.target.closest(".fg-reset") && stop(), true);

  function begin() {
    if (!model.ready() || model.blewUp) return;
    playing = true;
    schedule();
    face();
  }
  function stop() {
    if (!playing) return;
    playing = false;
    cancelAnimationFrame(frame);
    frame = 0;
    face();
    model.save();
    ui.redraw();
  }
  function face() {
    const name = playing ? "pause" : "play";
    play.querySelector("path").setAttribute("d", ICONS[name]);
    put(play, { "aria-label": t(`ui.${name}`), title: t(`ui.${name}`) });
  }
  const schedule = () => {
    if (playing && onScreen && !frame) frame = requestAnimationFrame(tick);
  };
  function tick(time) {
    frame = 0;
    if (!playing || !ui.alive) return;
    const start = performance.now();
    const epochs = SPEEDS[speed.value];
    count += 1;
    if (epochs) model.train(epochs * model.perEpoch(), start + SLICE);
    else if (count % SLOWLY === 0) model.train(1);
    const trained = performance.now();
    if (!calm.matches || trained - pictureAt > CALM) {
      pictureAt = trained;
      remember();
      paint({ quiet: true });
      cost = 0.9 * cost + 0.1 * (performance.now() - trained);
    }
    if (model.blewUp) return stop();
    schedule();
    return time;
  }
  const remember = () => chart.add(model.epochs(), model.trainScore.loss, model.testScore.loss);

  // Not on the screen: nothing is trained. (In a hidden tab no frame comes.)
  const watcher = new IntersectionObserver((entries) => {
    onScreen = entries.at(-1).isIntersecting;
    schedule();
  });
  watcher.observe(ui.root);
  // Canvases know nothing of a theme that changes.
  const repaint = () => {
    theme = null;
    ui.redraw();
  };
  const themes = new MutationObserver(repaint);
  for (const node of [document.documentElement, document.body])
    themes.observe(node, {
      attributes: true,
      attributeFilter: ["data-theme", "theme", "class", "data-jp-theme-light"],
    });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  for (const media of [dark, calm]) media.addEventListener("change", repaint);
  globalThis.addEventListener("beforeprint", repaint);
  ui.onClose(() => {
    playing = false;
    cancelAnimationFrame(frame);
    for (const observer of [watcher, themes]) observer.disconnect();
    for (const media of [dark, calm]) media.removeEventListener("change", repaint);
    globalThis.removeEventListener("beforeprint", repaint);
  });

  // --- words ---
  function settingOf() {
    const kind = ui.get("regularisation");
    const setting = t("setting", {
      optimiser: t(ui.get("optimiser")),
      rate: number(ui.get("learning_rate")),
      batch: ui.get("batch_size"),
    });
    return kind === "none"
      ? setting
      : t("penalty", { setting, kind: t(kind), strength: number(ui.get("strength")) });
  }
  function words(now) {
    const join = (...sentences) => sentences.filter(Boolean).join(ui.lang === "zh" ? "" : " ");
    const [x, y] = now.probe.map((v) => number(v));
    const z = now.at.z.at(-1)[0];
    const there = t(now.classes ? "atProbe" : "valueAt", {
      x,
      y,
      value: number(now.classes ? 1 / (1 + Math.exp(-z)) : z),
    });
    if (model.blewUp) return { text: t("blewUp"), bad: true };
    if (!model.ready()) return { text: join(t("fewPoints"), there) };
    const [train, test] = [model.trainScore, model.testScore];
    if (!model.step)
      return {
        text: join(
          t("untrained", { test: number(test.loss), rows: model.rows(), setting: settingOf() }),
          there,
        ),
      };
    const said = {
      epoch: number(Math.round(10 * model.epochs()) / 10),
      test: number(test.loss),
      train: number(train.loss),
    };
    return {
      text: join(
        t("state", said),
        now.classes && t("accuracy", { share: number(100 * test.accuracy) }),
        remark(now),
        there,
      ),
    };
  }
  /** The remark that helps most, if any. */
  function remark({ met }) {
    const [train, test] = [model.trainScore.loss, model.testScore.loss];
    const hidden = ui.get("hidden").length;
    if (met) return t(`reached ${ui.get("dataset")}`);
    if (
      ui.get("activation") === "identity" &&
      hidden > 0 &&
      ui.get("features").every((name) => name === "x1" || name === "x2")
    )
      return t("linear", { layers: hidden + 1 });
    if (test > 3 * train && test > 0.1) return t("overfit");
    return ui.get("drawn").length >= MOST && ui.get("dataset") === "drawn" ? t("fullUp") : "";
  }

  // --- the picture ---
  /** @param {{quiet?: boolean}} how quiet: while it plays, what need not change at every frame does not */
  function paint({ quiet = false } = {}) {
    theme ??= themeOf(ui.root);
    const n = quiet && cost > COSTLY ? TILE : FINE;
    const grid = model.spread(n);
    const probe = ui.get("probe");
    const now = {
      hidden: ui.get("hidden"),
      features: ui.get("features"),
      activation: ui.get("activation"),
      selected: place(ui.get("selected"), model.sizes),
      discrete: ui.get("discrete"),
      numbers: ui.get("numbers"),
      net: model.net,
      sizes: model.sizes,
      places: model.places,
      classes: model.net.loss === "bce",
      at: model.at(probe),
      probe,
      grid: n,
      points: model.points,
      train: model.train_rows,
      test: model.test_rows,
      showTest: ui.get("show_test"),
      value: model.net.loss === "mse",
      version: model.version,
      valueOf: (layer, i) => model.reader(grid, layer, i, n / TILE, TILE),
      ...model.goal(),
    };
    network.draw(now, theme, { quiet });
    const shown =
      peek && model.sizes[peek[0]] > (peek[0] ? peek[1] : -1)
        ? peek
        : (now.selected ?? [model.sizes.length - 1, 0]);
    const whole = shown[0] === model.sizes.length - 1;
    const what = whole
      ? t("theOutput")
      : shown[0]
        ? neuronName(t, now.hidden.length, ...shown)
        : featureName(NAMES[shown[1]]);
    output.name(whole ? "" : peek ? what : t("shownNeuron", { name: what }));
    output.draw(
      now,
      theme,
      shown[0] === 0 ? model.reader(grid, 0, shown[1], 1, n) : model.reader(grid, ...shown),
    );
    const talk = !quiet || performance.now() - spokenAt > WORDS;
    if (talk) speak(now, what);
    return now;
  }
  function speak(now, what) {
    spokenAt = performance.now();
    const said = {
      epoch: number(Math.round(10 * model.epochs()) / 10),
      train: number(model.trainScore.loss),
      test: number(model.testScore.loss),
      setting: settingOf(),
    };
    chart.draw(now, t("chartNow", said));
    output.plot.describe(
      t("mapNow", {
        dataset: t(ui.get("dataset")),
        what,
        activation: t(ui.get("activation")),
        points: model.points.length / 3,
      }),
    );
    editor.draw(now);
    table.draw(now);
    say(out, t("epochNow", { epoch: number(Math.floor(model.epochs())), step: model.step }));
    ui.question(t(`question ${ui.get("dataset")}`));
    ui.goal(
      now.met
        ? t("goalReached", { test: number(model.testScore.loss) })
        : t(`goal ${ui.get("dataset")}`, { below: number(now.below) }),
      now.met,
    );
    const { text, bad = false } = words(now);
    ui.status(text, { bad });
  }

  return function draw() {
    model.sync();
    if (model.fresh) {
      model.fresh = false;
      chart.clear();
      remember();
    } else if (!playing) remember();
    const now = paint();
    layers.show(model.net.parameters.length);
    strength.visible(ui.get("regularisation") !== "none");
    penbox.hidden = ui.get("dataset") !== "drawn";
    back.disabled = model.step === 0;
    for (const node of [play, ...stepButtons]) node.disabled = !model.ready() || model.blewUp;
    const finite = (value) => (Number.isFinite(value) ? value : null);
    ui.set({
      train_loss: finite(model.trainScore.loss),
      test_loss: finite(model.testScore.loss),
      accuracy: now.classes ? model.testScore.accuracy : null,
      goal_reached: now.met,
    });
    if (ui.get("kernel") && model.version !== sent) {
      sent = model.version;
      ui.set({ data: rowsOf(model.points) });
    }
  };
}
const rowsOf = (flat) =>
  Array.from({ length: flat.length / 3 }, (_, i) => Array.from(flat.subarray(3 * i, 3 * i + 3)));

/** How many hidden layers: fewer, more. */
function layersOf(ui, into) {
  const { t } = ui;
  const set = (hidden) => ui.set({ hidden });
  const step = (sign, label, onclick) =>
    h("button", {
      type: "button",
      class: "fg-step",
      text: sign,
      "aria-label": t(label),
      title: t(label),
      onclick,
    });
  const fewer = step("−", "dropLayer", () => set(ui.get("hidden").slice(0, -1)));
  const more = step("+", "addLayer", () => set([...ui.get("hidden"), ui.get("hidden").at(-1) ?? 4]));
  const number = h("output", {});
  const count = h("span", { class: "fg-count" });
  into.append(h("div", { class: "fg-layers" }, h("span", { text: t("layers") }), fewer, number, more, count));
  return {
    show(parameters) {
      const { length } = ui.get("hidden");
      say(number, String(length));
      say(count, `${t("count", { count: parameters })} · ${t("seedIs", { seed: ui.get("seed") })}`);
      fewer.disabled = length === 0;
      more.disabled = length >= MOST_LAYERS;
    },
  };
}

export default explorable({ traits, strings, setup });
