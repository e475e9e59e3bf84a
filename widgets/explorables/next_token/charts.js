// Bars of what comes next, the surprise of what was typed, and the contexts that the probabilities come from.
import { put, s } from "../../ui/index.js";

const ROWS = 12,
  ROW = 21,
  HEAD = 20;
const SHOWN = { " ": "·", "\n": "⏎" };
export const shown = (token) => SHOWN[token] ?? token;
/** @param {number} p */
export const percent = (p) =>
  p >= 0.0995 ? (100 * p).toFixed(0) : p >= 0.001 ? (100 * p).toFixed(1) : p > 0 ? "<0.1" : "0";

/** An SVG that is drawn anew each time: few marks, all of them change. @param {import("../../ui/frame.js").Ui} ui */
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

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function barsOf(ui, into) {
  const { t } = ui,
    draw = sheet(ui, into);
  return function bars(now) {
    const height = HEAD + (ROWS + 1) * ROW;
    if (!now.model)
      return draw(height, t("notLoaded", { model: t(now.name) }), () => [
        text(0, 13, t("next"), { class: "fg-nt-quiet" }),
        text(0, HEAD + 30, t("notLoaded", { model: t(now.name) })),
      ]);
    const rows = now.ranked.slice(0, ROWS);
    const list = rows
      .map((i) => `${shown(now.tokens[i])} ${t("percent", { p: percent(now.chances[i]) })}`)
      .join(", ");
    const others = now.ranked.slice(ROWS);
    const sum = (of) => others.reduce((total, i) => total + of[i], 0);
    draw(height, t("barsNow", { list }), (width) => {
      const [left, right] = [30, width - 48];
      const line = (y, label, own, chance) => [
        label,
        box(left, y + 3, (right - left) * own, ROW - 6, "fg-nt-own"),
        box(left, y + 5, (right - left) * chance, ROW - 10, "fg-nt-now"),
        text(width, y + 15, chance > 0 ? t("percent", { p: percent(chance) }) : t("cut"), {
          ...end,
          class: chance > 0 ? "" : "fg-nt-quiet",
        }),
      ];
      return [
        text(0, 13, t("next"), { class: "fg-nt-quiet" }),
        rows.map((i, r) =>
          line(
            HEAD + r * ROW,
            text(10, HEAD + r * ROW + 15, shown(now.tokens[i]), {
              class: `fg-nt-token${now.chances[i] > 0 ? "" : " fg-nt-quiet"}`,
              "text-anchor": "middle",
            }),
            now.p[i],
            now.chances[i],
          ),
        ),
        others.length && [
          text(left, HEAD + ROWS * ROW + 15, t("rest", { n: others.length }), { class: "fg-nt-quiet" }),
          text(
            width,
            HEAD + ROWS * ROW + 15,
            sum(now.chances) > 0 ? t("percent", { p: percent(sum(now.chances)) }) : t("cut"),
            { ...end, class: "fg-nt-quiet" },
          ),
        ],
      ];
    });
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function surpriseOf(ui, into) {
  const { t, number } = ui,
    draw = sheet(ui, into);
  const TALL = 84;
  return function surprise(now) {
    const height = HEAD + TALL + 22;
    if (!now.model)
      return draw(height, t("notLoaded", { model: t(now.name) }), () => [
        text(0, 13, t("surprise"), { class: "fg-nt-quiet" }),
        text(0, HEAD + 30, t("notLoaded", { model: t(now.name) })),
      ]);
    const name = t("surpriseNow", { n: now.bits.length, bits: number(now.mean) });
    draw(height, name, (width) => {
      const fits = Math.max(8, Math.floor(width / 15));
      const from = Math.max(0, now.bits.length - fits),
        step = Math.min(24, width / Math.min(fits, Math.max(10, now.bits.length)));
      const top = Math.max(8, ...now.bits.slice(from).filter(Number.isFinite));
      const y = (bits) => HEAD + TALL * (1 - Math.min(bits, top) / top);
      return [
        text(0, 13, t("surprise"), { class: "fg-nt-quiet" }),
        now.bits.slice(from).map((bits, j) => {
          const i = from + j,
            x = j * step;
          return [
            box(
              x + 2,
              y(bits),
              step - 4,
              Math.max(1, HEAD + TALL - y(bits)),
              i < now.typed ? "fg-nt-bits" : "fg-nt-made",
            ),
            !Number.isFinite(bits) && text(x + step / 2, HEAD + 12, "∞", { "text-anchor": "middle" }),
            text(x + step / 2, HEAD + TALL + 16, shown(now.read[i]), {
              class: "fg-nt-token",
              "text-anchor": "middle",
            }),
          ];
        }),
        now.bits.length &&
          Number.isFinite(now.mean) && [
            s("path", { class: "fg-nt-mean", d: `M0 ${y(now.mean).toFixed(1)}H${width}` }),
            text(width, 13, t("mean", { bits: number(now.mean) }), { ...end, class: "fg-nt-quiet" }),
          ],
      ];
    });
  };
}

/** How much of P(w | …) each context brings, the longest first. @param {{share: number}[]} steps */
export function weights(steps) {
  let left = 1;
  const parts = steps.toReversed().map((step) => {
    const weight = left * (1 - step.share);
    left *= step.share;
    return { ...step, weight };
  });
  return [...parts, { length: -1, seen: 0, weight: left }];
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function sourceOf(ui, into) {
  const { t } = ui,
    draw = sheet(ui, into);
  return function source(now) {
    const most = 8,
      height = HEAD + most * 18;
    if (!now.model) return draw(height, t("notLoaded", { model: t(now.name) }), () => []);
    if (!now.steps.length)
      return draw(height, t("empty"), () => [
        text(0, 13, t("origin"), { class: "fg-nt-quiet" }),
        ...wrapped(t("empty"), ui.lang === "zh" ? 18 : 44).map((line, i) =>
          text(0, HEAD + 18 + 17 * i, line),
        ),
      ]);
    const parts = weights(now.steps);
    const label = (part) =>
      part.length < 0
        ? t("evenly")
        : part.length
          ? now.context.slice(-part.length).map(shown).join("")
          : t("nothingBefore");
    const list = parts
      .map((part) => `${label(part)} ${t("percent", { p: percent(part.weight) })}`)
      .join(", ");
    draw(height, t("sourceNow", { list }), (width) => [
      text(0, 13, t("origin"), { class: "fg-nt-quiet" }),
      parts.slice(0, most).map((part, i) => {
        const y = HEAD + i * 18,
          left = 150,
          right = width - 44;
        return [
          text(0, y + 13, label(part), part.length > 0 ? { class: "fg-nt-token" } : { class: "fg-nt-quiet" }),
          part.length >= 0 &&
            text(left - 8, y + 13, t("seen", { n: part.seen.toLocaleString("en") }), {
              ...end,
              class: "fg-nt-quiet",
            }),
          box(left, y + 3, (right - left) * part.weight, 12, "fg-nt-part"),
          text(width, y + 13, t("percent", { p: percent(part.weight) }), end),
        ];
      }),
    ]);
  };
}

function wrapped(words, length) {
  const parts = /\s/.test(words) ? words.split(/(?<=\s)/) : [...words];
  return parts.reduce(
    (lines, part) =>
      (lines.at(-1) + part).length > length ? [...lines, part] : [...lines.slice(0, -1), lines.at(-1) + part],
    [""],
  );
}
