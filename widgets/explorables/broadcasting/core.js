// Broadcasting: two shapes aligned at the right, the result or the axis that fails, and what an element of it
// reads.
import { needBetween, raise } from "../../core/errors.js";

export const MOST_AXES = 4; // that the explorable takes; the rule itself knows no limit
export const MOST_SIZE = 1_000_000;

/**
 * One axis of the aligned pair. `a`, `b`: its sizes, null where the operand has no such axis; `kind` is who
 * is stretched.
 * @typedef {{axis: number, a: number|null, b: number|null, size: number|null,
 *   kind: "equal"|"a"|"b"|"clash"}} Axis
 *   axis: counted from the right, −1 is the last; size: of the result, null where the two clash
 * @typedef {{axes: Axis[], shape: number[]|null, clash: Axis|null}} Alignment  clash: the one that torch
 * names, the rightmost
 */

/** @param {string} argument @param {unknown} shape @returns {number[]} */
export function needShape(argument, shape) {
  if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0)) return shape;
  const text = `${argument} must be a list of whole numbers ≥ 0, not ${JSON.stringify(shape)}`;
  return raise(TypeError, "badType", argument, shape, "shape", text);
}

/**
 * What the explorable can draw and say: not too many axes, no absurd size.
 * @param {string} argument @param {unknown} given
 */
export function needModest(argument, given) {
  const shape = needShape(argument, given);
  if (shape.length > MOST_AXES) {
    const text = `${argument} has ${shape.length} axes, at most ${MOST_AXES} are drawn`;
    raise(RangeError, "badRank", argument, `${shape.length}`, `${MOST_AXES}`, text);
  }
  for (const size of shape) needBetween(argument, size, 0, MOST_SIZE);
  return shape;
}

/**
 * "4, 1", "(4, 1)", "[4 1]", "4×1" → [4, 1]; "()" → []. Bad text is an error with a code.
 * @param {string} argument @param {string} text @returns {number[]}
 */
