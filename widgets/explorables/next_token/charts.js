// Bars of what comes next, the surprise of what was typed, and the contexts that the probabilities come from.
import { put, s } from "../../ui/index.js";

const [ROWS, ROW, HEAD] = [12, 21, 20]; // how many bars; px of one, of what stands above
const TALL = 84; // px of the greatest surprise
const PARTS = 8; // contexts, at most

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {{length: number, seen: number, share: number}} Step  of a context: its length, how often it came,
 * what share it hands down
 */

const SHOWN = { " ": "·", "\n": "⏎" };
export const shown = (token) => SHOWN[token] ?? token;
/** @param {number} p */
export const percent = (p) =>
  p >= 0.0995 ? (100 * p).toFixed(0) : p >= 0.001 ? (100 * p).toFixed(1) : p > 0 ? "<0.1" : "0";

/**
 * An SVG that is drawn anew each time: few marks, all of them change.
 * @param {import("../../ui/frame.js").Ui} ui
 */
function sheet(ui, into) {
  const svg = s("svg", { role: "img" });
  into.append(svg);
  ui.watchSize(svg);
  return (height, name, draw) => {
    const width = Math.max(200, Math.round(ui.widthOf(svg)));
    put(svg, { viewBox: `0 0 ${width} ${height}`, "aria-label": name });
    const marks = draw(width).flat(3).filter(Boolean);
    svg.replaceChildren(...marks);
  };
}
const text = (x, y, words, options = {}) => s("text", { x, y, text: words, ...options });
const box = (x, y, width, height, kind) =>
  s("rect", { x, y, width: Math.max(0, width).toFixed(1), height, rx: 2, class: kind });
const end = { "text-anchor": "end" };

const heading = (words) => text(0, 13, words, { class: "fg-nt-quiet" });

/** What stands in place of a picture while there is no model. */
const missing = (t, name, title) => [heading(title), text(0, HEAD + 30, t("notLoaded", { model: t(name) }))];

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void} */
export function barsOf(ui, into) {
  const { t } = ui;
  const draw = sheet(ui, into);
  const height = HEAD + (ROWS + 1) * ROW;
  const said = (p) => t("percent", { p: percent(p) });
  return function bars(now) {
    const { name, ranked, tokens, chances } = now;
    if (!now.model)
      return draw(height, t("notLoaded", { model: t(name) }), () => missing(t, name, t("next")));
    const rows = ranked.slice(0, ROWS);
    const others = ranked.slice(ROWS);
    const rest = others.reduce((total, i) => total + chances[i], 0);
    const list = rows.map((i) => `${shown(tokens[i])} ${said(chances[i])}`).join(", ");
    const left = (chance) => (chance > 0 ? said(chance) : t("cut"));
    draw(height, t("barsNow", { list }), (width) => [
      heading(t("next")),
      rows.map((i, r) => barOf(now, i, { y: HEAD + r * ROW, width, words: left(chances[i]) })),
      others.length && [
        text(30, HEAD + ROWS * ROW + 15, t("rest", { n: others.length }), { class: "fg-nt-quiet" }),
        text(width, HEAD + ROWS * ROW + 15, left(rest), { ...end, class: "fg-nt-quiet" }),
      ],
    ]);
  };
}

/** One token: the model's own probability behind what the cuts leave. @param {Now} now @param {number} i */
function barOf({ tokens, p, chances }, i, { y, width, words }) {
  const [left, right] = [30, width - 48];
  const quiet = chances[i] > 0 ? "" : "fg-nt-quiet";
  return [
    text(10, y + 15, shown(tokens[i]), {
      class: `fg-nt-token${quiet && ` ${quiet}`}`,
      "text-anchor": "middle",
    }),
    box(left, y + 3, (right - left) * p[i], ROW - 6, "fg-nt-own"),
    box(left, y + 5, (right - left) * chances[i], ROW - 10, "fg-nt-now"),
    text(width, y + 15, words, { ...end, class: quiet }),
  ];
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void} */
export function surpriseOf(ui, into) {
  const { t, number } = ui;
  const draw = sheet(ui, into);
  const height = HEAD + TALL + 22;
  return function surprise(now) {
    const { name, bits, mean } = now;
    if (!now.model)
      return draw(height, t("notLoaded", { model: t(name) }), () => missing(t, name, t("surprise")));
    draw(height, t("surpriseNow", { n: bits.length, bits: number(mean) }), (width) => {
      const fits = Math.max(8, Math.floor(width / 15));
      const from = Math.max(0, bits.length - fits);
      const step = Math.min(24, width / Math.min(fits, Math.max(10, bits.length)));
      const recent = bits.slice(from);
      const top = Math.max(8, ...recent.filter(Number.isFinite));
      const y = (value) => HEAD + TALL * (1 - Math.min(value, top) / top);
      return [
        heading(t("surprise")),
        recent.map((value, j) => columnOf(now, from + j, { x: j * step, y: y(value), step })),
        bits.length && Number.isFinite(mean) && meanOf(t("mean", { bits: number(mean) }), y(mean), width),
      ];
    });
  };
}

