// The elements: a and b stretched to the result's shape, and the result; a copy is drawn as a ghost of its original.

import { h, put, s } from "../../ui/dom.js";
import { count, readAll, shapeText, stretched } from "./core.js";

const MOST_DRAWN = 200; // elements of one picture
const [LARGEST, GAP, CAPTION, BESIDE] = [30, 0.5, 22, 24]; // px of a cell; cells between blocks; px of a caption, between pictures

/** Where the cells of a shape lie, in cells: the last axis to the right, the one before it down, then blocks likewise. */
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

/** @param {import("../../ui/frame.js").Ui} ui */
export function pictureOf(ui) {
  const { t } = ui;
  const svg = s("svg", { role: "img", class: "fg-cells" });
  const box = h("div", { class: "fg-plot fg-cells-box" }, svg);
  ui.figures.append(box);
  ui.watchSize(box);
  let made = { key: "" };
  let pressed = false;
  const point = (event) => {
    const flat = event.target.dataset?.flat;
    if (flat !== undefined && made.pointed) ui.set({ cell: Number(flat) });
  };
  svg.addEventListener("pointerdown", (event) => {
    pressed = true;
    point(event);
  });
  svg.addEventListener("pointermove", (event) => pressed && event.buttons && point(event));
  svg.addEventListener("pointerup", () => {
    pressed = false;
  });

  /** What is drawn of each of the three: its cells, which of them are its own, and a line below. */
  function parts(now) {
    const { a, b, shape } = now;
    const list = [
      ["a", a],
      ["b", b],
    ].map(([name, own]) => {
      if (!shape)
        return {
          name,
          shape: own,
          from: [...Array(Math.min(MOST_DRAWN + 1, count(own))).keys()],
          caption: t("captionAlone", { name, shape: shapeText(own) }),
        };
      const from = count(shape) <= MOST_DRAWN ? readAll(own, shape) : [];
      return {
        name,
        shape,
        from,
        caption: t("caption", { name, shape: shapeText(own), steps: shapeText(stretched(own, shape)) }),
      };
    });
    return [
      ...list,
      {
        name: "out",
        shape: shape ?? [],
        none: !shape,
        caption: shape ? t("captionOut", { shape: shapeText(shape) }) : t("captionNone"),
      },
    ];
  }

  /** The shapes of one pair at one width; what is pointed at is set afterwards. */
  function make(now, width) {
    const key = JSON.stringify([now.a, now.b, width]);
    if (key === made.key) return;
    const drawn = parts(now).map((part) => ({
      ...part,
      ...(part.none || count(part.shape) > MOST_DRAWN || count(part.shape) === 0
        ? { cells: [], wide: 1, tall: 1 }
        : places(part.shape)),
    }));
    const beside = width >= 520;
    const room = beside ? (width - 2 * BESIDE) / 3 : width;
    const side = Math.max(
      7,
      Math.min(LARGEST, Math.floor((room - 2) / Math.max(...drawn.map(({ wide }) => wide)))),
    );
    let top = 0;
    const groups = drawn.map((part, i) => {
      const left = beside ? i * (room + BESIDE) : 0;
      const group = one(part, { left, top: beside ? 0 : top, side, room });
      if (!beside) top += part.tall * side + CAPTION + 16;
      return group;
    });
    const height = Math.ceil(beside ? Math.max(...drawn.map(({ tall }) => tall)) * side + CAPTION + 6 : top);
    put(svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    svg.replaceChildren(...groups.map(({ group }) => group));
    made = { key, groups, pointed: now.pointed };
  }

  function one({ name, shape, from, none, cells, tall, caption }, { left, top, side, room }) {
    const group = s("g", { transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})` });
    const seen = new Set();
    const digits = String(Math.max(0, ...(from ?? []))).length;
    const marks = cells.map(([x, y], flat) => {
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
          Object.assign(
            s("text", {
              x: ((x + 0.5) * side + 0.5).toFixed(1),
              y: ((y + 0.5) * side + 4.5).toFixed(1),
              "text-anchor": "middle",
              class: own ? "fg-cell-text" : "fg-cell-text fg-quiet",
            }),
            { textContent: String(from[flat]) },
          ),
        );
      return { rect, base: `fg-cell fg-cell-${name}${own ? "" : " fg-cell-ghost"}`, own };
    });
    const note = none ? "✗" : count(shape) === 0 ? t("empty") : cells.length ? "" : t("tooLarge");
    const words = [
      [note, side - 4],
      [caption, tall * side + CAPTION - 6],
    ].filter(([text]) => text);
    group.append(
      ...words.map(([text, y], i) =>
        Object.assign(
          s("text", {
            x: 1,
            y: y.toFixed(1),
            class: i < words.length - 1 ? "fg-cells-note" : "fg-cells-caption",
            ...(text.length * 6.6 > room && {
              textLength: Math.floor(room - 4),
              lengthAdjust: "spacingAndGlyphs",
            }),
          }),
          { textContent: text },
        ),
      ),
    );
    return { group, marks, from };
  }

  return function draw(now) {
    make(now, Math.max(240, Math.round(ui.widthOf(box))));
    made.pointed = now.pointed;
    const [a, b, out] = made.groups;
    const at = now.shape && out.marks.length ? now.cell : -1;
    const mark = (group, i, { rect, base, own }) => {
      const same = at >= 0 && group.from && group.from[i] === group.from[at];
      put(rect, { class: `${base}${i === at ? " fg-cell-now" : ""}${same && own ? " fg-cell-source" : ""}` });
    };
    for (const group of [a, b]) group.marks.forEach((one, i) => mark(group, i, one));
    out.marks.forEach(({ rect, base }, i) => {
      const [first, second] = [a, b].map((group) => at >= 0 && group.from[i] === group.from[at]);
      put(rect, {
        class: `${base}${i === at ? " fg-cell-now" : first && second ? " fg-cell-both" : first ? " fg-cell-like-a" : second ? " fg-cell-like-b" : ""}`,
      });
    });
    put(svg, {
      "aria-label": now.clash
        ? t("pictureClash")
        : t("picture", { caption: t("captionOut", { shape: shapeText(now.shape) }) }),
    });
  };
}
