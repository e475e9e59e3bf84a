// Heat maps over time: one quantity of all units, or all six of one unit. A canvas, for there are thousands of cells.
import { h, put } from "../../ui/dom.js";
import { themeOf } from "./theme.js";

const LEFT = { all: 34, one: 64 }; // px, for the names of the rows
const RIGHT = { all: 4, one: 46 }; // and for the values at the cursor
const TOP = 20;
const LANE = 26;

/** Px of a row: many units are thin. */
const rowOf = (units) => Math.max(3, Math.min(LANE, Math.floor(390 / units)));

/** The columns that are shown: all, or a window around the cursor. */
function windowOf(width, count, at) {
  const side = Math.max(8, Math.min(18, width / Math.max(1, count)));
  const fit = Math.max(1, Math.floor(width / side));
  const from = Math.max(0, Math.min(count - fit, Math.round(at - 0.7 * fit)));
  return { side, from, to: Math.min(count, from + fit) };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{all: boolean, states: Record<string, number>, valueAt: Function, shown: Function, onPoint: (change: {step: number, unit?: number}) => void, into?: HTMLElement}} options
 */
export function heatOf(ui, { all, states, valueAt, shown, onPoint, into = ui.figures }) {
  const { t } = ui;
  const canvas = h("canvas", { class: "fg-heat", role: "img", "aria-label": t(all ? "heat" : "lanes") });
  const title = h("p", { class: "fg-heat-name" });
  const node = h("div", { class: "fg-heat-box" }, title, canvas);
  into.append(node);
  ui.watchSize(node);
  const context = canvas.getContext("2d");
  const [left, right] = all ? [LEFT.all, RIGHT.all] : [LEFT.one, RIGHT.one];
  let last = null;

  canvas.addEventListener("click", (event) => {
    if (!last) return;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - left, event.clientY - box.top - TOP];
    const step = Math.min(last.to - 1, Math.max(last.from, last.from + Math.floor(x / last.side)));
    const row = Math.min(last.rows - 1, Math.max(0, Math.floor(y / last.tall)));
    onPoint(all ? { step, unit: row } : { step });
  });

  return function draw(now, at, playing) {
    const quantity = states[now.quantity];
    const rows = all ? now.model.hidden : 6;
    const tall = all ? rowOf(rows) : LANE;
    const width = Math.max(200, Math.floor(ui.widthOf(node)));
    const height = TOP + rows * tall + 2;
    const dots = Math.min(2, globalThis.devicePixelRatio || 1);
    if (canvas.width !== width * dots || canvas.height !== height * dots) {
      Object.assign(canvas, { width: width * dots, height: height * dots });
      canvas.style.cssText = `width:${width}px;height:${height}px`;
    }
    const theme = themeOf(ui.root);
    context.setTransform(dots, 0, 0, dots, 0, 0);
    context.clearRect(0, 0, width, height);
    title.textContent = all
      ? t("heatName", { what: t(`long ${now.quantity}`) })
      : t("lanesName", { unit: now.unit });
    const { side, from, to } = windowOf(width - left - right, now.count, Math.max(0, at));
    last = { side, from, to, rows, tall };
    if (!now.count) {
      last = null;
      return;
    }
    for (let step = from; step < to; step += 1) {
      const x = left + (step - from) * side;
      context.globalAlpha = playing && step > at ? 0.25 : 1;
      for (let row = 0; row < rows; row += 1) {
        const [kind, unit] = all ? [quantity, row] : [row, now.unit];
        context.fillStyle = theme.colour(
          valueAt(now, kind, unit, step),
          kind === 0 || kind === 1 || kind === 3,
        );
        context.fillRect(x, TOP + row * tall, Math.ceil(side), all && rows > 20 ? tall : tall - 2);
      }
      if (now.characters[step] === " ") {
        // where words end
        context.fillStyle = theme.ink;
        context.fillRect(x, TOP - 4, side, 2);
      }
      context.fillStyle = step === at ? theme.ink : theme.muted;
      context.font = `${step === at ? "600 " : ""}12px ui-monospace, Menlo, Consolas, monospace`;
      context.textAlign = "center";
      if (now.characters[step] !== " ") context.fillText(shown(now.characters[step]), x + side / 2, 12);
    }
    context.globalAlpha = 1;
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5;
    context.strokeRect(left + (at - from) * side, TOP - 1, side, rows * tall);
    context.font = "11.5px Inter, system-ui, sans-serif";
    all ? nameUnits() : nameLanes();

    function nameUnits() {
      context.textAlign = "right";
      const y = TOP + now.unit * tall;
      context.lineWidth = 1;
      context.strokeRect(left - 1, y - 0.5, (to - from) * side + 2, tall + (rows > 20 ? 1 : -1));
      context.fillStyle = theme.ink;
      const every = rows > 20 ? 16 : 1;
      for (let row = 0; row < rows; row += every) {
        if (Math.abs(row - now.unit) * tall <= 14 && row !== now.unit) continue;
        context.fillStyle = theme.muted;
        context.fillText(String(row), left - 6, TOP + row * tall + Math.min(tall / 2, 8) + 3);
      }
      context.fillStyle = theme.ink;
      context.font = "600 12px Inter, system-ui, sans-serif";
      context.fillText(String(now.unit), left - 6, y + Math.min(tall / 2, 8) + 3);
    }
    function nameLanes() {
      Object.keys(states).forEach((name, row) => {
        const y = TOP + row * tall + tall / 2 + 3;
        context.fillStyle = name === now.quantity ? theme.ink : theme.muted;
        context.textAlign = "left";
        context.fillText(t(`lane ${name}`), 0, y);
        context.fillStyle = theme.ink;
        context.textAlign = "right";
        context.fillText(valueAt(now, row, now.unit, at).toFixed(2).replace("-", "−"), width, y);
      });
    }
    const said = {
      unit: now.unit,
      count: now.count,
      what: t(`long ${now.quantity}`),
      units: rows,
      character: shown(now.characters[at]),
    };
    put(canvas, {
      "aria-label": all
        ? t("heatNow", said)
        : t("lanesNow", {
            ...said,
            list: Object.keys(states)
              .map((name, row) => `${name} ${valueAt(now, row, now.unit, at).toFixed(2).replace("-", "−")}`)
              .join(t("comma")),
          }),
    });
  };
}
