// The chart: a dot a model, coloured by its kind; the reader's line; the names that everybody knows, and the
// one chosen.
import { h } from "../../ui/dom.js";
import { number } from "../../ui/format.js";
import { SINCE } from "./core.js";

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {import("./core.js").Point} Point
 */

/** @type {Record<string, string>} */
export const KINDS = {
  text: "blue",
  image: "orange",
  speech: "green",
  game: "purple",
  multimodal: "red",
  science: "grey",
  other: "grey",
};
const NAMED = ["NETtalk", "LeNet-5", "AlexNet", "GPT-3", "Kimi K2"]; // as far as they have the figures
const YEARS = { year: [1956, 2027], recent: [2011.5, 2027] };
const TURNS = { year: 2005, recent: 2021 }; // from here on a name stands on the left
const REACH = 26; // px: how near a click must be

/** A range of whole decades around the figures; years are linear. */
function domainOf(axis, values) {
  if (YEARS[axis]) return YEARS[axis];
  const logs = values.length ? values.map(Math.log10) : [0, 12];
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  return [10 ** (low - 0.06 * (high - low + 4)), 10 ** (high + 0.06 * (high - low + 4))];
}

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now, words: string) => void} */
export function chartOf(ui) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("title"),
    height: (width) => Math.round(Math.min(460, Math.max(290, width * 0.62))),
    margin: { left: 52 },
    x: { domain: [1956, 2027], scale: "linear", label: t("year") },
    y: { domain: [1, 1e13], scale: "log", label: t("parameters") },
  });
  plot.node.classList.add("fg-timeline");
  const layers = [lineOf(plot, t), dotsOf(plot), namesOf(plot), hoverOf(ui, plot), chosenOf(plot)];

  return function draw(now, words) {
    const { x, y, points } = now;
    plot.node.hidden = now.asTable;
    const domain = (axis, name) =>
      domainOf(
        name,
        points.map((/** @type {Point} */ point) => point[axis]),
      );
    plot.layout({
      x: { domain: domain("x", x), scale: YEARS[x] ? "linear" : "log", label: t(x) },
      y: { domain: domain("y", y), scale: "log", label: t(y) },
    });
    for (const layer of layers) layer(now);
    plot.describe(words);
  };
}

/** The reader's line: a growth since 2012, or tokens for each parameter. */
function lineOf(plot, t) {
  const line = plot.line({ color: "accent", width: 2, dash: "7 5" });
  const name = plot.text({ color: "accent", class: "fg-strong" });
  return function draw({ trend, months, diagonal, per, x }) {
    if (trend) {
      const at = (year) => trend.y * 2 ** (((year - trend.x) * 12) / months);
      line.set([SINCE, at(SINCE), 2027, at(2027)]);
      x === "year"
        ? name.set(SINCE, at(SINCE), t("yours"), { dx: -8, dy: 4, anchor: "end" })
        : name.set(trend.x, trend.y, t("yours"), { dx: 10, dy: 20 });
    } else if (diagonal) {
      const [low, high] = plot.x.domain;
      line.set([low, low * per, high, high * per]);
      name.set(high, high * per, t("equal", { per: number(per) }), { dx: -8, dy: 16, anchor: "end" });
    } else for (const mark of [line, name]) mark.hide();
  };
}

function dotsOf(plot) {
  const dots = Object.keys(KINDS).map((kind) => ({
    kind,
    mark: plot.dots({ color: KINDS[kind], size: 8.5 }),
  }));
  return function draw({ points }) {
    for (const { kind, mark } of dots)
      mark.set(points.filter((point) => point.kind === kind).flatMap(({ x, y }) => [x, y]));
  };
}

/** The model chosen: its dot in a ring, and its name. */
function chosenOf(plot) {
  const ring = plot.dots({ color: "ink", size: 17 });
  const hole = plot.dots({ color: "paper", size: 12 });
  const heart = plot.dots({ size: 8.5 });
  const label = plot.text({ class: "fg-strong" });
  return function draw({ points, model, x }) {
    const chosen = points.find((point) => point.name === model);
    if (!chosen) return [ring, hole, heart, label].forEach((mark) => mark.hide());
    for (const mark of [ring, hole, heart]) mark.set([chosen.x, chosen.y]);
    heart.color(KINDS[chosen.kind]);
    beside(label, chosen, x);
  };
}

function namesOf(plot) {
  const names = NAMED.map((name) => ({ name, mark: plot.text({ class: "fg-quiet" }) }));
  return function draw({ points, model, x }) {
    for (const { name, mark } of names) {
      const point = points.find((other) => other.name === name);
      point && name !== model ? beside(mark, point, x) : mark.hide();
    }
  };
}

/** A name beside its point. @param {Point} point @param {string} axis */
function beside(mark, point, axis) {
  const anchor = point.x > (TURNS[axis] ?? Infinity) ? "end" : "start";
  mark.set(point.x, point.y, point.name, { dx: 9, dy: -9, anchor });
}

/** The model under the mouse says its name, and a click chooses it. @returns {(now: Now) => void} */
function hoverOf(ui, plot) {
  const label = plot.text({});
  /** @type {{points: Point[], x: string}} */
  let shown = { points: [], x: "year" };
  /** The model whose point is nearest to the pointer, within reach. @returns {Point | null} */
  function near(event) {
    const [px, py] = plot.pixel(event);
    const far = (point) => Math.hypot(plot.x.map(point.x) - px, plot.y.map(point.y) - py);
    const best = shown.points.reduce(
      (found, point) => (!found || far(point) < far(found) ? point : found),
      null,
    );
    return best && far(best) <= REACH ? best : null;
  }
  plot.node.addEventListener("pointermove", (event) => {
    const point = near(event);
    point && point.name !== ui.get("model") ? beside(label, point, shown.x) : label.hide();
  });
  plot.node.addEventListener("pointerleave", () => label.hide());
  plot.node.addEventListener("click", (event) => ui.set({ model: near(event)?.name ?? "" }));
  return (now) => {
    shown = now;
    label.hide();
  };
}

/** Which colour is which kind; below the chart, and only with it. @returns {(now: Now) => void} */
export function legendOf(ui) {
  const kinds = Object.keys(KINDS).filter((kind) => kind !== "other");
  const key = (kind) => h("span", { style: `--fg-kind:var(--fg-${KINDS[kind]})`, text: ui.t(kind) });
  const legend = h("p", { class: "fg-kinds", "aria-hidden": "true" }, ...kinds.map(key));
  ui.figures.after(legend);
  return (now) => {
    legend.hidden = now.asTable;
  };
}
