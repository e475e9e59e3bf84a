// The paths that optimisers took, and the next step taken apart.

/** @param {import("../plot/index.js").Plot} plot @param {Record<string, string>} colours */
export function pathsOf(plot, colours) {
  const ghosts = Object.keys(colours).map(() => plot.line({ width: 1.5, class: "fg-ghost" }));
  const rest = plot.line({ width: 1.5, class: "fg-rest" });
  const trail = plot.line({ width: 1.75 });
  const points = plot.dots({ size: 4.5 });
  /** @param {import("./index.js").Walked} now @param {number} cursor */
  return function draw({ run, others, optimiser }, cursor) {
    ghosts.forEach((ghost, i) => {
      const other = others[i];
      if (!other) return ghost.hide();
      ghost.color(colours[other[0]]);
      ghost.set(other[1].path);
    });
    for (const mark of [rest, trail, points]) mark.color(colours[optimiser]);
    rest.set(run.path.subarray(2 * cursor));
    trail.set(run.path, cursor + 1);
    points.set(run.path, cursor + 1);
  };
}

/** The next step taken apart: the gradient's part and the velocity's. @param {import("../frame.js").Ui} ui @param {import("../plot/index.js").Plot} plot */
export function forcesOf(ui, plot) {
  const arrows = ["green", "red"].map((color) => ({
    line: plot.line({ color, width: 2.5, class: "fg-arrow" }),
    label: plot.text({ color }),
  }));
  /** An arrow from (x, y), with its name where there is room for it. */
  function arrow({ line, label }, x, y, step, words) {
    const [dx, dy] = step;
    const pixels = Math.hypot(plot.x.map(dx) - plot.x.map(0), plot.y.map(dy) - plot.y.map(0));
    if (!(pixels > 3)) {
      line.hide();
      label.hide();
      return;
    }
    line.set(arrowOf(plot, x, y, x + dx, y + dy));
    const beside = { dx: dx < 0 ? -6 : 6, dy: dy < 0 ? 14 : -6, anchor: dx < 0 ? "end" : "start" };
    pixels > 14 ? label.set(x + dx, y + dy, words, beside) : label.hide();
  }
  /** @param {import("./index.js").Walked} now @param {number} cursor */
  return function draw({ run, surface, learningRate, optimiser }, cursor) {
    const shown = ui.get("step") >= 0 && cursor < run.losses.length - 1;
    const [x, y, u, v] = run.path.subarray(2 * cursor, 2 * cursor + 4);
    const [gx, gy] = shown ? surface.gradient(x, y).map((g) => -learningRate * g) : [NaN, NaN];
    const rest = optimiser === "sgd" ? [NaN, NaN] : [u - x - gx, v - y - gy];
    arrow(arrows[0], x, y, [gx, gy], "−αg");
    arrow(arrows[1], x, y, rest, "−αμv");
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
