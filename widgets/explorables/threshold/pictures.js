// The scores with the cut through them, and the two curves with the point that the cut is.
import * as core from "./core.js";

const [LOW, HIGH, BINS] = [-10, 4, 42]; // log-odds shown; what lies beyond is in the outer bins
export const EDGES = Array.from({ length: BINS + 1 }, (_, i) => LOW + (i * (HIGH - LOW)) / BINS);
const MARGIN = { left: 40, right: 12, top: 24, bottom: 38 };
const UNIT = { domain: [0, 1], ticks: 5 };

/** Bins as a staircase that begins and ends on the ground. */
const stairs = (heights) => [LOW, 0, ...heights.flatMap((y, i) => [EDGES[i], y, EDGES[i + 1], y]), HIGH, 0];
const inside = (z) => Math.max(LOW, Math.min(HIGH, z));

/** @typedef {import("./index.js").Now} Now */

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now) => void} */
export function scoresOf(ui) {
  const { t, number } = ui;
  const tall = (width) => Math.round(Math.min(260, Math.max(235, width * 0.6)));
  const narrow = (width) => Math.round(Math.min(300, Math.max(200, width * 0.62)));
  const plot = ui.plot({
    label: t("scores"),
    margin: MARGIN,
    height: (width) => (ui.wide() ? tall : narrow)(width),
    x: { domain: [LOW, HIGH], label: t("scores"), ticks: 7 },
    y: { domain: [0, 0.1], label: t("share"), ticks: 4 },
  });
  plot.node.classList.add("fg-th-place");
  const side = plot.area({ class: "fg-target", layer: "under" });
  const bars = barsOf(plot, t);
  const cut = plot.line({ color: "ink", width: 2 });
  const cutName = plot.text({ class: "fg-strong" });
  plot.onPlace((z) => ui.set({ threshold: Number(core.sigmoid(z).toPrecision(3)) }));

  return function draw(now) {
    const shares = [1 - now.prevalence, now.prevalence];
    const heights = now.bins.map((bins, i) => bins.map((s) => s * shares[i]));
    const top = 1.3 * Math.max(...heights.flat()); // the words of the cut stand above the bars
    plot.layout({ y: { domain: [0, top] } });
    bars(now, heights);
    const z = inside(core.logit(now.threshold));
    const p = number(now.threshold);
    side.set(z, 0, HIGH, top);
    cut.set([z, 0, z, top]);
    const where = z > -3 ? { dx: -7, dy: 14, anchor: "end" } : { dx: 7, dy: 14, anchor: "start" };
    cutName.set(z, top, t("cut", { p }), where);
    plot.describe(t("scoresNow", { p, left: number(now.tpr), right: number(now.fpr) }));
  };
}

/** The two histograms, drawn anew where they have changed. */
function barsOf(plot, t) {
  const bars = [
    plot.line({ color: "blue", width: 1.5, class: "fg-th-others" }),
    plot.line({ color: "orange", width: 1.5, class: "fg-th-shirts" }),
  ];
  const names = ["blue", "orange"].map((color) => plot.text({ color, class: "fg-strong" }));
  let drawn = "";
  return function draw({ data, prevalence }, heights) {
    const key = [data, prevalence, plot.width, plot.height].join();
    if (key === drawn) return;
    drawn = key;
    heights.forEach((list, i) => {
      bars[i].set(stairs(list));
      // Beside the highest bar of the shirts; over the left shoulder of the others.
      const at = i ? list.indexOf(Math.max(...list)) : Math.round(BINS / 4);
      const high = Math.max(...list.slice(Math.max(0, at - 4), at + 5));
      const middle = (EDGES[at] + EDGES[at + 1]) / 2;
      names[i].set(middle, high, t(i ? "shirts" : "others"), { dy: -7, anchor: i ? "start" : "middle" });
    });
  };
}

/** Height of a square picture that is not taller than it need be. */
const square = (width) => Math.round(Math.min(340, Math.max(220, width * 0.82)));

/**
 * A curve in the unit square with its point, the coin's line, and a line of equals; a click sets the
 * threshold.
 * @param {import("../../ui/frame.js").Ui} ui @param {"roc" | "pr"} kind
 * @param {(now: Now) => number[]} pointsOf  x and y at each corner
 */
