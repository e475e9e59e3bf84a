// The loss over the steps, on a logarithmic axis.
import { OPTIMISERS } from "../../core/descent.js";
import { COLOURS } from "./colours.js";

const NAMES = Object.keys(OPTIMISERS);
const MARGIN = { left: 46, right: 12, top: 24, bottom: 38 };

/** What is not a number any more was too large to be one. */
const overflow = (loss) => (Number.isNaN(loss) ? Infinity : loss);

const curveOf = (losses) =>
  Float64Array.from({ length: 2 * losses.length }, (_, i) =>
    i % 2 ? Math.max(losses[(i - 1) / 2], 1e-300) : i / 2,
  );

/** @param {import("../../ui/frame.js").Ui} ui */
export function chartOf(ui) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("chart"),
    margin: MARGIN,
    x: { domain: [0, 100], label: t("stepAxis"), ticks: 5 },
    y: { domain: [1e-9, 1e4], scale: "log", label: t("lossAxis"), ticks: 7 },
    // Beside the map: as tall as the map, whose margins are others.
    height: (width) => (ui.wide() ? width - 38 + 32 : Math.max(220, Math.round(width * 0.6))),
  });
  const drawGoal = goalOf(ui, plot);
  const drawTheory = theoryOf(ui, plot);
  const drawCurves = curvesOf(ui, plot);
  const drawCursor = cursorOf(plot);

  /** @param {import("./index.js").Now} now @param {number} cursor  the step shown */
  function draw(now, cursor) {
    plot.layout({ x: { domain: [0, now.steps] }, y: { domain: now.surface.losses } });
    drawGoal(now);
    const taken = []; // by names of curves
    drawCurves(now, taken);
    drawTheory(now, taken);
    drawCursor(now, cursor, ui.get("step") >= 0);
    const { losses } = now.run;
    const [first, last] = [losses[0], overflow(losses.at(-1))].map((loss) => ui.number(loss, 2));
    plot.describe(t("chartNow", { steps: losses.length - 1, first, last }));
  }
  return { draw };
}

/** Where the curve has to come. */
function goalOf(ui, plot) {
  const area = plot.area({ class: "fg-target", layer: "under" });
  const edge = plot.line({ color: "good", width: 1, layer: "under" });
  const name = plot.text({ color: "good" });
  return function draw({ goal: { below, within }, hit }) {
    const [low] = plot.y.domain;
    area.set(0, below, within, low);
    area.node.classList.toggle("fg-won", hit !== null);
    edge.set([0, below, within, below, within, low]);
    name.set(0, low, ui.t("goalHere", { below: ui.number(below) }), { dx: 8, dy: -8 });
  };
}

/** A curve's name beside its end, or beside where it leaves the picture; not where another name stands. */
function place(plot, text, losses, words, taken) {
  const [low, high] = plot.y.domain;
  let i = losses.length - 1;
  while (i > 0 && !(losses[i] > low && losses[i] < high)) i -= 1;
  const whole = i > 0.7 * plot.x.domain[1];
  const px = plot.x.map(i);
  const end = plot.y.map(Math.min(losses[i], high));
  // A curve falls: below its end there is room, unless the picture ends there.
  const below = whole && end + 26 < plot.y.map(low);
  let py = Math.max(end + (below ? 19 : -9), plot.y.map(high) + 14);
  while (taken.some(([qx, qy]) => Math.abs(px - qx) < 120 && Math.abs(py - qy) < 15))
    py += whole && !below ? -15 : 15;
  taken.push([px, py]);
  text.set(i, low, words, {
    dx: whole ? -2 : 10,
    dy: py - plot.y.map(low),
    anchor: whole ? "end" : "start",
  });
}

/** The slope that theory gives, and its name on the free side of the line: above where it falls. */
function theoryOf(ui, plot) {
  const line = plot.line({ color: "muted", width: 1.5, dash: "2 5" });
  const name = plot.text({ class: "fg-quiet" });
  function predict(first, factor, steps, taken) {
    const [low, high] = plot.y.domain;
    const words = ui.t("theory", { rate: ui.number(factor) });
    line.set(curveOf(Float64Array.from({ length: steps + 1 }, (_, i) => first * factor ** i)));
    if (factor >= 1) return place(plot, name, [first, 2 * high], words, taken);
    const room = plot.x.invert(plot.width - MARGIN.right - 7 * words.length);
    const x = Math.max(0, Math.min(0.45 * steps, room, Math.log((100 * low) / first) / Math.log(factor)));
    name.set(x, first * factor ** x, words, { dx: 8, dy: -8 });
  }
  return function draw({ surface, rate, run, steps }, taken) {
    if (surface.quadratic && rate > 0) return predict(run.losses[0], rate ** 2, steps, taken);
    line.hide();
    name.hide();
  };
}

/** The chosen optimiser's curve, and those it is compared with. */
function curvesOf(ui, plot) {
  const curves = NAMES.map(() => ({
    line: plot.line({ width: 1.5 }),
    text: plot.text({ class: "fg-strong" }),
  }));
  return function draw({ optimiser, run, others }, taken) {
    const entries = [[optimiser, run], ...others];
    curves.forEach(({ line, text }, i) => {
      if (!entries[i]) {
        line.hide();
        text.hide();
        return;
      }
      const [which, { losses }] = entries[i];
      line.color(COLOURS[which]);
      text.color(COLOURS[which]);
      line.node.classList.toggle("fg-ghost", i > 0);
      line.width(i ? 1.5 : 2.5);
      line.set(curveOf(losses));
      place(plot, text, losses, ui.t(which), taken);
    });
  };
}

/** The step shown, and the step that reached the goal. */
function cursorOf(plot) {
  const line = plot.line({ color: "muted", width: 1 });
  const tip = plot.dots({ size: 9 });
  const mark = plot.dots({ color: "good", size: 11 });
  return function draw({ run, hit, optimiser }, cursor, running) {
    const [low, high] = plot.y.domain;
    const here = run.losses[cursor];
    tip.color(COLOURS[optimiser]);
    running ? line.set([cursor, low, cursor, high]) : line.hide();
    here > low && here < high ? tip.set([cursor, here]) : tip.hide();
    hit === null ? mark.hide() : mark.set([hit, Math.max(run.losses[hit], low)]);
  };
}
