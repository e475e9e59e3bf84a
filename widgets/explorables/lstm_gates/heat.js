// Heat maps over time: one quantity of all units, or all six of one unit. A canvas, for there are thousands of cells.
import { h, put, say } from "../../ui/dom.js";
import { STATES, shown, two, valueAt } from "./state.js";

/** @typedef {import("./state.js").State} State */
/**
 * What is where, in px: columns from `left`, `side` wide, for the characters `from` … `to` − 1; rows from TOP, `tall` high.
 * @typedef {{width: number, height: number, left: number, side: number, from: number, to: number, rows: number, tall: number}} Place
 */

const LEFT = { all: 34, one: 64 }; // px, for the names of the rows
const RIGHT = { all: 4, one: 46 }; // and for the values at the cursor
const TOP = 20;
const LANE = 26;
const MANY = 20; // rows: so thin that there is nothing between them
const WORDS = "Inter, system-ui, sans-serif";

/** Px of a row: many units are thin. */
const rowOf = (units) => Math.max(3, Math.min(LANE, Math.floor(390 / units)));

/** The columns that are shown: all, or a window around the cursor. */
function windowOf(width, count, at) {
  const side = Math.max(8, Math.min(18, width / Math.max(1, count)));
  const fit = Math.max(1, Math.floor(width / side));
  const from = Math.max(0, Math.min(count - fit, Math.round(at - 0.7 * fit)));
  return { side, from, to: Math.min(count, from + fit) };
}

/** @param {boolean} all @param {number} width @param {State} now @returns {Place} */
function placeOf(all, width, { model, count, at }) {
  const [left, right] = all ? [LEFT.all, RIGHT.all] : [LEFT.one, RIGHT.one];
  const rows = all ? model.hidden : Object.keys(STATES).length;
  const tall = all ? rowOf(rows) : LANE;
  const columns = windowOf(width - left - right, count, Math.max(0, at));
  return { width, height: TOP + rows * tall + 2, left, rows, tall, ...columns };
}

/** Every value as a cell, and the characters above. */
function drawCells(context, theme, all, { left, side, from, to, rows, tall }, /** @type {State} */ now) {
  const quantity = STATES[now.quantity];
  const high = all && rows > MANY ? tall : tall - 2;
  for (let step = from; step < to; step += 1) {
    const x = left + (step - from) * side;
    const [here, character] = [step === now.at, now.characters[step]];
    context.globalAlpha = now.playing && step > now.at ? 0.25 : 1;
    for (let row = 0; row < rows; row += 1) {
      const [kind, unit] = all ? [quantity, row] : [row, now.unit];
      context.fillStyle = theme.colour(valueAt(now, kind, unit, step));
      context.fillRect(x, TOP + row * tall, Math.ceil(side), high);
    }
    if (character === " ") {
      // where words end
      context.fillStyle = theme.ink;
      context.fillRect(x, TOP - 4, side, 2);
      continue;
    }
    context.fillStyle = here ? theme.ink : theme.muted;
    context.font = `${here ? "600 " : ""}12px ui-monospace, Menlo, Consolas, monospace`;
    context.textAlign = "center";
    context.fillText(shown(character), x + side / 2, 12);
  }
  context.globalAlpha = 1;
}

/** A box around the column of the cursor. */
function drawCursor(context, theme, { left, side, from, rows, tall }, at) {
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.strokeRect(left + (at - from) * side, TOP - 1, side, rows * tall);
}

/** The numbers of some units, and a box around the chosen one. */
function nameUnits(context, theme, { left, side, from, to, rows, tall }, { unit: chosen }) {
  const many = rows > MANY;
  const baseline = (row) => TOP + row * tall + Math.min(tall / 2, 8) + 3;
  context.textAlign = "right";
  context.lineWidth = 1;
  context.strokeRect(left - 1, TOP + chosen * tall - 0.5, (to - from) * side + 2, tall + (many ? 1 : -1));
  context.fillStyle = theme.muted;
  for (let row = 0; row < rows; row += many ? 16 : 1)
    if (Math.abs(row - chosen) * tall > 14 || row === chosen)
      context.fillText(String(row), left - 6, baseline(row));
  context.fillStyle = theme.ink;
  context.font = `600 12px ${WORDS}`;
  context.fillText(String(chosen), left - 6, baseline(chosen));
}

