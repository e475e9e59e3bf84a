// What the network answers everywhere, the points, a probe that can be moved, and the pen.

import { h } from "../../ui/dom.js";
import { colourAt, FINE, rgbOf } from "./colour.js";
import { REACH } from "./points.js";

const MARGIN = { left: 26, right: 8, top: 8, bottom: 22 };
const NEAR = 0.32; // the eraser's radius
const APART = 0.2; // points along a stroke
export const MOST = 500;

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
  const field = h("canvas", { class: "fg-field", "aria-hidden": "true", width: FINE, height: FINE });
  const cloud = h("canvas", { class: "fg-field", "aria-hidden": "true" });
  plot.node.prepend(field, cloud);
  const paint = field.getContext("2d");
  const image = paint.createImageData(FINE, FINE);
  const pixels = new Uint32Array(image.data.buffer);
  const context = cloud.getContext("2d");
  const move = (x, y) => ui.set({ probe: [x, y] });
  const limits = { x: [-REACH, REACH], y: [-REACH, REACH] };
  const handle = plot.handle({ label: t("probe"), onMove: move, limits: () => limits });
  const drawing = () => ui.get("dataset") === "drawn";
  plot.onPlace((x, y) => {
    if (!drawing()) move(x, y);
  });
  const title = plot.text({ class: "fg-strong" });
  let drawn = "";
  let named = "";
  let side = 0;

  // --- the pen ---
  let last = null;
  /** One point, or one place rubbed out. */
  function stroke(x, y) {
    const at = [x, y].map((v) => Number(Math.max(-REACH, Math.min(REACH, v)).toFixed(2)));
    const points = ui.get("drawn");
    const pen = ui.get("pen");
    if (pen === "erase")
      return ui.set({ drawn: points.filter(([a, b]) => Math.hypot(a - at[0], b - at[1]) > NEAR) });
    if (points.length < MOST) ui.set({ drawn: [...points, [...at, pen === "plus" ? 1 : 0]] });
  }
  const inData = (event) => {
    const box = plot.node.getBoundingClientRect();
    return [
      plot.x.invert(((event.clientX - box.left) / box.width) * plot.width),
      plot.y.invert(((event.clientY - box.top) / box.height) * plot.height),
    ];
  };
  plot.node.addEventListener(
    "touchstart",
    (event) => drawing() && !event.target.closest(".fg-handle") && event.preventDefault(),
    { passive: false },
  );
  plot.node.addEventListener("pointerdown", (event) => {
    if (!drawing() || event.button !== 0 || event.target.closest(".fg-handle")) return;
    last = inData(event);
    if (last.some((v) => Math.abs(v) > REACH)) {
      last = null;
      return;
    }
    stroke(...last);
    plot.node.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  plot.node.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = inData(event);
    const gone = Math.hypot(next[0] - last[0], next[1] - last[1]);
    const from = last;
    // A quick stroke leaves points all along its way.
    for (let k = 1; k * APART <= gone; k += 1) {
      last = from.map((v, i) => v + ((next[i] - v) * k * APART) / gone);
      stroke(...last);
    }
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    plot.node.addEventListener(end, () => {
      last = null;
    });

  /** A class is told by its shape too; what is for testing is hollow. */
  function drawPoints({ points, train, test, showTest, value }, theme) {
    const dots = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = Math.round(side * dots);
    Object.assign(cloud, { width, height: width });
    const scale = width / (2 * REACH);
    const r = (side < 300 ? 2.7 : 3.4) * dots;
    context.lineWidth = 1.1 * dots;
    const one = (row, hollow) => {
      const [x, y] = [(points[3 * row] + REACH) * scale, (REACH - points[3 * row + 1]) * scale];
      const target = points[3 * row + 2];
      const tone = value ? mix(theme, target) : target > 0.5 ? theme.plus : theme.minus;
      context.beginPath();
      if (value || target > 0.5) context.arc(x, y, r, 0, 7);
      else context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
      context.fillStyle = hollow ? theme.paper : tone;
      context.strokeStyle = hollow ? tone : theme.paper;
      context.fill();
      context.stroke();
      if (value) {
        context.strokeStyle = theme.muted;
        context.stroke();
      }
    };
    if (showTest) test.forEach((row) => one(row, true));
    train.forEach((row) => one(row, false));
  }
  const mix = (theme, target) => rgbOf(theme.ramp[colourAt(target, false)]);

  return {
    plot,
    /** Whose map it is; nothing for the output's. @param {string} words */
    name(words) {
      named = words;
    },
    putHere: () => stroke(...ui.get("probe")),
    /** @param {object} now @param {object} theme @param {(k: number) => number} read the value at a place of the grid, row by row from the top left */
    draw(now, theme, read) {
      plot.layout();
      const inside = plot.width - MARGIN.left - MARGIN.right;
      if (inside !== side) {
        side = inside;
        for (const layer of [field, cloud])
          layer.style.cssText = `left:${MARGIN.left}px;top:${MARGIN.top}px;width:${side}px;height:${side}px`;
      }
      const { grid } = now;
      const ratio = grid / FINE;
      for (let k = 0; k < FINE * FINE; k += 1) {
        const at =
          ratio === 1 ? k : Math.floor(Math.floor(k / FINE) * ratio) * grid + Math.floor((k % FINE) * ratio);
        pixels[k] = theme.ramp[colourAt(read(at), now.discrete)];
      }
      paint.putImageData(image, 0, 0);
      const key = JSON.stringify([now.version, now.showTest, side, theme.key, globalThis.devicePixelRatio]);
      if (key !== drawn) {
        drawn = key;
        drawPoints(now, theme);
      }
      plot.node.classList.toggle("fg-pen", drawing());
      handle.set(...now.probe);
      named ? title.set(-REACH, REACH, named, { dx: 8, dy: 18 }) : title.hide();
    },
  };
}
