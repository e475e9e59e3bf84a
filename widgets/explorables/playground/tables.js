// All weights as tables, a layer each, with what the probe makes of every neuron.
import { h, put, say } from "../../ui/dom.js";
import { number } from "../../ui/format.js";
import { inputName, neuronName } from "./names.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {(now: State) => number} Read  what a cell shows */

/** Every number of layer `layer`, row by row. @param {State} now @returns {Read[][]} */
function readsOf({ places, sizes }, layer) {
  const { weights, biases } = places[layer - 1];
  const [fan, size] = [sizes[layer - 1], sizes[layer]];
  const last = layer === sizes.length - 1;
  const answer = ({ at, classes }, i) =>
    last && classes ? 1 / (1 + Math.exp(-at.z[layer][i])) : at.h[layer][i];
  return Array.from({ length: size }, (_, i) => [
    ...Array.from(
      { length: fan },
      (_, j) =>
        ({ net }) =>
          net.parameters[weights + i * fan + j],
    ),
    ({ net }) => net.parameters[biases + i],
    ({ at }) => at.z[layer][i],
    (now) => answer(now, i),
  ]);
}

/** The table of a layer; what its cells show is drawn later. @param {State} now @param {(read: Read) => HTMLElement} cell */
function tableOf(t, now, layer, cell) {
  const last = layer === now.sizes.length - 1;
  const inputs = Array.from({ length: now.sizes[layer - 1] }, (_, j) => inputName(t, now, layer, j));
  const columns = [...inputs, t("bias"), "z", last ? (now.classes ? "σ(z)" : "ŷ") : "h"];
  const rows = readsOf(now, layer).map((reads, i) => {
    const name = h("th", { scope: "row", text: neuronName(t, now.hidden.length, layer, i) });
    return h("tr", {}, name, ...reads.map(cell));
  });
  const heads = columns.map((text) => h("th", { scope: "col", text }));
  return h(
    "table",
    { class: "fg-table" },
    h("caption", { text: last ? t("outputLayer") : t("hiddenLayer", { layer }) }),
    h("thead", {}, h("tr", {}, h("td", {}), ...heads)),
    h("tbody", {}, ...rows),
  );
}

/** @param {import("../../ui/frame.js").Ui} ui */
export function tablesOf(ui) {
  const { t } = ui;
  const note = h("p", { class: "fg-table-note" });
  const node = h("div", { class: "fg-tables", role: "region", "aria-label": t("numbers"), hidden: true });
  ui.controls.before(node);
  let shown = "";
  /** @type {[HTMLElement, Read][]} */ let cells = [];

  function build(/** @type {State} */ now) {
    cells = [];
    const cell = (read) => {
      const td = h("td", {});
      cells.push([td, read]);
      return td;
    };
    node.replaceChildren(note, ...now.places.map((_, k) => tableOf(t, now, k + 1, cell)));
  }
  return function draw(/** @type {State} */ now) {
    node.hidden = !now.numbers;
    const key = now.numbers ? JSON.stringify([now.hidden, now.features, now.classes]) : "";
    if (now.numbers && key !== shown) build(now);
    shown = key;
    if (!now.numbers) return;
    const [x, y] = now.probe.map((v) => number(v));
    say(note, t("tableNote", { count: now.net.parameters.length, x, y }));
    for (const [td, read] of cells) say(td, number(read(now)));
    put(node, { tabindex: node.scrollWidth > node.clientWidth ? 0 : -1 });
  };
}
