// The words as points of a plane, the word shown joined with its two nearest.
import { wordsOf } from "../../ui/words.js";
import { MOST_WORDS } from "./core.js";

export const SHOWN = 6; // neighbours in the list

/**
 * @typedef {import("./index.js").Now} Now
 * @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @returns {(now: Now) => void}
 */
export function mapOf(ui, into) {
  const { t, number } = ui;
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-1, 1], ticks: 0 },
    y: { domain: [-1, 1], ticks: 0 },
    grid: "none",
    margin: { left: 6, right: 6, top: 6, bottom: 6 },
    height: (width) => Math.round(width * 0.86),
    into,
  });
  const links = plot.line({ color: "accent", width: 1.25, class: "fg-ghost" });
  let taken = []; // the words, in the order of the points
  const words = wordsOf(plot, { most: MOST_WORDS, onTake: (i) => ui.set({ word: taken[i] }) });

  return function draw(now) {
    const { tokens, view, word, near } = now;
    const edge = 1.12 * view.reach;
    plot.layout({ x: { domain: [-1.12 * edge, 1.12 * edge] }, y: { domain: [-edge, edge] } });
    const list = pointsOf(now);
    taken = list.map(({ text }) => text);
    words.set(list);
    const place = (i) => [view.places[2 * i], view.places[2 * i + 1]];
    links.set(near.slice(0, 2).flatMap((one) => [...place(word), ...place(one.word)]));
    plot.describe(
      t("mapNow", {
        epoch: now.epoch,
        words: tokens.length,
        share: number(Math.round(100 * view.share)),
        word: tokens[word],
        nearest: now.names.join(t("and")),
      }),
    );
  };
}

/** The word shown first, then the stranger and the friends, the nearest, the others. @param {Now} now */
function pointsOf({ tokens, view, word, near, special, stranger, friends }) {
  const nearest = near.slice(0, SHOWN).map((one) => one.word);
  const rank = (i) => (i === word ? 0 : special.includes(i) ? 1 : nearest.includes(i) ? 2 : 3 + i);
  const cosines = new Map(near.map((one) => [one.word, one.cosine]));
  const tone = (i) => {
    if (tokens[i] === stranger) return "orange";
    if (friends.includes(tokens[i])) return "blue";
    return i === word ? "accent" : undefined;
  };
  const order = tokens.map((_, i) => i).sort((a, b) => rank(a) - rank(b));
  return order.map((i) => ({
    x: view.places[2 * i],
    y: view.places[2 * i + 1],
    text: tokens[i],
    strong: rank(i) < 2,
    quiet: rank(i) > 2,
    tip: i === word ? tokens[i] : `${tokens[i]} ${cosineText(cosines.get(i))}`,
    tone: tone(i),
  }));
}

/** @param {number} cosine */
export const cosineText = (cosine) => cosine.toFixed(2).replace("-", "−");
