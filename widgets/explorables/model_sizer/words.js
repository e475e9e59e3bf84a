// What the sizer computed, in words: for the picture, and for the sentences below it.

import { number } from "../../ui/format.js";
import { big, bytes, duration, money } from "../../ui/units.js";

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {ReturnType<typeof wordsOf>} Words
 */

/** The numbers as they are said. @param {import("../../ui/frame.js").Ui} ui @param {Now} now */
const numbers = ({ t, lang }, now) => ({
  N: big(now.N, lang),
  layers: now.shape.layers,
  heads: now.heads,
  size: now.shape.width / now.heads,
  hidden: now.shape.feed_forward,
  memory: bytes(now.kept),
  D: big(now.tokens, lang),
  flops: number(now.flops),
  time: duration(now.seconds, t),
  n: now.gpus,
  gpu: now.gpu,
  share: number(100 * now.utilisation),
  cost: money(now.cost, lang),
  price: number(now.price),
});

/** For the picture. @param {import("../../ui/frame.js").Ui} ui @param {Now} now */
export function wordsOf(ui, now) {
  const { t, lang, clauses } = ui;
  const said = numbers(ui, now);
  const named = (parts, shown) =>
    clauses(Object.entries(parts).map(([name, value]) => `${t(name)} ${shown(value)}`));
  const parts = named(now.parts, (value) => big(value, lang));
  return {
    N: said.N,
    memory: said.memory,
    flops: t("flops", said),
    shape: t("shape", said),
    hold: now.needed > 1 ? t("hold", { n: big(now.needed, lang), gpu: now.gpu }) : t("one", said),
    lines: [t("extra", { share: number(100 * now.extra, 2) }), t("run", said), t("bill", said)],
    picture: t("picture", { ...said, parts, kinds: named(now.kinds, bytes) }),
  };
}

/**
 * Below the picture: all of it, and the remark that helps most.
 * @param {import("../../ui/frame.js").Ui} ui @param {Now} now
 */
export const says = (ui, now) => ui.join(ui.t("says", numbers(ui, now)), remark(ui, now));

function remark({ t }, { heads, asked, shape, kinds, kept, batch }) {
  if (heads !== asked) return t("sayHeads", { asked, width: shape.width, heads });
  if (kinds.activations > kept / 2) return t("sayActivations", { b: batch, s: shape.context });
  return t("sayStates", { weights: bytes(kinds.weights), times: number(kept / kinds.weights, 2) });
}
