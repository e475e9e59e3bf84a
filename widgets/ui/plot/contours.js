// Filled contour lines of a function.
import { contours as marchingSquares } from "d3-contour";
import { put, s } from "../dom.js";

const RIM = 2; // cells sampled beyond the border, so that no contour line runs along it

/** @typedef {(x: number, y: number) => number} Height  levels are evenly spaced in it */
/** @typedef {{at: number[], radii: number[], angle: number}} Ellipse */

/** @param {import("./index.js").Plot} plot @param {{levels?: number}} [style] */
export function contoursOf(plot, { levels = 14 } = {}) {
  const bands = Array.from({ length: levels }, () => s("path"));
  plot.layers.under.append(s("g", { class: "fg-contours" }, ...bands));
  let drawn = "";
  let grid = { key: "", n: 0, values: new Float64Array(), low: 0, high: 1 };
  return {
    /** @param {Height} f @param {string} key what f depends on @param {number} [resolution] samples along a side: more where valleys are narrow */
    set(f, key, resolution = 64) {
      const { x, y } = plot;
      const where = JSON.stringify([key, x.domain, y.domain]);
      const size = JSON.stringify([where, x.range, y.range]);
      if (size === drawn) return;
      if (grid.key !== where) grid = { key: where, ...sample(f, x.domain, y.domain, resolution) };
      drawn = size;
      const make = marchingSquares().size([grid.n, grid.n]);
      const [fx, fy] = [x, y].map((scale) => pixels(scale.range, resolution));
      bands.forEach((band, i) => {
        const level = grid.low + ((i + 0.5) / levels) * (grid.high - grid.low);
        const { coordinates } = make.contour(/** @type {any} d3 asks for number[] */ (grid.values), level);
        put(band, { d: rings(coordinates, fx, fy) });
      });
    },
    /**
     * Contours that are known to be ellipses cost nothing, and are exact: what lies outside each is filled.
     * @param {(part: number) => Ellipse} ellipse of a part, 0 to 1, of the greatest height
     */
    ellipses(ellipse) {
      drawn = "";
      bands.forEach((band, i) => put(band, { d: outside(plot, ellipse((i + 0.5) / levels)) }));
    },
  };
}

/** @param {Height} f @param {number[]} xs @param {number[]} ys domains */
function sample(f, xs, ys, resolution) {
  const n = resolution + 2 * RIM;
  const along = (/** @type {number} */ i, /** @type {number[]} */ [a, b]) =>
    a + ((i + 0.5 - RIM) / resolution) * (b - a);
  const values = new Float64Array(n * n);
  let [low, high] = [Infinity, -Infinity];
  for (let j = 0; j < n; j += 1) {
    for (let i = 0; i < n; i += 1) {
      const v = f(along(i, xs), along(j, ys));
      values[j * n + i] = v;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return { n, values, low, high };
}

/** d3's contours live in [0, n], with the samples at cell centres: exactly our sampling. @param {number[]} range @param {number} resolution */
const pixels =
  ([p, q], resolution) =>
  (/** @type {number} */ a) =>
    p + ((a - RIM) / resolution) * (q - p);

function rings(polygons, fx, fy) {
  let d = "";
  for (const ring of polygons.flat()) {
    for (let i = 0; i < ring.length; i += 1)
      d += `${i ? "L" : "M"}${fx(ring[i][0]).toFixed(1)} ${fy(ring[i][1]).toFixed(1)}`;
    d += "Z";
  }
  return d;
}

/** The picture but for an ellipse. @param {import("./index.js").Plot} plot @param {Ellipse} ellipse */
function outside({ x, y }, { at, radii, angle }) {
  const [[left, right], [bottom, top]] = [x.range, y.range];
  const [px, py] = [x.map(at[0] + radii[0] * Math.cos(angle)), y.map(at[1] + radii[0] * Math.sin(angle))].map(
    (v) => v.toFixed(2),
  );
  const back = [2 * x.map(at[0]) - Number(px), 2 * y.map(at[1]) - Number(py)].map((v) => v.toFixed(2));
  const axes = radii.map((radius) => (x.map(radius) - x.map(0)).toFixed(2));
  const arc = `A${axes.join(" ")} ${((-angle * 180) / Math.PI).toFixed(2)} 0 0`;
  const frame = `M${left - 9} ${top - 9}H${right + 9}V${bottom + 9}H${left - 9}Z`;
  return `${frame}M${px} ${py}${arc} ${back.join(" ")}${arc} ${px} ${py}Z`;
}
