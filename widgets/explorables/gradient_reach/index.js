// gradient_reach: how far back an RNN, a GRU and an LSTM can still learn from.
import * as core from "./core.js";
import { raise } from "../../core/errors.js";
import { explorable, h, put } from "../../ui/index.js";
import { legendOf } from "./legend.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const KINDS = ["rnn", "gru", "lstm"];
const HUE = { rnn: "blue", gru: "purple", lstm: "orange" };
const FAR = 100; // of the goals: steps
const WITHIN = 10; // of the RNN's goal: a factor, up or down
const SWEEP = { low: 0.3, high: 3, points: 17, length: 30, slice: 4 }; // slice: points a frame
const SCALES = Array.from(
  { length: SWEEP.points },
  (_, i) => SWEEP.low * (SWEEP.high / SWEEP.low) ** (i / (SWEEP.points - 1)),
);
const FLOOR = 1e-12; // the picture's ends, whatever is computed
const CEILING = 1e12;
const GOALS = ["rnn", "lstm"];

const traits = { scale: 0.7, bias: 0, length: 120, seed: 1, found: [] };

/** Everything that one state of the traits implies. What a slider does not touch is not computed again. */
function computer(ui) {
  let drawn = { seed: null };
  const sweepOf = sweeper(ui);
  return function compute() {
    const [scale, bias, length, seed] = ["scale", "bias", "length", "seed"].map(ui.get);
    if (!Number.isInteger(seed))
      raise(TypeError, "badType", "seed", seed, "whole number", `seed must be a whole number, not ${seed}`);
    if (drawn.seed !== seed) {
      const numbers = core.draw(seed);
      drawn = { seed, numbers, gateless: core.sweep(numbers, SCALES, 0, SWEEP.length, ["rnn"]) };
    }
    const cells = core.measure(drawn.numbers, scale, bias, length);
    const { left } = cells.rnn;
    const [low, high] = [Math.min(...left), Math.max(...left)];
    return {
      scale,
      bias,
      length,
      cells,
      swept: sweepOf(drawn, bias),
      forget: 1 / (1 + Math.exp(-bias)),
      fine: low >= 1 / WITHIN && high <= WITHIN,
      low,
      high,
      reached: { rnn: length >= FAR && low >= 1 / WITHIN && high <= WITHIN, lstm: cells.lstm.reach >= FAR },
    };
  };
}

/** The curves of the second picture. They take longer than a frame has: a few points a frame, and the last whole ones until then. */
function sweeper(ui) {
  let [whole, begun] = [null, null];
  return function sweepOf(drawn, bias) {
    const asked = `${drawn.seed} ${bias}`;
    if (whole?.of !== asked) {
      begun ??= { of: asked, drawn, bias, gru: [], lstm: [] };
      const from = begun.gru.length;
      const scales = SCALES.slice(from, whole ? from + SWEEP.slice : undefined);
      const part = core.sweep(begun.drawn.numbers, scales, begun.bias, SWEEP.length, ["gru", "lstm"]);
      for (const kind of ["gru", "lstm"]) begun[kind].push(...part[kind]);
      if (begun.gru.length === SCALES.length)
        [whole, begun] = [
          { of: begun.of, curves: { ...begun.drawn.gateless, gru: begun.gru, lstm: begun.lstm } },
          null,
        ];
    }
    const done = whole.of === asked;
    if (!done) requestAnimationFrame(ui.redraw); // a draw may not ask for the next one itself
    put(ui.root, { "data-busy": done ? "no" : "yes" });
    return whole.curves;
  };
}

const clamp = (value) => Math.min(CEILING, Math.max(FLOOR, value));
const curve = (xs, ys) =>
  Float64Array.from({ length: 2 * xs.length }, (_, i) => (i % 2 ? ys[(i - 1) / 2] : xs[i / 2]));

/** Whole decades around what the cells do, at least six. */
function decades({ cells }) {
  const all = KINDS.map((kind) => clamp(cells[kind].left.at(-1)));
  const most = Math.max(1, ...KINDS.map((kind) => clamp(Math.max(...cells[kind].left))));
  const high = Math.ceil(Math.log10(most) + 0.7);
  const low = Math.min(-5, Math.floor(Math.log10(Math.min(...all, core.LEVEL)) - 0.2));
  return [10 ** low, 10 ** Math.max(high, 1)];
}

