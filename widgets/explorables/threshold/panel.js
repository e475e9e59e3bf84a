// The confusion matrix of 1,000 pictures, and what is read off it.
import { h, put, say } from "../../ui/index.js";

const CELLS = [
  ["tp", "hit", "good"],
  ["fn", "miss", "bad"],
  ["fp", "alarm", "bad"],
  ["tn", "rejection", "good"],
];
const BARS = ["precision", "recall", "f1", "accuracy"];

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: import("./index.js").Now) => void} */
export function panelOf(ui) {
  const { t, number } = ui;
  const matrix = matrixOf(t);
  const list = h("dl", {});
  const rows = Object.fromEntries([...BARS, "costs"].map((name) => [name, rowOf(list, t(name))]));
  rows.costs.bar.style.visibility = "hidden";
  ui.figures.append(h("div", { class: "fg-th-panel" }, matrix.table, list));

  return function draw(now) {
    for (const [key] of CELLS) say(matrix.numbers[key], number(1000 * now.shares[key], 3));
    for (const name of BARS) {
      const there = Number.isFinite(now[name]);
      say(rows[name].value, there ? now[name].toFixed(3) : t("nothing"));
      put(rows[name].fill, { style: `width:${(100 * (there ? now[name] : 0)).toFixed(1)}%` });
    }
    say(rows.costs.value, number(1000 * now.cost, 3));
  };
}

function matrixOf(t) {
  /** @type {Record<string, HTMLElement>} */
  const numbers = {};
  const cell = ([key, name, tone]) => {
    numbers[key] = h("span", {});
    return h("td", { "data-tone": tone }, numbers[key], h("small", { text: t(name) }));
  };
  const [tp, fn, fp, tn] = CELLS.map(cell);
  const head = (name, scope) => h("th", { scope, text: t(name) });
  const corner = h("td", { style: "background:none" });
  const table = h(
    "table",
    {},
    h("caption", { text: t("matrix") }),
    h("thead", {}, h("tr", {}, corner, head("saysShirt", "col"), head("saysOther", "col"))),
    h("tbody", {}, h("tr", {}, head("isShirt", "row"), tp, fn), h("tr", {}, head("isOther", "row"), fp, tn)),
  );
  return { table, numbers };
}

/** A measure: its name, a bar, its value. */
function rowOf(list, name) {
  const fill = h("i", {});
  const bar = h("dd", { class: "fg-th-bar", "aria-hidden": "true" }, fill);
  const value = h("dd", { class: "fg-th-value" });
  list.append(h("dt", { text: name }), bar, value);
  return { fill, bar, value };
}
