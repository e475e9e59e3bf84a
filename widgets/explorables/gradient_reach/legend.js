// Below the pictures: each cell by name and colour, how far it reaches, what one step back multiplies by.
import { h, say } from "../../ui/dom.js";

/** @param {import("../../ui/frame.js").Ui} ui @param {string[]} kinds @param {Record<string, string>} hues */
export function legendOf(ui, kinds, hues) {
  const { t } = ui;
  const cell = (text) => h("td", { text });
  const rows = kinds.map((kind) => ({ kind, reach: cell(""), rate: cell(""), left: cell("") }));
  const node = h(
    "table",
    { class: "fg-reach-table" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...["cell", "reach", "rate", "leftOver"].map((name) => h("th", { scope: "col", text: t(name) })),
      ),
    ),
    h(
      "tbody",
      {},
      ...rows.map(({ kind, reach, rate, left }) =>
        h(
          "tr",
          {},
          h(
            "th",
            { scope: "row" },
            h("span", {
              class: "fg-swatch",
              style: `background:var(--fg-${hues[kind]})`,
              "aria-hidden": "true",
            }),
            h("span", { text: t(kind) }),
          ),
          reach,
          rate,
          left,
        ),
      ),
    ),
  );
  const note = h("p", { class: "fg-reach-note" });
  ui.figures.after(h("div", { class: "fg-reach-foot" }, node, note));
  return function draw(now) {
    for (const { kind, reach, rate, left } of rows) {
      const found = now.cells[kind];
      const whole = found.reach >= now.length - 1;
      say(reach, t(whole ? "atLeast" : "steps", { steps: found.reach }));
      say(rate, `× ${ui.number(found.rate)}`);
      say(left, ui.number(found.left.at(-1), 2));
    }
    say(
      note,
      t("note", { scale: ui.number(now.scale), forget: ui.number(now.forget), length: now.length - 1 }),
    );
  };
}
