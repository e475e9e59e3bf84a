// The words as points of a plane: neighbours with lines to them, an analogy as two arrows.
import { wordsOf } from "../../ui/words.js";
import { likeness, vectorOf } from "./core.js";
import { shareOf, two } from "./state.js";

/** @typedef {import("./state.js").State} State */

const MOST = 90; // words

/** A domain with room for names around the places. */
function spread(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.1 * (high - low) || 1;
  return [low - room, high + room];
}

/** Every word of the map, with its likeness to the question. @param {State} now */
function pointsOf({ words, question, list, target, metric, order, places }) {
  const from = target ?? vectorOf(words, question[0]);
  const answers = new Set(list.map((one) => one.row));
  const first = list.find((one) => !question.includes(one.row))?.row;
  return order.map((row, i) => {
    const asked = question.includes(row);
    return {
      x: places[2 * i],
      y: places[2 * i + 1],
      text: words.tokens[row],
      strong: asked || row === first,
      quiet: !asked && !answers.has(row),
      tip: `${words.tokens[row]} ${two(likeness(words, from, row, metric))}`,
      tone: asked ? "blue" : row === first ? "accent" : undefined,
    };
  });
}

/** Lines to the neighbours. Of an analogy arrows: from a to b, and from c as far, to the goal. */
function linksOf(plot) {
  const links = plot.line({ color: "accent", width: 1.25, class: "fg-ghost" });
  const arrows = [0, 1].map((i) => plot.line({ color: "orange", width: 2, dash: i ? "5 4" : undefined }));
  return function draw(/** @type {State} */ { question: [a, b, c], list, order, places, goal }) {
    const at = (row) => Array.from(places.slice(2 * order.indexOf(row), 2 * order.indexOf(row) + 2));
    if (goal) {
      links.hide();
      arrows[0].set([...at(a), ...at(b)]);
      arrows[1].set([...at(c), ...goal]);
    } else {
      links.set(list.flatMap((one) => [...at(a), ...at(one.row)]));
      for (const arrow of arrows) arrow.hide();
    }
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {(row: number) => void} take  a word that was clicked */
export function mapOf(ui, take) {
  const { t } = ui;
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-1, 1], ticks: 0 },
    y: { domain: [-1, 1], ticks: 0 },
    grid: "none",
    margin: { left: 6, right: 6, top: 6, bottom: 6 },
    height: (width) => Math.round(width * 0.9),
  });
  const drawLinks = linksOf(plot);
  let order = [];
  const shown = wordsOf(plot, { most: MOST, onTake: (i) => order[i] !== undefined && take(order[i]) });
  const goalDot = plot.dots({ color: "orange", size: 10 });
  const goalName = plot.text({ color: "orange", class: "fg-strong" });
  return function draw(/** @type {State} */ now) {
    const { goal, places, words } = now;
    const all = goal ? [...places, ...goal] : Array.from(places);
    const [x, y] = [0, 1].map((axis) => spread(all.filter((_, i) => i % 2 === axis)));
    plot.layout({ x: { domain: x }, y: { domain: y } });
    drawLinks(now);
    order = now.order;
    shown.set(pointsOf(now));
    if (goal) {
      goalDot.set(goal);
      goalName.set(goal[0], goal[1], t("target"), { dx: 9, dy: 16 });
    } else for (const mark of [goalDot, goalName]) mark.hide();
    const said = ui.list(now.list.slice(0, 3).map((one) => words.tokens[one.row]));
    plot.describe(t("mapNow", { words: order.length, share: ui.number(shareOf(now)), said }));
  };
}
