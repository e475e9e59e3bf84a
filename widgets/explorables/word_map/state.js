// Everything that one state of the traits implies; no drawing.
import { needName } from "../../core/errors.js";
import * as table from "./core.js";

export const COUNT = 10;
export const OTHER = { cosine: "euclid", euclid: "cosine" };
const FEW = 60; // words of the map's plane where no sample came along
const KEPT = 8; // planes

/** @typedef {{row: number, value: number}} Answer  of a row of the table: a cosine or a distance */
/**
 * @typedef {object} Found
 * @property {"neighbours"|"analogy"} task @property {"cosine"|"euclid"} metric
 * @property {number[]} question  rows: the word, or a, b and c
 * @property {Answer[]} list @property {Set<number>} among  rows that the other metric finds as well
 * @property {number} [shared]  how many of the neighbours
 * @property {Float64Array} [target]  of an analogy: b − a + c
 * @property {boolean} [leaveOut] @property {Answer} [against]  what would come first with the question's words left out, or not
 */
/** @typedef {{order: number[], places: Float64Array, goal: Float64Array | null, plane: ReturnType<typeof table.principalPlane>}} Map  order: rows, the most important first; places: of each, x and y */
/** @typedef {Found & Map & {words: table.Table}} State */

/** @param {import("../../ui/frame.js").Ui} ui @param {table.Table} words @returns {Found} */
function find(ui, words) {
  const [task, metric] = [ui.get("task"), ui.get("metric")];
  needName("task", task, { neighbours: 1, analogy: 1 });
  needName("metric", metric, OTHER);
  return task === "neighbours" ? findNeighbours(ui, words, metric) : findAnalogy(ui, words, metric);
}

/** @returns {Found} */
function findNeighbours(ui, words, metric) {
  const row = words.index.get(ui.get("word")) ?? words.index.get("king") ?? 0;
  const by = (one) => table.neighbours(words, row, { metric: one, count: COUNT });
  const list = by(metric);
  const among = new Set(by(OTHER[metric]).map((one) => one.row));
  const shared = list.filter((one) => among.has(one.row)).length;
  return { task: "neighbours", metric, question: [row], list, among, shared };
}

/** @returns {Found} */
function findAnalogy(ui, words, metric) {
  const leaveOut = ui.get("leave_out");
  const question = ui
    .get("question")
    .map((word, i) => words.index.get(word) ?? Math.min(i, words.tokens.length - 1));
  const by = (how) => table.analogy(words, question, { metric, count: COUNT, leaveOut, ...how });
  const { target, answers } = by({});
  const [against] = by({ count: 1, leaveOut: !leaveOut }).answers;
  const among = new Set(by({ metric: OTHER[metric] }).answers.map((one) => one.row));
  return { task: "analogy", metric, question, list: answers, among, target, leaveOut, against };
}

function vectorsOf(words, rows, metric) {
  const flat = new Float64Array(rows.length * words.d);
  rows.forEach((row, i) => flat.set(table.vectorOf(words, row, metric === "cosine"), i * words.d));
  return flat;
}

/** The plane of some rows; the last ones are kept. */
function planes() {
  const known = new Map();
  return function planeOf(words, rows, metric) {
    const key = [metric, words.tokens.length, ...rows].join();
    if (!known.has(key))
      known.set(key, table.principalPlane(vectorsOf(words, rows, metric), rows.length, words.d));
    if (known.size > KEPT) known.delete(known.keys().next().value);
    return known.get(key);
  };
}

/**
 * The map: the question, its answers, and behind neighbours the sample.
 * The plane of an analogy is that of its words; neighbours are put into that of the sample, which stays as it is.
 * @param {table.Table} words @param {Found} found @param {number[]} sample @param {ReturnType<typeof planes>} planeOf
 * @returns {Map}
 */
function mapOf(words, found, sample, planeOf) {
  const { task, metric, question, list, target } = found;
  const behind = task === "neighbours" ? sample : [];
  const order = [...new Set([...question, ...list.map((one) => one.row), ...behind])];
  const plane = planeOf(words, task === "neighbours" ? sample : order, metric);
  const places = table.project(vectorsOf(words, order, metric), order.length, words.d, plane);
  return { order, plane, places, goal: target ? table.project(target, 1, words.d, plane) : null };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {() => table.Table | null} tableNow
 * @returns {() => State | {words: null}}  null: there are no words yet
 */
export function computer(ui, tableNow) {
  const planeOf = planes();
  return function compute() {
    const words = tableNow();
    if (!words) return { words: null };
    const sample = (ui.get("sample").tokens ?? words.tokens.slice(0, FEW))
      .map((word) => words.index.get(word))
      .filter((row) => row !== undefined);
    const found = find(ui, words);
    return { words, ...found, ...mapOf(words, found, sample, planeOf) };
  };
}

/** Percent of the words' differences that the map shows. @param {Map} now */
export const shareOf = ({ plane }) => Math.round(100 * (plane.shares[0] + plane.shares[1]));
/** Two digits, with a true minus sign. @param {number} value */
export const two = (value) => value.toFixed(2).replace("-", "−");
