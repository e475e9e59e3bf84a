// Everything that shows a state: the network, what it answers, the losses, the numbers, and the words.
import { h, say } from "../../ui/dom.js";
import { themed } from "../../ui/theme.js";
import { chartOf } from "./chart.js";
import { themeOf } from "./colour.js";
import { Editor } from "./editor.js";
import { MOST_LAYERS } from "./model.js";
import { featureName, NAMES, neuronName } from "./names.js";
import { Network } from "./network.js";
import { outputOf } from "./output.js";
import { stroke } from "./pen.js";
import { tablesOf } from "./tables.js";
import { figuresOf, wordsOf } from "./words.js";

/** @typedef {import("../../ui/frame.js").Ui} Ui @typedef {import("./state.js").State} State */

/** How many hidden layers: fewer, more. @param {Ui} ui @param {HTMLElement} into */
function layersOf(ui, into) {
  const { t } = ui;
  const hidden = () => ui.get("hidden");
  const step = (text, label, next) =>
    h("button", {
      type: "button",
      class: "fg-step",
      text,
      "aria-label": t(label),
      title: t(label),
      onclick: () => ui.set({ hidden: next() }),
    });
  const fewer = step("−", "dropLayer", () => hidden().slice(0, -1));
  const more = step("+", "addLayer", () => [...hidden(), hidden().at(-1) ?? 4]);
  const number = h("output", {});
  const count = h("span", { class: "fg-count" });
  into.append(h("div", { class: "fg-layers" }, h("span", { text: t("layers") }), fewer, number, more, count));
  return function draw(/** @type {State} */ now) {
    const { length } = now.hidden;
    say(number, String(length));
    const parameters = t("count", { count: now.net.parameters.length });
    say(count, `${parameters} · ${t("seedIs", { seed: ui.get("seed") })}`);
    fewer.disabled = length === 0;
    more.disabled = length >= MOST_LAYERS;
  };
}

/** What the reader draws with. @param {Ui} ui @param {HTMLElement} into */
function penboxOf(ui, into) {
  const { t } = ui;
  const node = h("div", { class: "fg-penbox", hidden: true });
  into.append(node);
  ui.choice({
    trait: "pen",
    label: t("pen"),
    into: node,
    options: ["plus", "minus", "erase"].map((name) => [name, t(name)]),
  });
  const [x, y] = [0, 1].map((axis) => () => ui.get("probe")[axis]);
  ui.button({ label: t("putHere"), into: node, onClick: () => stroke(ui, x(), y()) });
  ui.button({ label: t("clear"), into: node, onClick: () => ui.set({ drawn: [] }) });
  return function draw(/** @type {State} */ { dataset }) {
    node.hidden = dataset !== "drawn";
  };
}

/** Whose map the large one is. @param {Ui} ui @param {State} now */
function shownName({ t }, { shown: [layer, i], sizes, hidden }) {
  if (layer === sizes.length - 1) return t("theOutput");
  return layer ? neuronName(t, hidden.length, layer, i) : featureName(NAMES[i]);
}

export class Picture {
  /** @param {Ui} ui @param {import("./model.js").Model} model @param {(neuron: import("./state.js").Neuron | null) => void} onPeek */
  constructor(ui, model, onPeek) {
    this.ui = ui;
    this.theme = themed(ui, themeOf);
    const [left, right] = [h("div", { class: "fg-side" }), h("div", { class: "fg-side" })];
    ui.figures.append(left, right);
    this.drawLayers = layersOf(ui, left);
    this.network = new Network(ui, { onPeek, onLink: (neuron, input) => this.#edit(neuron, input) });
    left.append(this.network.node);
    this.editor = new Editor(ui, {
      into: left,
      onEdit(index, value) {
        model.edit(index, value);
        ui.redraw();
      },
    });
    this.output = outputOf(ui, { into: right });
    this.drawPenbox = penboxOf(ui, right);
    this.chart = chartOf(ui, { into: right });
    this.drawTables = tablesOf(ui);
  }

  /** Selects a neuron, and goes to the box of one of its weights. */
  #edit([layer, i], input) {
    this.ui.set({ selected: `${layer}.${i + 1}` });
    requestAnimationFrame(() => requestAnimationFrame(() => this.editor.focus(input)));
  }

  /** The maps. @param {State} now @param {{quiet?: boolean}} [how] quiet: what need not change at every frame does not */
  drawMaps(now, { quiet = false } = {}) {
    const { t } = this.ui;
    const theme = this.theme();
    this.network.draw(now, theme, { quiet });
    const name = shownName(this.ui, now);
    const whole = now.shown[0] === now.sizes.length - 1;
    this.output.draw(now, theme, whole ? "" : now.peeking ? name : t("shownNeuron", { name }));
  }
  /** A point of the chart. @param {State} now */
  remember({ model }) {
    if (model.fresh) this.chart.clear();
    model.fresh = false;
    this.chart.add(model.epochs(), model.trainScore.loss, model.testScore.loss);
  }
  /** The chart, the numbers and the words. @param {State} now */
  speak(now) {
    const { ui } = this;
    const { t } = ui;
    const { dataset, model, activation, below, met } = now;
    const figures = figuresOf(ui, now);
    this.chart.draw(now, t("chartNow", figures));
    const points = model.points.length / 3;
    this.output.describe(
      t("mapNow", { dataset: t(dataset), what: shownName(ui, now), activation: t(activation), points }),
    );
    this.editor.draw(now);
    this.drawTables(now);
    ui.question(t(`question ${dataset}`));
    ui.goal(met ? t("goalReached", figures) : t(`goal ${dataset}`, { below: ui.number(below) }), met);
    ui.status(wordsOf(ui, now), { bad: model.blewUp });
  }
  /** All but the words. @param {State} now */
  draw(now) {
    this.drawMaps(now);
    this.drawLayers(now);
    this.drawPenbox(now);
  }
}
