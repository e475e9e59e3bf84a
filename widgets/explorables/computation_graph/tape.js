// The same computation as a list, a row a value: what it is, its number, its gradient as a sum over its users.
import { h, put, say } from "../../ui/dom.js";

export function tapeOf(ui, { expression, format, sumOf }) {
  const { t } = ui;
  const gradient = h("th", { scope: "col" });
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "fg-tape" },
    h("caption", { class: "fg-hidden", text: t("tape") }),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col", text: t("tapeValue") }),
        h("th", { scope: "col", text: "=" }),
        gradient,
      ),
    ),
    body,
  );
  ui.figures.append(h("div", { class: "fg-tape-box" }, table));
  let made = "";
  let rows = [];

  function make({ name, graph }) {
    if (name === made) return;
    made = name;
    rows = graph.nodes.map((node) => {
      const cells = [
        h("th", { scope: "row", text: node.op ? `${node.id} = ${expression(node)}` : node.id }),
        h("td", {}),
        h("td", { class: "fg-tape-gradient" }),
      ];
      return { node: h("tr", {}, ...cells), value: cells[1], gradient: cells[2] };
    });
    body.replaceChildren(...rows.map(({ node }) => node));
  }

  return function draw(now) {
    make(now);
    const output = now.operations.at(-1).id;
    say(gradient, `∂${output}/∂·`);
    now.graph.nodes.forEach(({ id, op }, i) => {
      const users = now.edges.filter(({ from }) => from === id);
      const complete = id === output ? now.seeded : users.every(({ to }) => now.passed.has(to));
      const asked = now.hidden && now.asked.target === id;
      say(rows[i].value, !op || now.known.has(id) ? format(now.values[id]) : "");
      say(rows[i].gradient, asked ? "?" : !complete ? "" : id === output ? "1" : sumOf(now, id, format));
      const active = now.asking ? now.asked.target === id : now.current?.id === id && now.shown < now.length;
      put(rows[i].node, { class: active ? "fg-tape-now" : "" });
    });
  };
}
