// What the model expects after the place pointed to: the likeliest characters as bars, the one that came among them.

import { likeliest } from "../../core/lstm.js";
import { h, put, say } from "../../ui/dom.js";

const BARS = 6;

/** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement, shown: (character: string) => string}} options */
export function expectedOf(ui, { into, shown }) {
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
  return function draw(now, at) {
    const there = now.trained && now.count > 0;
    list.hidden = !there;
    none.hidden = there;
    say(none, there ? "" : t(now.trained ? "empty" : "noneYet"));
    say(
      title,
      there
        ? t("after", {
            text: now.characters
              .slice(Math.max(0, at - 11), at + 1)
              .map(shown)
              .join(""),
          })
        : t("expected"),
    );
    if (!there) return;
    const chances = now.reading.chances[now.skip + at];
    const best = likeliest(chances, BARS);
    const next = now.ids[at + 1];
    const came = next !== undefined && !best.some(([id]) => id === next) ? [[next, 2 ** chances[next]]] : [];
    const shownRows = [...best, ...came];
    rows.forEach((row, i) => {
      row.node.hidden = i >= shownRows.length;
      if (row.node.hidden) return;
      const [id, chance] = shownRows[i];
      put(row.node, { "data-came": id === next ? "yes" : "no" });
      say(row.name, shown(now.model.characters[id]));
      row.bar.style.width = `${(100 * chance).toFixed(1)}%`;
      say(
        row.value,
        `${chance >= 0.001 ? `${(100 * chance).toFixed(1)}%` : `${ui.number(100 * chance, 1)}%`}${id === next ? ` · ${t("cameShort")}` : ""}`,
      );
    });
  };
}
