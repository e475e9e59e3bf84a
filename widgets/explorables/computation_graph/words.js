// What the state says: numbers as they are shown, the operations as text, and the sentences below the
// figures.

import { number } from "../../ui/format.js";
import * as core from "./core.js";

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {{text: string, bad?: boolean}} Said
 */

export const WANTED = 3; // right predictions in a row

/** As many digits as fit in a node; what is nearly zero is zero for the eye. @param {number} value */
export const format = (value, digits = 3) =>
  Math.abs(value) < 5e-5 ? (value === 0 ? "0" : "≈ 0") : number(Number(value.toFixed(4)), digits);

/** An operation with its inputs: "x + b". @param {core.Node} node */
export const expression = ({ op, of }) => core.OPERATIONS[op].sign.replace(/\{(\d)\}/g, (_, i) => of[i]);

/**
 * "6 · 3 + 7 · 1 = 25": what arrived at each user of a value, times the slope.
 * @param {Now} now @param {string} id
 */
export function sumOf(now, id) {
  const parts = now.edges
    .filter(({ from }) => from === id)
    .map(({ to, slope }) => `${format(now.gradients[to])} · ${bracket(format(slope))}`);
  return `${parts.join(" + ").replaceAll("+ −", "− ")} = ${format(now.gradients[id])}`;
}

const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);

/** "x = 2", "w = −3": where the leaves stand. @param {Now} now */
export const leavesOf = ({ leaves }) => Object.entries(leaves).map(([id, v]) => `${id} = ${format(v)}`);

/**
 * What the state says in words.
 * @param {import("../../ui/frame.js").Ui} ui @param {Now} now @returns {Said}
 */
export function words(ui, now) {
  const { t, lang, clauses } = ui;
  if (now.asking) return verdict(ui, now);
  if (now.whole) return { text: summary(ui, now) };
  if (now.shown === 0) return { text: t("start", { list: leavesOf(now).join(", ") }) };
  if (now.shown === now.operations.length + 1) return { text: t("seed") };
  const { id, of } = now.current;
  const edges = now.edges.filter(({ to }) => to === id);
  if (now.backward) {
    const gradient = format(now.gradients[id]);
    const parts = edges.map(({ from, slope, flow }) =>
      t("part", { from, slope: format(slope), gradient, flow: format(flow) }),
    );
    const inputs = of.join(", ");
    return { text: t("backward", { id, gradient, parts: parts.join(lang === "zh" ? "；" : "; "), inputs }) };
  }
  const slopes = edges.map(({ from, slope }) => t("slopeOf", { from, slope: format(slope) }));
  const what = `${id} = ${expression(now.current)}`;
  return { text: t("forward", { what, value: format(now.values[id]), slopes: clauses(slopes) }) };
}

/** The whole computation: which leaf moves the output most, and by how much. */
function summary({ t, clauses }, now) {
  const most = Object.keys(now.leaves).reduce((a, b) =>
    Math.abs(now.gradients[b]) > Math.abs(now.gradients[a]) ? b : a,
  );
  const said = { list: clauses(leavesOf(now)), f: format(now.values[now.output]) };
  if (now.gradients[most] === 0) return t("flat", said);
  return t("all", { ...said, most, push: format(0.01), move: format(0.01 * now.gradients[most], 2) });
}

/** Of a prediction. @returns {Said} */
function verdict({ t, join }, now) {
  const { target, leaves } = now.asked;
  const { prediction, streak } = now;
  const given = format(prediction);
  if (now.hidden) return { text: prediction === 0 ? t("think", { target }) : t("say", { target, given }) };
  const why = t("because", { target, sum: sumOf(now, target) });
  const slip = core.mistake(now.graph, leaves, target, prediction);
  if (!slip) return { text: join(t(streak >= WANTED ? "rightAgain" : "right", { streak }), why) };
  return { text: join(t("wrong", { given }), t(`slip ${slip}`, { target }), why), bad: true };
}
