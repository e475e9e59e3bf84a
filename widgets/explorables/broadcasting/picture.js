// The elements: a and b stretched to the result's shape, and the result; a copy is drawn as a ghost of its
// original.

import { h, put, s } from "../../ui/dom.js";
import { count, readAll, shapeText, stretched } from "./core.js";

const MOST_DRAWN = 200; // elements of one picture
// px of a cell; cells between blocks; px of a caption, between pictures
const [LARGEST, GAP, CAPTION, BESIDE] = [30, 0.5, 22, 24];

/**
 * One of the three pictures. `from`: which element of the operand each cell shows; `none`: there is no
 * result.
 * @typedef {{name: "a"|"b"|"out", shape: number[], caption: string, from?: number[], none?: boolean}} Part
 * @typedef {Part & ReturnType<typeof places>} Placed
 * @typedef {{left: number, top: number, side: number, room: number}} Place  px; side: of a cell, room: for
 * the picture
 * @typedef {ReturnType<typeof groupOf>} Group
 */

/**
 * Where the cells of a shape lie, in cells: the last axis to the right, the one before it down, then blocks
 * likewise.
 */
export function places(shape) {
  const [d, c, rows, columns] = [...Array(Math.max(0, 4 - shape.length)).fill(1), ...shape].slice(-4);
  const cells = [];
  for (let i = 0; i < d; i += 1)
    for (let j = 0; j < c; j += 1)
      for (let y = 0; y < rows; y += 1)
        for (let x = 0; x < columns; x += 1) {
          cells.push([j * (columns + GAP) + x, i * (rows + GAP) + y]);
        }
  return { cells, wide: c * columns + (c - 1) * GAP, tall: d * rows + (d - 1) * GAP };
}

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: import("./index.js").Now) => void} */
export function pictureOf(ui) {
  const { t } = ui;
  const svg = s("svg", { role: "img", class: "fg-cells" });
  const box = h("div", { class: "fg-plot fg-cells-box" }, svg);
  ui.figures.append(box);
  ui.watchSize(box);
  /** @type {{key: string, groups: Group[], pointed: boolean}} */
  let made = { key: "", groups: [], pointed: false };
  points(svg, (cell) => made.pointed && ui.set({ cell }));

  return function draw(now) {
    const width = Math.max(240, Math.round(ui.widthOf(box)));
    const key = JSON.stringify([now.a, now.b, width]);
    if (key !== made.key) made = { key, groups: make(svg, partsOf(ui, now), width, t), pointed: false };
    made.pointed = now.pointed;
    mark(made.groups, now);
    put(svg, {
      "aria-label": now.clash
        ? t("pictureClash")
        : t("picture", { caption: t("captionOut", { shape: shapeText(now.shape) }) }),
    });
  };
}

/** A press on a cell, and the way from there. @param {(flat: number) => void} onPoint */
function points(svg, onPoint) {
  let pressed = false;
  const point = (event) => {
    const flat = event.target.dataset?.flat;
    if (flat !== undefined) onPoint(Number(flat));
  };
  svg.addEventListener("pointerdown", (event) => {
    pressed = true;
    point(event);
  });
  svg.addEventListener("pointermove", (event) => pressed && event.buttons && point(event));
  svg.addEventListener("pointerup", () => {
    pressed = false;
  });
}

/** What is drawn of each of the three. @returns {Part[]} */
function partsOf({ t }, { a, b, shape }) {
  const operand = (name, own) => {
    const said = { name, shape: shapeText(own) };
    if (!shape) {
      const from = [...Array(Math.min(MOST_DRAWN + 1, count(own))).keys()];
      return { name, shape: own, from, caption: t("captionAlone", said) };
    }
    const from = count(shape) <= MOST_DRAWN ? readAll(own, shape) : [];
    return { name, shape, from, caption: t("caption", { ...said, steps: shapeText(stretched(own, shape)) }) };
  };
  const caption = shape ? t("captionOut", { shape: shapeText(shape) }) : t("captionNone");
  return [operand("a", a), operand("b", b), { name: "out", shape: shape ?? [], none: !shape, caption }];
}

/**
 * The shapes of one pair at one width, beside or below each other; what is pointed at is set afterwards.
 * @param {Part[]} parts
 */
