// Points drawn by mouse, finger or key.
import { REACH } from "./points.js";

const NEAR = 0.32; // the eraser's radius
const APART = 0.2; // points along a stroke
export const MOST = 500;

/** One point, or one place rubbed out. @param {import("../../ui/frame.js").Ui} ui */
export function stroke(ui, x, y) {
  const at = [x, y].map((v) => Number(Math.max(-REACH, Math.min(REACH, v)).toFixed(2)));
  const [points, pen] = [ui.get("drawn"), ui.get("pen")];
  if (pen === "erase") ui.set({ drawn: points.filter(([a, b]) => Math.hypot(a - at[0], b - at[1]) > NEAR) });
  else if (points.length < MOST) ui.set({ drawn: [...points, [...at, pen === "plus" ? 1 : 0]] });
}

/** @param {import("../../ui/frame.js").Ui} ui @param {import("../../ui/plot/index.js").Plot} plot @param {() => boolean} drawing  is it used? */
export function penOf(ui, plot, drawing) {
  /** @type {number[] | null} */ let last = null; // where it is, while it is down
  const { node } = plot;
  const inData = (event) => {
    const [px, py] = plot.pixel(event);
    return [plot.x.invert(px), plot.y.invert(py)];
  };
  const onHandle = (event) => event.target.closest(".fg-handle");
  const touched = (event) => drawing() && !onHandle(event) && event.preventDefault();
  node.addEventListener("touchstart", touched, { passive: false });
  node.addEventListener("pointerdown", (event) => {
    if (!drawing() || event.button !== 0 || onHandle(event)) return;
    const [x, y] = inData(event);
    if (Math.max(Math.abs(x), Math.abs(y)) > REACH) return;
    last = [x, y];
    stroke(ui, x, y);
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = inData(event);
    const gone = Math.hypot(next[0] - last[0], next[1] - last[1]);
    const from = last;
    // A quick stroke leaves points all along its way.
    for (let k = 1; k * APART <= gone; k += 1) {
      const [x, y] = from.map((v, i) => v + ((next[i] - v) * k * APART) / gone);
      last = [x, y];
      stroke(ui, x, y);
    }
  });
  const lift = () => {
    last = null;
  };
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) node.addEventListener(end, lift);
}
