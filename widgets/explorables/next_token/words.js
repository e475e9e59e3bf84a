// What is seen, in words.
import { size } from "../../ui/models.js";
import { percent, shown } from "./charts.js";

/**
 * @typedef {import("../../ui/frame.js").Ui} Ui
 * @typedef {import("./index.js").Now} Now
 */

/** @param {Ui} ui @param {Now} now */
export function sentences(ui, now) {
  const { t } = ui;
  if (!now.model) return t(now.fetched ? "unpacking" : "ask", { size: size(now.size) });
  const unknown = now.unknown && t("unknown", { character: shown(now.unknown) });
  return ui.join(guess(ui, now), cost(ui, now), unknown);
}

const digits = (number, value) => (value < 10 ? value.toFixed(2) : number(value));

/** What comes next. @param {Ui} ui @param {Now} now */
function guess({ t, number }, { written, mute, ranked, tokens, chances, kept, choice }) {
  const context = written.slice(-12).replaceAll("\n", "⏎");
  if (mute) return t("mute", { context });
  return t("predicts", {
    context,
    best: shown(tokens[ranked[0]]),
    p: t("percent", { p: percent(chances[ranked[0]]) }),
    kept,
    all: tokens.length,
    bits: choice.toFixed(2),
    choices: digits(number, 2 ** choice),
  });
}

/** How surprising the text so far was. @param {Ui} ui @param {Now} now */
function cost({ t, number }, { bits, mean }) {
  if (!bits.length) return "";
  if (!Number.isFinite(mean)) return t("costsInfinite");
  return t("costs", { bits: mean.toFixed(2), perplexity: digits(number, 2 ** mean) });
}
