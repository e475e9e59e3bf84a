// Retained marks: made once, `set` on each redraw in data coordinates, hidden where there is nothing to show.
import { put, s, say } from "../dom.js";

const FAR = 3000; // px: beyond this a coordinate is cut off, along its line, so that 1e300 stays drawable

/**
 * @typedef {object} Style
 * @property {string} [class]
 * @property {string} [color] a design token's name, or any CSS colour
 * @property {number} [width] of a line, px
 * @property {number} [size] of dots, px
 * @property {string} [dash] as stroke-dasharray
 * @property {string} [anchor] of a label
 * @property {import("./index.js").Layer} [layer]
 */

/** A design token's name, or any CSS colour. */
const colour = (name) => (/^[a-z]+$/.test(name) ? `var(--fg-${name})` : name);

/** What all marks can do; what did not change is not touched. */
function mark(node, paint, style) {
  let shown = "";
  const color = (/** @type {string} */ name) => {
    if (name !== shown) node.style[paint] = colour(name);
    shown = name;
  };
  if (style.color) color(style.color);
  return {
    node,
    color,
    hide() {
      if (node.style.display !== "none") node.style.display = "none";
    },
  };
}

/** Shows it with these attributes. */
function show(node, attributes) {
  if (node.style.display === "none") node.style.display = "";
  put(node, attributes);
}

/** @param {import("./index.js").Plot} plot @param {Style} [style] */
export function lineOf(plot, style = {}) {
  const node = s("path", {
    class: `fg-line ${style.class ?? ""}`,
    "stroke-dasharray": style.dash,
    "stroke-width": style.width ?? 2,
  });
  plot.layers[style.layer ?? "over"].append(node);
  return {
    ...mark(node, "stroke", style),
    /** @param {number} px */
    width(px) {
      put(node, { "stroke-width": px });
    },
    /** @param {ArrayLike<number>} xy flat: x0, y0, x1, y1, … @param {number} [count] points to draw */
    set(xy, count) {
      show(node, { d: pathOf(plot, xy, count) });
    },
  };
}

/** @param {import("./index.js").Plot} plot @param {Style} [style] */
export function dotsOf(plot, style = {}) {
  const node = s("path", { class: `fg-dots ${style.class ?? ""}`, "stroke-width": style.size ?? 5 });
  plot.layers[style.layer ?? "over"].append(node);
  return {
    ...mark(node, "stroke", style),
    /** @param {ArrayLike<number>} xy flat: x0, y0, x1, y1, … @param {number} [count] points to draw */
    set(xy, count = xy.length / 2) {
      let d = "";
      for (let i = 0; i < count; i += 1) {
        const [px, py] = [plot.x.map(xy[2 * i]), plot.y.map(xy[2 * i + 1])];
        if (Math.abs(px) < FAR && Math.abs(py) < FAR) d += `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
      }
      show(node, { d });
    },
  };
}

/** @param {import("./index.js").Plot} plot @param {Style} [style] */
export function areaOf(plot, style = {}) {
  const node = s("rect", { class: `fg-area ${style.class ?? ""}` });
  plot.layers[style.layer ?? "over"].append(node);
  return {
    ...mark(node, "fill", style),
    /** Two opposite corners. @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
    set(x0, y0, x1, y1) {
      const [a, b, c, d] = [plot.x.map(x0), plot.x.map(x1), plot.y.map(y0), plot.y.map(y1)];
      show(node, {
        x: Math.min(a, b).toFixed(1),
        y: Math.min(c, d).toFixed(1),
        width: Math.abs(b - a).toFixed(1),
        height: Math.abs(d - c).toFixed(1),
      });
    },
  };
}

/** @param {import("./index.js").Plot} plot @param {Style} [style] */
export function textOf(plot, style = {}) {
  const node = s("text", { class: `fg-label ${style.class ?? ""}` });
  plot.layers.free.append(node);
  return {
    ...mark(node, "fill", style),
    /**
     * @param {number} x @param {number} y data coordinates @param {string} words
     * @param {{dx?: number, dy?: number, anchor?: string}} [offset] px
     */
    set(x, y, words, { dx = 0, dy = 0, anchor = style.anchor ?? "start" } = {}) {
      const { margin, width, height } = plot;
      const wide = lengthOf(words);
      let px = plot.x.map(x) + dx;
      // What does not fit on one side of its point goes to the other.
      if (anchor === "start" && px + wide > width - margin.right) [anchor, px] = ["end", plot.x.map(x) - dx];
      if (anchor === "end" && px - wide < 4)
        [anchor, px] = ["start", Math.max(margin.left + 4, Math.min(px, width - 4 - wide))];
      const py = Math.min(height - 4, Math.max(12, plot.y.map(y) + dy));
      show(node, { x: px.toFixed(1), y: py.toFixed(1), "text-anchor": anchor });
      say(node, words);
    },
  };
}

/** A polyline's path. @param {import("./index.js").Plot} plot @param {ArrayLike<number>} xy @param {number} [count] */
function pathOf({ x, y }, xy, count = xy.length / 2) {
  let d = "";
  let px = 0;
  let py = 0;
  for (let i = 0; i < count; i += 1) {
    let qx = x.map(xy[2 * i]);
    let qy = y.map(xy[2 * i + 1]);
    if (Number.isNaN(qx) || Number.isNaN(qy)) break;
    const far = Math.abs(qx) > FAR || Math.abs(qy) > FAR;
    if (far) [qx, qy] = cut(px, py, qx, qy);
    d += `${i ? "L" : "M"}${qx.toFixed(1)} ${qy.toFixed(1)}`;
    if (far) break;
    [px, py] = [qx, qy];
  }
  return d;
}

/** Follows the segment from (px, py) only as far as the edge of the drawable world. */
function cut(px, py, qx, qy) {
  const reach = Math.max(Math.abs(qx), Math.abs(qy));
  if (!Number.isFinite(reach)) return [qx, qy].map((q) => Math.max(-FAR, Math.min(FAR, q)));
  const share = FAR / reach;
  return [px + (qx - px) * share, py + (qy - py) * share];
}

/** About how many pixels a label of 12 px takes: measuring it would force a layout. */
const lengthOf = (words) => Array.from(words).reduce((sum, c) => sum + (c > "\u2e80" ? 12 : 6.6), 0);
