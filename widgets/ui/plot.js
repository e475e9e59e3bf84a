// A plot: two stacked SVG layers (the back one, with contours and axes, is not repainted while something is dragged),
// axes with ticks, and retained marks that are `set` on each redraw.
import { contours as marchingSquares } from "d3-contour";
import { h, put, s, say, unique } from "./dom.js";
import { number } from "./format.js";
import { scale } from "./scales.js";

const FAR = 3000; // px: beyond this a coordinate is cut off, along its line, so that 1e300 stays drawable
const RIM = 2; // cells sampled beyond the border, so that no contour line runs along it

/**
 * @typedef {object} Axis
 * @property {number[]} domain
 * @property {"linear"|"log"} [scale]
 * @property {string} [label]
 * @property {number} [ticks] about how many
 */

/**
 * @param {import("./frame.js").Ui} ui
 * @param {object} options
 * @param {string} options.label what the picture shows, for screen readers
 * @param {Axis} options.x @param {Axis} options.y
 * @param {(width: number) => number} [options.height] px, from the width
 * @param {{left?: number, right?: number, top?: number, bottom?: number}} [options.margin]
 * @param {"lines"|"none"} [options.grid]
 */
export function plot(ui, options) {
  const margin = {
    left: 44,
    right: 12,
    top: options.y.label ? 24 : 10,
    bottom: options.x.label ? 38 : 22,
    ...options.margin,
  };
  const height = options.height ?? ((width) => Math.round(width * 0.75));
  const axes = {
    x: { scale: "linear", ticks: 6, ...options.x },
    y: { scale: "linear", ticks: 6, ...options.y },
  };
  const clip = unique("clip");
  const clipRect = s("rect", {});
  const frame = s("rect", { class: "fg-frame" });
  const grid = s("path", { class: "fg-grid" });
  const labels = s("g", { class: "fg-axis" });
  const under = s("g", { "clip-path": `url(#${clip})` });
  const over = s("g", { "clip-path": `url(#${clip}-front)` });
  const free = s("g", {});
  const frontRect = s("rect", {});
  const back = s(
    "svg",
    { class: "fg-back", role: "img", "aria-label": options.label },
    s("defs", {}, s("clipPath", { id: clip }, clipRect)),
    under,
    grid,
    frame,
    labels,
  );
  const front = s(
    "svg",
    { class: "fg-front", "aria-hidden": "true" },
    s("defs", {}, s("clipPath", { id: `${clip}-front` }, frontRect)),
    over,
    free,
  );
  const overlay = h("div", { class: "fg-overlay" });
  const node = h("div", { class: "fg-plot" }, back, front, overlay);
  const self = {
    node,
    x: null,
    y: null,
    width: 0,
    height: 0,
    layout,
    area,
    line,
    dots,
    text,
    contours,
    handle,
    describe,
    onPlace,
  };
  let drawnAxes = "";

  /** Fits the plot to its place. Called before every draw; does nothing when nothing changed. @param {{x?: object, y?: object}} [next] new axes */
  function layout(next = {}) {
    Object.assign(axes.x, next.x);
    Object.assign(axes.y, next.y);
    const width = Math.max(200, Math.round(ui.widthOf(node)));
    const tall = height(width);
    const key = JSON.stringify([width, tall, axes]);
    if (key === drawnAxes) return;
    drawnAxes = key;
    const box = { x0: margin.left, x1: width - margin.right, y0: tall - margin.bottom, y1: margin.top };
    self.x = scale(axes.x.scale, axes.x.domain, [box.x0, box.x1]);
    self.y = scale(axes.y.scale, axes.y.domain, [box.y0, box.y1]);
    Object.assign(self, { width, height: tall });
    for (const layer of [back, front]) put(layer, { viewBox: `0 0 ${width} ${tall}`, width, height: tall });
    const inside = { x: box.x0, y: box.y1, width: box.x1 - box.x0, height: box.y0 - box.y1 };
    for (const rect of [clipRect, frontRect, frame]) put(rect, inside);
    drawAxes(box);
  }

  function drawAxes(box) {
    const xs = self.x.ticks(Math.min(axes.x.ticks, (box.x1 - box.x0) / 48));
    const ys = self.y.ticks(Math.min(axes.y.ticks, (box.y0 - box.y1) / 26));
    const lines =
      options.grid === "none"
        ? ""
        : xs.map((t) => `M${self.x.map(t.value).toFixed(1)} ${box.y0}V${box.y1}`).join("") +
          ys.map((t) => `M${box.x0} ${self.y.map(t.value).toFixed(1)}H${box.x1}`).join("");
    put(grid, { d: lines });
    labels.replaceChildren(
      ...xs.map((t) =>
        s("text", {
          x: self.x.map(t.value).toFixed(1),
          y: box.y0 + 16,
          "text-anchor": "middle",
          text: t.text,
        }),
      ),
      ...ys.map((t) =>
        s("text", {
          x: box.x0 - 7,
          y: self.y.map(t.value).toFixed(1),
          dy: "0.33em",
          "text-anchor": "end",
          text: t.text,
        }),
      ),
      ...(axes.x.label
        ? [
            s("text", {
              class: "fg-axis-name",
              x: box.x1,
              y: box.y0 + 33,
              "text-anchor": "end",
              text: axes.x.label,
            }),
          ]
        : []),
      ...(axes.y.label ? [s("text", { class: "fg-axis-name", x: box.x0, y: 13, text: axes.y.label })] : []),
    );
  }

  /** A polyline's path. `xy` is flat: x0, y0, x1, y1, … */
  function pathOf(xy, count = xy.length / 2) {
    let d = "";
    let px = 0;
    let py = 0;
    for (let i = 0; i < count; i += 1) {
      let qx = self.x.map(xy[2 * i]);
      let qy = self.y.map(xy[2 * i + 1]);
      if (Number.isNaN(qx) || Number.isNaN(qy)) break;
      const far = Math.abs(qx) > FAR || Math.abs(qy) > FAR;
      if (far) [qx, qy] = cut(px, py, qx, qy);
      d += `${i ? "L" : "M"}${qx.toFixed(1)} ${qy.toFixed(1)}`;
      if (far) break;
      [px, py] = [qx, qy];
    }
    return d;
  }

  const layerOf = (where) => (where === "under" ? under : where === "free" ? free : over);
  const visible = (mark, yes) => {
    mark.style.display = yes ? "" : "none";
  };

  /** @param {{class?: string, color?: string, width?: number, dash?: string, layer?: "under"|"over"|"free", arrow?: boolean}} style */
  function line(style = {}) {
    const mark = s("path", {
      class: `fg-line ${style.class ?? ""}`,
      "stroke-dasharray": style.dash,
      "stroke-width": style.width ?? 2,
    });
    if (style.color) mark.style.stroke = colour(style.color);
    layerOf(style.layer).append(mark);
    return {
      node: mark,
      hide: () => visible(mark, false),
      color: (name) => {
        mark.style.stroke = colour(name);
      },
      /** @param {number} px */
      width(px) {
        put(mark, { "stroke-width": px });
      },
      /** @param {ArrayLike<number>} xy @param {number} [count] points to draw */
      set(xy, count) {
        visible(mark, true);
        put(mark, { d: pathOf(xy, count) });
      },
    };
  }

  /** Round dots, all of them one path. @param {{class?: string, color?: string, size?: number, layer?: string}} style */
  function dots(style = {}) {
    const mark = s("path", { class: `fg-dots ${style.class ?? ""}`, "stroke-width": style.size ?? 5 });
    if (style.color) mark.style.stroke = colour(style.color);
    layerOf(style.layer).append(mark);
    return {
      node: mark,
      hide: () => visible(mark, false),
      color: (name) => {
        mark.style.stroke = colour(name);
      },
      set(xy, count = xy.length / 2) {
        let d = "";
        for (let i = 0; i < count; i += 1) {
          const [px, py] = [self.x.map(xy[2 * i]), self.y.map(xy[2 * i + 1])];
          if (Math.abs(px) < FAR && Math.abs(py) < FAR) d += `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
        }
        visible(mark, true);
        put(mark, { d });
      },
    };
  }

  /** A rectangle given in data coordinates. @param {{class?: string, layer?: string}} style */
  function area(style = {}) {
    const mark = s("rect", { class: `fg-area ${style.class ?? ""}` });
    layerOf(style.layer).append(mark);
    return {
      node: mark,
      hide: () => visible(mark, false),
      set(x0, y0, x1, y1) {
        const [a, b, c, d] = [self.x.map(x0), self.x.map(x1), self.y.map(y0), self.y.map(y1)];
        visible(mark, true);
        put(mark, {
          x: Math.min(a, b).toFixed(1),
          y: Math.min(c, d).toFixed(1),
          width: Math.abs(b - a).toFixed(1),
          height: Math.abs(d - c).toFixed(1),
        });
      },
    };
  }

  /** A label on the picture, beside its point and inside the plot. @param {{class?: string, color?: string, anchor?: string}} style */
  function text(style = {}) {
    const mark = s("text", { class: `fg-label ${style.class ?? ""}` });
    if (style.color) mark.style.fill = colour(style.color);
    free.append(mark);
    return {
      node: mark,
      hide: () => visible(mark, false),
      color: (name) => {
        mark.style.fill = colour(name);
      },
      /** @param {number} x @param {number} y data coordinates @param {string} words @param {{dx?: number, dy?: number, anchor?: string}} [offset] px */
      set(x, y, words, { dx = 0, dy = 0, anchor = style.anchor ?? "start" } = {}) {
        const wide = lengthOf(words);
        let px = self.x.map(x) + dx;
        // What does not fit on one side of its point goes to the other.
        if (anchor === "start" && px + wide > self.width - margin.right)
          [anchor, px] = ["end", self.x.map(x) - dx];
        if (anchor === "end" && px - wide < 4)
          [anchor, px] = ["start", Math.max(margin.left + 4, Math.min(px, self.width - 4 - wide))];
        const py = Math.min(self.height - 4, Math.max(12, self.y.map(y) + dy));
        visible(mark, true);
        put(mark, { x: px.toFixed(1), y: py.toFixed(1), "text-anchor": anchor });
        say(mark, words);
      },
    };
  }

  /** Filled contour lines of a function, recomputed only when `key` changes. @param {{levels?: number}} [style] */
  function contours({ levels = 14 } = {}) {
    const group = s("g", { class: "fg-contours" });
    const bands = Array.from({ length: levels }, () => s("path"));
    group.append(...bands);
    under.append(group);
    let drawn = "";
    let grid = { key: "", values: null, low: 0, high: 1 };
    function sample(f, key, resolution) {
      if (grid.key === key) return;
      const n = resolution + 2 * RIM;
      const along = (i, [a, b]) => a + ((i + 0.5 - RIM) / resolution) * (b - a);
      const values = new Float64Array(n * n);
      let [low, high] = [Infinity, -Infinity];
      for (let j = 0; j < n; j += 1) {
        for (let i = 0; i < n; i += 1) {
          const v = f(along(i, self.x.domain), along(j, self.y.domain));
          values[j * n + i] = v;
          if (v < low) low = v;
          if (v > high) high = v;
        }
      }
      grid = { key, values, low, high };
    }
    return {
      /**
       * @param {(x: number, y: number) => number} f heights; levels are evenly spaced in them
       * @param {string} key what f depends on @param {number} [resolution] samples along a side: more where valleys are narrow
       */
      set(f, key, resolution = 64) {
        const n = resolution + 2 * RIM;
        const where = JSON.stringify([key, self.x.domain, self.y.domain]);
        const size = JSON.stringify([where, self.x.range, self.y.range]);
        if (size === drawn) return;
        sample(f, where, resolution);
        drawn = size;
        const make = marchingSquares().size([n, n]);
        // d3's contours live in [0, n], with the samples at cell centres: exactly our sampling.
        const pixels =
          ([p, q]) =>
          (a) =>
            p + ((a - RIM) / resolution) * (q - p);
        bands.forEach((band, i) => {
          const level = grid.low + ((i + 0.5) / levels) * (grid.high - grid.low);
          put(band, {
            d: rings(
              make.contour(grid.values, level).coordinates,
              pixels(self.x.range),
              pixels(self.y.range),
            ),
          });
        });
      },
      /**
       * Contours that are known to be ellipses cost nothing, and are exact: what lies outside each is filled.
       * @param {(part: number) => {at: number[], radii: number[], angle: number}} ellipse of a part, 0 to 1, of the greatest height
       */
      ellipses(ellipse) {
        drawn = "";
        const [[left, right], [bottom, top]] = [self.x.range, self.y.range];
        const outside = `M${left - 9} ${top - 9}H${right + 9}V${bottom + 9}H${left - 9}Z`;
        bands.forEach((band, i) => {
          const { at, radii, angle } = ellipse((i + 0.5) / levels);
          const tip = [at[0] + radii[0] * Math.cos(angle), at[1] + radii[0] * Math.sin(angle)];
          const [x, y] = [self.x.map(tip[0]), self.y.map(tip[1])].map((v) => v.toFixed(2));
          const back = [2 * self.x.map(at[0]) - x, 2 * self.y.map(at[1]) - y].map((v) => v.toFixed(2));
          const arc = `A${[self.x.map(radii[0]) - self.x.map(0), self.x.map(radii[1]) - self.x.map(0)].map((v) => v.toFixed(2)).join(" ")} ${((-angle * 180) / Math.PI).toFixed(2)} 0 0`;
          put(band, { d: `${outside}M${x} ${y}${arc} ${back.join(" ")}${arc} ${x} ${y}Z` });
        });
      },
    };
  }

  /**
   * A point that can be dragged; with the keyboard it is a pair of native range inputs (arrow keys move it in both directions).
   * @param {{label: string, onMove: (x: number, y: number) => void, limits: () => {x: number[], y: number[]}}} options
   */
  function handle({ label, onMove, limits }) {
    const dot = s("circle", { r: 7.5, class: "fg-handle-dot" });
    const group = s(
      "g",
      { class: "fg-handle" },
      s("circle", { r: 22, class: "fg-handle-hit" }),
      s("circle", { r: 13, class: "fg-handle-ring" }),
      dot,
    );
    free.append(group);
    const at = { x: 0, y: 0 };
    const input = (axis, name) =>
      h("input", {
        type: "range",
        class: `fg-handle-${axis} fg-hidden-input`,
        step: "any",
        "aria-label": name,
      });
    const inputs = {
      x: input("x", ui.t("ui.horizontal", { label })),
      y: input("y", ui.t("ui.vertical", { label })),
    };
    overlay.append(inputs.x, inputs.y);
    /** Inside, and no finer than a thousandth of the picture: 0 stays 0, whatever steps led there. */
    function tidy(axis, value) {
      const [low, high] = limits()[axis];
      const digits = Math.max(0, 3 - Math.floor(Math.log10(high - low)));
      return Number(Math.min(high, Math.max(low, value)).toFixed(digits)) + 0;
    }
    const move = (x, y) => onMove(tidy("x", x), tidy("y", y));
    const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    for (const axis of ["x", "y"]) {
      inputs[axis].addEventListener("input", () => {
        const value = Number(inputs[axis].value);
        axis === "x" ? move(value, at.y) : move(at.x, value);
      });
      inputs[axis].addEventListener("keydown", (event) => {
        if (!keys[event.key]) return;
        event.preventDefault();
        const [dx, dy] = keys[event.key];
        const stride = event.shiftKey ? 0.1 : 0.01;
        move(
          at.x + dx * stride * (self.x.domain[1] - self.x.domain[0]),
          at.y + dy * stride * (self.y.domain[1] - self.y.domain[0]),
        );
      });
      inputs[axis].addEventListener("focus", () =>
        group.classList.toggle("fg-focus", inputs[axis].matches(":focus-visible")),
      );
      inputs[axis].addEventListener("blur", () => group.classList.remove("fg-focus"));
    }
    // Chromium heeds `touch-action` inside an SVG only at times; this it heeds always.
    group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    let grip = null; // where inside the handle it was taken
    group.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [px, py] = pixel(event);
      grip = [self.x.map(at.x) - px, self.y.map(at.y) - py];
      group.setPointerCapture(event.pointerId);
      group.classList.add("fg-dragging");
      event.preventDefault();
    });
    group.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const [px, py] = pixel(event);
      move(self.x.invert(px + grip[0]), self.y.invert(py + grip[1]));
    });
    const drop = () => {
      if (grip) ui.justDragged();
      grip = null;
      group.classList.remove("fg-dragging");
    };
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) group.addEventListener(end, drop);
    return {
      node: group,
      set(x, y) {
        Object.assign(at, { x, y });
        put(group, { transform: `translate(${self.x.map(x).toFixed(1)} ${self.y.map(y).toFixed(1)})` });
        for (const axis of ["x", "y"]) {
          const [low, high] = limits()[axis];
          put(inputs[axis], { min: low, max: high, "aria-valuetext": number(at[axis]) });
          inputs[axis].value = String(at[axis]);
          inputs[axis].style.cssText = `left:${self.x.map(x).toFixed(0)}px;top:${self.y.map(y).toFixed(0)}px`;
        }
      },
    };
  }

  /** Pixels inside the viewBox, whatever the page's zoom. */
  function pixel(event) {
    const box = front.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * self.width,
      ((event.clientY - box.top) / box.height) * self.height,
    ];
  }

  /** A click (or tap) beside the handle. @param {(x: number, y: number) => void} place */
  function onPlace(place) {
    node.addEventListener("click", (event) => {
      if (event.target.closest(".fg-handle") || ui.draggedJustNow()) return;
      const [px, py] = pixel(event);
      if (
        px < margin.left ||
        px > self.width - margin.right ||
        py < margin.top ||
        py > self.height - margin.bottom
      )
        return;
      place(Number(self.x.invert(px).toPrecision(3)), Number(self.y.invert(py).toPrecision(3)));
    });
  }

  /** What the picture shows now, for screen readers. @param {string} words */
  function describe(words) {
    put(back, { "aria-label": words });
  }

  ui.watchSize(node);
  return self;
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

function rings(polygons, fx, fy) {
  let d = "";
  for (const ring of polygons.flat()) {
    for (let i = 0; i < ring.length; i += 1)
      d += `${i ? "L" : "M"}${fx(ring[i][0]).toFixed(1)} ${fy(ring[i][1]).toFixed(1)}`;
    d += "Z";
  }
  return d;
}

/** A design token's name, or any CSS colour. */
const colour = (name) => (/^[a-z]+$/.test(name) ? `var(--fg-${name})` : name);
