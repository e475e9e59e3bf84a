// The question: a word, or "a is to b as c is to what?", with examples.
import { h } from "../../ui/dom.js";
import { WordBox } from "./boxes.js";

/** @typedef {import("./state.js").State} State */

const EXAMPLES = [
  ["france", "paris", "england"],
  ["good", "better", "bad"],
  ["father", "mother", "son"],
  ["king", "queen", "man"],
  ["man", "woman", "boy"],
  ["go", "went", "give"],
  ["man", "men", "woman"],
];

/** A question that can be chosen; only those are there whose words are. */
function examplesOf(ui, onChoose) {
  const { t } = ui;
  const select = h("select", { class: "fg-select", "aria-label": t("examples") });
  select.addEventListener("change", () => {
    if (!select.value) return;
    ui.set({ question: select.value.split(" ") });
    onChoose();
  });
  let filled = "";
  function fill(there) {
    const options = there.map(([a, b, c]) => ({ value: `${a} ${b} ${c}`, text: `${a} : ${b} = ${c} : ?` }));
    const all = [{ value: "", text: t("examples") }, ...options];
    select.replaceChildren(...all.map((option) => h("option", option)));
  }
  return {
    node: select,
    draw(/** @type {State} */ { words }) {
      const there = EXAMPLES.filter((three) => three.every((word) => words.index.has(word)));
      if (there.join() !== filled) fill(there);
      filled = there.join();
      const question = ui.get("question").join(" ");
      select.value = there.some((three) => three.join(" ") === question) ? question : "";
    },
  };
}

/** @param {import("../../ui/frame.js").Ui} ui @param {HTMLElement} into */
export function askOf(ui, into) {
  const { t } = ui;
  const boxOf = (label, onPick) => new WordBox(ui, { label, onPick, more: () => !ui.get("full") });
  const one = boxOf(t("word"), (word) => ui.set({ word }));
  const three = ["first", "second", "third"].map((name, i) =>
    boxOf(t(name), (word) => {
      const question = [...ui.get("question")];
      question[i] = word;
      ui.set({ question });
    }),
  );
  const examples = examplesOf(ui, () => three.forEach((box) => box.clear()));
  const said = (name) => h("span", { text: t(name) });
  const search = h("div", { class: "fg-wm-ask" }, said("word"), one.node);
  const [a, b, c] = three.map((box) => box.node);
  const parts = [a, said("isTo"), b, said("as"), c, said("toWhat"), examples.node];
  const ask = h("div", { class: "fg-wm-ask fg-wm-three" }, ...parts);
  into.append(search, ask);
  return {
    /** The word was taken elsewhere. */
    clear: () => one.clear(),
    draw(/** @type {State} */ now) {
      search.hidden = now.task !== "neighbours";
      ask.hidden = now.task === "neighbours";
      one.show(now.words.tokens[now.question[0]], now.words);
      three.forEach((box, i) => box.show(ui.get("question")[i], now.words));
      examples.draw(now);
    },
  };
}