function make(svg, parts, width, t) {
  const drawn = parts.map((part) => ({
    ...part,
    ...(part.none || count(part.shape) > MOST_DRAWN || count(part.shape) === 0
      ? { cells: [], wide: 1, tall: 1 }
      : places(part.shape)),
  }));
  const beside = width >= 520;
  const room = beside ? (width - 2 * BESIDE) / 3 : width;
  const most = Math.max(...drawn.map(({ wide }) => wide));
  const side = Math.max(7, Math.min(LARGEST, Math.floor((room - 2) / most)));
  let top = 0;
  const groups = drawn.map((part, i) => {
    const group = groupOf(part, { left: beside ? i * (room + BESIDE) : 0, top, side, room }, t);
    if (!beside) top += part.tall * side + CAPTION + 16;
    return group;
  });
  const height = Math.ceil(beside ? Math.max(...drawn.map(({ tall }) => tall)) * side + CAPTION + 6 : top);
  put(svg, { viewBox: `0 0 ${width} ${height}`, width, height });
  svg.replaceChildren(...groups.map(({ group }) => group));
  return groups;
}

/** @param {Placed} part @param {Place} place */
function groupOf(part, { left, top, side, room }, t) {
  const group = s("g", { transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})` });
  const marks = cellsOf(part, side, group);
  const note = part.none ? "✗" : count(part.shape) === 0 ? t("empty") : marks.length ? "" : t("tooLarge");
  const words = [
    { text: note, y: side - 4 },
    { text: part.caption, y: part.tall * side + CAPTION - 6 },
  ].filter(({ text }) => text);
  words.forEach(({ text, y }, i) => {
    const squeezed = { textLength: Math.floor(room - 4), lengthAdjust: "spacingAndGlyphs" };
    const kind = i < words.length - 1 ? "fg-cells-note" : "fg-cells-caption";
    group.append(
      s("text", { x: 1, y: y.toFixed(1), class: kind, ...(text.length * 6.6 > room && squeezed), text }),
    );
  });
  return { group, marks, from: part.from };
}

/**
 * The cells, each with the number of the element that it shows where there is room; `own`: it is no copy.
 * @param {Placed} part
 */
function cellsOf({ name, from, cells }, side, group) {
  const seen = new Set();
  const digits = String(Math.max(0, ...(from ?? []))).length;
  return cells.map(([x, y], flat) => {
    const own = !from || !seen.has(from[flat]);
    seen.add(from?.[flat]);
    const rect = s("rect", {
      x: (x * side + 1.5).toFixed(1),
      y: (y * side + 1.5).toFixed(1),
      width: side - 2,
      height: side - 2,
      rx: 2,
      "data-flat": flat,
    });
    group.append(rect);
    if (from && side >= 9 + 7 * digits)
      group.append(
        s("text", {
          x: ((x + 0.5) * side + 0.5).toFixed(1),
          y: ((y + 0.5) * side + 4.5).toFixed(1),
          "text-anchor": "middle",
          class: own ? "fg-cell-text" : "fg-cell-text fg-quiet",
          text: String(from[flat]),
        }),
      );
    return { rect, base: `fg-cell fg-cell-${name}${own ? "" : " fg-cell-ghost"}`, own };
  });
}

/**
 * The cell pointed at, what it reads, and which cells of the result read the same.
 * @param {Group[]} groups @param {import("./index.js").Now} now
 */
function mark([a, b, out], now) {
  const at = now.shape && out.marks.length ? now.cell : -1;
  const same = ({ from }, i) => at >= 0 && from && from[i] === from[at];
  const here = (i) => (i === at ? " fg-cell-now" : "");
  for (const group of [a, b])
    group.marks.forEach(({ rect, base, own }, i) => {
      put(rect, { class: `${base}${here(i)}${own && same(group, i) ? " fg-cell-source" : ""}` });
    });
  out.marks.forEach(({ rect, base }, i) => {
    const like = same(a, i) && same(b, i) ? "both" : same(a, i) ? "like-a" : same(b, i) ? "like-b" : "";
    put(rect, { class: `${base}${here(i) || (like && ` fg-cell-${like}`)}` });
  });
}
