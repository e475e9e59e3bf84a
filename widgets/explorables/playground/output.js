// What the network answers everywhere, the points, and a probe that can be moved.
import { h } from "../../ui/dom.js";
import { colourAt, FINE, rgbOf } from "./colour.js";
import { penOf } from "./pen.js";
import { REACH } from "./points.js";

/** @typedef {import("./state.js").State} State @typedef {import("./colour.js").Theme} Theme */

const MARGIN = { left: 26, right: 8, top: 8, bottom: 22 };

/** The large map, a pixel a place. */
function fieldOf() {
  const node = h("canvas", { class: "fg-field", "aria-hidden": "true", width: FINE, height: FINE });
  const paint = node.getContext("2d");
  const image = paint.createImageData(FINE, FINE);
  const pixels = new Uint32Array(image.data.buffer);
  /** @param {State} now @param {Theme} theme */
  function draw({ grid, large, discrete }, { ramp }) {
    const ratio = grid / FINE;
    const coarse = (k) => Math.floor(Math.floor(k / FINE) * ratio) * grid + Math.floor((k % FINE) * ratio);
    for (let k = 0; k < FINE * FINE; k += 1)
      pixels[k] = ramp[colourAt(large(ratio === 1 ? k : coarse(k)), discrete)];
    paint.putImageData(image, 0, 0);
  }
  return { node, draw };
}

/** The points: a class is told by its shape too; what is for testing is hollow. */
function cloudOf() {
  const node = h("canvas", { class: "fg-field", "aria-hidden": "true" });
  const context = node.getContext("2d");
  let drawn = "";
  /** @param {State} now @param {Theme} theme @param {number} side px */
  function paint({ model, showTest, classes }, theme, side) {
    const dots = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = Math.round(side * dots);
    Object.assign(node, { width, height: width });
    const scale = width / (2 * REACH);
    const r = (side < 300 ? 2.7 : 3.4) * dots;
    context.lineWidth = 1.1 * dots;
    const one = (row, hollow) => {
      const [a, b, target] = model.points.subarray(3 * row, 3 * row + 3);
      const [x, y] = [(a + REACH) * scale, (REACH - b) * scale];
      const tone = classes ? (target > 0.5 ? theme.plus : theme.minus) : mixed(theme, target);
      context.beginPath();
      if (!classes || target > 0.5) context.arc(x, y, r, 0, 7);
      else context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
      context.fillStyle = hollow ? theme.paper : tone;
      context.strokeStyle = hollow ? tone : theme.paper;
      context.fill();
      context.stroke();
      if (classes) return;
      context.strokeStyle = theme.muted;
      context.stroke();
    };
    if (showTest) for (const row of model.testRows) one(row, true);
    for (const row of model.trainRows) one(row, false);
  }
  /** @param {State} now @param {Theme} theme @param {number} side px */
  function draw(now, theme, side) {
    const { model, showTest } = now;
    const key = JSON.stringify([model.version, showTest, side, theme.key, globalThis.devicePixelRatio]);
    if (key !== drawn) paint(now, theme, side);
    drawn = key;
  }
  return { node, draw };
}
const mixed = (theme, value) => rgbOf(theme.ramp[colourAt(value, false)]);

/** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement}} where */
export function outputOf(ui, { into }) {
  const { t } = ui;
  const axis = { domain: [-REACH, REACH], ticks: 6 };
  const plot = ui.plot({
    label: t("map"),
    into,
    x: axis,
    y: axis,
    grid: "none",
    margin: MARGIN,
    height: (width) => width - MARGIN.left - MARGIN.right + MARGIN.top + MARGIN.bottom,
  });
  const [field, cloud] = [fieldOf(), cloudOf()];
  plot.node.prepend(field.node, cloud.node);
  const move = (x, y) => ui.set({ probe: [x, y] });
  const limits = { x: [-REACH, REACH], y: [-REACH, REACH] };
  const handle = plot.handle({ label: t("probe"), onMove: move, limits: () => limits });
  const drawing = () => ui.get("dataset") === "drawn";
  plot.onPlace((x, y) => {
    if (!drawing()) move(x, y);
  });
  const title = plot.text({ class: "fg-strong" });
  penOf(ui, plot, drawing);
  let placed = "";
  /** The canvases lie inside the axes also where the plot is scaled, as on paper. */
  function place(side) {
    const { width, height } = plot;
    const share = (part, whole) => `${(100 * part) / whole}%`;
    const [left, top] = [share(MARGIN.left, width), share(MARGIN.top, height)];
    const style = `left:${left};top:${top};width:${share(side, width)};height:${share(side, height)}`;
    if (style !== placed) for (const { node } of [field, cloud]) node.style.cssText = style;
    placed = style;
  }
  return {
    describe: (/** @type {string} */ words) => plot.describe(words),
    /** @param {State} now @param {Theme} theme @param {string} name  whose map it is; nothing for the output's */
    draw(now, theme, name) {
      plot.layout();
      const side = plot.width - MARGIN.left - MARGIN.right;
      place(side);
      field.draw(now, theme);
      cloud.draw(now, theme, side);
      plot.node.classList.toggle("fg-pen", drawing());
      handle.set(now.probe[0], now.probe[1]);
      name ? title.set(-REACH, REACH, name, { dx: 8, dy: 18 }) : title.hide();
    },
  };
}