/** What is left of the gradient, step by step back in time. */
function reachChart(ui) {
  const { t } = ui;
  const height = (width) => Math.round(Math.min(340, Math.max(230, width * 0.78)));
  const margin = { left: 46, right: 14, top: 24, bottom: 38 };
  const plot = ui.plot({
    label: t("left"),
    height,
    margin,
    x: { domain: [0, 120], label: t("back"), ticks: 6 },
    y: { domain: [1e-6, 10], scale: "log", label: t("left"), ticks: 7 },
  });
  const band = plot.area({ class: "fg-target", layer: "under" });
  const level = plot.line({ color: "muted", width: 1, dash: "4 4" });
  const levelName = plot.text({ class: "fg-quiet" });
  const theory = Object.fromEntries(
    ["rnn", "lstm"].map((kind) => [kind, plot.line({ color: HUE[kind], width: 1.5, dash: "2 5" })]),
  );
  const lines = Object.fromEntries(KINDS.map((kind) => [kind, plot.line({ color: HUE[kind], width: 2.5 })]));
  const names = Object.fromEntries(
    KINDS.map((kind) => [kind, plot.text({ color: HUE[kind], class: "fg-strong" })]),
  );
  return function draw(now) {
    const domain = decades(now);
    plot.layout({ x: { domain: [0, now.length - 1] }, y: { domain } });
    const steps = Array.from({ length: now.length }, (_, k) => k);
    const taken = [];
    // The highest line gets its name first.
    for (const kind of KINDS.toSorted((a, b) => now.cells[b].left.at(-1) - now.cells[a].left.at(-1))) {
      const { left } = now.cells[kind];
      lines[kind].set(
        curve(
          steps,
          left.map((v) => Math.min(1e30, Math.max(1e-30, v))),
        ),
      );
      // The name stands where the line ends, or where it leaves the picture; two names keep apart.
      let at = left.findIndex((v) => v < domain[0] * 2 || v > domain[1] / 2);
      if (at < 0) at = now.length - 1;
      const inside = Math.min(domain[1] / 2, Math.max(domain[0] * 2, left[at]));
      const [x, own] = [plot.x.map(at), plot.y.map(inside)];
      const free = (y) =>
        y > plot.y.map(domain[1]) + 8 &&
        y < plot.y.map(domain[0]) - 3 &&
        taken.every(([u, v]) => Math.abs(u - x) > 60 || Math.abs(v - y) >= 14);
      const y = [-8, 16, -23, 31, -38, 46].map((dy) => own + dy).find(free) ?? own - 8;
      taken.push([x, y]);
      names[kind].set(at, inside, t(kind), {
        dx: at > now.length / 2 ? -4 : 6,
        dy: y - own,
        anchor: at > now.length / 2 ? "end" : "start",
      });
    }
    const power = (base) =>
      curve(
        steps,
        steps.map((k) => Math.min(1e30, Math.max(1e-30, base ** k))),
      );
    theory.rnn.set(power(now.scale));
    theory.lstm.set(power(now.forget));
    level.set([0, core.LEVEL, now.length, core.LEVEL]);
    levelName.set(0, core.LEVEL, "1%", { dx: 4, dy: 14 });
    band.set(0, WITHIN, now.length, 1 / WITHIN);
    band.node.classList.toggle("fg-won", now.fine);
    plot.describe(
      t("leftNow", {
        length: now.length,
        list: KINDS.map((kind) =>
          t("leftOf", { name: t(kind), left: ui.number(now.cells[kind].left.at(-1), 2) }),
        ).join(t("comma")),
      }),
    );
  };
}

/** The factor of one step for every scale: where each cell crosses 1. */
function sweepChart(ui) {
  const { t } = ui;
  const height = (width) => Math.round(Math.min(340, Math.max(230, width * 0.78)));
  const margin = { left: 46, right: 14, top: 24, bottom: 38 };
  const plot = ui.plot({
    label: t("factor"),
    height,
    margin,
    x: { domain: [SWEEP.low, SWEEP.high], scale: "log", label: t("scaleAxis"), ticks: 6 },
    y: { domain: [0.15, 1.45], label: t("factor"), ticks: 7 },
  });
  const one = plot.line({ color: "muted", width: 1, dash: "4 4" });
  const here = plot.line({ color: "ink", width: 1.5 });
  const lines = Object.fromEntries(KINDS.map((kind) => [kind, plot.line({ color: HUE[kind], width: 2.5 })]));
  const dots = Object.fromEntries(KINDS.map((kind) => [kind, plot.dots({ color: HUE[kind], size: 9 })]));
  plot.onPlace((x) => ui.set({ scale: Math.min(SWEEP.high, Math.max(SWEEP.low, x)) }));
  plot.node.classList.add("fg-place");
  return function draw(now) {
    plot.layout();
    one.set([SWEEP.low, 1, SWEEP.high, 1]);
    here.set([now.scale, 0.15, now.scale, 1.45]);
    for (const kind of KINDS) {
      lines[kind].set(curve(SCALES, now.swept[kind]));
      const inside = now.scale >= SWEEP.low && now.scale <= SWEEP.high;
      inside ? dots[kind].set([now.scale, along(now.swept[kind], now.scale)]) : dots[kind].hide();
    }
    plot.describe(
      t("factorNow", {
        low: ui.number(SWEEP.low),
        high: ui.number(SWEEP.high),
        list: KINDS.map((kind) =>
          t("factorOf", {
            name: t(kind),
            low: ui.number(now.swept[kind][0], 2),
            high: ui.number(now.swept[kind].at(-1), 2),
          }),
        ).join(t("comma")),
      }),
    );
  };
}

