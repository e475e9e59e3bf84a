// Below the map: the nearest words with their cosines, and the words that one was seen with.
import { h, say } from "../../ui/index.js";
import { cosineText, SHOWN } from "./map.js";

/** @typedef {import("./index.js").Now} Now */

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void} */
export function neighboursOf(ui, into) {
  const { t } = ui;
  const name = h("p", { class: "fg-sg-label" });
  const rows = Array.from({ length: SHOWN }, rowOf);
  const list = h("ul", { class: "fg-sg-list" }, ...rows.map(({ node }) => node));
  into.append(h("div", {}, name, list));
  return function draw({ model, tokens, word, near }) {
    say(name, t("neighbours", { word: tokens[word] }));
    rows.forEach((row, i) => {
      const one = near[i];
      row.node.hidden = !one;
      if (!one) return;
      const count = model.contexts(word).get(one.word);
      say(row.name, tokens[one.word]);
      row.bar.style.transform = `scaleX(${Math.max(0, Math.min(1, one.cosine)).toFixed(3)})`;
      say(row.value, cosineText(one.cosine));
      say(row.note, count ? t("times", { count }) : t("never"));
    });
  };
}

function rowOf() {
  const row = { name: h("span", {}), bar: h("i", {}), value: h("output", {}), note: h("small", {}) };
  const bar = h("span", { class: "fg-sg-bar" }, row.bar);
  return { ...row, node: h("li", {}, row.name, bar, row.value, row.note) };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void} */
export function companyOf(ui, into) {
  const { t } = ui;
  const name = h("p", { class: "fg-sg-label" });
  const company = h("p", { class: "fg-sg-company" });
  into.append(h("div", {}, name, company));
  return function draw({ model, tokens, word }) {
    const met = model
      .company(word)
      .map((one) => (one.count > 1 ? `${tokens[one.word]} ${t("times", one)}` : tokens[one.word]));
    say(name, t("company", { word: tokens[word] }));
    say(company, met.length ? met.join(t("and")) : t("alone"));
  };
}
