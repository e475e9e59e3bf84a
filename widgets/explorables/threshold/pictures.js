// The scores with the cut through them, and the two curves with the point that the cut is.
import * as core from "./core.js";

const [LOW, HIGH, BINS] = [-10, 4, 42]; // log-odds shown; what lies beyond is in the outer bins
export const EDGES = Array.from({ length: BINS + 1 }, (_, i) => LOW + (i * (HIGH - LOW)) / BINS);
const MARGIN = { left: 40, right: 12, top: 24, bottom: 38 };
const UNIT = { domain: [0, 1], ticks: 5 };

/** Bins as a staircase that begins and ends on the ground. */
const stairs = (heights) => [LOW, 0, ...heights.flatMap((y, i) => [EDGES[i], y, EDGES[i + 1], y]), HIGH, 0];
const inside = (z) => Math.max(LOW, Math.min(HIGH, z));

/** @param {import("../../ui/frame.js").Ui} ui */
export function scoresOf(ui) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("scores"),
    margin: MARGIN,
    height: (width) =>
      ui.wide()
        ? Math.round(Math.min(260, Math.max(235, width * 0.6)))
        : Math.round(Math.min(300, Math.max(200, width * 0.62))),
    x: { domain: [LOW, HIGH], label: t("scores"), ticks: 7 },
    y: { domain: [0, 0.1], label: t("share"), ticks: 4 },
  });
  plot.node.classList.add("fg-th-place");
  const side = plot.area({ class: "fg-target", layer: "under" });
  const others = plot.line({ color: "blue", width: 1.5, class: "fg-th-others" });
  const shirts = plot.line({ color: "orange", width: 1.5, class: "fg-th-shirts" });
  const cut = plot.line({ color: "ink", width: 2 });
  const names = [
    plot.text({ color: "blue", class: "fg-strong" }),
    plot.text({ color: "orange", class: "fg-strong" }),
  ];
  const cutName = plot.text({ class: "fg-strong" });
  plot.onPlace((z) => ui.set({ threshold: Number(core.sigmoid(z).toPrecision(3)) }));
  let drawn = "";

  return function draw(now) {
    const heights = [
      now.bins[0].map((s) => s * (1 - now.prevalence)),
      now.bins[1].map((s) => s * now.prevalence),
    ];
    const top = 1.3 * Math.max(...heights.flat()); // the words of the cut stand above the bars
    plot.layout({ y: { domain: [0, top] } });
    const key = [now.data, now.prevalence, plot.width, plot.height].join();
    if (key !== drawn) {
      drawn = key;
      others.set(stairs(heights[0]));
      shirts.set(stairs(heights[1]));
      heights.forEach((list, i) => {
        // Beside the highest bar of the shirts; over the left shoulder of the others.
        const at = i ? list.indexOf(Math.max(...list)) : Math.round(BINS / 4);
        names[i].set(
          (EDGES[at] + EDGES[at + 1]) / 2,
          Math.max(...list.slice(Math.max(0, at - 4), at + 5)),
          t(i ? "shirts" : "others"),
          { dy: -7, anchor: i ? "start" : "middle" },
        );
      });
    }
    const z = inside(core.logit(now.threshold));
    side.set(z, 0, HIGH, top);
    cut.set([z, 0, z, top]);
    cutName.set(z, top, t("cut", { p: ui.number(now.threshold) }), {
      dx: z > -3 ? -7 : 7,
      dy: 14,
      anchor: z > -3 ? "end" : "start",
    });
    plot.describe(
      t("scoresNow", { p: ui.number(now.threshold), left: ui.number(now.tpr), right: ui.number(now.fpr) }),
    );
  };
}

/** Height of a square picture that is not taller than it need be. */
const square = (width) => Math.round(Math.min(340, Math.max(220, width * 0.82)));

/** A curve in the unit square with its point, the coin's line, and a line of equals; a click sets the threshold.
 * @param {import("../../ui/frame.js").Ui} ui @param {"roc" | "pr"} kind */
function curveOf(ui, kind) {
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
  plot.onPlace((x, y) => ui.set({ threshold: nearest(ui, kind, x, y) }));
  return { plot, coin, coinName, curve, equal, equalName, point, area };
}