/** The name of every quantity, and its value at the cursor. */
function nameLanes(context, theme, { width, tall }, /** @type {State} */ now, t) {
  Object.keys(STATES).forEach((name, row) => {
    const y = TOP + row * tall + tall / 2 + 3;
    context.fillStyle = name === now.quantity ? theme.ink : theme.muted;
    context.textAlign = "left";
    context.fillText(t(`lane ${name}`), 0, y);
    context.fillStyle = theme.ink;
    context.textAlign = "right";
    context.fillText(two(valueAt(now, row, now.unit, now.at)), width, y);
  });
}

/** What it shows, for those who do not see it. */
function describe(ui, all, rows, /** @type {State} */ now) {
  const { t } = ui;
  const { unit, at, count } = now;
  const what = t(`long ${now.quantity}`);
  const character = shown(now.characters[at]);
  if (all) return t("heatNow", { unit, count, what, units: rows, character });
  const values = Object.keys(STATES).map((name, row) => `${name} ${two(valueAt(now, row, unit, at))}`);
  return t("lanesNow", { unit, count, what, units: rows, character, list: ui.clauses(values) });
}

/** As many pixels as the screen has; what was drawn is gone. `fresh`: on paper what was cleared is printed in white. */
function clear(canvas, context, { width, height }, fresh) {
  const dots = Math.min(2, globalThis.devicePixelRatio || 1);
  if (fresh || canvas.width !== width * dots || canvas.height !== height * dots) {
    Object.assign(canvas, { width: width * dots, height: height * dots });
    canvas.style.cssText = `width:${width}px;height:${height}px`;
  } else context.clearRect(0, 0, width, height);
  context.setTransform(dots, 0, 0, dots, 0, 0);
}

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{all: boolean, theme: () => import("./theme.js").Theme, onPoint: (change: {step: number, unit?: number}) => void, into: HTMLElement}} options
 */
export function heatOf(ui, { all, theme: themeNow, onPoint, into }) {
  const { t } = ui;
  const canvas = h("canvas", { class: "fg-heat", role: "img", "aria-label": t(all ? "heat" : "lanes") });
  const title = h("p", { class: "fg-heat-name" });
  const node = h("div", { class: "fg-heat-box" }, title, canvas);
  into.append(node);
  ui.watchSize(node);
  const context = canvas.getContext("2d");
  /** @type {Place | null} */ let place = null;
  let last = null; // theme

  canvas.addEventListener("click", (event) => {
    if (!place) return;
    const { left, side, from, to, rows, tall } = place;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - left, event.clientY - box.top - TOP];
    const step = Math.min(to - 1, Math.max(from, from + Math.floor(x / side)));
    const unit = Math.min(rows - 1, Math.max(0, Math.floor(y / tall)));
    onPoint(all ? { step, unit } : { step });
  });

  return function draw(/** @type {State} */ now) {
    const theme = themeNow();
    const next = placeOf(all, Math.max(200, Math.floor(ui.widthOf(node))), now);
    clear(canvas, context, next, theme !== last);
    last = theme;
    say(title, all ? t("heatName", { what: t(`long ${now.quantity}`) }) : t("lanesName", { unit: now.unit }));
    place = now.count ? next : null;
    if (!place) return;
    drawCells(context, theme, all, place, now);
    drawCursor(context, theme, place, now.at);
    context.font = `11.5px ${WORDS}`;
    all ? nameUnits(context, theme, place, now) : nameLanes(context, theme, place, now, t);
    put(canvas, { "aria-label": describe(ui, all, place.rows, now) });
  };
}
