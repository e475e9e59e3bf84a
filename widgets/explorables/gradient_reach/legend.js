// Below the pictures: each cell by name and colour, how far it reaches, what one step back multiplies by.
import { h, say } from "../../ui/dom.js";

/** A row: the cell's name and colour, and what is drawn later. */
function rowOf(name, hue) {
  const [reach, rate, left] = [h("td"), h("td"), h("td")];
  const swatch = h("span", {
    class: "fg-swatch",
    style: `background:var(--fg-${hue})`,
    "aria-hidden": "true",
  });
  const head = h("th", { scope: "row" }, swatch, h("span", { text: name }));
  return { reach, rate, left, node: h("tr", {}, head, reach, rate, left) };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {string[]} kinds @param {Record<string, string>} hues */
export function legendOf(ui, kinds, hues) {
  const { t } = ui;
  const rows = kinds.map((kind) => ({ kind, ...rowOf(t(kind), hues[kind]) }));
  const columns = ["cell", "reach", "rate", "leftOver"].map((name) =>
    h("th", { scope: "col", text: t(name) }),
  );
  const node = h(
    "table",
    { class: "fg-reach-table" },
    h("thead", {}, h("tr", {}, ...columns)),
    h("tbody", {}, ...rows.map((row) => row.node)),
  );
  const note = h("p", { class: "fg-reach-note" });
  ui.figures.after(h("div", { class: "fg-reach-foot" }, node, note));
  return function draw(/** @type {import("./state.js").State} */ now) {
    const length = now.length - 1;
    for (const { kind, reach, rate, left } of rows) {
      const found = now.cells[kind];
      say(reach, t(found.reach >= length ? "atLeast" : "steps", { steps: found.reach }));
      say(rate, `× ${ui.number(found.rate)}`);
      say(left, ui.number(found.left.at(-1), 2));
    }
    say(note, t("note", { scale: ui.number(now.scale), forget: ui.number(now.forget), length }));
  };
}
