// A plot: two stacked SVG layers (the back one, with contours and axes, is not repainted while something is dragged),
// axes with ticks, and retained marks that are `set` on each redraw.
import { h, put, s, unique } from "../dom.js";
import { scale } from "../scales.js";
import { axesOf } from "./axes.js";
import { contoursOf } from "./contours.js";
import { handleOf } from "./handle.js";
import { areaOf, dotsOf, lineOf, textOf } from "./marks.js";

/**
 * @typedef {object} Axis
 * @property {number[]} domain
 * @property {"linear"|"log"} [scale]
 * @property {string} [label]
 * @property {number} [ticks] about how many
 */

/**
 * @typedef {object} PlotOptions
 * @property {string} label what the picture shows, for screen readers
 * @property {Axis} x @property {Axis} y
 * @property {(width: number) => number} [height] px, from the width
 * @property {{left?: number, right?: number, top?: number, bottom?: number}} [margin]
 * @property {"lines"|"none"} [grid]
 */

/** @typedef {"under"|"over"|"free"} Layer  below the grid · above it · above it and not cut off at the axes */

export class Plot {
  /** @type {import("../scales.js").Scale} */ x = null;
  /** @type {import("../scales.js").Scale} */ y = null;
  width = 0;
  height = 0;
  #drawn = "";

  /** @param {import("../frame.js").Ui} ui @param {PlotOptions} options */
  constructor(ui, options) {
    const { x, y, label, margin, height, grid } = options;
    this.ui = ui;
    this.margin = { left: 44, right: 12, top: y.label ? 24 : 10, bottom: x.label ? 38 : 22, ...margin };
    this.heightOf = height ?? ((width) => Math.round(width * 0.75));
    this.axes = {
      x: /** @type {Axis} */ ({ scale: "linear", ticks: 6, ...x }),
      y: /** @type {Axis} */ ({ scale: "linear", ticks: 6, ...y }),
    };
    this.drawAxes = axesOf(this, { lines: grid !== "none" });
    this.#build(label);
    ui.watchSize(this.node);
  }

  #build(label) {
    const clip = unique("clip");
    const { grid, labels } = this.drawAxes;
    this.rects = [s("rect", {}), s("rect", {}), s("rect", { class: "fg-frame" })];
    const [behind, before, frame] = this.rects;
    const clipped = (id, rect) => s("defs", {}, s("clipPath", { id }, rect));
    this.layers = {
      under: s("g", { "clip-path": `url(#${clip})` }),
      over: s("g", { "clip-path": `url(#${clip}-front)` }),
      free: s("g", {}),
    };
    const { under, over, free } = this.layers;
    const seen = { class: "fg-back", role: "img", "aria-label": label };
    this.back = s("svg", seen, clipped(clip, behind), under, grid, frame, labels);
    const unseen = { class: "fg-front", "aria-hidden": "true" };
    this.front = s("svg", unseen, clipped(`${clip}-front`, before), over, free);
    this.overlay = h("div", { class: "fg-overlay" });
    this.node = h("div", { class: "fg-plot" }, this.back, this.front, this.overlay);
  }

  /**
   * Fits the plot to its place. Called before every draw; does nothing when nothing changed.
   * @param {{x?: Partial<Axis>, y?: Partial<Axis>}} [next] new axes
   */
  layout(next = {}) {
    const { axes, margin } = this;
    Object.assign(axes.x, next.x);
    Object.assign(axes.y, next.y);
    const width = Math.max(200, Math.round(this.ui.widthOf(this.node)));
    const height = this.heightOf(width);
    const key = JSON.stringify([width, height, axes]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const box = { x0: margin.left, x1: width - margin.right, y0: height - margin.bottom, y1: margin.top };
    this.x = scale(axes.x.scale, axes.x.domain, [box.x0, box.x1]);
    this.y = scale(axes.y.scale, axes.y.domain, [box.y0, box.y1]);
    Object.assign(this, { width, height });
    for (const layer of [this.back, this.front])
      put(layer, { viewBox: `0 0 ${width} ${height}`, width, height });
    const inside = { x: box.x0, y: box.y1, width: box.x1 - box.x0, height: box.y0 - box.y1 };
    for (const rect of this.rects) put(rect, inside);
    this.drawAxes(box);
  }

  /** @param {import("./marks.js").Style} [style] */
  line = (style) => lineOf(this, style);
  /** Round dots, all of them one path. @param {import("./marks.js").Style} [style] */
  dots = (style) => dotsOf(this, style);
  /** A rectangle given in data coordinates. @param {import("./marks.js").Style} [style] */
  area = (style) => areaOf(this, style);
  /** A label on the picture, beside its point and inside the plot. @param {import("./marks.js").Style} [style] */
  text = (style) => textOf(this, style);
  /** Filled contour lines of a function, recomputed only when `key` changes. @param {{levels?: number}} [style] */
  contours = (style) => contoursOf(this, style);
  /** A point that can be dragged. @param {import("./handle.js").HandleOptions} options */
  handle = (options) => handleOf(this, options);

  /** Pixels inside the viewBox, whatever the page's zoom. @param {MouseEvent} event @returns {[number, number]} */
  pixel(event) {
    const box = this.front.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.width,
      ((event.clientY - box.top) / box.height) * this.height,
    ];
  }

  /** A click (or tap) beside the handle. @param {(x: number, y: number) => void} place */
  onPlace(place) {
    this.node.addEventListener("click", (event) => {
      if (event.target.closest(".fg-handle") || this.ui.draggedJustNow()) return;
      const [px, py] = this.pixel(event);
      const { left, right, top, bottom } = this.margin;
      if (px < left || px > this.width - right || py < top || py > this.height - bottom) return;
      place(Number(this.x.invert(px).toPrecision(3)), Number(this.y.invert(py).toPrecision(3)));
    });
  }

  /** What the picture shows now, for screen readers. @param {string} words */
  describe(words) {
    put(this.back, { "aria-label": words });
  }
}
