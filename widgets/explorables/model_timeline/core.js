// Landmark models as points: which figures they publish, how fast they grow, how many tokens a parameter has
// read.
import { needName, needPositive, raise } from "../../core/errors.js";

const NUMBERS = ["parameters", "active", "data", "flops"];

/**
 * A row of the table; an empty field is null or "". `year` counts the months as well.
 * @typedef {Record<"name"|"date"|"organisation"|"kind"|"unit"|"licence"|"source", string>
 *   & Record<"parameters"|"active"|"data"|"flops", number|null> & {year: number}} Row
 * @typedef {{name: string, kind: string, x: number, y: number}} Point
 */

/** The table has no quoted fields. @param {string} text CSV @returns {Row[]} */
export function rowsOf(text) {
  const [head, ...lines] = text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const figure = (field) => (field === "" ? null : Number(field));
  return lines.map((fields) => {
    const read = (name, i) => [name, NUMBERS.includes(name) ? figure(fields[i]) : fields[i]];
    const row = Object.fromEntries(head.map(read));
    const [year, month] = row.date.split("-").map(Number);
    return { ...row, year: year + (month - 1) / 12 };
  });
}

/** From here on the reader's line runs: deep learning. */
export const SINCE = 2012;

/**
 * What an axis shows of a row; null where the figure is not published.
 * @type {Record<string, (row: Row) => number|null>}
 */
export const AXES = {
  year: (row) => row.year,
  recent: (row) => (row.year >= SINCE ? row.year : null),
  parameters: (row) => row.parameters,
  data: (row) => row.data,
  flops: (row) => row.flops,
  ratio: (row) => (row.unit === "tokens" && row.parameters && row.data ? row.data / row.parameters : null),
};

/**
 * Those rows of a kind that have both figures.
 * @param {Row[]} rows @param {string} x @param {string} y @param {string} kind or "all" @returns {Point[]}
 */
export function points(rows, x, y, kind = "all") {
  const [fx, fy] = [needName("axis", x, AXES), needName("axis", y, AXES)];
  return rows
    .filter((row) => kind === "all" || row.kind === kind)
    .map((row) => ({ name: row.name, kind: row.kind, x: fx(row), y: fy(row) }))
    .filter((point) => point.x !== null && point.y !== null);
}

/**
 * The straight line through log₂ of the figures by least squares.
 * @param {{x: number, y: number}[]} all x in years @returns {{x: number, y: number, months: number}} the
 * middle, and the months of a doubling
 */
export function fit(all) {
  if (all.length < 2)
    raise(RangeError, "badRange", "points", all.length, "[2, ∞)", "a line needs two points");
  const logs = all.map((point) => Math.log2(needPositive("y", point.y)));
  const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;
  const [x, y] = [mean(all.map((point) => point.x)), mean(logs)];
  const spread = all.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const slope = all.reduce((sum, point, i) => sum + (point.x - x) * (logs[i] - y), 0) / spread;
  return { x, y: 2 ** y, months: 12 / slope };
}

/**
 * By what factor the figures miss a line through `middle` that doubles every `months`, on average.
 * @param {{x: number, y: number}[]} all
 */
export function miss(all, middle, months) {
  const line = (x) => Math.log2(middle.y) + ((x - middle.x) * 12) / needPositive("months", months);
  return (
    2 ** (all.reduce((sum, point) => sum + Math.abs(Math.log2(point.y) - line(point.x)), 0) / all.length)
  );
}

/** The point with the largest y. @template {{y: number}} T @param {T[]} all @returns {T} */
export const highest = (all) => all.reduce((best, point) => (point.y > best.y ? point : best));
