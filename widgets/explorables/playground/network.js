// The network as a picture: a canvas with links and neuron maps, and above it one button for each neuron.
import { activeIn } from "../../ui/controls/live.js";
import { h, put } from "../../ui/dom.js";
import { drawLinks, linkAt } from "./links.js";
import { mapsOf } from "./maps.js";
import { featureName, inputName, NAMES, neuronName } from "./names.js";

/** @typedef {import("./state.js").State} State @typedef {import("./state.js").Neuron} Neuron */

const ROWS = 8;
const LEFT = 42; // px, for the features' names
const TOP = 62; // and for the buttons above the layers
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-99, 0],
  End: [99, 0],
};

/** Layers as the picture has them: all features, also those that are not in use. @param {number[]} hidden */
const columnsOf = (hidden) => [NAMES.length, ...hidden, 1];

/** Where everything stands, for the width there is. @param {number[]} columns @returns {import("./links.js").Layout} */
function layoutOf(columns, width) {
  const size = Math.round(Math.max(20, Math.min(34, ((width - LEFT) / columns.length) * 0.66)));
  const row = Math.max(size + 5, 38);
  const across = (width - LEFT - size - 4) / (columns.length - 1);
  const spots = columns.map((count, c) => {
    const above = c === 0 || count === ROWS ? 0 : (NAMES.length - Math.min(count, NAMES.length)) / 2;
    return Array.from({ length: count }, (_, i) => ({
      x: Math.round(LEFT + size / 2 + c * across + 1),
      y: Math.round(TOP + (i + 0.5 + above) * row),
    }));
  });
  return { spots, size, height: TOP + ROWS * row };
}

/**
 * @typedef {object} On
 * @property {(neuron: Neuron | null) => void} onPeek  a neuron under the mouse
 * @property {(neuron: Neuron, input: number) => void} onLink  a link was clicked
 */

export class Network {
  /** @type {State} */ #now;
  /** @type {import("./links.js").Layout} */ #layout;
  /** @type {HTMLButtonElement[][]} */ #buttons = []; // [layer][row]
  /** @type {Neuron} */ #focus = [0, 0];
  #built = ""; // of which layers
  #laid = ""; // and for which width
  #theme = null; // drawn last