/** @param {import("../../ui/frame.js").Ui} ui */
export function rocOf(ui) {
  const { t } = ui;
  const { plot, coin, coinName, curve, equal, equalName, point, area } = curveOf(ui, "roc");
  let drawn = "";

  return function draw(now) {
    plot.layout();
    const key = [now.data, plot.width, plot.height].join();
    if (key !== drawn) {
      drawn = key;
      coin.set([0, 0, 1, 1]);
      coinName.set(0.62, 0.62, t("chance"), { dx: 8, dy: 12 });
      curve.set(
        now.corners.flatMap((i) => {
          const { tpr, fpr } = core.ratesAt(now.swept, i);
          return [fpr, tpr];
        }),
      );
      area.set(1, 0, `AUC ${now.area.toFixed(3)}`, { dx: -8, dy: -10, anchor: "end" });
    }
    // Along this line the cost is the same; the cheapest point is where it only touches the curve.
    const slope = (1 - now.prevalence) / (now.prevalence * now.costRatio);
    const at = (x) => now.tpr + slope * (x - now.fpr);
    const ends =
      slope > 1
        ? [now.fpr + (0 - now.tpr) / slope, 0, now.fpr + (1 - now.tpr) / slope, 1]
        : [0, at(0), 1, at(1)];
    equal.set(ends);
    equalName.set(1, 0, `– – ${t("sameCost")}`, { dx: -8, dy: -30, anchor: "end" });
    point.set([now.fpr, now.tpr]);
    plot.describe(
      t("rocNow", { area: now.area.toFixed(3), fpr: ui.number(now.fpr), tpr: ui.number(now.tpr) }),
    );
  };
}

/** @param {import("../../ui/frame.js").Ui} ui */
export function prOf(ui) {
  const { t } = ui;
  const { plot, coin, coinName, curve, equal, equalName, point, area } = curveOf(ui, "pr");
  let drawn = "";

  return function draw(now) {
    plot.layout();
    const key = [now.data, now.prevalence, plot.width, plot.height].join();
    if (key !== drawn) {
      drawn = key;
      const { prevalence } = now;
      coin.set([0, prevalence, 1, prevalence]);
      coinName.set(0, prevalence, t("chance"), { dx: 6, dy: -6 });
      curve.set(prPoints(now).slice(2));
      area.set(1, 1, `AP ${now.average.toFixed(3)}`, { dx: -8, dy: 16, anchor: "end" });
    }
    const f = now.f1;
    const from = f / (2 - f); // the recall at which this F1 takes a precision of 1
    if (f > 0.01) {
      equal.set(
        Array.from({ length: 41 }, (_, i) => from + ((1 - from) * i) / 40).flatMap((r) => [
          r,
          (f * r) / (2 * r - f),
        ]),
      );
      equalName.set(1, 1, `– – ${t("sameF1")}`, { dx: -8, dy: 36, anchor: "end" });
    } else [equal, equalName].forEach((mark) => mark.hide());
    Number.isFinite(now.precision) ? point.set([now.recall, now.precision]) : point.hide();
    plot.describe(
      t("prNow", {
        area: now.average.toFixed(3),
        recall: ui.number(now.recall),
        precision: Number.isFinite(now.precision) ? ui.number(now.precision) : t("nothing"),
      }),
    );
  };
}

/** Recall and precision at each corner; where nothing is called a shirt there is no precision. */
function prPoints({ swept, corners, prevalence }) {
  return corners.flatMap((i) => {
    const { tp, fp } = core.mix(core.ratesAt(swept, i), prevalence);
    return [swept.tp[i] / swept.positives, tp + fp > 0 ? tp / (tp + fp) : 1];
  });
}

/** The threshold of the point of the curve that is nearest to where the reader clicked. */
function nearest(ui, plane, x, y) {
  const now = ui.now();
  const points =
    plane === "pr"
      ? prPoints(now)
      : now.corners.flatMap((i) => {
          const { tpr, fpr } = core.ratesAt(now.swept, i);
          return [fpr, tpr];
        });
  let [found, least] = [1, Infinity];
  for (let k = 1; k < now.corners.length; k += 1) {
    const far = Math.hypot(points[2 * k] - x, points[2 * k + 1] - y);
    if (far < least) [found, least] = [now.corners[k], far];
  }
  // Rounded down, so that the score itself is still at or above it.
  return Math.floor(now.swept.thresholds[found] * 1e4) / 1e4;
}
