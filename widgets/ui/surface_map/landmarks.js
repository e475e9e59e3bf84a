// What a surface has without anybody on it: principal axes, minima, a saddle point.

/** @param {import("../frame.js").Ui} ui @param {import("../plot/index.js").Plot} plot */
export function landmarksOf(ui, plot) {
  const drawAxes = axesOf(ui, plot);
  const drawWells = wellsOf(ui, plot);
  const saddle = plot.text({ class: "fg-quiet" });
  /** @param {import("./index.js").Walked} now */
  return function draw(now) {
    drawAxes(now);
    drawWells(now);
    now.name === "saddle" ? saddle.set(0, 0, ui.t("saddlePoint"), { dx: 9, dy: 4 }) : saddle.hide();
  };
}

/** The principal axes of a quadratic, the flat one and the steep one. */
function axesOf({ t, number }, plot) {
  const lines = [0, 1].map(() =>
    plot.line({ color: "muted", width: 1, layer: "under", class: "fg-principal" }),
  );
  const names = [0, 1].map(() => plot.text({ class: "fg-quiet" }));
  /** @param {import("./index.js").Walked} now */
  return function draw({ surface, curvatures: [low, high], angle = 0.4 }) {
    if (!surface.quadratic) {
      for (const mark of [...lines, ...names]) mark.hide();
      return;
    }
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    lines[0].set([-4 * c, -4 * s, 4 * c, 4 * s]);
    lines[1].set([4 * s, -4 * c, -4 * s, 4 * c]);
    names[0].set(3.05 * c, 3.05 * s, t("flat", { lambda: number(low) }), { dy: 26, anchor: "end" });
    names[1].set(-2.62 * s, 2.62 * c, t("steep", { lambda: number(high) }), { dx: 8 });
  };
}

/** Up to three minima; their names go where the start stands. */
function wellsOf({ t }, plot) {
  const wells = [0, 1, 2].map(() => ({
    dot: plot.dots({ color: "ink", size: 6 }),
    label: plot.text({ class: "fg-quiet" }),
  }));
  /** @param {import("./index.js").Walked} now */
  return function draw({ name, surface, start }) {
    wells.forEach(({ dot, label }, i) => {
      const well = surface.minima[i];
      if (!well) {
        dot.hide();
        label.hide();
        return;
      }
      const [x, y] = well.at;
      dot.set([x, y]);
      if (Math.hypot(x - start[0], y - start[1]) < 0.3) return label.hide();
      const words =
        name === "mlp" ? t("network", { name: "ABC"[i], loss: well.value.toFixed(3) }) : t("minimum");
      label.set(x, y, words, { dx: 9, dy: name === "quadratic" ? 18 : 4 });
    });
  };
}