  /** @param {import("../../ui/frame.js").Ui} ui @param {On} on */
  constructor(ui, on) {
    this.ui = ui;
    this.on = on;
    this.canvas = h("canvas", { class: "fg-net-canvas", "aria-hidden": "true" });
    this.nodes = h("div", { class: "fg-net-nodes", role: "group", "aria-label": ui.t("diagram") });
    this.stage = h("div", { class: "fg-net" }, this.canvas, this.nodes);
    this.hover = h("p", { class: "fg-net-hover", "aria-hidden": "true" });
    this.node = h("div", {}, this.stage, this.hover);
    this.context = this.canvas.getContext("2d");
    this.drawMaps = mapsOf(this.context);
    ui.watchSize(this.stage);
    this.stage.addEventListener("pointermove", (event) => this.#peekAtLink(event));
    this.stage.addEventListener("click", (event) => {
      const link = event.target.closest("button") ? null : this.#linkAt(event);
      if (link) on.onLink([link.layer, link.i], link.j);
    });
  }

  /** @param {State} next @param {import("./colour.js").Theme} theme @param {{quiet?: boolean}} [how] quiet: while it plays */
  draw(next, theme, { quiet = false } = {}) {
    this.#now = next;
    const columns = columnsOf(next.hidden);
    const width = Math.max(240, Math.floor(this.ui.widthOf(this.stage)));
    const laid = JSON.stringify([columns, width, globalThis.devicePixelRatio]);
    if (this.#built !== columns.join()) this.#build(columns);
    // A new theme may be that of paper, and there a canvas that was cleared is printed in white.
    if (this.#laid !== laid || this.#theme !== theme) this.#lay(columns, width);
    else this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    [this.#built, this.#laid, this.#theme] = [columns.join(), laid, theme];
    drawLinks(this.context, theme, next, this.#layout);
    this.drawMaps(next, theme, this.#layout);
    if (!quiet) this.#label();
  }

  // --- its elements ---

  #build(columns) {
    const active = this.nodes.contains(activeIn(this.nodes)) ? activeIn(this.nodes) : null;
    const name = active?.getAttribute("aria-label");
    this.#buttons = columns.map((count, layer) =>
      Array.from({ length: count }, (_, i) => this.#buttonOf([layer, i])),
    );
    const widths = columns.slice(1, -1).map((count, l) => this.#resizerOf(l, count));
    this.nodes.replaceChildren(...widths, ...this.#buttons.flat());
    const layer = Math.min(this.#focus[0], columns.length - 1);
    this.#point([layer, Math.min(this.#focus[1], columns[layer] - 1)]);
    if (!active) return;
    // Who pressed + wants to press it again.
    const again = Array.from(this.nodes.querySelectorAll("button")).find(
      (button) => button.getAttribute("aria-label") === name && !button.disabled,
    );
    (again ?? this.#buttons[this.#focus[0]][this.#focus[1]]).focus();
  }
  /** @param {Neuron} neuron */
  #buttonOf(neuron) {
    const [layer, i] = neuron;
    return h(
      "button",
      {
        type: "button",
        class: "fg-node",
        "data-layer": layer,
        onclick: () => this.#press(neuron),
        onkeydown: (event) => this.#key(event, neuron),
        onfocus: () => this.#point(neuron),
        onpointerenter: (event) => event.pointerType === "mouse" && this.on.onPeek(neuron),
        onpointerleave: () => this.on.onPeek(null),
      },
      layer === 0 && h("span", { class: "fg-node-name", text: featureName(NAMES[i]) }),
    );
  }
  /** One neuron more or fewer in hidden layer l. */
  #resizerOf(l, count) {
    const { t } = this.ui;
    const step = (by, sign, word, allowed) =>
      h("button", {
        type: "button",
        class: "fg-step",
        text: sign,
        "aria-label": t(word, { layer: l + 1 }),
        title: t(word, { layer: l + 1 }),
        disabled: !allowed,
        onclick: () =>
          this.ui.set({ hidden: this.#now.hidden.map((width, k) => (k === l ? count + by : width)) }),
      });
    const [wider, narrower] = [step(1, "+", "wider", count < ROWS), step(-1, "−", "narrower", count > 1)];
    return h("span", { class: "fg-width", "data-column": l + 1 }, wider, narrower);
  }
  #lay(columns, width) {
    this.#layout = layoutOf(columns, width);
    const { spots, size, height } = this.#layout;
    put(this.stage, { style: `height:${height}px` });
    const dots = Math.min(2, globalThis.devicePixelRatio || 1);
    Object.assign(this.canvas, { width: Math.round(width * dots), height: Math.round(height * dots) });
    this.canvas.style.cssText = `width:${width}px;height:${height}px`;
    this.context.setTransform(dots, 0, 0, dots, 0, 0);
    this.#buttons.flat().forEach((button, k) => {
      const { x, y } = spots.flat()[k];
      button.style.cssText = `left:${x - size / 2}px;top:${y - size / 2}px;width:${size}px;height:${size}px`;
    });
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (this.nodes.querySelectorAll(".fg-width")))
      node.style.left = `${spots[Number(node.dataset.column)][0].x}px`;
  }
  /** What a screen reader hears of each neuron; not while it plays. */
  #label() {
    const { features, selected } = this.#now;
    this.#buttons.forEach((column, layer) => {
      column.forEach((button, i) => {
        const title = this.#titleOf([layer, i]);
        const chosen =
          layer === 0
            ? features.includes(NAMES[i])
            : Boolean(selected && selected[0] === layer && selected[1] === i);
        put(button, { "aria-label": title, title, "aria-pressed": chosen });
      });
    });
  }
  #titleOf([layer, i]) {
    const { t } = this.ui;
    const { length } = this.#now.hidden;
    if (layer === 0) return t("feature", { name: featureName(NAMES[i]) });
    if (layer === length + 1) return t("outputNeuron");
    return t("neuron", { name: neuronName(t, length, layer, i), layer, number: i + 1 });
  }

  // --- what a reader does with it ---

  /** Toggles a feature, or selects a neuron. @param {Neuron} neuron */
  #press([layer, i]) {
    if (layer === 0) return this.#toggle(NAMES[i]);
    const place = `${layer}.${i + 1}`;
    this.ui.set({ selected: this.ui.get("selected") === place ? "" : place });
  }
  #toggle(name) {
    const chosen = this.ui.get("features");
    const features = NAMES.filter((other) => (other === name) !== chosen.includes(other));
    if (features.length) this.ui.set({ features });
  }
  /** @param {KeyboardEvent} event @param {Neuron} neuron */
  #key(event, [layer, i]) {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const { spots } = this.#layout;
    const column = Math.max(0, Math.min(spots.length - 1, layer + move[0]));
    // To the side: the neuron that is nearest in height.
    const row = move[0]
      ? nearest(spots[column], spots[layer][i].y)
      : Math.max(0, Math.min(spots[layer].length - 1, i + move[1]));
    this.#point([column, row]);
    this.#buttons[column][row].focus();
  }
  /** One of them is reached by Tab, the others by the arrows. @param {Neuron} neuron */
  #point([layer, i]) {
    for (const button of this.#buttons.flat()) put(button, { tabindex: -1 });
    this.#focus = [layer, i];
    put(this.#buttons[layer][i], { tabindex: 0 });
  }
  /** @param {PointerEvent | MouseEvent} event */
  #linkAt(event) {
    if (!this.#now) return null;
    const box = this.canvas.getBoundingClientRect();
    const at = [
      ((event.clientX - box.left) / box.width) * this.canvas.clientWidth,
      ((event.clientY - box.top) / box.height) * this.canvas.clientHeight,
    ];
    const mouse = event instanceof PointerEvent && event.pointerType === "mouse";
    return linkAt(this.#now, this.#layout, at, mouse ? 6 : 12);
  }
  #peekAtLink(event) {
    if (!this.#now || event.target.closest(".fg-node, .fg-step")) return;
    const link = this.#linkAt(event);
    this.stage.classList.toggle("fg-on-link", Boolean(link));
    const { t, number } = this.ui;
    const from = link && inputName(t, this.#now, link.layer, link.j);
    const to = link && neuronName(t, this.#now.hidden.length, link.layer, link.i);
    this.hover.textContent = link ? `${from} → ${to}: ${number(link.weight)}` : "";
  }
}

const nearest = (column, y) =>
  column.reduce((best, spot, k) => (Math.abs(spot.y - y) < Math.abs(column[best].y - y) ? k : best), 0);
