// The loss over the epochs; the epoch shown is marked.

/** @param {import("../../ui/frame.js").Ui} ui @returns {(now: import("./index.js").Now) => void} */
export function chartOf(ui) {
  const { t, number } = ui;
  const plot = ui.plot({
    label: t("chart"),
    x: { domain: [0, 200], label: t("epochAxis"), ticks: 4 },
    y: { domain: [0, 5], label: t("lossAxis"), ticks: 4 },
    margin: { left: 34, top: 20, right: 14, bottom: 36 },
    height: (width) => Math.max(120, Math.round(width * 0.36)),
  });
  const line = plot.line({ color: "accent", width: 2 });
  const cursor = plot.dots({ color: "ink", size: 8 });
  return function draw({ model, epoch }) {
    const { losses, epochs } = model;
    const highest = Math.max(...losses.filter(Number.isFinite), 0);
    plot.layout({
      x: { domain: [0, epochs] },
      y: { domain: [0, Math.max(1, Math.min(30, 1.08 * highest))] },
    });
    line.set(losses.flatMap((loss, i) => [i, loss]));
    Number.isFinite(losses[epoch]) ? cursor.set([epoch, losses[epoch]]) : cursor.hide();
    plot.describe(t("chartNow", { epochs, first: number(losses[0]), last: number(losses.at(-1)) }));
  };
}
