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
    domain,
    range,
    map: (value) => p + ((forth(value) - a) / (b - a)) * (q - p),
    invert: (pixel) => back(a + ((pixel - p) / (q - p)) * (b - a)),
    ticks: (count) =>
      kind === "log"
        ? decades(a, b, count)
        : ticks(domain[0], domain[1], count).map((value) => ({ value, text: number(value, 6) })),
  };
}

/** Whole powers of ten, thinned evenly to at most about `count`; 2 and 5 in between where there are hardly any. */
function decades(a, b, count) {
  const stride = Math.max(1, Math.ceil((Math.floor(b) - Math.ceil(a)) / count));
  const digits = b - a < 2 ? [1, 2, 5] : [1];
  const list = [];
  for (let e = Math.floor(a); e <= b; e += 1) {
    for (const digit of digits) {
      const value = digit * 10 ** e;
      const inside = Math.log10(value) > a - 1e-9 && Math.log10(value) < b + 1e-9;
      if (inside && e % stride === 0)
        list.push({ value, text: digit === 1 && Math.abs(e) > 1 ? power(e) : number(value) });
    }
  }
  return list;
}
