// The graph itself: leaves above, the output below; a slope on every edge, and the gradient that it carries back.
import { h, put, s, say } from "../../ui/dom.js";

const [TALL, PITCH, TOP] = [46, 80, 4]; // px: a node, from row to row, above the first

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{expression: (node: object) => string, format: (value: number, digits?: number) => string}} write
 */
export function drawingOf(ui, { expression, format }) {
  const svg = s("svg", { role: "img" });
  const box = h("div", { class: "fg-plot fg-graph-plot" }, svg);
  ui.figures.append(box);
  ui.watchSize(box);
  let made = { key: "" };

  /** The shapes of one graph at one width; what changes is set afterwards. */
  function make({ name, graph }, width) {
    const key = `${name} ${width}`;
    if (key === made.key) return;
    const wide = Math.min(118, Math.round(0.3 * width));
    const columns = graph.nodes.map(({ at }) => at[0]);
    const [first, last] = [Math.min(...columns), Math.max(...columns)];
    const pitch = Math.min(190, (width - wide - 4) / (last - first));
    const place = Object.fromEntries(
      graph.nodes.map(({ id, at }) => [
        id,
        [width / 2 + (at[0] - (first + last) / 2) * pitch, TOP + TALL / 2 + at[1] * PITCH],
      ]),
    );
    const rows = Math.max(...graph.nodes.map(({ at }) => at[1]));
    put(svg, {
      viewBox: `0 0 ${width} ${2 * TOP + TALL + rows * PITCH}`,
      width,
      height: 2 * TOP + TALL + rows * PITCH,
    });
    const narrow = wide < 100;
    svg.classList.toggle("fg-graph-narrow", narrow);
    const edges = graph.nodes.flatMap(({ id, of = [], sides = [] }) =>
      of.map((from, i) => edge(place[from], place[id], { inputs: of.length, narrow, side: sides[i] })),
    );
    const nodes = Object.fromEntries(
      graph.nodes.map((node) => [node.id, nodeAt(node, place[node.id], wide)]),
    );
    svg.replaceChildren(
      ...edges.map(({ group }) => group),
      ...Object.values(nodes).map(({ group }) => group),
    );
    made = { key, edges, nodes, digits: narrow ? 2 : 3 };
  }

  function edge([x0, y0], [x1, y1], { inputs, narrow, side }) {
    const lean = x1 - x0;
    // Two edges into one node arrive a little apart; a label stands on the outer side of its edge.
    const end = inputs > 1 ? x1 - Math.sign(lean) * 14 : x1;
    const line = s("path", {
      class: "fg-line fg-graph-edge",
      d: `M${x0} ${y0 + TALL / 2}L${end.toFixed(1)} ${y1 - TALL / 2}`,
    });
    const outer = side ?? (lean > 0 ? -1 : 1);
    const middle = [(x0 + end) / 2 + outer * (Math.abs(lean) < 20 ? 7 : 10), (y0 + y1) / 2 + 4];
    const x = middle[0].toFixed(1);
    const slope = s("tspan", { class: "fg-graph-slope" });
    const flow = s(
      "tspan",
      narrow ? { class: "fg-graph-flow", x, dy: 13 } : { class: "fg-graph-flow", dx: 5 },
    );
    const label = s(
      "text",
      {
        class: "fg-label",
        x,
        y: (middle[1] - (narrow ? 6 : 0)).toFixed(1),
        "text-anchor": outer < 0 ? "end" : "start",
      },
      slope,
      flow,
    );
    return { group: s("g", {}, line, label), line, slope, flow };
  }

  function nodeAt(node, [x, y], wide) {
    const rect = s("rect", {
      class: "fg-graph-node",
      x: (x - wide / 2).toFixed(1),
      y: (y - TALL / 2).toFixed(1),
      width: wide,
      height: TALL,
      rx: node.op ? 6 : 14,
    });
    const at = (dx, dy, anchor, className) =>
      s("text", { x: (x + dx).toFixed(1), y: (y + dy).toFixed(1), "text-anchor": anchor, class: className });
    const inset = wide / 2 - (wide < 100 ? 6 : 9);
    const name = at(0, -7, "middle", "fg-quiet");
    name.textContent = node.op ? `${node.id} = ${expression(node)}` : node.id;
    const value = at(-inset, 14, "start", "fg-graph-value");
    const gradient = at(inset, 14, "end", "fg-graph-flow");
    return { group: s("g", {}, rect, name, value, gradient), rect, value, gradient };
  }

  const tone = (node, names) => put(node, { class: names });

  return function draw(now, prediction) {
    make(now, Math.max(260, Math.round(ui.widthOf(box))));
    const { known, passed, seeded, current, backward } = now;
    const short = (value) => format(value, made.digits);
    const output = now.operations.at(-1).id;
    now.edges.forEach(({ from, to, slope, flow }, i) => {
      const mark = made.edges[i];
      const active = current?.id === to && (now.shown < now.length || now.hidden) && !now.asking;
      say(mark.slope, known.has(to) ? `× ${format(slope)}` : "");
      say(mark.flow, passed.has(to) ? `↑ ${format(flow)}` : "");
      tone(
        mark.line,
        `fg-line fg-graph-edge${passed.has(to) ? " fg-graph-back" : ""}${active ? " fg-graph-now" : ""}`,
      );
    });
    for (const { id, op } of now.graph.nodes) {
      const mark = made.nodes[id];
      const there = !op || known.has(id);
      const users = now.edges.filter(({ from }) => from === id);
      const complete = id === output ? seeded : users.every(({ to }) => passed.has(to));
      const begun = users.some(({ to }) => passed.has(to));
      const soFar = users.filter(({ to }) => passed.has(to)).reduce((sum, { flow }) => sum + flow, 0);
      const asked = now.hidden && now.asked.target === id;
      say(mark.value, there ? short(now.values[id]) : "·");
      say(
        mark.gradient,
        asked
          ? prediction === 0
            ? "?"
            : `${short(prediction)}?`
          : complete
            ? short(now.gradients[id])
            : begun
              ? `${short(soFar)}…`
              : "",
      );
      const active =
        !now.asking && now.shown < now.length && (current ? current.id === id : backward && id === output);
      const target = now.asking && now.asked.target === id;
      tone(mark.rect, `fg-graph-node${op ? "" : " fg-graph-leaf"}${active || target ? " fg-graph-now" : ""}`);
    }
    put(svg, {
      "aria-label": ui.t(now.hidden ? "graphHidden" : "graphNow", {
        what: now.operations.map((node) => `${node.id} = ${expression(node)}`).join(", "),
        done: known.size,
        all: now.operations.length,
        back: passed.size,
      }),
    });
  };
}
