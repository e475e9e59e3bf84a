// A table of word vectors, a row of whole numbers and a scale for each: neighbours, analogies, words found by their beginning or spelling.
import { needName, raise } from "../../core/errors.js";

export { principalPlane, project } from "../../core/projection.js";

/**
 * @typedef {object} Table
 * @property {string[]} tokens the most frequent first @property {number} d
 * @property {ArrayLike<number>} codes flat, V × d @property {ArrayLike<number>} scales @property {Float64Array} lengths of the vectors
 * @property {Map<string, number>} index
 */

/** @param {string[]} tokens @param {ArrayLike<number>} codes @param {ArrayLike<number>} scales @returns {Table} */
export function tableOf(tokens, codes, scales) {
  const d = codes.length / tokens.length;
  const fits = tokens.length > 0 && Number.isInteger(d) && d > 0 && scales.length === tokens.length;
  if (!fits)
    raise(
      RangeError,
      "badTable",
      "table",
      `${tokens.length}, ${codes.length}, ${scales.length}`,
      "V, V × d, V",
      `${tokens.length} words, ${codes.length} numbers and ${scales.length} scales make no table`,
    );
  const lengths = Float64Array.from(tokens, (_, i) => {
    let sum = 0;
    for (let k = i * d; k < i * d + d; k += 1) sum += codes[k] * codes[k];
    return scales[i] * Math.sqrt(sum);
  });
  return { tokens, codes, scales, lengths, d, index: new Map(tokens.map((word, i) => [word, i])) };
}

/** The row of a word, or a RangeError. @param {Table} table @param {string} word */
export function rowOf(table, word) {
  const row = table.index.get(word);
  if (row === undefined)
    raise(
      RangeError,
      "unknownWord",
      "word",
      word,
      String(table.tokens.length),
      `"${word}" is not among the ${table.tokens.length} words`,
    );
  return row;
}

/** @param {Table} table @param {number} row @param {boolean} [unit] of length 1 */
export function vectorOf({ codes, scales, lengths, d }, row, unit = false) {
  const factor = unit ? scales[row] / (lengths[row] || 1) : scales[row];
  return Float64Array.from({ length: d }, (_, k) => factor * codes[row * d + k]);
}

/** How near a row of the table is to a query; what is larger is nearer. */
const METRICS = {
  /** Query and rows need no common scale: their lengths are divided away. */
  cosine({ codes, scales, lengths, d }, query, own, row) {
    let product = 0;
    for (let k = 0, at = row * d; k < d; k += 1, at += 1) product += query[k] * codes[at];
    return (product * scales[row]) / (own * lengths[row] || 1);
  },
  euclid({ codes, scales, d }, query, _own, row) {
    let sum = 0;
    for (let k = 0, at = row * d; k < d; k += 1, at += 1) sum += (query[k] - scales[row] * codes[at]) ** 2;
    return -Math.sqrt(sum);
  },
};

/**
 * The rows nearest to a query, the nearest first; equal ones in the table's order. A euclid value is a distance, a cosine a cosine.
 * @param {Table} table @param {ArrayLike<number>} query @param {{metric?: string, count?: number, without?: number[]}} [options]
 * @returns {{row: number, value: number}[]}
 */
export function nearest(table, query, { metric = "cosine", count = 10, without = [] } = {}) {
  const score = needName("metric", metric, METRICS);
  const { length } = table.lengths;
  const own = Math.sqrt(Array.from(query).reduce((sum, x) => sum + x * x, 0));
  const best = []; // sorted, at most `count`
  let worst = -Infinity;
  const left = new Set(without);
  for (let row = 0; row < length; row += 1) {
    const value = score(table, query, own, row);
    if ((best.length === count && !(value > worst)) || left.has(row)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].value < value) place -= 1;
    best.splice(place, 0, { row, value });
    if (best.length > count) best.pop();
    worst = best.at(-1).value;
  }
  return best.map(({ row, value }) => ({ row, value: metric === "euclid" ? -value : value }));
}

/** The cosine, or the distance, of a row and a query. @param {Table} table */
export function likeness(table, query, row, metric = "cosine") {
  const value = needName("metric", metric, METRICS)(table, query, Math.hypot(...query), row);
  return metric === "euclid" ? -value : value;
}

/** The words nearest to a word, itself left out. @param {Table} table @param {number} row */
export const neighbours = (table, row, { metric = "cosine", count = 10 } = {}) =>
  nearest(table, vectorOf(table, row), { metric, count, without: [row] });

/**
 * a is to b as c is to what? The words nearest to b − a + c: of unit vectors by cosine, of the vectors as they are by distance.
 * @param {Table} table @param {number[]} question rows of a, b, c @param {{metric?: string, count?: number, leaveOut?: boolean}} [options]
 */
export function analogy(table, [a, b, c], { metric = "cosine", count = 10, leaveOut = true } = {}) {
  const [x, y, z] = [a, b, c].map((row) => vectorOf(table, row, metric === "cosine"));
  const target = y.map((value, k) => value - x[k] + z[k]);
  return { target, answers: nearest(table, target, { metric, count, without: leaveOut ? [a, b, c] : [] }) };
}

/** Words that begin so, the most frequent first. @param {Table} table */
export function beginningWith({ tokens }, text, count = 8) {
  const found = [];
  for (let i = 0; i < tokens.length && found.length < count; i += 1)
    if (tokens[i].startsWith(text)) found.push(tokens[i]);
  return found;
}

/** Words that are spelt nearly so, at most two letters wrong, the nearest and most frequent first. @param {Table} table */
export function spelling({ tokens }, text, count = 4) {
  const most = text.length < 4 ? 1 : 2;
  return tokens
    .map((word, i) => ({ word, i, far: edits(text, word, most) }))
    .filter(({ far }) => far <= most)
    .sort((p, q) => p.far - q.far || p.i - q.i)
    .slice(0, count)
    .map(({ word }) => word);
}

/** Letters to change, add, drop or swap with the next to make a from b; more than `most` is not told apart. */
export function edits(a, b, most = Infinity) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const now = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      now[j] = Math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        now[j] = Math.min(now[j], before[j - 2] + 1);
      if (now[j] < least) least = now[j];
    }
    if (least > most) return most + 1;
    [before, last] = [last, now];
  }
  return last[b.length];
}
