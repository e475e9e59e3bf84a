// Scales: domain → pixels. d3-scale would do this too, in 28 kB a bundle; the ticks are d3's.
import { ticks } from "d3-array";
import { number, power } from "./format.js";

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} map  to pixels
 * @property {(pixel: number) => number} invert
 * @property {(count: number) => {value: number, text: string}[]} ticks
 * @property {number[]} domain
 * @property {number[]} range
 */

/** @param {"linear"|"log"} kind @param {number[]} domain @param {number[]} range @returns {Scale} */
export function scale(kind, domain, range) {
  const [forth, back] = kind === "log" ? [Math.log10, (u) => 10 ** u] : [(v) => v, (u) => u];
  const [a, b] = domain.map(forth);
  const [p, q] = range;
  return {
    domain, range,
    map: (value) => p + ((forth(value) - a) / (b - a)) * (q - p),
    invert: (pixel) => back(a + ((pixel - p) / (q - p)) * (b - a)),
    ticks: (count) => (kind === "log" ? decades(a, b, count) : ticks(domain[0], domain[1], count).map((value) => ({ value, text: number(value, 6) }))),
  };
}

/** Whole powers of ten, thinned evenly so that at most about `count` remain; on a short axis 1, 2, 5, 10. */
function decades(a, b, count) {
  if (b - a < 1.5) return within(a, b);
  const first = Math.ceil(a - 1e-9);
  const last = Math.floor(b + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first) / count));
  const list = [];
  for (let e = first; e <= last; e += 1) {
    if (e % stride === 0) list.push({ value: 10 ** e, text: e === 0 ? "1" : e === 1 ? "10" : power(e) });
  }
  return list;
}

function within(a, b) {
  const list = [];
  for (let e = Math.floor(a); e <= b; e += 1) {
    for (const digit of [1, 2, 5]) {
      const u = e + Math.log10(digit);
      if (u >= a - 1e-9 && u <= b + 1e-9) list.push({ value: 10 ** u, text: number(10 ** u) });
    }
  }
  return list;
}
