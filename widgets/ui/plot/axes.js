// Ticks, their labels and the grid.
import { put, s } from "../dom.js";

/** @param {import("./index.js").Plot} plot @param {{lines: boolean}} options  are there grid lines? */
export function axesOf(plot, { lines }) {
  const grid = s("path", { class: "fg-grid" });
  const labels = s("g", { class: "fg-axis" });

  /** @param {{x0: number, x1: number, y0: number, y1: number}} box px */
  function draw(box) {
    const { x, y, axes } = plot;
    const across = x.ticks(Math.min(axes.x.ticks, (box.x1 - box.x0) / 48));
    const upward = y.ticks(Math.min(axes.y.ticks, (box.y0 - box.y1) / 26));
    const [px, py] = [x, y].map(
      (scale) =>
        ({ value }) =>
          scale.map(value).toFixed(1),
    );
    const upright = across.map((tick) => `M${px(tick)} ${box.y0}V${box.y1}`);
    const level = upward.map((tick) => `M${box.x0} ${py(tick)}H${box.x1}`);
    put(grid, { d: lines ? [...upright, ...level].join("") : "" });
    labels.replaceChildren(
      ...across.map((tick) =>
        s("text", { x: px(tick), y: box.y0 + 16, "text-anchor": "middle", text: tick.text }),
      ),
      ...upward.map((tick) =>
        s("text", { x: box.x0 - 7, y: py(tick), dy: "0.33em", "text-anchor": "end", text: tick.text }),
      ),
      ...names(box),
    );
  }
  function names({ x0, x1, y0 }) {
    const { x, y } = plot.axes;
    const name = (label, at) => (label ? [s("text", { class: "fg-axis-name", ...at, text: label })] : []);
    return [
      ...name(x.label, { x: x1, y: y0 + 33, "text-anchor": "end" }),
      ...name(y.label, { x: x0, y: 13 }),
    ];
  }
  return Object.assign(draw, { grid, labels });
}
