// One sentence or two on what was found.
import { OTHER, shareOf, two } from "./state.js";

/** @typedef {import("./state.js").State} State */

export const MOST = 3; // neighbours in common, of the second goal
const NAMES = { cosine: "byCosine", euclid: "byEuclid" };

let middle = { of: null, value: 0 };
/** The median of the vectors' lengths. @param {import("./core.js").Table} words */
function median(words) {
  const { lengths } = words;
  if (middle.of !== words)
    middle = { of: words, value: [...lengths].sort((a, b) => a - b)[lengths.length >> 1] };
  return middle.value;
}

/** @param {import("../../ui/frame.js").Ui} ui @param {State} now */
function onAnalogy({ t }, { words, question, list, metric, leaveOut, against }) {
  const [a, b, c] = question.map((row) => words.tokens[row]);
  const changes = against?.row !== list[0]?.row;
  const other = against ? words.tokens[against.row] : "";
  const remark = changes ? t(leaveOut ? "remarkOut" : "remarkIn", { other }) : t("remarkSame");
  return t("saysAnalogy", { a, b, c, answer: words.tokens[list[0].row], metric: t(NAMES[metric]), remark });
}

/** @param {import("../../ui/frame.js").Ui} ui @param {State} now */
function onNeighbours({ t, number, list: listed }, { words, question: [row], list, metric, shared }) {
  const nearest = list.slice(0, 3).map((one) => `${words.tokens[one.row]} ${two(one.value)}`);
  return t("saysNeighbours", {
    word: words.tokens[row],
    metric: t(NAMES[metric]),
    other: t(NAMES[OTHER[metric]]),
    nearest: listed(nearest),
    shared,
    length: number(words.lengths[row]),
    median: number(median(words)),
  });
}

/** @param {import("../../ui/frame.js").Ui} ui @param {State} now */
export function wordsOn(ui, now) {
  const { t } = ui;
  const sample = !ui.get("full") && t("sampleNote");
  if (now.task === "analogy") return ui.join(onAnalogy(ui, now), sample);
  const note = now.shared <= MOST ? t("longNote") : t("planeNote", { share: ui.number(shareOf(now)) });
  return ui.join(onNeighbours(ui, now), note, sample);
}