/** A swept curve between its points. */
function along(ys, scale) {
  const u = (Math.log(scale / SWEEP.low) / Math.log(SWEEP.high / SWEEP.low)) * (SWEEP.points - 1);
  const i = Math.min(SWEEP.points - 2, Math.max(0, Math.floor(u)));
  return ys[i] + (u - i) * (ys[i + 1] - ys[i]);
}

/** What happens to each, and the remark that helps most. */
function words(ui, now) {
  const { t, number } = ui;
  const { rnn, lstm } = now.cells;
  const said = {
    length: now.length - 1,
    scale: number(now.scale),
    left: number(rnn.left.at(-1), 2),
    rnnReach: rnn.reach,
    lstmReach: lstm.reach,
    rate: number(rnn.rate),
    forget: number(now.forget),
    bias: number(now.bias),
    alone: number(now.forget ** (now.length - 1), 2),
    lstmLeft: number(lstm.left.at(-1), 2),
    far: FAR,
  };
  const first =
    now.high > WITHIN && rnn.rate > 1
      ? "explodes"
      : now.fine
        ? "keepsRnn"
        : rnn.reach >= now.length - 1
          ? "fades"
          : "vanishes";
  const second =
    lstm.reach >= now.length - 1
      ? lstm.left.at(-1) > WITHIN
        ? "lstmGrows"
        : "lstmWhole"
      : now.bias > 0
        ? "lstmMore"
        : now.bias < 0
          ? "lstmShut"
          : "lstmHalf";
  return {
    text: [t(first, said), t(second, said)].join(ui.lang === "zh" ? "" : " "),
    bad: first === "explodes" && rnn.left.at(-1) > 1e6,
  };
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-gradient-reach");
  ui.root.prepend(h("style", { text: css }));
  const compute = computer(ui);
  let now;
  const drawReach = reachChart(ui);
  const drawSweep = sweepChart(ui);
  const drawLegend = legendOf(ui, KINDS, HUE);
  const scale = ui.slider({
    trait: "scale",
    label: t("scale"),
    symbol: "s",
    min: SWEEP.low,
    max: SWEEP.high,
    scale: "log",
    limits: { low: 0.05, high: 20 },
  });
  const bias = ui.slider({
    trait: "bias",
    label: t("bias"),
    symbol: "b",
    min: -3,
    max: 7,
    step: 0.1,
    limits: { low: -20, high: 20 },
  });
  ui.slider({
    trait: "length",
    label: t("length"),
    symbol: "T",
    min: 20,
    max: core.LONGEST,
    integer: true,
    limits: { low: 2, high: core.LONGEST },
  });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });

  // Letting go there counts; passing over it with the mouse held does not.
  function look() {
    const { reached } = compute();
    const found = ui.get("found");
    const fresh = GOALS.filter((name) => reached[name] && !found.includes(name));
    if (fresh.length) ui.set({ found: [...found, ...fresh] });
  }
  for (const event of ["change", "pointerup", "click"])
    ui.root.addEventListener(
      event,
      () => ui.root.dataset.error !== "yes" && setTimeout(() => ui.alive && look()),
    );

  return function draw() {
    now = compute();
    const found = GOALS.filter((name) => ui.get("found").includes(name));
    for (const slider of [scale, bias]) slider.marks([]);
    for (const draw of [drawReach, drawSweep, drawLegend]) draw(now);
    const all = found.length === GOALS.length;
    const list = found.map((name) => t(name)).join(t("comma"));
    ui.goal(
      all
        ? t("goalReached")
        : t("goal", { far: FAR, within: WITHIN }) + (found.length ? t("done", { list }) : ""),
      all,
    );
    const { text, bad } = words(ui, now);
    ui.status(text, { bad });
  };
}

export default explorable({ traits, strings, setup });
