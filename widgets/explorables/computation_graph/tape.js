// The same computation as a list, a row a value: what it is, its number, its gradient as a sum over its
// users.
import { h, put, say } from "../../ui/dom.js";
import { expression, format, sumOf } from "./words.js";

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: import("./index.js").Now) => void} */
export function tapeOf(ui) {
  const { t } = ui;
  const gradient = h("th", { scope: "col" });
  const heads = [h("th", { scope: "col", text: t("tapeValue") }), h("th", { scope: "col", text: "=" })];
  const body = h("tbody", {});
  const table = h(
    "table",
    { class: "fg-tape" },
    h("caption", { class: "fg-hidden", text: t("tape") }),
    h("thead", {}, h("tr", {}, ...heads, gradient)),
    body,
  );
  ui.figures.append(h("div", { class: "fg-tape-box" }, table));
  let made = "";
  let rows = [];

  return function draw(now) {
    if (now.name !== made) {
      made = now.name;
      rows = now.graph.nodes.map(rowOf);
      body.replaceChildren(...rows.map(({ node }) => node));
    }
    say(gradient, `∂${now.output}/∂·`);
    now.graph.nodes.forEach((node, i) => show(rows[i], node, now));
  };
}

function rowOf(node) {
  const head = h("th", { scope: "row", text: node.op ? `${node.id} = ${expression(node)}` : node.id });
  const [value, gradient] = [h("td", {}), h("td", { class: "fg-tape-gradient" })];
  return { node: h("tr", {}, head, value, gradient), value, gradient };
}

/**
 * @param {ReturnType<typeof rowOf>} row @param {import("./core.js").Node} node
 * @param {import("./index.js").Now} now
 */
function show(row, { id, op }, now) {
  const { complete, asked } = now.arrived[id];
  say(row.value, !op || now.known.has(id) ? format(now.values[id]) : "");
  say(row.gradient, asked ? "?" : !complete ? "" : id === now.output ? "1" : sumOf(now, id));
  const active = now.asking ? now.asked.target === id : now.current?.id === id && now.shown < now.length;
  put(row.node, { class: active ? "fg-tape-now" : "" });
}
