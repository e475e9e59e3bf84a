// Training and test loss over the epochs.
const KEEP = 300; // points of a curve; beyond, every other one goes

/** The losses so far: epoch, loss, epoch, loss, … */
function historyOf() {
  /** @type {{train: number[], test: number[]}} */ const curves = { train: [], test: [] };
  function add(curve, epoch, value) {
    if (curve.length && curve.at(-2) === epoch) curve.splice(-2);
    curve.push(epoch, value);
    if (curve.length > 2 * KEEP) for (let i = KEEP - 2; i > 0; i -= 2) curve.splice(2 * i, 2);
  }
  return {
    curves,
    clear() {
      curves.train.length = curves.test.length = 0;
    },
    /** @param {number} epoch @param {number} train @param {number} test */
    add(epoch, train, test) {
      add(curves.train, epoch, train);
      add(curves.test, epoch, test);
    },
  };
}

/** Axes around all that is drawn. */
function axesOf({ train, test }, below) {
  const shown = [...train, ...test].filter((v, i) => i % 2 && v > 0).concat(below / 1.5);
  const low = 1 / nice(1 / (0.55 * Math.min(...shown)));
  const high = nice(1.2 * Math.max(...shown, 2 * below));
  const last = test.at(-2) ?? 0;
  return { x: { domain: [0, nice(Math.max(20, last * 1.05))] }, y: { domain: [low, high] } };
}

/** A curve and its name, above the other's where it ends higher. */
function curveOf(line, name) {
  return function draw(curve, words, higher) {
    line.set(curve);
    if (curve.length < 8) name.hide();
    else name.set(curve.at(-2), curve.at(-1), words, { dx: 5, dy: higher ? -7 : 15 });
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement}} where */
export function chartOf(ui, { into }) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("chart"),
    into,
    margin: { left: 40, right: 10, top: 22, bottom: 34 },
    height: (width) => Math.round(Math.max(150, Math.min(190, width * 0.42))),
    x: { domain: [0, 20], label: t("epochAxis"), ticks: 5 },
    y: { domain: [0.01, 1], scale: "log", label: t("lossAxis"), ticks: 4 },
  });
  const goal = plot.line({ color: "good", width: 1, dash: "2 4", layer: "under" });
  const goalName = plot.text({ color: "good" });
  const lines = [
    plot.line({ color: "muted", width: 1.5, dash: "5 3" }),
    plot.line({ color: "ink", width: 2 }),
  ];
  const drawTrain = curveOf(lines[0], plot.text({ class: "fg-quiet" }));
  const drawTest = curveOf(lines[1], plot.text({ class: "fg-strong" }));
  const { curves, clear, add } = historyOf();
  return {
    clear,
    add,
    /** @param {{below: number}} now @param {string} words for those who do not see it */
    draw({ below }, words) {
      const { train, test } = curves;
      plot.layout(axesOf(curves, below));
      goal.set([0, below, plot.x.domain[1], below]);
      goalName.set(0, below, t("goalHere", { below: ui.number(below) }), { dx: 5, dy: -5 });
      const over = train.at(-1) > test.at(-1);
      drawTrain(train, t("train"), over);
      drawTest(test, t("test"), !over);
      plot.describe(words);
    },
  };
}

/** The next of 1, 2, 5 times a power of ten, in finer steps: an axis that does not jump at every frame. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((m) => m * power >= value) * power;
}
