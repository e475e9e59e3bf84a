// What Adam keeps, what it makes of it, and the race: three charts over the steps.

import { COLOURS } from "./colours.js";
import { RACERS } from "./core.js";

const MARGIN = { left: 46, right: 12, top: 24, bottom: 38 };
const NAMES = Object.keys(RACERS);

/** Step numbers 1, 2, … beside their values, as a flat list of points. */
const overSteps = (values, first = 1) =>
  Float64Array.from({ length: 2 * values.length }, (_, i) => (i % 2 ? values[(i - 1) / 2] : first + i / 2));
const largest = (...rows) =>
  rows.reduce(
    (top, row) => row.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), top),
    0,
  );

/** Two charts beside the map, or one as tall as it. */
const half = (ui) => (width) => Math.max(ui.wide() ? 170 : 200, Math.round(width * 0.54));
const whole = (ui) => (width) => (ui.wide() ? width : Math.max(240, Math.round(width * 0.7)));

/** Names in their colours, one after the other, at the top of a chart. */
function legendOf(plot, colours) {
  const texts = colours.map((color) => plot.text({ color, class: "fg-strong" }));
  return (words) => {
    let dx = 8;
    words.forEach((word, i) => {
      texts[i].set(plot.x.domain[0], plot.y.domain[1], word, { dx, dy: 15 });
      dx += Array.from(word).reduce(
        (sum, c) => sum + (c > "\u2e80" ? 12.5 : c > "\u02ff" && c < "\u0370" ? 0 : 7),
        12,
      );
    });
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function averagesChart(ui, into) {
  const { t } = ui;
  const plot = ui.plot({
    into,
    label: t("averages"),
    margin: { ...MARGIN, bottom: 22 },
    x: { domain: [1, 100], ticks: 5 },
    y: { domain: [-1, 1], label: t("averagesAxis"), ticks: 5 },
    height: half(ui),
  });
  const gradients = plot.dots({ color: "muted", size: 3.5 });
  const raw = (color) => plot.line({ color, dash: "3 4", width: 1.75 });
  const corrected = (color) => plot.line({ color, width: 2.25 });
  const lines = {
    m: raw("blue"),
    mHat: corrected("blue"),
    root: raw("orange"),
    rootHat: corrected("orange"),
  };
  const zero = plot.line({ color: "muted", width: 1, layer: "under" });
  const cursorLine = plot.line({ color: "muted", width: 1 });
  const legend = legendOf(plot, ["muted", "blue", "orange", "muted"]);
  return {
    plot,
    draw({ inside, steps, watch }, cursor) {
      const { g, m, mHat, root, rootHat } = inside;
      const top = 1.3 * (largest(g, mHat, rootHat) || 1);
      plot.layout({
        x: { domain: [1, Math.max(2, steps)] },
        y: { domain: [-Math.min(top, 1e300), Math.min(top, 1e300)] },
      });
      gradients.set(overSteps(g));
      for (const [name, values] of Object.entries({ m, mHat, root, rootHat }))
        lines[name].set(overSteps(values));
      zero.set([1, 0, Math.max(2, steps), 0]);
      legend(["g", "m̂", "√v̂", t("dashedRaw")]);
      const at = Math.max(0, Math.min(cursor, g.length) - 1);
      ui.get("step") > 0 ? cursorLine.set([at + 1, -top, at + 1, top]) : cursorLine.hide();
      const said = (value) => ui.number(value, 2);
      plot.describe(
        t("averagesNow", {
          axis: watch,
          step: at + 1,
          g: said(g[at]),
          mHat: said(mHat[at]),
          root: said(rootHat[at]),
          rawM: said(m[at]),
          rawRoot: said(root[at]),
        }),
      );
    },
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function stepChart(ui, into) {
  const { t } = ui;
  const plot = ui.plot({
    into,
    label: t("stepSize"),
    margin: MARGIN,
    x: { domain: [1, 100], label: t("stepAxis"), ticks: 5 },
    y: { domain: [0, 2], label: t("sizeAxis"), ticks: 5 },
    height: half(ui),
  });
  const one = plot.line({ color: "muted", width: 1, layer: "under" });
  const most = plot.line({ color: "bad", width: 1.25, dash: "2 5" });
  const other = plot.line({ color: "purple", width: 1.75, dash: "3 4" });
  const taken = plot.line({ color: "purple", width: 2.25 });
  const cursorLine = plot.line({ color: "muted", width: 1 });
  const tip = plot.dots({ color: "purple", size: 9 });
  const legend = legendOf(plot, ["purple", "muted", "bad"]);
  return {
    plot,
    draw({ inside, steps, corrected, watch }, cursor) {
      const [used, unused] = (corrected ? ["corrected", "raw"] : ["raw", "corrected"]).map((name) =>
        inside[name].map(Math.abs),
      );
      const top = Math.min(12, Math.max(1.6, 1.35 * largest(used, unused)));
      plot.layout({ x: { domain: [1, Math.max(2, steps)] }, y: { domain: [0, top] } });
      one.set([1, 1, Math.max(2, steps), 1]);
      corrected ? most.set(overSteps(inside.most)) : most.hide();
      taken.set(overSteps(used));
      other.set(overSteps(unused));
      legend([t("taken"), t(corrected ? "otherRaw" : "otherHat"), corrected ? t("most") : ""]);
      const at = Math.max(0, Math.min(cursor, used.length) - 1);
      const running = ui.get("step") > 0;
      running ? cursorLine.set([at + 1, 0, at + 1, top]) : cursorLine.hide();
      running && used[at] <= top ? tip.set([at + 1, used[at]]) : tip.hide();
      plot.describe(
        t("sizeNow", {
          axis: watch,
          first: ui.number(used[0], 3),
          longest: ui.number(largest(used), 3),
          step: at + 1,
          now: ui.number(used[at], 3),
        }),
      );
    },
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function raceChart(ui, into) {
  const { t } = ui;
  const plot = ui.plot({
    into,
    label: t("raceChart"),
    margin: MARGIN,
    x: { domain: [0, 100], label: t("stepAxis"), ticks: 5 },
    y: { domain: [1e-9, 1e4], scale: "log", label: t("lossAxis"), ticks: 7 },
    height: whole(ui),
  });
  const goal = plot.area({ class: "fg-target", layer: "under" });
  const goalEdge = plot.line({ color: "good", width: 1, layer: "under" });
  const curves = NAMES.map((name) => plot.line({ color: COLOURS[name], width: name === "adam" ? 2.75 : 2 }));
  const labels = NAMES.map((name) => plot.text({ color: COLOURS[name], class: "fg-strong" }));
  const tips = NAMES.map((name) => plot.dots({ color: COLOURS[name], size: 9 }));
  const cursorLine = plot.line({ color: "muted", width: 1 });
  return {
    plot,
    draw({ entries, surface, goal: aim, steps }, cursor) {
      const [low, high] = surface.losses;
      plot.layout({ x: { domain: [0, steps] }, y: { domain: surface.losses } });
      goal.set(0, aim.below, aim.within, low);
      goalEdge.set([0, aim.below, aim.within, aim.below, aim.within, low]);
      const running = ui.get("step") >= 0;
      running ? cursorLine.set([cursor, low, cursor, high]) : cursorLine.hide();
      NAMES.forEach((name, i) => {
        const { run, rate } = entries.find((entry) => entry.name === name);
        curves[i].set(
          overSteps(
            run.losses.map((loss) => Math.max(loss, 1e-300)),
            0,
          ),
        );
        labels[i].set(steps, high, `${t(name)}, α = ${ui.number(rate)}`, {
          dx: -8,
          dy: 16 + 16 * i,
          anchor: "end",
        });
        const here = run.losses[Math.min(cursor, run.losses.length - 1)];
        running && here > low && here < high
          ? tips[i].set([Math.min(cursor, run.losses.length - 1), here])
          : tips[i].hide();
      });
      plot.describe(
        t("raceNow", {
          list: entries
            .map(({ name, run }) => `${t(name)} ${ui.number(run.losses.at(-1), 2)}`)
            .join(t("comma")),
        }),
      );
    },
  };
}
