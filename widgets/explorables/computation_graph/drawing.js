// The graph itself: leaves above, the output below; a slope on every edge, and the gradient that it carries
// back.
import { h, put, s, say } from "../../ui/dom.js";
import { expression, format } from "./words.js";

const [TALL, PITCH, TOP] = [46, 80, 4]; // px: a node, from row to row, above the first

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {ReturnType<typeof make>} Made  the shapes of one graph at one width
 */

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now) => void} */
export function drawingOf(ui) {
  const svg = s("svg", { role: "img" });
  const box = h("div", { class: "fg-plot fg-graph-plot" }, svg);
  ui.figures.append(box);
  ui.watchSize(box);
  /** @type {Made} */
  let made;
  let drawn = "";

  return function draw(now) {
    const width = Math.max(260, Math.round(ui.widthOf(box)));
    const key = `${now.name} ${width}`;
    if (key !== drawn) made = make(svg, now.graph, width);
    drawn = key;
    showEdges(made, now);
    for (const node of now.graph.nodes) showNode(made, node, now);
    put(svg, {
      "aria-label": ui.t(now.hidden ? "graphHidden" : "graphNow", {
        what: now.operations.map((node) => `${node.id} = ${expression(node)}`).join(", "),
        done: now.known.size,
        all: now.operations.length,
        back: now.passed.size,
      }),
    });
  };
}

/** Everything that stays; what changes is set afterwards. @param {import("./core.js").Graph} graph */
function make(svg, graph, width) {
  const wide = Math.min(118, Math.round(0.3 * width));
  const narrow = wide < 100;
  const place = placesOf(graph, width, wide);
  const rows = Math.max(...graph.nodes.map(({ at }) => at[1]));
  const height = 2 * TOP + TALL + rows * PITCH;
  put(svg, { viewBox: `0 0 ${width} ${height}`, width, height });
  svg.classList.toggle("fg-graph-narrow", narrow);
  const edges = graph.nodes.flatMap(({ id, of = [], sides = [] }) =>
    of.map((from, i) => edgeOf(place[from], place[id], { inputs: of.length, narrow, side: sides[i] })),
  );
  const nodes = Object.fromEntries(graph.nodes.map((node) => [node.id, nodeOf(node, place[node.id], wide)]));
  svg.replaceChildren(...edges.map(({ group }) => group), ...Object.values(nodes).map(({ group }) => group));
  return { edges, nodes, digits: narrow ? 2 : 3 };
}

/**
 * The middle of each node, in px.
 * @param {import("./core.js").Graph} graph @returns {Record<string, [number, number]>}
 */
function placesOf({ nodes }, width, wide) {
  const columns = nodes.map(({ at }) => at[0]);
  const [first, last] = [Math.min(...columns), Math.max(...columns)];
  const pitch = Math.min(190, (width - wide - 4) / (last - first));
  const x = (column) => width / 2 + (column - (first + last) / 2) * pitch;
  return Object.fromEntries(nodes.map(({ id, at }) => [id, [x(at[0]), TOP + TALL / 2 + at[1] * PITCH]]));
}

function edgeOf([x0, y0], [x1, y1], { inputs, narrow, side }) {
  const lean = x1 - x0;
  // Two edges into one node arrive a little apart; a label stands on the outer side of its edge.
  const end = inputs > 1 ? x1 - Math.sign(lean) * 14 : x1;
  const line = s("path", {
    class: "fg-line fg-graph-edge",
    d: `M${x0} ${y0 + TALL / 2}L${end.toFixed(1)} ${y1 - TALL / 2}`,
  });
  const outer = side ?? (lean > 0 ? -1 : 1);
  const x = ((x0 + end) / 2 + outer * (Math.abs(lean) < 20 ? 7 : 10)).toFixed(1);
  const y = ((y0 + y1) / 2 + 4 - (narrow ? 6 : 0)).toFixed(1);
  const slope = s("tspan", { class: "fg-graph-slope" });
  const flow = s("tspan", { class: "fg-graph-flow", ...(narrow ? { x, dy: 13 } : { dx: 5 }) });
  const label = { class: "fg-label", x, y, "text-anchor": outer < 0 ? "end" : "start" };
  return { group: s("g", {}, line, s("text", label, slope, flow)), line, slope, flow };
}

function nodeOf(node, [x, y], wide) {
  const rect = s("rect", {
    class: "fg-graph-node",
    x: (x - wide / 2).toFixed(1),
    y: (y - TALL / 2).toFixed(1),
    width: wide,
    height: TALL,
    rx: node.op ? 6 : 14,
  });
  const at = (dx, dy, anchor, kind) =>
    s("text", { x: (x + dx).toFixed(1), y: (y + dy).toFixed(1), "text-anchor": anchor, class: kind });
  const inset = wide / 2 - (wide < 100 ? 6 : 9);
  const name = at(0, -7, "middle", "fg-quiet");
  name.textContent = node.op ? `${node.id} = ${expression(node)}` : node.id;
  const value = at(-inset, 14, "start", "fg-graph-value");
  const gradient = at(inset, 14, "end", "fg-graph-flow");
  return { group: s("g", {}, rect, name, value, gradient), rect, value, gradient };
}

/** @param {Made} made @param {Now} now */
function showEdges({ edges }, now) {
  const { known, passed, current } = now;
  now.edges.forEach(({ to, slope, flow }, i) => {
    const active = current?.id === to && (now.shown < now.length || now.hidden) && !now.asking;
    const kinds = `${passed.has(to) ? " fg-graph-back" : ""}${active ? " fg-graph-now" : ""}`;
    say(edges[i].slope, known.has(to) ? `× ${format(slope)}` : "");
    say(edges[i].flow, passed.has(to) ? `↑ ${format(flow)}` : "");
    put(edges[i].line, { class: `fg-line fg-graph-edge${kinds}` });
  });
}

/** @param {Made} made @param {import("./core.js").Node} node @param {Now} now */
function showNode({ nodes, digits }, { id, op }, now) {
  const mark = nodes[id];
  say(mark.value, !op || now.known.has(id) ? format(now.values[id], digits) : "·");
  say(mark.gradient, gradientText(now, id, digits));
  const running = !now.asking && now.shown < now.length;
  const active = running && (now.current ? now.current.id === id : now.backward && id === now.output);
  const target = now.asking && now.asked.target === id;
  const kinds = `${op ? "" : " fg-graph-leaf"}${active || target ? " fg-graph-now" : ""}`;
  put(mark.rect, { class: `fg-graph-node${kinds}` });
}

/** The gradient, what has arrived of it so far, or the reader's guess. */
function gradientText(now, id, digits) {
  const { complete, begun, soFar, asked } = now.arrived[id];
  if (asked) return now.prediction === 0 ? "?" : `${format(now.prediction, digits)}?`;
  if (complete) return format(now.gradients[id], digits);
  return begun ? `${format(soFar, digits)}…` : "";
}
