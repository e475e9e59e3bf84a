// Computation graphs: values forward, slopes on the edges, gradients backward; and questions about them.
import { needName, raise } from "../../core/errors.js";
import { random } from "../../core/random.js";

/**
 * `value` of the inputs; `slopes` from the inputs and the result: one for each input.
 * @typedef {{sign: string, value: (...v: number[]) => number,
 *   slopes: (v: number[], y: number) => number[]}} Operation
 *
 * @type {Record<string, Operation>}
 */
export const OPERATIONS = {
  add: { sign: "{0} + {1}", value: (a, b) => a + b, slopes: () => [1, 1] },
  subtract: { sign: "{0} − {1}", value: (a, b) => a - b, slopes: () => [1, -1] },
  multiply: { sign: "{0} · {1}", value: (a, b) => a * b, slopes: ([a, b]) => [b, a] },
  divide: { sign: "{0} / {1}", value: (a, b) => a / b, slopes: ([, b], y) => [1 / b, -y / b] },
  negate: { sign: "−{0}", value: (a) => -a, slopes: () => [-1] },
  square: { sign: "{0}²", value: (a) => a * a, slopes: ([a]) => [2 * a] },
  exp: { sign: "exp {0}", value: Math.exp, slopes: (_, y) => [y] },
  log: { sign: "log {0}", value: Math.log, slopes: ([a]) => [1 / a] },
  tanh: { sign: "tanh {0}", value: Math.tanh, slopes: (_, y) => [1 - y * y] },
  relu: { sign: "relu {0}", value: (a) => Math.max(a, 0), slopes: ([a]) => [a > 0 ? 1 : 0] },
  sigmoid: {
    sign: "σ({0})",
    value: (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a))),
    slopes: (_, y) => [y * (1 - y)],
  },
};

/**
 * A node without `op` is a leaf. Every node stands after its inputs, so the list is in topological order; the
 * last is the output.
 * @typedef {{id: string, op?: string, of?: string[], at?: [number, number], sides?: number[]}} Node
 *   at: column 0 to 2, row; sides: on which side of each edge its label stands, −1 or 1
 * @typedef {{nodes: Node[], leaves: Record<string, number>, drawn?: number[]}} Graph
 *   leaves: where it starts; drawn: the numbers that a question's leaves are drawn from
 */

/** @type {(id: string, column: number, row: number) => Node} */
const leaf = (id, column, row) => ({ id, at: [column, row] });
/** @type {(id: string, op: string, of: string[], column: number, row: number) => Node} */
const node = (id, op, of, column, row) => ({ id, op, of, at: [column, row] });
const SMALL = [-3, -2, -1, 1, 2, 3];
const HALVES = [-1.5, -1, -0.5, 0.5, 1, 1.5];

/** @type {Record<string, Graph>} */
export const GRAPHS = {
  product: {
    nodes: [
      leaf("x", 0, 0),
      leaf("b", 1, 0),
      leaf("w", 1.5, 1),
      node("s", "add", ["x", "b"], 0.5, 1),
      node("f", "multiply", ["s", "w"], 1, 2),
    ],
    leaves: { x: 2, b: 1, w: -3 },
    drawn: [-5, -4, ...SMALL, 4, 5],
  },
  paths: {
    nodes: [
      leaf("x", 0.4, 0),
      leaf("w", 1.7, 0),
      leaf("b", 2, 1),
      { ...node("p", "multiply", ["x", "w"], 1, 1), sides: [1, 1] },
      node("s", "add", ["p", "b"], 1.5, 2),
      node("f", "multiply", ["x", "s"], 0.7, 3),
    ],
    leaves: { x: 2, w: 3, b: 1 },
    drawn: SMALL,
  },
  neuron: {
    nodes: [
      leaf("w", 0, 0),
      leaf("x", 1, 0),
      leaf("b", 1.5, 1),
      node("p", "multiply", ["w", "x"], 0.5, 1),
      node("z", "add", ["p", "b"], 1, 2),
      node("f", "tanh", ["z"], 1, 3),
    ],
    leaves: { w: 0.5, x: 2, b: -0.5 },
    drawn: HALVES,
  },
  error: {
    nodes: [
      leaf("w", 0, 0),
      leaf("x", 1, 0),
      leaf("b", 1.5, 1),
      node("p", "multiply", ["w", "x"], 0.5, 1),
      node("z", "add", ["p", "b"], 1, 2),
      leaf("t", 2, 3),
      node("h", "relu", ["z"], 1, 3),
      node("e", "subtract", ["h", "t"], 1.3, 4),
      node("f", "square", ["e"], 1.3, 5),
    ],
    leaves: { w: 1, x: 2, b: 1, t: 2 },
    drawn: SMALL,
  },
  logistic: {
    nodes: [
      leaf("w", 0, 0),
      leaf("x", 1, 0),
      leaf("b", 1.5, 1),
      node("p", "multiply", ["w", "x"], 0.5, 1),
      node("z", "add", ["p", "b"], 1, 2),
      leaf("t", 2, 2),
      node("m", "multiply", ["z", "t"], 1.2, 3),
      node("q", "sigmoid", ["m"], 1.2, 4),
      node("l", "log", ["q"], 1.2, 5),
      node("f", "negate", ["l"], 1.2, 6),
    ],
    leaves: { w: 1, x: 1, b: -0.5, t: -1 },
    drawn: HALVES,
  },
};

