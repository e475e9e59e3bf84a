// A point that can be dragged; with the keyboard it is a pair of native range inputs (arrow keys move it in both directions).
import { h, put, s } from "../dom.js";
import { number } from "../format.js";

const AXES = /** @type {const} */ (["x", "y"]);
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @typedef {object} HandleOptions
 * @property {string} label
 * @property {(x: number, y: number) => void} onMove
 * @property {() => {x: number[], y: number[]}} limits
 */

/** @param {import("./index.js").Plot} plot @param {HandleOptions} options */
export function handleOf(plot, { label, onMove, limits }) {
  const { t } = plot.ui;
  const circle = (r, name) => s("circle", { r, class: name });
  const group = s(
    "g",
    { class: "fg-handle" },
    circle(22, "fg-handle-hit"),
    circle(13, "fg-handle-ring"),
    circle(7.5, "fg-handle-dot"),
  );
  plot.layers.free.append(group);
  const at = { x: 0, y: 0 };
  /** Inside, and no finer than a thousandth of the picture: 0 stays 0, whatever steps led there. */
  function tidy(axis, value) {
    const [low, high] = limits()[axis];
    const digits = Math.max(0, 3 - Math.floor(Math.log10(high - low)));
    return Number(Math.min(high, Math.max(low, value)).toFixed(digits)) + 0;
  }
  const move = (x, y) => onMove(tidy("x", x), tidy("y", y));
  const names = { x: t("ui.horizontal", { label }), y: t("ui.vertical", { label }) };
  const inputs = byKeys(plot, group, at, names, move);
  byPointer(plot, group, at, move);
  return {
    node: group,
    /** @param {number} x @param {number} y */
    set(x, y) {
      Object.assign(at, { x, y });
      const [px, py] = [plot.x.map(x), plot.y.map(y)];
      put(group, { transform: `translate(${px.toFixed(1)} ${py.toFixed(1)})` });
      for (const axis of AXES) {
        const [min, max] = limits()[axis];
        const style = `left:${px.toFixed(0)}px;top:${py.toFixed(0)}px`;
        put(inputs[axis], { min, max, "aria-valuetext": number(at[axis]), style });
        inputs[axis].value = String(at[axis]);
      }
    },
  };
}

/** Two ranges where the handle is. */
function byKeys(plot, group, at, names, move) {
  const input = (axis) => {
    const node = h("input", {
      type: "range",
      class: `fg-handle-${axis} fg-hidden-input`,
      step: "any",
      "aria-label": names[axis],
    });
    node.addEventListener("input", () => {
      const next = { ...at, [axis]: Number(node.value) };
      move(next.x, next.y);
    });
    node.addEventListener("keydown", (event) => {
      if (!KEYS[event.key]) return;
      event.preventDefault();
      const [dx, dy] = KEYS[event.key];
      const stride = event.shiftKey ? 0.1 : 0.01;
      const wide = ({ domain: [low, high] }) => high - low;
      move(at.x + dx * stride * wide(plot.x), at.y + dy * stride * wide(plot.y));
    });
    const focus = () => group.classList.toggle("fg-focus", node.matches(":focus-visible"));
    node.addEventListener("focus", focus);
    node.addEventListener("blur", () => group.classList.remove("fg-focus"));
    return node;
  };
  const inputs = { x: input("x"), y: input("y") };
  plot.overlay.append(inputs.x, inputs.y);
  return inputs;
}

function byPointer(plot, group, at, move) {
  // Chromium heeds `touch-action` inside an SVG only at times; this it heeds always.
  group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  let grip = null; // where inside the handle it was taken
  group.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [px, py] = plot.pixel(event);
    grip = [plot.x.map(at.x) - px, plot.y.map(at.y) - py];
    group.setPointerCapture(event.pointerId);
    group.classList.add("fg-dragging");
    event.preventDefault();
  });
  group.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const [px, py] = plot.pixel(event);
    move(plot.x.invert(px + grip[0]), plot.y.invert(py + grip[1]));
  });
  const drop = () => {
    if (grip) plot.ui.justDragged();
    grip = null;
    group.classList.remove("fg-dragging");
  };
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) group.addEventListener(end, drop);
}
