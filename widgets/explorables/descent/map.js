// The surface from above, with the path on it.
import { COLOURS } from "./colours.js";

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{colours?: Record<string, string>, arrows?: boolean}} [options]  each optimiser's colour; the next step taken apart?
 */
export function mapOf(ui, { colours = COLOURS, arrows: takenApart = true } = {}) {
  const { t } = ui;
  const margin = { left: 30, right: 8, top: 8, bottom: 24 };
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-3, 3], ticks: 5 },
    y: { domain: [-3, 3], ticks: 5 },
    grid: "none",
    margin,
    // One unit is as long on both axes: else the gradient would not look perpendicular to the contour lines.
    height: (width) => width - margin.left - margin.right + margin.top + margin.bottom,
  });
  const contours = plot.contours({ levels: 13 });
  const axes = [0, 1].map(() =>
    plot.line({ color: "muted", width: 1, layer: "under", class: "fg-principal" }),
  );
  const axisNames = [0, 1].map(() => plot.text({ class: "fg-quiet" }));
  const wells = [0, 1, 2].map(() => [plot.dots({ color: "ink", size: 6 }), plot.text({ class: "fg-quiet" })]);
  const saddle = plot.text({ class: "fg-quiet" });
  const ghosts = Object.keys(colours).map(() => plot.line({ width: 1.5, class: "fg-ghost" }));
  const rest = plot.line({ width: 1.5, class: "fg-rest" });
  const trail = plot.line({ width: 1.75 });
  const points = plot.dots({ size: 4.5 });
  const arrows = ["green", "red"].map((color) => [
    plot.line({ color, width: 2.5, class: "fg-arrow" }),
    plot.text({ color }),
  ]);
  const tip = plot.dots({ size: 10 });
  const place = (x, y) => ui.set({ start: [x, y] });
  plot.onPlace(place);
  const handle = plot.handle({ label: t("start"), onMove: place, limits: () => limits });
  const name = plot.text({ class: "fg-strong" });
  let limits = { x: [-3, 3], y: [-3, 3] };

  function landmarks({ name: which, surface, curvatures, start, angle = 0.4 }) {
    const [low, high] = curvatures;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const arms = [
      [c, s, 3.05, t("flat", { lambda: ui.number(low) })],
      [-s, c, 2.62, t("steep", { lambda: ui.number(high) })],
    ];
    arms.forEach(([a, b, r, text], i) => {
      if (!surface.quadratic) return [axes[i], axisNames[i]].forEach((mark) => mark.hide());
      axes[i].set([-4 * a, -4 * b, 4 * a, 4 * b]);
      axisNames[i].set(a * r, b * r, text, i ? { dx: 8 } : { dy: 26, anchor: "end" });
    });
    wells.forEach(([dot, label], i) => {
      const well = surface.minima[i];
      if (!well) return [dot, label].forEach((mark) => mark.hide());
      dot.set(well.at);
      const hidden = Math.hypot(well.at[0] - start[0], well.at[1] - start[1]) < 0.3;
      hidden
        ? label.hide()
        : label.set(
            ...well.at,
            which === "mlp" ? t("network", { name: "ABC"[i], loss: well.value.toFixed(3) }) : t("minimum"),
            { dx: 9, dy: which === "quadratic" ? 18 : 4 },
          );
    });
    which === "saddle" ? saddle.set(0, 0, t("saddlePoint"), { dx: 9, dy: 4 }) : saddle.hide();
  }
  function drawContours({ name: which, surface, curvatures }) {
    const height = (x, y) => surface.height(Math.max(surface.value(x, y), lowest));
    const lowest = Math.min(...surface.minima.map((m) => m.value));
    if (!surface.ellipse) return contours.set(height, `${which} ${curvatures[1]}`, surface.detail);
    const [x, y] = [surface.domain.x[1], surface.domain.y[1]];
    const highest = Math.max(height(x, y), height(x, -y)); // the domain is a square around the minimum
    contours.ellipses((part) => surface.ellipse(part * highest));
  }
  /** The next step taken apart: the gradient's part and the velocity's. */
  function forces({ run, surface, learningRate, optimiser, steps }, cursor) {
    const shown = takenApart && ui.get("step") >= 0 && cursor < run.losses.length - 1;
    const [x, y, u, v] = run.path.subarray(2 * cursor, 2 * cursor + 4);
    const [gx, gy] = shown ? surface.gradient(x, y).map((g) => -learningRate * g) : [];
    const parts = [
      [gx, gy, "−αg"],
      [u - x - gx, v - y - gy, "−αμv"],
    ];
    parts.forEach(([dx, dy, text], i) => {
      const [line, label] = arrows[i];
      const pixels = Math.hypot(plot.x.map(dx) - plot.x.map(0), plot.y.map(dy) - plot.y.map(0));
      if (!shown || (i === 1 && optimiser === "sgd") || !(pixels > 3))
        return [line, label].forEach((mark) => mark.hide());
      line.set(arrowOf(plot, x, y, x + dx, y + dy));
      pixels > 14
        ? label.set(x + dx, y + dy, text, {
            dx: dx < 0 ? -6 : 6,
            dy: dy < 0 ? 14 : -6,
            anchor: dx < 0 ? "end" : "start",
          })
        : label.hide();
    });
  }
  return {
    draw(now, cursor) {
      const { surface, run, optimiser, start } = now;
      plot.layout({ x: { domain: surface.domain.x }, y: { domain: surface.domain.y } });
      limits = surface.domain;
      drawContours(now);
      landmarks(now);
      ghosts.forEach((ghost, i) => {
        const other = now.others[i];
        if (!other) return ghost.hide();
        ghost.color(colours[other[0]]);
        ghost.set(other[1].path);
      });
      for (const mark of [rest, trail, points, tip]) mark.color(colours[optimiser]);
      rest.set(run.path.subarray(2 * cursor));
      trail.set(run.path, cursor + 1);
      points.set(run.path, cursor + 1);
      tip.set(run.path.subarray(2 * cursor, 2 * cursor + 2));
      forces(now, cursor);
      handle.set(...start);
      name.set(...start, t("startHere"), { dx: 0, dy: -16, anchor: "middle" });
      plot.describe(
        t("mapNow", {
          surface: t(now.name),
          optimiser: t(optimiser),
          x: ui.number(start[0]),
          y: ui.number(start[1]),
          steps: run.losses.length - 1,
        }),
      );
    },
  };
}

/** An arrow as one polyline: shaft, then the head. In data coordinates, with a head of constant size on the screen. */
function arrowOf(plot, x, y, u, v) {
  const [px, py, qx, qy] = [plot.x.map(x), plot.y.map(y), plot.x.map(u), plot.y.map(v)];
  const angle = Math.atan2(qy - py, qx - px);
  const size = Math.min(8, Math.hypot(qx - px, qy - py) / 2);
  const barb = (turn) => [
    plot.x.invert(qx - size * Math.cos(angle + turn)),
    plot.y.invert(qy - size * Math.sin(angle + turn)),
  ];
  return [x, y, u, v, ...barb(0.45), u, v, ...barb(-0.45)];
}
