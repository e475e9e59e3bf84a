// The playground's data: points of the square from −3 to 3 with a class (0 or 1) or a value, and features of them.
import { needBetween, needName, raise } from "../../core/errors.js";
import { normals } from "../../core/flow.js";
import { random } from "../../core/random.js";

export const REACH = 3; // the square's half side
export const COUNT = 500;

const square = (next) => [2.8 * (2 * next() - 1), 2.8 * (2 * next() - 1)];
const polar = (radius, angle) => [radius * Math.cos(angle), radius * Math.sin(angle)];
const HILLS = [
  [-2, 1.3, 1],
  [0, 1.3, -1],
  [2, 1.3, 1],
  [-2, -1.3, -1],
  [0, -1.3, 1],
  [2, -1.3, -1],
];
const hill = ([x, y]) =>
  HILLS.map(([a, b, sign]) => sign * Math.max(0, 1 - Math.hypot(x - a, y - b) / 1.5)).reduce((p, q) =>
    Math.abs(q) > Math.abs(p) ? q : p,
  );

/**
 * What a point is drawn from: its class, its share of the way along it, random numbers.
 * @typedef {{label: number, share: number, next: () => number, normal: () => number}} Draw
 */
/**
 * Name → the loss it is learnt by, a point (the reader's own have none), its value where it has no class.
 * @type {Record<string, {loss: string, place?: (draw: Draw) => number[], value?: (at: number[]) => number}>}
 */
export const DATASETS = {
  circles: {
    loss: "bce",
    place: ({ label, next }) =>
      polar(label ? 1.25 * Math.sqrt(next()) : 1.9 + 0.9 * next(), 2 * Math.PI * next()),
  },
  xor: {
    loss: "bce",
    place: ({ label, next }) => {
      const [a, b] = [0.2 + 2.6 * next(), (label ? 1 : -1) * (0.2 + 2.6 * next())];
      return next() < 0.5 ? [a, b] : [-a, -b];
    },
  },
  moons: {
    loss: "bce",
    place: ({ label, next }) => {
      const [a, b] = polar(1.7, Math.PI * next());
      return label ? [a - 0.85, b - 0.4] : [0.85 - a, 0.4 - b];
    },
  },
  blobs: {
    loss: "bce",
    place: ({ label, normal }) => [
      (label ? 1.3 : -1.3) + 0.45 * normal(),
      (label ? 1.3 : -1.3) + 0.45 * normal(),
    ],
  },
  spiral: {
    loss: "bce",
    place: ({ label, share }) => polar(2.75 * share, 3.5 * Math.PI * share + (label ? Math.PI : 0)),
  },
  plane: { loss: "mse", place: ({ next }) => square(next), value: ([x, y]) => (x + y) / 5.6 },
  hills: { loss: "mse", place: ({ next }) => square(next), value: hill },
  drawn: { loss: "bce" },
};

/** Name → the feature of a point. @type {Record<string, (a: number, b: number) => number>} */
export const FEATURES = {
  x1: (a) => a,
  x2: (_a, b) => b,
  x1x1: (a) => a * a,
  x2x2: (_a, b) => b * b,
  x1x2: (a, b) => a * b,
  sin1: (a) => Math.sin(a),
  sin2: (_a, b) => Math.sin(b),
};

/**
 * Points of a data set: [x₁, x₂, target] one after another. Noise moves a class's points; of a value it is in the value.
 * @param {string} name @param {number} noise standard deviation @param {number} seed @param {number[][]} drawn of the data set "drawn"
 * @returns {Float64Array}
 */
export function pointsOf(name, noise, seed, drawn = []) {
  const { place, value } = needName("dataset", name, DATASETS);
  needBetween("noise", noise, 0, 1);
  if (!Number.isInteger(seed) || seed < 0)
    raise(RangeError, "badSeed", "seed", seed, "≥ 0", `seed must be a whole number from 0 on, not ${seed}`);
  if (!place) return Float64Array.from(checkDrawn(drawn).flat());
  const next = random(seed * 31 + 7);
  const normal = () => normals(next, 1)[0];
  const points = new Float64Array(3 * COUNT);
  for (let i = 0; i < COUNT; i += 1) {
    const label = i % 2;
    const at = place({ label, share: (i - label) / COUNT, next, normal });
    const target = value ? value(at) + noise * normal() : label;
    points.set([...at.map((v) => (value ? v : v + noise * normal())), target], 3 * i);
  }
  return points;
}

/** What the reader, or Python, drew: rows [x₁, x₂, 0 or 1] inside the square. */
export function checkDrawn(drawn) {
  const fine = (row) =>
    Array.isArray(row) &&
    row.length === 3 &&
    row.every((v) => typeof v === "number" && Math.abs(v) <= REACH) &&
    (row[2] === 0 || row[2] === 1);
  const wrong = Array.isArray(drawn) ? drawn.find((row) => !fine(row)) : drawn;
  if (wrong !== undefined)
    raise(
      TypeError,
      "badDrawn",
      "drawn",
      wrong,
      "[x1, x2, 0 or 1]",
      `drawn must be rows [x1, x2, 0 or 1] with x1, x2 from −${REACH} to ${REACH}, not ${JSON.stringify(wrong)}`,
    );
  return drawn;
}

/** Numbers of the rows for training and for testing. A point keeps its side when others are added. @returns {[number[], number[]]} */
export function splitOf(count, share) {
  needBetween("train_share", share, 0.1, 0.9);
  /** @type {[number[], number[]]} */ const sides = [[], []];
  for (let i = 0; i < count; i += 1) sides[((i + 0.5) * 0.6180339887498949) % 1 < share ? 0 : 1].push(i);
  return sides;
}

/** The chosen features of some rows, row by row, and their targets. @returns {{x: Float64Array, y: Float64Array}} */
export function featuresOf(points, rows, names) {
  if (!Array.isArray(names) || names.length === 0)
    raise(RangeError, "noFeatures", "features", names, "≥ 1", "features: expected at least one");
  const functions = names.map((name) => needName("features", name, FEATURES));
  const x = new Float64Array(rows.length * names.length);
  const y = new Float64Array(rows.length);
  rows.forEach((row, n) => {
    const [a, b] = [points[3 * row], points[3 * row + 1]];
    functions.forEach((f, j) => {
      x[n * names.length + j] = f(a, b);
    });
    y[n] = points[3 * row + 2];
  });
  return { x, y };
}
