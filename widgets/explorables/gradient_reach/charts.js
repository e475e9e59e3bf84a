// The two pictures: what is left of the gradient, step by step back in time; and the factor of one step for every scale.
import { LEVEL } from "./core.js";
import { SCALES, WITHIN } from "./state.js";

/** @typedef {import("./state.js").State} State */

export const HUE = { rnn: "blue", gru: "purple", lstm: "orange" };
export const KINDS = /** @type {import("./core.js").Kind[]} */ (Object.keys(HUE));
export const [LOW, HIGH] = [SCALES[0], SCALES.at(-1)];

const FLOOR = 1e-12; // the picture's ends, whatever is computed
const CEILING = 1e12;
const MARGIN = { left: 46, right: 14, top: 24, bottom: 38 };
const FACTORS = [0.15, 1.45]; // of the second picture
const heightOf = (width) => Math.round(Math.min(340, Math.max(230, width * 0.78)));

const clamp = (value) => Math.min(CEILING, Math.max(FLOOR, value));
const drawable = (value) => Math.min(1e30, Math.max(1e-30, value));
const curve = (xs, ys) => Float64Array.from({ length: 2 * ys.length }, (_, i) => (i % 2 ? ys : xs)[i >> 1]);
/** The same mark for each cell, in its colour. */
const each = (make) => Object.fromEntries(KINDS.map((kind) => [kind, make(kind)]));

/** Whole decades around what the cells do, at least six. */
function decades({ cells }) {
  const all = KINDS.map((kind) => clamp(cells[kind].left.at(-1)));
  const most = Math.max(1, ...KINDS.map((kind) => clamp(Math.max(...cells[kind].left))));
  const high = Math.ceil(Math.log10(most) + 0.7);
  const low = Math.min(-5, Math.floor(Math.log10(Math.min(...all, LEVEL)) - 0.2));
  return [10 ** low, 10 ** Math.max(high, 1)];
}

/** Sets a line's name where the line ends, or where it leaves the picture; two names keep apart. */
function nameLine(plot, name, text, left, taken) {
  const [bottom, top] = plot.y.domain;
  const last = left.length - 1;
  const leaves = left.findIndex((v) => v < bottom * 2 || v > top / 2);
  const at = leaves < 0 ? last : leaves;
  const inside = Math.min(top / 2, Math.max(bottom * 2, left[at]));
  const [x, own] = [plot.x.map(at), plot.y.map(inside)];
  const free = (y) =>
    y > plot.y.map(top) + 8 &&
    y < plot.y.map(bottom) - 3 &&
    taken.every(([u, v]) => Math.abs(u - x) > 60 || Math.abs(v - y) >= 14);
  const y = [-8, 16, -23, 31, -38, 46].map((dy) => own + dy).find(free) ?? own - 8;
  taken.push([x, y]);
  const end = at > left.length / 2;
  name.set(at, inside, text, { dx: end ? -4 : 6, dy: y - own, anchor: end ? "end" : "start" });
}

/** What is left of the gradient, step by step back in time. @param {import("../../ui/frame.js").Ui} ui */
export function reachChart(ui) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("left"),
    height: heightOf,
    margin: MARGIN,
    x: { domain: [0, 120], label: t("back"), ticks: 6 },
    y: { domain: [1e-6, 10], scale: "log", label: t("left"), ticks: 7 },
  });
  const band = plot.area({ class: "fg-target", layer: "under" });
  const level = plot.line({ color: "muted", width: 1, dash: "4 4" });
  const levelName = plot.text({ class: "fg-quiet" });
  const powers = ["rnn", "lstm"].map((kind) => plot.line({ color: HUE[kind], width: 1.5, dash: "2 5" }));
  const lines = each((kind) => plot.line({ color: HUE[kind], width: 2.5 }));
  const names = each((kind) => plot.text({ color: HUE[kind], class: "fg-strong" }));
  return function draw(/** @type {State} */ now) {
    const { cells, length } = now;
    plot.layout({ x: { domain: [0, length - 1] }, y: { domain: decades(now) } });
    const steps = Array.from({ length }, (_, k) => k);
    const taken = [];
    const end = (kind) => cells[kind].left.at(-1);
    // The highest line gets its name first.
    for (const kind of [...KINDS].sort((a, b) => end(b) - end(a))) {
      lines[kind].set(curve(steps, cells[kind].left.map(drawable)));
      nameLine(plot, names[kind], t(kind), cells[kind].left, taken);
    }
    const power = (base) =>
      curve(
        steps,
        steps.map((k) => drawable(base ** k)),
      );
    powers.forEach((line, i) => line.set(power([now.scale, now.forget][i])));
    level.set([0, LEVEL, length, LEVEL]);
    levelName.set(0, LEVEL, "1%", { dx: 4, dy: 14 });
    band.set(0, WITHIN, length, 1 / WITHIN);
    band.node.classList.toggle("fg-won", now.fine);
    const list = KINDS.map((kind) => t("leftOf", { name: t(kind), left: ui.number(end(kind), 2) }));
    plot.describe(t("leftNow", { length, list: ui.clauses(list) }));
  };
}

/** The factor of one step for every scale: where each cell crosses 1. @param {import("../../ui/frame.js").Ui} ui */
export function sweepChart(ui) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("factor"),
    height: heightOf,
    margin: MARGIN,
    x: { domain: [LOW, HIGH], scale: "log", label: t("scaleAxis"), ticks: 6 },
    y: { domain: FACTORS, label: t("factor"), ticks: 7 },
  });
  const one = plot.line({ color: "muted", width: 1, dash: "4 4" });
  const here = plot.line({ color: "ink", width: 1.5 });
  const lines = each((kind) => plot.line({ color: HUE[kind], width: 2.5 }));
  const dots = each((kind) => plot.dots({ color: HUE[kind], size: 9 }));
  plot.onPlace((x) => ui.set({ scale: Math.min(HIGH, Math.max(LOW, x)) }));
  plot.node.classList.add("fg-place");
  return function draw(/** @type {State} */ { scale, length, cells, swept }) {
    plot.layout();
    one.set([LOW, 1, HIGH, 1]);
    here.set([scale, FACTORS[0], scale, FACTORS[1]]);
    for (const kind of KINDS) {
      lines[kind].set(curve(SCALES, swept[kind]));
      scale >= LOW && scale <= HIGH ? dots[kind].set([scale, cells[kind].rate]) : dots[kind].hide();
    }
    const two = (value) => ui.number(value, 2);
    const ends = (kind) => ({ name: t(kind), low: two(swept[kind][0]), high: two(swept[kind].at(-1)) });
    const list = ui.clauses(KINDS.map((kind) => t("factorOf", ends(kind))));
    const said = { low: ui.number(LOW), high: ui.number(HIGH), length: length - 1, list };
    plot.describe(t("factorNow", said));
  };
}
