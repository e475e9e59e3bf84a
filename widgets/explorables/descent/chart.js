// The loss over the steps, on a logarithmic axis.
import { OPTIMISERS } from "../../core/descent.js";
import { COLOURS } from "./colours.js";

const NAMES = Object.keys(OPTIMISERS);

/** What is not a number any more was too large to be one. */
const overflow = (loss) => (Number.isNaN(loss) ? Infinity : loss);

/** @param {import("../../ui/frame.js").Ui} ui */
export function chartOf(ui) {
  const { t } = ui;
  const margin = { left: 46, right: 12, top: 24, bottom: 38 };
  const plot = ui.plot({
    label: t("chart"),
    margin,
    x: { domain: [0, 100], label: t("stepAxis"), ticks: 5 },
    y: { domain: [1e-9, 1e4], scale: "log", label: t("lossAxis"), ticks: 7 },
    // Beside the map: as tall as the map, whose margins are others.
    height: (width) => (ui.wide() ? width - 38 + 32 : Math.max(220, Math.round(width * 0.6))),
  });
  const goal = plot.area({ class: "fg-target", layer: "under" });
  const goalEdge = plot.line({ color: "good", width: 1, layer: "under" });
  const goalName = plot.text({ color: "good" });
  const theory = plot.line({ color: "muted", width: 1.5, dash: "2 5" });
  const theoryName = plot.text({ class: "fg-quiet" });
  const curves = NAMES.map(() => [plot.line({ width: 1.5 }), plot.text({ class: "fg-strong" })]);
  const cursorLine = plot.line({ color: "muted", width: 1 });
  const tip = plot.dots({ size: 9 });
  const mark = plot.dots({ color: "good", size: 11 });

  /** A curve's name beside its end, or beside where it leaves the picture; not where another name stands. */
  function label(text, losses, words, taken) {
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
  function predict(first, factor, steps, taken) {
    const [low, high] = plot.y.domain;
    const words = t("theory", { rate: ui.number(factor) });
    theory.set(curveOf(Float64Array.from({ length: steps + 1 }, (_, i) => first * factor ** i)));
    if (factor >= 1) return label(theoryName, [first, 2 * high], words, taken);
    const room = plot.x.invert(plot.width - margin.right - 7 * words.length);
    const x = Math.max(0, Math.min(0.45 * steps, room, Math.log((100 * low) / first) / Math.log(factor)));
    theoryName.set(x, first * factor ** x, words, { dx: 8, dy: -8 });
  }
  const curveOf = (losses) =>
    Float64Array.from({ length: 2 * losses.length }, (_, i) =>
      i % 2 ? Math.max(losses[(i - 1) / 2], 1e-300) : i / 2,
    );

  return {
    draw(now, cursor) {
      const { surface, run, optimiser, rate, steps } = now;
      const [low, high] = surface.losses;
      const running = ui.get("step") >= 0;
      plot.layout({ x: { domain: [0, steps] }, y: { domain: surface.losses } });
      goal.set(0, now.goal.below, now.goal.within, low);
      goal.node.classList.toggle("fg-won", now.hit !== null);
      goalEdge.set([0, now.goal.below, now.goal.within, now.goal.below, now.goal.within, low]);
      goalName.set(0, low, t("goalHere", { below: ui.number(now.goal.below) }), { dx: 8, dy: -8 });
      const taken = [];
      [[optimiser, run], ...now.others, ...NAMES].slice(0, NAMES.length).forEach((entry, i) => {
        const [line, text] = curves[i];
        if (typeof entry === "string") return [line, text].forEach((m) => m.hide());
        const [which, result] = entry;
        line.color(COLOURS[which]);
        text.color(COLOURS[which]);
        line.node.classList.toggle("fg-ghost", i > 0);
        line.width(i ? 1.5 : 2.5);
        line.set(curveOf(result.losses));
        label(text, result.losses, t(which), taken);
      });
      surface.quadratic && rate > 0
        ? predict(run.losses[0], rate ** 2, steps, taken)
        : [theory, theoryName].forEach((m) => m.hide());
      const here = run.losses[cursor];
      tip.color(COLOURS[optimiser]);
      running ? cursorLine.set([cursor, low, cursor, high]) : cursorLine.hide();
      here > low && here < high ? tip.set([cursor, here]) : tip.hide();
      now.hit === null ? mark.hide() : mark.set([now.hit, Math.max(run.losses[now.hit], low)]);
      plot.describe(
        t("chartNow", {
          steps: run.losses.length - 1,
          first: ui.number(run.losses[0], 2),
          last: ui.number(overflow(run.losses.at(-1)), 2),
        }),
      );
    },
  };
}
