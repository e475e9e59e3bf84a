// The answers as a list, the nearest first: a bar, a value, the vector's length, and whether the other metric agrees.
import { h, put, say } from "../../ui/dom.js";
import { COUNT, two } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** One line of the list. @param {string} both  what its dot means */
function lineOf(both, index, onClick) {
  const [name, bar, value, length] = [h("span", {}), h("i", {}), h("span", {}), h("span", {})];
  const dot = h("span", { class: "fg-wm-dot" }, h("span", { class: "fg-hidden", text: both }));
  const track = h("span", { class: "fg-wm-bar" }, bar);
  const button = h(
    "button",
    { type: "button", class: "fg-wm-row", tabindex: index ? -1 : 0, onclick: onClick },
    name,
    track,
    value,
    length,
    dot,
  );
  const node = h("li", {}, button);
  /** @param {State} now */
  function draw({ words, task, metric, question, list, among }, farthest) {
    const one = list[index];
    node.hidden = !one;
    if (!one) return;
    say(name, words.tokens[one.row]);
    const share = metric === "cosine" ? one.value : one.value / farthest;
    bar.style.transform = `scaleX(${Math.max(0, share).toFixed(3)})`;
    say(value, two(one.value));
    say(length, words.lengths[one.row].toFixed(2));
    put(dot, { "data-both": among.has(one.row) ? "yes" : "no" });
    put(button, { "data-own": task === "analogy" && question.includes(one.row) ? "yes" : "no" });
  }
  return { node, button, draw };
}

/** Up and down the list by keys: one of its buttons is reached by Tab. @param {HTMLButtonElement[]} buttons @param {() => number} count */
function walk(buttons, count) {
  buttons.forEach((button, i) => {
    button.addEventListener("keydown", (event) => {
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: count() - 1 }[event.key];
      if (to === undefined || to < 0 || to >= count()) return;
      event.preventDefault();
      buttons.forEach((other, k) => put(other, { tabindex: k === to ? 0 : -1 }));
      buttons[to].focus();
    });
  });
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into @param {(row: number) => void} take  a word that was clicked */
export function listOf(ui, into, take) {
  const { t } = ui;
  /** @type {import("./state.js").Answer[]} */ let list = [];
  const [head, valueName] = [h("span", {}), h("span", {})];
  const lines = Array.from({ length: COUNT }, (_, i) => lineOf(t("both"), i, () => take(list[i].row)));
  walk(
    lines.map(({ button }) => button),
    () => list.length,
  );
  into.append(
    h("p", { class: "fg-wm-columns" }, head, valueName, h("span", { text: t("length") })),
    h("ol", { class: "fg-wm-list" }, ...lines.map(({ node }) => node)),
    h("p", { class: "fg-wm-key" }, h("span", { class: "fg-wm-dot" }), h("span", { text: t("both") })),
  );
  return function draw(/** @type {State} */ now) {
    list = now.list;
    const [a, b, c] = now.question.map((row) => now.words.tokens[row]);
    say(head, now.task === "neighbours" ? t("list", { word: a }) : t("answers", { a, b, c }));
    say(valueName, t(now.metric === "cosine" ? "byCosine" : "byEuclid"));
    const farthest = Math.max(...list.map((one) => one.value), 1e-9);
    for (const line of lines) line.draw(now, farthest);
    if (!lines.some(({ button }, i) => list[i] && button.tabIndex === 0))
      put(lines[0].button, { tabindex: 0 });
  };
}