/** The surprise of one character, below it the character. @param {Now} now @param {number} i */
function columnOf({ bits, typed, read }, i, { x, y, step }) {
  const kind = i < typed ? "fg-nt-bits" : "fg-nt-made";
  const middle = x + step / 2;
  return [
    box(x + 2, y, step - 4, Math.max(1, HEAD + TALL - y), kind),
    !Number.isFinite(bits[i]) && text(middle, HEAD + 12, "∞", { "text-anchor": "middle" }),
    text(middle, HEAD + TALL + 16, shown(read[i]), { class: "fg-nt-token", "text-anchor": "middle" }),
  ];
}

const meanOf = (words, y, width) => [
  s("path", { class: "fg-nt-mean", d: `M0 ${y.toFixed(1)}H${width}` }),
  text(width, 13, words, { ...end, class: "fg-nt-quiet" }),
];

/** How much of P(w | …) each context brings, the longest first. @param {Step[]} steps */
export function weights(steps) {
  let left = 1;
  const parts = [...steps].reverse().map(({ length, seen, share }) => {
    const weight = left * (1 - share);
    left *= share;
    return { length, seen, weight };
  });
  return [...parts, { length: -1, seen: 0, weight: left }];
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void} */
export function sourceOf(ui, into) {
  const { t } = ui;
  const draw = sheet(ui, into);
  const height = HEAD + PARTS * 18;
  const said = (p) => t("percent", { p: percent(p) });
  return function source(now) {
    if (!now.model) return draw(height, t("notLoaded", { model: t(now.name) }), () => []);
    if (!now.steps.length) {
      const lines = wrapped(t("empty"), ui.lang === "zh" ? 18 : 44);
      const marks = lines.map((line, i) => text(0, HEAD + 18 + 17 * i, line));
      return draw(height, t("empty"), () => [heading(t("origin")), ...marks]);
    }
    const label = ({ length }) =>
      length < 0 ? t("evenly") : length ? now.read.slice(-length).map(shown).join("") : t("nothingBefore");
    const parts = weights(now.steps).map((part) => ({
      ...part,
      label: label(part),
      said: said(part.weight),
    }));
    const list = parts.map((part) => `${part.label} ${part.said}`).join(", ");
    draw(height, t("sourceNow", { list }), (width) => [
      heading(t("origin")),
      parts.slice(0, PARTS).map((part, i) => partOf(t, part, HEAD + i * 18, width)),
    ]);
  };
}

/** One context: how often it was seen, and what it brings. */
function partOf(t, { length, seen, weight, label, said }, y, width) {
  const [left, right] = [150, width - 44];
  const count = t("seen", { n: seen.toLocaleString("en") });
  return [
    text(0, y + 13, label, { class: length > 0 ? "fg-nt-token" : "fg-nt-quiet" }),
    length >= 0 && text(left - 8, y + 13, count, { ...end, class: "fg-nt-quiet" }),
    box(left, y + 3, (right - left) * weight, 12, "fg-nt-part"),
    text(width, y + 13, said, end),
  ];
}

/** Lines of at most so many characters, broken between words, in Chinese anywhere. @returns {string[]} */
function wrapped(words, length) {
  const lines = [""];
  for (const part of /\s/.test(words) ? words.split(/(?<=\s)/) : [...words]) {
    if ((lines.at(-1) + part).length > length) lines.push(part);
    else lines[lines.length - 1] += part;
  }
  return lines;
}