function curveOf(ui, kind, pointsOf) {
  const { t } = ui;
  const plot = ui.plot({
    label: t(kind),
    margin: MARGIN,
    height: square,
    x: { ...UNIT, label: t(`${kind}X`) },
    y: { ...UNIT, label: t(kind) },
  });
  const coin = plot.line({ color: "muted", width: 1, dash: "2 5" });
  const coinName = plot.text({ class: "fg-quiet" });
  const curve = plot.line({ color: "accent", width: 2.25 });
  const equal = plot.line({ color: "muted", width: 1.25, dash: "6 4" });
  const equalName = plot.text({ class: "fg-quiet" });
  const point = plot.dots({ color: "ink", size: 11 });
  const area = plot.text({ color: "accent", class: "fg-strong" });
  plot.node.classList.add("fg-th-place");
  /** @type {Now} */
  let shown;
  const show = (now) => {
    shown = now;
    plot.layout();
  };
  plot.onPlace((x, y) => ui.set({ threshold: nearest(shown, pointsOf(shown), x, y) }));
  return { plot, coin, coinName, curve, equal, equalName, point, area, show };
}

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now) => void} */
export function rocOf(ui) {
  const { t, number } = ui;
  const { plot, coin, coinName, curve, equal, equalName, point, area, show } = curveOf(ui, "roc", rocPoints);
  let drawn = "";
  function drawCurve(now) {
    coin.set([0, 0, 1, 1]);
    coinName.set(0.62, 0.62, t("chance"), { dx: 8, dy: 12 });
    curve.set(rocPoints(now));
    area.set(1, 0, `AUC ${now.area.toFixed(3)}`, { dx: -8, dy: -10, anchor: "end" });
  }

  return function draw(now) {
    show(now);
    const key = [now.data, plot.width, plot.height].join();
    if (key !== drawn) drawCurve(now);
    drawn = key;
    equal.set(sameCost(now));
    equalName.set(1, 0, `– – ${t("sameCost")}`, { dx: -8, dy: -30, anchor: "end" });
    point.set([now.fpr, now.tpr]);
    plot.describe(t("rocNow", { area: now.area.toFixed(3), fpr: number(now.fpr), tpr: number(now.tpr) }));
  };
}

/** Along this line the cost is the same; the cheapest point is where it only touches the curve. */
function sameCost({ prevalence, costRatio, tpr, fpr }) {
  const slope = (1 - prevalence) / (prevalence * costRatio);
  const at = (x) => tpr + slope * (x - fpr);
  return slope > 1 ? [fpr + (0 - tpr) / slope, 0, fpr + (1 - tpr) / slope, 1] : [0, at(0), 1, at(1)];
}

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now) => void} */
export function prOf(ui) {
  const { t, number } = ui;
  const { plot, coin, coinName, curve, equal, equalName, point, area, show } = curveOf(ui, "pr", prPoints);
  let drawn = "";
  function drawCurve(now) {
    coin.set([0, now.prevalence, 1, now.prevalence]);
    coinName.set(0, now.prevalence, t("chance"), { dx: 6, dy: -6 });
    curve.set(prPoints(now).slice(2));
    area.set(1, 1, `AP ${now.average.toFixed(3)}`, { dx: -8, dy: 16, anchor: "end" });
  }

  return function draw(now) {
    show(now);
    const key = [now.data, now.prevalence, plot.width, plot.height].join();
    if (key !== drawn) drawCurve(now);
    drawn = key;
    if (now.f1 > 0.01) {
      equal.set(sameF1(now.f1));
      equalName.set(1, 1, `– – ${t("sameF1")}`, { dx: -8, dy: 36, anchor: "end" });
    } else for (const mark of [equal, equalName]) mark.hide();
    const there = Number.isFinite(now.precision);
    there ? point.set([now.recall, now.precision]) : point.hide();
    const precision = there ? number(now.precision) : t("nothing");
    plot.describe(t("prNow", { area: now.average.toFixed(3), recall: number(now.recall), precision }));
  };
}

/** Recall and precision that have this F1. */
function sameF1(f) {
  const from = f / (2 - f); // the recall at which it takes a precision of 1
  const recalls = Array.from({ length: 41 }, (_, i) => from + ((1 - from) * i) / 40);
  return recalls.flatMap((r) => [r, (f * r) / (2 * r - f)]);
}

/** False alarms and found at each corner. @param {Now} now */
const rocPoints = ({ swept, corners }) =>
  corners.flatMap((i) => {
    const { tpr, fpr } = core.ratesAt(swept, i);
    return [fpr, tpr];
  });

/**
 * Recall and precision at each corner; where nothing is called a shirt there is no precision.
 * @param {Now} now
 */
function prPoints({ swept, corners, prevalence }) {
  return corners.flatMap((i) => {
    const { tp, fp } = core.mix(core.ratesAt(swept, i), prevalence);
    return [swept.tp[i] / swept.positives, tp + fp > 0 ? tp / (tp + fp) : 1];
  });
}

/**
 * The threshold of the point of the curve that is nearest to where the reader clicked.
 * @param {Now} now @param {number[]} points
 */
function nearest({ corners, swept }, points, x, y) {
  let [found, least] = [1, Infinity];
  for (let k = 1; k < corners.length; k += 1) {
    const far = Math.hypot(points[2 * k] - x, points[2 * k + 1] - y);
    if (far < least) [found, least] = [corners[k], far];
  }
  // Rounded down, so that the score itself is still at or above it.
  return Math.floor(swept.thresholds[found] * 1e4) / 1e4;
}
