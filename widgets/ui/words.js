// Words as points of a map: labels that do not cover one another, the more important first; a tap or click takes the nearest.
import { put } from "./dom.js";

/**
 * @typedef {{x: number, y: number, text: string, tip?: string, tone?: string, strong?: boolean, quiet?: boolean}} Point
 *   tone: a design token's name; tip: what is shown under the mouse
 */

const HEIGHT = 15; // px of a label's line
const lengthOf = (words) => Array.from(words).reduce((sum, c) => sum + (c > "\u2e80" ? 12.5 : 6.9), 0);

/** @typedef {{x0: number, x1: number, y0: number, y1: number}} Box px */

/**
 * @param {import("./plot/index.js").Plot} plot
 * @param {{onTake: (index: number) => void, most: number}} options  most: how many words there can be
 */
export function wordsOf(plot, { onTake, most }) {
  const marks = [];
  const pointer = pointerOf(plot, onTake);

  function show({ dot, label }, p, taken) {
    const color = p.tone ?? (p.quiet ? "muted" : "ink");
    dot.color(color);
    dot.node.classList.toggle("fg-ghost", Boolean(p.quiet));
    dot.set([p.x, p.y]);
    const place = placeOf(plot, p, taken);
    if (!place) return label.hide();
    taken.push(place.box);
    put(label.node, { class: `fg-label ${p.strong ? "fg-strong" : p.quiet ? "fg-quiet" : ""}` });
    label.color(color);
    label.set(p.x, p.y, p.text, place);
  }
  return {
    /** The points, the most important first. @param {Point[]} list */
    set(list) {
      const points = list.slice(0, most);
      while (marks.length < points.length) marks.push({ dot: plot.dots({ size: 5 }), label: plot.text({}) });
      const taken = [];
      marks.forEach((mark, i) => {
        if (points[i]) return show(mark, points[i], taken);
        mark.dot.hide();
        mark.label.hide();
      });
      pointer.over(points);
    },
  };
}

/**
 * The first place beside a point where its label fits and covers no other; an important one may cover.
 * @param {import("./plot/index.js").Plot} plot @param {Point} p @param {Box[]} taken
 */
function placeOf(plot, p, taken) {
  const [px, py] = [plot.x.map(p.x), plot.y.map(p.y)];
  const wide = lengthOf(p.text) + 4;
  const right = { x0: px + 6, x1: px + 6 + wide, y0: py - HEIGHT / 2, y1: py + HEIGHT / 2 };
  const left = { ...right, x0: px - 6 - wide, x1: px - 6 };
  const above = { x0: px - wide / 2, x1: px + wide / 2, y0: py - 6 - HEIGHT, y1: py - 6 };
  const below = { ...above, y0: py + 6, y1: py + 6 + HEIGHT };
  const free = (box) => taken.every((b) => box.x1 < b.x0 || box.x0 > b.x1 || box.y1 < b.y0 || box.y0 > b.y1);
  const inside = (box) => box.x0 > 2 && box.x1 < plot.width - 2 && box.y0 > 1 && box.y1 < plot.height - 1;
  const box =
    [right, left, above, below].find((b) => inside(b) && free(b)) ??
    (p.strong ? [right, left].find(inside) : undefined);
  if (!box) return null;
  const dy = box.y0 + HEIGHT / 2 + 4 - py;
  if (box === above || box === below) return { box, dx: 0, dy, anchor: "middle" };
  return box === left ? { box, dx: -6, dy, anchor: "end" } : { box, dx: 6, dy, anchor: "start" };
}

/** A word without a label shows it under the mouse; a click or tap takes the nearest. */
function pointerOf(plot, onTake) {
  let points = [];
  let hover = -1;
  const tip = plot.text({ class: "fg-strong" });

  /** The word nearest to a place on the screen, in px, if any is near. */
  function nearest(px, py, within = 40) {
    let [best, least] = [-1, within * within];
    points.forEach(({ x, y }, i) => {
      const far = (plot.x.map(x) - px) ** 2 + (plot.y.map(y) - py) ** 2;
      if (far < least) [best, least] = [i, far];
    });
    return best;
  }
  function point() {
    const at = points[hover];
    at ? tip.set(at.x, at.y, at.tip ?? at.text, { dx: 8, dy: -12 }) : tip.hide();
  }
  function peek(i) {
    if (i === hover) return;
    hover = i;
    plot.node.style.cursor = i < 0 ? "" : "pointer";
    point();
  }
  plot.onPlace((x, y) => {
    const i = nearest(plot.x.map(x), plot.y.map(y));
    if (i >= 0) onTake(i);
  });
  plot.node.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const [px, py] = plot.pixel(event);
    peek(nearest(px, py, 20));
  });
  plot.node.addEventListener("pointerleave", () => peek(-1));
  return {
    /** @param {Point[]} list */
    over(list) {
      points = list;
      point();
    },
  };
}
