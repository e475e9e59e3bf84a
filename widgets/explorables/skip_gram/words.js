// Is the goal reached, and what is to be said of the vectors?
import { cosineText } from "./map.js";

/**
 * @typedef {import("./index.js").Now} Now
 * @typedef {{verdict: "missing"|"meets"|"cramped"|"beside"|"thin"|"atDrinks"|"aha", nearest?: string,
 * friend?: string,
 *   shared?: string, dimension?: number}} End
 */

/**
 * Judged by the vectors at the end.
 * @param {import("./model.js").Model} model @param {string} stranger @param {string[]} friends
 * @param {string} and between words
 * @returns {End}
 */
export function judge(model, stranger, friends, and) {
  const { tokens } = model.corpus;
  const a = tokens.indexOf(stranger);
  const bs = friends.map((word) => tokens.indexOf(word)).filter((i) => i >= 0);
  if (a < 0 || !bs.length) return { verdict: "missing" };
  const friend = bs.find((b) => model.meets(a, b));
  if (friend !== undefined) return { verdict: "meets", friend: tokens[friend] };
  const shared = (b) => model.company(b).filter(({ word }) => model.meets(a, word));
  const common = Math.max(...bs.map((b) => shared(b).length));
  const named = (list) => list.map(({ word }) => tokens[word]).join(and);
  const near = model.near(Infinity, a);
  const [nearest] = near;
  if (near.length > 12 && near[7].cosine > 0.9) return { verdict: "cramped", dimension: model.dimension };
  if (bs.includes(nearest.word))
    return { verdict: "aha", nearest: tokens[nearest.word], shared: named(shared(nearest.word).slice(0, 5)) };
  if (model.meets(a, nearest.word) && common < 3) return { verdict: "beside" };
  return { verdict: common > 2 ? "thin" : "atDrinks", nearest: named(near.slice(0, 2)) };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {Now} now @returns {{text: string, bad?: boolean}} */
export function words(ui, now) {
  const { t } = ui;
  const { model, tokens, epoch, end } = now;
  if (now.busy) return { text: t("training", { epoch: model.done, epochs: model.epochs }) };
  if (model.diverged) return { text: t("diverged"), bad: true };
  if (!model.pairs.length) return { text: t("noPairs"), bad: true };
  const nearest = now.near.slice(0, 3).map((one) => `${tokens[one.word]} ${cosineText(one.cosine)}`);
  const summary = t("summary", {
    epoch,
    loss: model.losses[epoch].toFixed(3),
    first: model.losses[0].toFixed(3),
    word: tokens[now.word],
    nearest: nearest.join(t("and")),
  });
  return { text: ui.join(summary, epoch === 0 ? t("start") : t(end.verdict, { ...now.said, ...end })) };
}
