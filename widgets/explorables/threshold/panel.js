// The confusion matrix of 1,000 pictures, and what is read off it.
import { h, put, say } from "../../ui/index.js";

const CELLS = [
  ["tp", "hit", "good"],
  ["fn", "miss", "bad"],
  ["fp", "alarm", "bad"],
  ["tn", "rejection", "good"],
];
const BARS = ["precision", "recall", "f1", "accuracy"];

/** @param {import("../../ui/frame.js").Ui} ui */
export function panelOf(ui) {
  const { t } = ui;
  const numbers = {};
  const cell = ([key, name, tone]) => {
    numbers[key] = h("span", {});
    return h("td", { "data-tone": tone }, numbers[key], h("small", { text: t(name) }));
  };
  const [tp, fn, fp, tn] = CELLS.map(cell);
  const head = (text, scope) => h("th", { scope, text });
  const table = h(
    "table",
    {},
    h("caption", { text: t("matrix") }),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td", { style: "background:none" }),
        head(t("saysShirt"), "col"),
        head(t("saysOther"), "col"),
      ),
    ),
    h(
      "tbody",
      {},
      h("tr", {}, head(t("isShirt"), "row"), tp, fn),
      h("tr", {}, head(t("isOther"), "row"), fp, tn),
    ),
  );
  const fills = {};
  const values = {};
  const row = (name) => {
    fills[name] = h("i", {});
    values[name] = h("dd", { class: "fg-th-value" });
    const bar = h("dd", { class: "fg-th-bar", "aria-hidden": "true" }, fills[name]);
    return [h("dt", { text: t(name) }), bar, values[name]];
  };
  const list = h("dl", {}, ...BARS.flatMap(row), ...row("costs"));
  fills.costs.parentNode.style.visibility = "hidden";
  ui.figures.append(h("div", { class: "fg-th-panel" }, table, list));

  return function draw(now) {
    for (const [key] of CELLS) say(numbers[key], ui.number(1000 * now.shares[key], 3));
    for (const name of BARS) {
      const there = Number.isFinite(now[name]);
      say(values[name], there ? now[name].toFixed(3) : t("nothing"));
      put(fills[name], { style: `width:${(100 * (there ? now[name] : 0)).toFixed(1)}%` });
    }
    say(values.costs, ui.number(1000 * now.cost, 3));
  };
}
