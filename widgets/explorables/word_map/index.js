// word_map: real word vectors. Neighbours by cosine or distance, analogies with and without the question's words, and a map.
import { explorable, h } from "../../ui/index.js";
import { askOf } from "./ask.js";
import * as table from "./core.js";
import { listOf } from "./list.js";
import { mapOf } from "./map.js";
import { computer } from "./state.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { sourceOf } from "./table.js";
import { MOST, wordsOn } from "./words.js";

export { table as core };

/** @typedef {import("./state.js").State} State */

const traits = {
  full: false,
  task: "neighbours",
  metric: "cosine",
  word: "king",
  question: ["man", "king", "woman"],
  leave_out: true,
  found: [],
  sample: {},
};
const GOALS = ["analogy", "length"];

/** The goals that this state reaches. @param {State} now */
function reachedBy({ task, list, question, leaveOut, shared }) {
  const reached = {
    analogy: task === "analogy" && !leaveOut && !question.includes(list[0]?.row),
    length: task === "neighbours" && shared <= MOST,
  };
  return GOALS.filter((name) => reached[name]);
}

/** What is found stays found; with few words everything is easy. */
function showGoals(ui, /** @type {State} */ now, full) {
  const { t } = ui;
  const before = ui.get("found");
  const fresh = full ? reachedBy(now).filter((name) => !before.includes(name)) : [];
  if (fresh.length) ui.set({ found: [...before, ...fresh] });
  const found = GOALS.filter((name) => before.includes(name) || fresh.includes(name));
  const all = found.length === GOALS.length;
  const list = ui.list(found.map((name) => t(`${name}Done`)));
  ui.goal(all ? t("goalReached") : t("goal", { most: MOST }) + (list && t("done", { list })), all);
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-wordmap");
  ui.choice({
    trait: "task",
    label: t("task"),
    into: ui.toolbar,
    options: ["neighbours", "analogy"].map((name) => [name, t(name)]),
  });
  ui.choice({
    trait: "metric",
    label: t("metric"),
    as: "select",
    into: ui.toolbar,
    options: ["cosine", "euclid"].map((name) => [name, t(name)]),
  });
  const source = sourceOf(ui);
  const side = h("div", { class: "fg-wm-side" });
  ui.figures.append(side);
  const ask = askOf(ui, side);
  ui.checkbox({
    trait: "leave_out",
    label: t("leaveOut"),
    into: side,
    visible: (/** @type {State} */ { task }) => task === "analogy",
  });
  const take = (/** @type {number} */ row) => {
    ui.set({ task: "neighbours", word: source.table().tokens[row] });
    ask.clear();
  };
  const drawList = listOf(ui, side, take);
  const drawMap = mapOf(ui, take);
  return {
    compute: computer(ui, source.table),
    draw(/** @type {State} */ now) {
      source.draw();
      if (!now.words) return;
      ask.draw(now);
      drawMap(now);
      drawList(now);
      showGoals(ui, now, source.full());
      ui.status(wordsOn(ui, now));
    },
  };
}

export default explorable({ traits, strings, css, setup });