export function parseShape(argument, text) {
  const clean = text
    .trim()
    .replace(/^(?:torch\.Size)?\s*[([]*/, "")
    .replace(/[)\]]*$/, "")
    .replace(/[−–]/g, "-")
    .trim();
  if (clean === "") {
    if (/[([]/.test(text)) return [];
    raise(RangeError, "badShape", argument, text, "shape", `${argument} is empty: a scalar's shape is ()`);
  }
  const sizes = clean.replace(/,\s*$/, "").split(/\s*[,×x*;]\s*|\s+/);
  if (!sizes.every((size) => /^\d+$/.test(size)))
    raise(RangeError, "badShape", argument, text, "shape", `${argument} is no shape: ${text}`);
  return needModest(argument, sizes.map(Number));
}

/** Python's way to write a shape: (), (3,), (4, 1). @param {number[]} shape */
export const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** The rule, axis by axis from the right. @param {number[]} a @param {number[]} b @returns {Alignment} */
export function align(a, b) {
  needShape("a", a);
  needShape("b", b);
  const rank = Math.max(a.length, b.length);
  const axes = Array.from({ length: rank }, (_, i) =>
    pair(i - rank, a[a.length + i - rank] ?? null, b[b.length + i - rank] ?? null),
  );
  const clash = axes.filter(({ kind }) => kind === "clash").at(-1) ?? null;
  return { axes, shape: clash ? null : axes.map(({ size }) => size), clash };
}

/**
 * A missing axis counts as 1; equal sizes stay, a 1 is stretched to the other, anything else clashes.
 * @returns {Axis}
 */
function pair(axis, a, b) {
  const [one, other] = [a ?? 1, b ?? 1];
  if (one === other) return { axis, a, b, size: one, kind: a === null ? "a" : b === null ? "b" : "equal" };
  if (one === 1) return { axis, a, b, size: other, kind: "a" };
  if (other === 1) return { axis, a, b, size: one, kind: "b" };
  return { axis, a, b, size: null, kind: "clash" };
}

/** @param {number[]} shape */
export const count = (shape) => shape.reduce((product, size) => product * size, 1);

/** Steps in memory of a tensor whose last axis runs fastest. @param {number[]} shape */
export function strides(shape) {
  const steps = [];
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i -= 1) {
    steps[i] = step;
    step *= Math.max(1, shape[i]);
  }
  return steps;
}

/**
 * The steps with which the stretched tensor is read: 0 along every stretched axis.
 * @param {number[]} shape @param {number[]} result
 */
export function stretched(shape, result) {
  const own = strides(shape);
  const missing = result.length - shape.length;
  return result.map((size, i) =>
    i < missing || (shape[i - missing] === 1 && size !== 1) ? 0 : own[i - missing],
  );
}

/**
 * The place of the `flat`-th element: its index along each axis.
 * @param {number[]} shape @param {number} flat
 */
export function unravel(shape, flat) {
  const index = [];
  for (let i = shape.length - 1; i >= 0; i -= 1) {
    index[i] = flat % shape[i];
    flat = Math.floor(flat / shape[i]);
  }
  return index;
}

/**
 * Which element of an operand the `flat`-th element of the result reads.
 * @param {number[]} shape @param {number[]} result @param {number} flat
 * @returns {{index: number[], offset: number}} its index in the operand, and its place in memory
 */
export function reads(shape, result, flat) {
  const steps = stretched(shape, result);
  const place = unravel(result, flat);
  const missing = result.length - shape.length;
  return {
    index: place.slice(missing).map((i, axis) => (shape[axis] === 1 ? 0 : i)),
    offset: place.reduce((sum, i, axis) => sum + i * steps[axis], 0),
  };
}

/**
 * The same for every element of the result: places in memory.
 * @param {number[]} shape @param {number[]} result
 */
export function readAll(shape, result) {
  return Array.from({ length: count(result) }, (_, flat) => reads(shape, result, flat).offset);
}

/** `shape` with a new axis of size 1 before its `axis`-th. @param {number[]} shape @param {number} axis */
export function unsqueeze(shape, axis) {
  needBetween("axis", axis, 0, shape.length);
  return [...shape.slice(0, axis), 1, ...shape.slice(axis)];
}

/**
 * The single new axes after which two shapes fit that do not fit now.
 * @param {number[]} a @param {number[]} b
 * @returns {{operand: "a"|"b", axis: number, shape: number[], result: number[]}[]}
 */
export function remedies(a, b) {
  /** @param {"a"|"b"} operand @param {number[]} own @param {(shape: number[]) => Alignment} fit */
  const tries = (operand, own, fit) =>
    Array.from({ length: own.length + 1 }, (_, axis) => {
      const shape = unsqueeze(own, axis);
      return { operand, axis, shape, result: fit(shape).shape };
    });
  return [...tries("a", a, (shape) => align(shape, b)), ...tries("b", b, (shape) => align(a, shape))].filter(
    ({ result }) => result !== null,
  );
}

/**
 * A task: where it begins, and what each operand must have become.
 * @type {Record<string, {a: number[], b: number[], want: {a: number[], b: number[]}}>}
 */
export const TASKS = {
  table: { a: [4], b: [3], want: { a: [4, 1], b: [3] } },
  rows: { a: [3, 5], b: [3], want: { a: [3, 5], b: [3, 1] } },
  silent: { a: [3, 3], b: [3], want: { a: [3, 3], b: [3, 1] } },
  channels: { a: [2, 3, 4, 4], b: [3], want: { a: [2, 3, 4, 4], b: [3, 1, 1] } },
};

/**
 * Solved: the same elements meet as in the wanted pair; axes of size 1 in front do not matter.
 * @param {string} task @param {number[]} a @param {number[]} b
 */
export function solved(task, a, b) {
  const { want } = TASKS[task];
  const bare = (shape) => shape.slice([...shape, 0].findIndex((size) => size !== 1)).join();
  return bare(a) === bare(want.a) && bare(b) === bare(want.b);
}
