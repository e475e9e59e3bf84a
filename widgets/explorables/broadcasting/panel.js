// The two shapes under each other, aligned at the right, with a place to put in a new axis between any two.

import { h, put, say } from "../../ui/dom.js";
import { MOST_AXES } from "./core.js";

const STEP = 16; // px that a number is dragged for one more, or less
const MOST_DRAGGED = 9;

/** @param {import("../../ui/frame.js").Ui} ui @param {{insert: (name: "a"|"b", axis: number) => void}} does */
export function panelOf(ui, { insert }) {
  const { t } = ui;
  const panel = h("div", { class: "fg-aligned", role: "group", "aria-label": t("aligned") });
  ui.figures.append(h("div", { class: "fg-aligned-box" }, panel));
  const rows = Object.fromEntries(["a", "b"].map((name, i) => [name, rowOf(name, i + 1)]));
  const out = chips("out", 3);
  panel.append(
    h("span", {
      class: "fg-aligned-name fg-aligned-out",
      style: "grid-row:3",
      "aria-hidden": "true",
      text: "=",
    }),
    ...out,
  );

  function rowOf(name, row) {
    const plus = Array.from({ length: MOST_AXES }, (_, axis) =>
      h("button", {
        type: "button",
        class: "fg-plus",
        "aria-label": t("unsqueeze", { name, axis }),
        title: `${name}.unsqueeze(${axis})`,
        style: `grid-row:${row}`,
        onclick: () => insert(name, axis),
        text: "+",
      }),
    );
    const sizes = chips(name, row);
    sizes.forEach((chip, column) => drags(chip, name, column));
    panel.append(
      h("span", {
        class: `fg-aligned-name fg-of-${name}`,
        style: `grid-row:${row}`,
        "aria-hidden": "true",
        text: name,
      }),
      ...plus,
      ...sizes,
    );
    return { plus, sizes };
  }
  function chips(name, row) {
    return Array.from({ length: MOST_AXES }, (_, column) =>
      h("span", {
        class: "fg-chip",
        "data-of": name,
        "aria-hidden": "true",
        style: `grid-row:${row};grid-column:${2 * column + 3}`,
      }),
    );
  }
  /** Left and right change the size; the text box does the same from the keyboard. */
  function drags(chip, name, column) {
    let from = null;
    const axisOf = () => column - (MOST_AXES - ui.get(name).length);
    chip.addEventListener("pointerdown", (event) => {
      if (ui.get("task") !== "free" || axisOf() < 0) return;
      from = { x: event.clientX, size: ui.get(name)[axisOf()] };
      chip.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    chip.addEventListener("pointermove", (event) => {
      if (!from) return;
      const moved = from.size + Math.round((event.clientX - from.x) / STEP);
      const size = Math.max(0, Math.min(Math.max(MOST_DRAGGED, from.size), moved));
      ui.set({ [name]: ui.get(name).with(axisOf(), size) });
    });
    for (const kind of ["pointerup", "pointercancel"])
      chip.addEventListener(kind, () => {
        from = null;
      });
  }

  return function draw(now) {
    const rank = now.axes.length;
    panel.dataset.rank = rank;
    for (const name of ["a", "b"]) {
      const shape = now[name];
      const missing = MOST_AXES - shape.length;
      rows[name].plus.forEach((button, axis) => {
        button.hidden = axis > shape.length;
        button.disabled = shape.length >= MOST_AXES;
        button.style.gridColumn = String(2 * (missing + axis) + 2);
      });
      rows[name].sizes.forEach((chip, column) => {
        const axis = now.axes[column - (MOST_AXES - rank)];
        show(chip, axis, { own: axis?.[name], name });
        chip.classList.toggle("fg-chip-drag", now.task === "free" && column >= missing);
      });
    }
    out.forEach((chip, column) => {
      const axis = now.axes[column - (MOST_AXES - rank)];
      chip.hidden = !axis;
      if (!axis) return;
      say(chip, axis.kind === "clash" ? "✗" : String(axis.size));
      put(chip, { class: `fg-chip fg-chip-out${axis.kind === "clash" ? " fg-chip-clash" : ""}` });
    });
  };

  function show(chip, axis, { own, name }) {
    chip.hidden = !axis;
    if (!axis) return;
    const stretched = axis.kind === name && axis.size !== 1;
    const now = own ?? 1;
    say(chip, stretched ? `${now}→${axis.size}` : String(now));
    const kinds = [
      own === null && "fg-chip-missing",
      stretched && "fg-chip-stretched",
      axis.kind === "clash" && "fg-chip-clash",
      `fg-of-${name}`,
    ];
    put(chip, { class: ["fg-chip", ...kinds].filter(Boolean).join(" ") });
  }
}
