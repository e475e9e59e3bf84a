// The two shapes under each other, aligned at the right, with a place to put in a new axis between any two.

import { h, put, say } from "../../ui/dom.js";
import { MOST_AXES } from "./core.js";

const STEP = 16; // px that a number is dragged for one more, or less
const MOST_DRAGGED = 9;

/** @typedef {"a"|"b"} Operand */

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {{insert: (name: Operand, axis: number) => void}} does
 * @returns {(now: import("./index.js").Now) => void}
 */
export function panelOf(ui, { insert }) {
  const panel = h("div", { class: "fg-aligned", role: "group", "aria-label": ui.t("aligned") });
  ui.figures.append(h("div", { class: "fg-aligned-box" }, panel));
  const rows = {
    a: rowOf(ui, panel, "a", 1, insert),
    b: rowOf(ui, panel, "b", 2, insert),
  };
  const out = chips("out", 3);
  panel.append(nameOf("=", "fg-aligned-out", 3), ...out);

  return function draw(now) {
    const rank = now.axes.length;
    panel.dataset.rank = String(rank);
    const axisOf = (column) => now.axes[column - (MOST_AXES - rank)];
    for (const name of /** @type {Operand[]} */ (["a", "b"])) {
      const missing = MOST_AXES - now[name].length;
      showPlus(rows[name].plus, now[name].length);
      rows[name].sizes.forEach((chip, column) => {
        showSize(chip, axisOf(column), name);
        chip.classList.toggle("fg-chip-drag", now.task === "free" && column >= missing);
      });
    }
    out.forEach((chip, column) => showOut(chip, axisOf(column)));
  };
}

const nameOf = (text, kind, row) =>
  h("span", {
    class: `fg-aligned-name ${kind}`,
    style: `grid-row:${row}`,
    "aria-hidden": "true",
    text,
  });

/** One operand: its name, the places for a new axis, its sizes. @param {Operand} name */
function rowOf(ui, panel, name, row, insert) {
  const plus = Array.from({ length: MOST_AXES }, (_, axis) =>
    h("button", {
      type: "button",
      class: "fg-plus",
      "aria-label": ui.t("unsqueeze", { name, axis }),
      title: `${name}.unsqueeze(${axis})`,
      style: `grid-row:${row}`,
      onclick: () => insert(name, axis),
      text: "+",
    }),
  );
  const sizes = chips(name, row);
  sizes.forEach((chip, column) => drags(ui, chip, name, column));
  panel.append(nameOf(name, `fg-of-${name}`, row), ...plus, ...sizes);
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
function drags(ui, chip, name, column) {
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
    const shape = [...ui.get(name)];
    shape[axisOf()] = Math.max(0, Math.min(Math.max(MOST_DRAGGED, from.size), moved));
    ui.set({ [name]: shape });
  });
  for (const kind of ["pointerup", "pointercancel"])
    chip.addEventListener(kind, () => {
      from = null;
    });
}

function showPlus(plus, length) {
  plus.forEach((button, axis) => {
    button.hidden = axis > length;
    button.disabled = length >= MOST_AXES;
    button.style.gridColumn = String(2 * (MOST_AXES - length + axis) + 2);
  });
}

/** @param {import("./core.js").Axis | undefined} axis @param {Operand} name */
function showSize(chip, axis, name) {
  chip.hidden = !axis;
  if (!axis) return;
  const stretched = axis.kind === name && axis.size !== 1;
  const size = axis[name] ?? 1;
  say(chip, stretched ? `${size}→${axis.size}` : String(size));
  const kinds = [
    axis[name] === null && "fg-chip-missing",
    stretched && "fg-chip-stretched",
    axis.kind === "clash" && "fg-chip-clash",
    `fg-of-${name}`,
  ];
  put(chip, { class: ["fg-chip", ...kinds].filter(Boolean).join(" ") });
}

/** @param {import("./core.js").Axis | undefined} axis */
function showOut(chip, axis) {
  chip.hidden = !axis;
  if (!axis) return;
  const clash = axis.kind === "clash";
  say(chip, clash ? "✗" : String(axis.size));
  put(chip, { class: `fg-chip fg-chip-out${clash ? " fg-chip-clash" : ""}` });
}
