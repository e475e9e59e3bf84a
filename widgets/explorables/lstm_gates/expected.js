// What the model expects after the place pointed to: the likeliest characters as bars, the one that came among them.

import { likeliest } from "../../core/lstm.js";
import { h, put, say } from "../../ui/dom.js";
import { shown } from "./state.js";

const BARS = 6;

/** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement}} options */
export function expectedOf(ui, { into }) {
  const { t } = ui;
  const title = h("p", { class: "fg-heat-name" });
  const rows = Array.from({ length: BARS + 1 }, () => {
    const name = h("span", { class: "fg-bar-name" });
    const bar = h("span", { class: "fg-bar" });
    const value = h("span", { class: "fg-bar-value" });
    return {
      name,
      bar,
      value,
      node: h("li", { class: "fg-bar-row" }, name, h("span", { class: "fg-bar-track" }, bar), value),
    };
  });
  const list = h("ol", { class: "fg-bars" }, ...rows.map(({ node }) => node));
  const none = h("p", { class: "fg-quiet-text" });
  into.append(h("div", { class: "fg-expected" }, title, list, none));
  function bars({ reading, skip, at, ids, model }) {
    const chances = reading.chances[skip + at];
    const best = likeliest(chances, BARS);
    const next = ids[at + 1];
    const came = next !== undefined && !best.some(([id]) => id === next) ? [[next, 2 ** chances[next]]] : [];
    const there = [...best, ...came];
    rows.forEach((row, i) => {
      row.node.hidden = i >= there.length;
      if (row.node.hidden) return;
      const [id, chance] = there[i];
      put(row.node, { "data-came": id === next ? "yes" : "no" });
      say(row.name, shown(model.characters[id]));
      row.bar.style.width = `${(100 * chance).toFixed(1)}%`;
      say(row.value, percent(chance, ui.number) + (id === next ? ` · ${t("cameShort")}` : ""));
    });
  }
  return function draw(/** @type {import("./state.js").State} */ now) {
    const { trained, count, characters, at } = now;
    const there = trained && count > 0;
    list.hidden = !there;
    none.hidden = there;
    say(none, there ? "" : t(trained ? "empty" : "noneYet"));
    const before = characters.slice(Math.max(0, at - 11), at + 1);
    say(title, there ? t("after", { text: before.map(shown).join("") }) : t("expected"));
    if (there) bars(now);
  };
}

const percent = (share, number) => `${share >= 0.001 ? (100 * share).toFixed(1) : number(100 * share, 1)}%`;