/** @param {string} name @returns {Graph} */
export const graphOf = (name) => needName("graph", name, GRAPHS);

/**
 * The whole computation: forward, then backward.
 * @param {Graph} graph @param {Record<string, number>} leaves
 * @returns {{values: Record<string, number>, gradients: Record<string, number>,
 *   edges: {from: string, to: string, slope: number, flow: number}[]}}
 *   an edge's `flow` is what it carries back: the gradient of `to`, times the slope
 */
export function trace({ nodes }, leaves) {
  const values = {};
  const edges = [];
  for (const { id, op, of } of nodes) {
    if (!op) {
      values[id] = needFinite(id, leaves[id]);
      continue;
    }
    const { value, slopes } = needName("operation", op, OPERATIONS);
    const given = of.map((input) => values[input]);
    values[id] = value(...given);
    slopes(given, values[id]).forEach((slope, i) => edges.push({ from: of[i], to: id, slope, flow: 0 }));
  }
  const gradients = Object.fromEntries(nodes.map(({ id }) => [id, 0]));
  gradients[nodes.at(-1).id] = 1;
  // Backwards: when an edge is reached, all edges out of its `to` have been.
  for (const edge of [...edges].reverse()) {
    edge.flow = edge.slope * gradients[edge.to];
    gradients[edge.from] += edge.flow;
  }
  return { values, gradients, edges };
}

function needFinite(name, value) {
  if (typeof value !== "number" || !Number.isFinite(value))
    raise(TypeError, "badType", name, value, "number", `${name} must be a finite number, not ${value}`);
  return value;
}

// --- questions ------------------------------------------------------------------------------------------

/**
 * The `number`-th question about a graph: values of its leaves, and the leaf whose gradient is asked for.
 * Never a gradient that is nearly zero, or too large for mental arithmetic.
 * @param {string} name @param {number} number
 * @returns {{leaves: Record<string, number>, target: string, answer: number}}
 */
export function question(name, number) {
  const graph = graphOf(name);
  const next = random(7919 * number + Object.keys(GRAPHS).indexOf(name));
  const pick = (list) => list[Math.floor(next() * list.length)];
  const names = Object.keys(graph.leaves);
  for (;;) {
    const leaves = Object.fromEntries(
      names.map((id) => [id, name === "logistic" && id === "t" ? pick([-1, 1]) : pick(graph.drawn)]),
    );
    // One leaf after the other, so that no three questions ask for the same.
    const target = names[number % names.length];
    const answer = trace(graph, leaves).gradients[target];
    if (Math.abs(answer) >= 0.1 && Math.abs(answer) <= 40) return { leaves, target, answer };
  }
}

/** Within 3 %: the slopes are shown with three digits. @param {number} given @param {number} expected */
export const agrees = (given, expected) => Math.abs(given - expected) <= 0.03 * Math.abs(expected);

/**
 * What went wrong, as the key of a string, or "" where the answer is right.
 * @param {Graph} graph @param {Record<string, number>} leaves @param {string} target @param {number} given
 */
export function mistake(graph, leaves, target, given) {
  const { values, gradients, edges } = trace(graph, leaves);
  const own = edges.filter(({ from }) => from === target);
  const is = (value) => agrees(given, value);
  if (is(gradients[target])) return "";
  if (is(-gradients[target])) return "sign";
  if (own.length > 1 && own.some(({ flow }) => is(flow))) return "onePath";
  if (own.length > 1 && is(own.reduce((product, { flow }) => product * flow, 1))) return "multiplied";
  if (own.some(({ slope }) => is(slope))) return "local";
  if (own.some(({ to }) => is(gradients[to]))) return "arrived";
  return is(values[target]) ? "value" : "other";
}
