// The chosen run's curves, those of the other learning rates behind it, and the reader's own.
import { number } from "../../ui/format.js";
import { lastLoss } from "./core.js";
import { HUE, height, MARGIN } from "./shared.js";

/** A colour made paler; as it is where the browser cannot mix any. @param {string} name @param {number} percent */
const paler = (name, percent) =>
  CSS.supports("color", "color-mix(in oklab, red, blue)")
    ? `color-mix(in oklab, var(--fg-${name}) ${percent}%, var(--fg-paper))`
    : name;

/** Learning rates of one optimiser: from pale to full, and red where it breaks. */
const shade = (i, { rates, optimiser, beyond }) =>
  i >= beyond ? paler("bad", 55) : paler(HUE[optimiser], Math.round(25 + (65 * i) / rates.length));

/** Points of the training curve, x in epochs: a mean stands in the middle of its window. */
function trainingPath(run, { steps, window, epochs }, ceiling) {
  return run.train.flatMap((loss, i) => {
    const middle = (i * window + Math.min((i + 1) * window, run.steps ?? steps)) / 2;
    return [(middle * epochs) / steps, Math.min(loss, ceiling)];
  });
}

const validationPath = (run, ceiling) =>
  run.validation_loss.flatMap((loss, i) => [i + 1, Math.min(loss, ceiling)]);

/** @param {import("../../ui/frame.js").Ui} ui */
export function curvesOf(ui) {
  const plot = ui.plot({
    label: ui.t("training"),
    height,
    margin: MARGIN,
    x: { domain: [0, 1] },
    y: { domain: [0.1, 1], scale: "log" },
  });
  const drawGuess = guessOf(ui, plot);
  const drawOthers = othersOf(plot);
  const drawRun = runOf(ui, plot);
  const drawLive = liveOf(ui, plot);

  /** @param {import("./index.js").Now} now */
  return function draw(now) {
    const { epochs } = now.settings;
    const [low, high] = now.range;
    const ceiling = 3 * high;
    plot.layout({
      x: { domain: [0, epochs + 0.12], ticks: epochs },
      y: { domain: [low, high], label: ui.t("loss", { epochs }) },
    });
    drawGuess(now);
    drawOthers(now, ceiling);
    const own = ui.get("live");
    const live = ui.get("kernel") && own.train?.length > 0 ? own : null;
    drawRun(now, ceiling, live === null);
    drawLive(now, ceiling, live);
    const { train, validation_loss: validation } = now.run;
    plot.describe(
      ui.t("curvesLabel", {
        optimiser: now.optimiser,
        rate: number(now.rate),
        first: number(train[0] ?? NaN),
        last: number(train.at(-1) ?? NaN),
        validation: validation.map((v) => number(v)).join(", "),
      }),
    );
  };
}

/** Where the run itself lies on that line there is no room for its name; the valley beside it has it too. */
function guessOf(ui, plot) {
  const line = plot.line({ class: "fg-lab-guess", layer: "under", width: 1 });
  const name = plot.text({ class: "fg-quiet", anchor: "end" });
  return function draw({ guess, run, settings: { epochs } }) {
    line.set([0, guess, epochs + 1, guess]);
    if (lastLoss(run) < 0.8 * guess) name.set(epochs, guess, ui.t("guess"), { dy: -6 });
    else name.hide();
  };
}

/** The same optimiser at the other learning rates; drawn anew only when it is another. */
function othersOf(plot) {
  const lines = [];
  let drawn = "";
  return function draw(now, ceiling) {
    while (lines.length < now.rates.length)
      lines.push(plot.line({ class: "fg-lab-context", layer: "under", width: 1 }));
    const key = `${now.optimiser} ${plot.width} ${plot.height} ${now.rates.length}`;
    if (key === drawn) return;
    drawn = key;
    lines.forEach((line, i) => {
      if (i >= now.rates.length) return line.hide();
      line.set(trainingPath(now.runs[i], now.settings, ceiling));
      line.color(shade(i, now));
    });
  };
}

/** The chosen run. */
function runOf(ui, plot) {
  const guide = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const halo = plot.line({ color: "paper", width: 5.5 });
  const main = plot.line({ width: 2.25 });
  const rings = plot.dots({ color: "paper", size: 11 });
  const points = plot.dots({ size: 7.5 });
  const trainName = plot.text({ class: "fg-strong" });
  const validationName = plot.text({ class: "fg-strong" });
  return function draw(now, ceiling, named) {
    const { epochs } = now.settings;
    const [, high] = now.range;
    const path = trainingPath(now.run, now.settings, ceiling);
    const dots = validationPath(now.run, ceiling);
    for (const mark of [main, points]) mark.color(HUE[now.optimiser]);
    for (const mark of [halo, main]) mark.set(path);
    for (const mark of [rings, points]) mark.set(dots);
    const end = dots.length ? Math.min(dots.at(-1), high) : high;
    guide.set([epochs, end, epochs + 1, end]);
    const j = Math.min(path.length / 2 - 1, Math.floor(path.length / 2 / 4));
    if (j >= 0) trainName.set(path[2 * j], path[2 * j + 1], ui.t("training"), { dx: 2, dy: -18 });
    if (named && dots.length >= 8)
      validationName.set(4, dots[7], ui.t("validation"), { dy: 24, anchor: "middle" });
    else validationName.hide();
  };
}

/** The reader's own run: thin, so that the recorded curve shows on both sides where the two agree. */
function liveOf(ui, plot) {
  const main = plot.line({ width: 1.25 });
  const points = plot.dots({ size: 5 });
  const name = plot.text({ class: "fg-strong" });
  return function draw(now, ceiling, run) {
    if (!run) {
      for (const mark of [main, points, name]) mark.hide();
      return;
    }
    const path = trainingPath(run, now.settings, ceiling);
    main.set(path);
    points.set(validationPath(run, ceiling));
    const [x, y] = path.slice(-2);
    name.set(x, y, ui.t("yours", { rate: number(run.learning_rate) }), {
      dy: -24,
      anchor: x > 0.5 * now.settings.epochs ? "end" : "start",
    });
  };
}
