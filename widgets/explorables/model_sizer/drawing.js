// The sizer's picture: two bars divided into their parts, and a scale of arithmetic with landmarks on it.
import { h, put, s } from "../../ui/dom.js";
import { number, power } from "../../ui/format.js";
import { big, bytes } from "../../ui/units.js";

const COLOURS = ["blue", "orange", "green", "purple", "red"];
/** @type {[name: string, flops: number][]} */
const LANDMARKS = [
  ["Transformer", 2.3e19],
  ["GPT-3", 3.14e23],
  ["Llama 3.1", 3.8e25],
]; // published: data/model_timeline/models.csv
const SCALE = [12, 30]; // powers of ten of FLOPs
const TICKS = 80; // more marks of one processor's memory than this would be a grey bar

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {{node: Element[], width: number}} Sheet  what is drawn, and how wide it may be
 * @typedef {[name: string, value: number][]} Parts
 */

/**
 * @param {import("../../ui/frame.js").Ui} ui @returns {(now: Now, words: import("./words.js").Words) => void}
 */
export function drawingOf(ui) {
  const svg = s("svg", { class: "fg-sizer", role: "img" });
  const node = h("div", { class: "fg-plot" }, svg);
  ui.figures.append(node);
  ui.watchSize(node);
  /** @param {Record<string, number>} parts @returns {Parts} */
  const named = (parts) =>
    Object.entries(parts)
      .filter(([, value]) => value > 0)
      .map(([name, value]) => [ui.t(name), value]);

  return function draw(now, words) {
    const width = Math.max(240, Math.round(ui.widthOf(node)) - 1);
    const sheet = { node: [], width };
    const [parts, kinds] = [named(now.parts), named(now.kinds)];
    let y = heading(sheet, 16, ui.t("parameters"), words.N);
    y = bar(sheet, y, parts, now.N);
    y = legend(sheet, y, parts, now.N, (value) => big(value, ui.lang));
    y = note(sheet, y, words.shape);
    y = heading(sheet, y, ui.t("memory"), words.memory);
    y = bar(sheet, y, kinds, now.kept);
    edges(sheet, y, now.kept, now.one);
    y = legend(sheet, y, kinds, now.kept, bytes);
    y = note(sheet, y, words.hold);
    y = heading(sheet, y, ui.t("compute"), words.flops);
    y = scale(sheet, y, now.flops, ui.t("here"));
    words.lines.forEach((line, i) => {
      sheet.node.push(text(0, y + 18 * (i + 1), line));
    });
    const tall = Math.round(y + 18 * words.lines.length + 10);
    put(svg, { viewBox: `0 0 ${width} ${tall}`, width, height: tall, "aria-label": words.picture });
    svg.replaceChildren(...sheet.node);
  };
}

const text = (x, y, words, attributes = {}) =>
  s("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes, text: words });
const fill = (name) => `fill:var(--fg-${name})`;

/** A heading with its value at the right. Each of these returns where it ends. @param {Sheet} sheet */
function heading({ node, width }, y, title, value) {
  node.push(
    text(0, y, title, { class: "fg-strong" }),
    text(width, y, value, { "text-anchor": "end", class: "fg-strong" }),
  );
  return y + 8;
}

/** A line below a legend, and room for the next heading. @param {Sheet} sheet */
function note({ node }, y, words) {
  node.push(text(0, y + 15, words, { class: "fg-quiet" }));
  return y + 46;
}

/** @param {Sheet} sheet @param {Parts} parts */
function bar({ node, width }, y, parts, whole) {
  let x = 0;
  parts.forEach(([, value], i) => {
    const wide = (value / whole) * width;
    const shown = Math.max(0.3, wide - (wide > 3 ? 1 : 0)).toFixed(1); // a gap, where there is room for one
    if (wide > 0)
      node.push(s("rect", { x: x.toFixed(1), y, width: shown, height: 22, style: fill(COLOURS[i]) }));
    x += wide;
  });
  return y + 22;
}

/** Where one processor's memory ends, on the bar above. @param {Sheet} sheet */
function edges({ node, width }, y, whole, one) {
  if (whole / one > TICKS) return;
  for (let edge = one; edge < whole; edge += one) {
    const d = `M${((edge / whole) * width).toFixed(1)} ${y - 25}v28`;
    node.push(s("path", { d, style: "stroke:var(--fg-ink);stroke-width:1.2" }));
  }
}

/** @param {Sheet} sheet @param {Parts} parts @param {(value: number) => string} shown */
function legend({ node, width }, y, parts, whole, shown) {
  const columns = width >= 420 ? 2 : 1;
  parts.forEach(([name, value], i) => {
    const [x, row] = [(i % columns) * (width / columns), y + 17 * Math.floor(i / columns) + 16];
    node.push(
      s("rect", { x: x.toFixed(1), y: row - 9, width: 10, height: 10, style: fill(COLOURS[i]) }),
      text(x + 16, row, `${name}: ${shown(value)} (${number((100 * value) / whole, 2)} %)`),
    );
  });
  return y + 17 * Math.ceil(parts.length / columns) + 4;
}

/** FLOPs on a line of powers of ten, between landmarks. @param {Sheet} sheet */
function scale({ node, width }, y, flops, here) {
  const [low, high] = SCALE;
  const at = (value) => Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low))) * (width - 8) + 4;
  const middle = y + 34;
  const line = "stroke:var(--fg-muted)";
  node.push(s("path", { d: `M4 ${middle}H${width - 4}`, style: line }));
  for (let e = low; e <= high; e += 3) {
    node.push(s("path", { d: `M${at(10 ** e).toFixed(1)} ${middle}v5`, style: line }));
    const anchor = e === low ? "start" : e === high ? "end" : "middle";
    if (width >= 420 || e % 6 === 0)
      node.push(text(at(10 ** e), middle + 19, power(e), { class: "fg-quiet", "text-anchor": anchor }));
  }
  LANDMARKS.forEach(([name, value], i) => {
    const words = { class: "fg-quiet", "text-anchor": i ? "middle" : "end" };
    node.push(
      s("circle", { cx: at(value).toFixed(1), cy: middle, r: 3.5, style: fill("grey") }),
      text(at(value), middle - (i % 2 ? 9 : 23), name, words),
    );
  });
  const x = at(flops);
  const dot = `${fill("accent")};stroke:var(--fg-paper);stroke-width:2`;
  const anchor = x < 30 ? "start" : x > width - 30 ? "end" : "middle";
  node.push(
    s("circle", { cx: x.toFixed(1), cy: middle, r: 6.5, style: dot }),
    text(x, middle + 36, here, { class: "fg-strong", "text-anchor": anchor, style: fill("accent") }),
  );
  return middle + 44;
}
