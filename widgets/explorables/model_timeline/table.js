// The same models as a table, the largest first.
import { h, put } from "../../ui/dom.js";
import { number } from "../../ui/format.js";
import { big } from "../../ui/units.js";
import { AXES } from "./core.js";
import { ROWS } from "./rows.js";

const HEADS = ["model", "date", "kind", "parameters", "data", "flops", "ratio", "licence", "source"];

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: import("./index.js").Now) => void} */
export function tableOf(ui) {
  const { t } = ui;
  const node = h("div", { class: "fg-models", role: "region", tabindex: "0", hidden: true });
  ui.figures.append(node);
  let drawn = "";
  return function draw(now) {
    node.hidden = !now.asTable;
    const key = JSON.stringify([now.y, now.kind, now.model]);
    if (!now.asTable || key === drawn) return;
    drawn = key;
    const value = AXES[now.y];
    const rows = ROWS.filter((row) => now.kind === "all" || row.kind === now.kind);
    rows.sort((a, b) => (value(b) ?? -1) - (value(a) ?? -1));
    const heads = HEADS.map((name) => h("th", { scope: "col", text: t(name) }));
    const body = rows.map((row) => rowOf(ui, row, row.name === now.model));
    node.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...body)));
    put(node, { "aria-label": t("tableLabel", { n: rows.length, y: t(now.y) }) });
  };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {import("./core.js").Row} row @param {boolean} selected
 */
function rowOf({ t, lang }, row, selected) {
  const shown = (value) => (value === null ? "" : value >= 1e16 ? number(value) : big(value, lang));
  const figure = (text) => h("td", { class: "fg-figure", text });
  const ratio = AXES.ratio(row);
  return h(
    "tr",
    { "data-selected": selected ? "yes" : "no" },
    h("th", { scope: "row", text: row.name }),
    h("td", { text: row.date }),
    h("td", { text: t(row.kind) }),
    figure(shown(row.parameters)),
    figure(row.data === null ? "" : t("amount", { n: shown(row.data), unit: t(row.unit) })),
    figure(shown(row.flops)),
    figure(ratio === null ? "" : number(ratio)),
    h("td", { text: row.licence }),
    h("td", {}, link(t, row)),
  );
}

/** Where the figures are from, if that is a page. */
const link = (t, { source, name }) =>
  source.startsWith("http")
    ? h("a", { href: source, text: t("source"), "aria-label": `${t("source")}: ${name}` })
    : null;
