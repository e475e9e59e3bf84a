// A surface from above, with the paths of optimisers on it and a handle at their start.
import { landmarksOf } from "./landmarks.js";
import { forcesOf, pathsOf } from "./paths.js";

const MARGIN = { left: 30, right: 8, top: 8, bottom: 24 };

/**
 * What it draws.
 * @typedef {object} Walked
 * @property {string} name  of the surface
 * @property {import("../../core/surfaces.js").Surface} surface
 * @property {number[]} curvatures  of the flattest minimum, the smaller first
 * @property {number} [angle]  by which the surface is turned
 * @property {number[]} start
 * @property {string} optimiser @property {number} learningRate
 * @property {import("../../core/descent.js").Run} run
 * @property {[string, import("../../core/descent.js").Run][]} others  optimisers to compare with
 */

/**
 * @param {import("../frame.js").Ui} ui
 * @param {{colours: Record<string, string>, arrows?: boolean}} options  each optimiser's colour; is the next step taken apart?
 */
export function mapOf(ui, { colours, arrows = true }) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-3, 3], ticks: 5 },
    y: { domain: [-3, 3], ticks: 5 },
    grid: "none",
    margin: MARGIN,
    // One unit is as long on both axes: else the gradient would not look perpendicular to the contour lines.
    height: (width) => width - MARGIN.left - MARGIN.right + MARGIN.top + MARGIN.bottom,
  });
  let limits = { x: [-3, 3], y: [-3, 3] };
  const contours = plot.contours({ levels: 13 });
  const drawLandmarks = landmarksOf(ui, plot);
  const drawPaths = pathsOf(plot, colours);
  const drawForces = arrows ? forcesOf(ui, plot) : () => {};
  const tip = plot.dots({ size: 10 });
  const place = (x, y) => ui.set({ start: [x, y] });
  plot.onPlace(place);
  const handle = plot.handle({ label: t("start"), onMove: place, limits: () => limits });
  const name = plot.text({ class: "fg-strong" });

  /** @param {Walked} now @param {number} cursor  the step shown */
  function draw(now, cursor) {
    const { surface, run, optimiser } = now;
    const [x, y] = now.start;
    plot.layout({ x: { domain: surface.domain.x }, y: { domain: surface.domain.y } });
    limits = surface.domain;
    drawContours(contours, now);
    drawLandmarks(now);
    drawPaths(now, cursor);
    tip.color(colours[optimiser]);
    tip.set(run.path.subarray(2 * cursor, 2 * cursor + 2));
    drawForces(now, cursor);
    handle.set(x, y);
    name.set(x, y, t("startHere"), { dx: 0, dy: -16, anchor: "middle" });
    const said = { surface: t(now.name), optimiser: t(optimiser), x: ui.number(x), y: ui.number(y) };
    plot.describe(t("mapNow", { ...said, steps: run.losses.length - 1 }));
  }
  return { draw };
}

/** @param {ReturnType<typeof import("../plot/contours.js").contoursOf>} contours @param {Walked} now */
function drawContours(contours, { name, surface, curvatures }) {
  const lowest = Math.min(...surface.minima.map((m) => m.value));
  const height = (x, y) => surface.height(Math.max(surface.value(x, y), lowest));
  if (!surface.ellipse) return contours.set(height, `${name} ${curvatures[1]}`, surface.detail);
  const [x, y] = [surface.domain.x[1], surface.domain.y[1]];
  const highest = Math.max(height(x, y), height(x, -y)); // the domain is a square around the minimum
  contours.ellipses((part) => surface.ellipse(part * highest));
}
