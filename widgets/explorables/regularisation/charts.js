// The three pictures: points and fit; errors along an axis; the weight of every wave.
import { LEAST, MOST_POINTS, MOST_WAVES, noisy, truth, wave } from "./core.js";

const FINE = 241; // places where a curve of the left picture is computed
const MARGIN = { left: 46, right: 14, top: 24, bottom: 38 };
const xs = Float64Array.from({ length: FINE }, (_, i) => i / (FINE - 1));
const basis = Array.from(xs, (x) => Float64Array.from({ length: MOST_WAVES }, (_, j) => wave(j + 1, x)));
const flat = (a, b) => Float64Array.from({ length: 2 * a.length }, (_, i) => (i % 2 ? b : a)[i >> 1]);
const rule = flat(xs, xs.map(truth));

export function fitChart(ui, into) {
  const { t, number } = ui;
  const height = (width) => Math.round(Math.min(440, Math.max(230, width * (ui.wide() ? 1 : 0.85))));
  const plot = ui.plot({
    into,
    label: t("fitLabel"),
    height,
    margin: MARGIN,
    x: { domain: [0, 1], label: "x", ticks: 5 },
    y: { domain: [-2.6, 2.6], label: "y", ticks: 6 },
  });
  const theory = plot.line({ color: "muted", width: 1.5, dash: "5 4" });
  const held = plot.dots({ color: "orange", size: 3 });
  const fitted = plot.line({ color: "accent", width: 2.2 });
  const train = plot.dots({ color: "blue", size: 8 });
  held.node.style.opacity = 0.55;
  return {
    plot,
    draw({ n, p, sigma, all, fitted: { theta, held: error } }) {
      plot.layout();
      theory.set(rule);
      held.set(flat(all.held.x, noisy(all.held, sigma)));
      train.set(flat(all.train.x.slice(0, n), noisy(all.train, sigma)));
      fitted.set(
        flat(
          xs,
          basis.map((row) => {
            let sum = 0;
            for (let j = 0; j < p; j += 1) sum += row[j] * theta[j];
            return sum;
          }),
        ),
      );
      plot.describe(t("fitNow", { n, p, held: number(error, 2) }));
    },
  };
}

const SCALES = {
  size: { domain: [0, MOST_WAVES + 1], scale: "linear" },
  data: { domain: [3, MOST_POINTS + 1], scale: "linear" },
  penalty: { domain: [LEAST, 1], scale: "log" },
  rate: { domain: [0, 1], scale: "linear" },
};
const least = (value) => Math.max(value, 1e-30); // on a log scale
const COLOURS = { errors: ["blue", "orange"], parts: ["purple", "green"] };

/** Whole decades around what is drawn, within reason. */
function decades(numbers) {
  const there = numbers.filter((v) => v > 0);
  const [low, high] = [Math.min(...there, 0.05), Math.max(...there, 0.5)];
  return [
    10 ** Math.max(-4, Math.floor(Math.log10(low))),
    3 * 10 ** Math.min(4, Math.ceil(Math.log10(high) - 0.3)),
  ]; // and room for the names
}

/** A list with one value put in at a place. */
const withValue = (list, place, value) => [...list.slice(0, place), value, ...list.slice(place)];

/** The two curves, and their sum where they are parts; the point where we are belongs to them. */
function curvesOf({ curve, at, here, split, sigma }) {
  const place = curve.at.findIndex((v) => v >= at);
  const there = place < 0 || curve.at[place] === at;
  const put = (list, value) => (there ? list : withValue(list, place, value));
  const [x, first, second] = [put(curve.at, at), put(curve.first, here[0]), put(curve.second, here[1])];
  return { x, first, second, sum: split ? first.map((v, i) => v + second[i] + sigma * sigma) : [] };
}

/** Marks along the axis and across it: the noise alone, where p = n, and where we are. */
function guidesOf(plot, t) {
  const floor = plot.line({ color: "muted", width: 1.2, dash: "2 5" });
  const ridge = plot.line({ color: "muted", width: 1.2, dash: "5 4" });
  const cursor = plot.line({ color: "accent", width: 1.2 });
  const [floorName, ridgeName] = [plot.text({ class: "fg-quiet" }), plot.text({ class: "fg-quiet" })];
  return function draw({ axis, sigma, n, p, at }) {
    const [[left, right], [low, high]] = [plot.x.domain, plot.y.domain];
    cursor.set([at, low, at, high]);
    if (sigma > 0) {
      floor.set([left, sigma ** 2, right, sigma ** 2]);
      floorName.set(right, sigma ** 2, t("floor"), { dx: -4, dy: 13, anchor: "end" });
    } else [floor, floorName].forEach((mark) => mark.hide());
    const meets = { size: n, data: p }[axis];
    if (meets >= left && meets <= right) {
      ridge.set([meets, low, meets, high]);
      ridgeName.set(meets, low, "p = n", { dx: 5, dy: -6 });
    } else [ridge, ridgeName].forEach((mark) => mark.hide());
  };
}

/** The names of the curves, one behind the other at the top. */
function namesOf(plot, t) {
  const sum = plot.text({ color: "orange", class: "fg-strong" });
  const names = [plot.text({ class: "fg-strong" }), plot.text({ class: "fg-strong" }), sum];
  return function draw(kind) {
    let dx = 8;
    names.forEach((name, i) => {
      const words = t(i < 2 ? `${kind} ${i}` : "sum");
      if (i < 2) name.color(COLOURS[kind][i]);
      i < 2 || kind === "parts"
        ? name.set(plot.x.domain[0], plot.y.domain[1], words, { dx, dy: 15 })
        : name.hide();
      dx += Array.from(words).reduce((wide, c) => wide + (c > "\u2e80" ? 12.5 : 7), 12);
    });
  };
}

/** The axes for what is drawn. */
function axesOf(t, { axis, method, split, sigma }, { first, second, sum }) {
  const name = axis === "penalty" ? (method === "dropout" ? "rateAxis" : "penaltyAxis") : `axis ${axis}`;
  const domain = decades([...second, ...(split ? [...first, ...sum] : []), sigma * sigma]);
  return {
    x: { ...(name === "rateAxis" ? SCALES.rate : SCALES[axis]), label: t(name) },
    y: { domain, label: t(split ? "partAxis" : "errorAxis") },
  };
}

export function curveChart(ui, into) {
  const { t, number } = ui;
  const plot = ui.plot({
    into,
    label: t("curveLabel"),
    height: (width) => Math.round(Math.min(300, Math.max(200, width * 0.62))),
    margin: MARGIN,
    x: { ...SCALES.size, label: t("axis size"), ticks: 6 },
    y: { domain: [0.01, 10], scale: "log", label: t("errorAxis"), ticks: 6 },
  });
  const drawGuides = guidesOf(plot, t);
  const total = plot.line({ color: "orange", width: 1.6, dash: "6 4" });
  const curves = [plot.line({ width: 2 }), plot.line({ width: 2 })];
  const dots = [plot.dots({ size: 8 }), plot.dots({ size: 8 })];
  const drawNames = namesOf(plot, t);
  return {
    plot,
    draw(now) {
      const { axis, split, at, here } = now;
      const kind = split ? "parts" : "errors";
      const drawn = curvesOf(now);
      plot.layout(axesOf(t, now, drawn));
      [drawn.first, drawn.second].forEach((list, i) => {
        for (const mark of [curves[i], dots[i]]) mark.color(COLOURS[kind][i]);
        curves[i].set(flat(drawn.x, list.map(least)));
        dots[i].set([at, least(here[i])]);
      });
      split ? total.set(flat(drawn.x, drawn.sum)) : total.hide();
      drawGuides(now);
      drawNames(kind);
      const said = { axis: t(`axis ${axis}`), first: number(here[0], 2), second: number(here[1], 2) };
      plot.describe(t(split ? "partsNow" : "curveNow", said));
    },
  };
}

const TRUE = [
  [1, 0.8 / Math.SQRT2],
  [3, (-0.6 * 3) / Math.SQRT2],
  [6, (0.4 * 6) / Math.SQRT2],
];

export function weightChart(ui, into) {
  const { t, number } = ui;
  const plot = ui.plot({
    into,
    label: t("weightLabel"),
    height: () => 140,
    margin: MARGIN,
    x: { domain: [0, MOST_WAVES + 1], label: t("waveAxis"), ticks: 6 },
    y: { domain: [-2.5, 2.5], label: t("weightAxis"), ticks: 3 },
  });
  const zero = plot.line({ color: "muted", width: 1 });
  const rings = plot.dots({ color: "muted", size: 9 });
  const stems = plot.line({ color: "accent", width: 1.6 });
  const dots = plot.dots({ color: "accent", size: 5 });
  rings.node.style.opacity = 0.5;
  return {
    plot,
    draw({ p, fitted: { theta, used, norm } }) {
      plot.layout();
      zero.set([0, 0, MOST_WAVES + 1, 0]);
      rings.set(TRUE.flat());
      const there = Array.from(theta.slice(0, p), (v, j) => [j + 1, v]).filter(([, v]) => v !== 0);
      stems.set(there.flatMap(([k, v]) => [k, 0, k, Math.max(-9, Math.min(9, v)), k, 0]));
      dots.set(there.flat());
      plot.describe(t("weightNow", { p, used, norm: number(norm, 2) }));
    },
  };
}
