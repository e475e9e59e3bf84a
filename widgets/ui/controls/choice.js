// One of several values: radio buttons side by side, or a select.
import { h, say, unique } from "../dom.js";
import { activeIn, known, live } from "./live.js";

/**
 * @typedef {import("./live.js").Common & {
 *   trait: string,
 *   label: string,
 *   options: import("./live.js").Live<[string, string][]>,
 *   as?: "radio"|"select",
 *   onChange?: (value: string) => void,
 * }} ChoiceOptions
 *   options: value and text of each; onChange: instead of setting the trait
 */

/** @param {import("../frame.js").Ui} ui @param {ChoiceOptions} options */
export function choice(ui, { trait, label, options, as = "radio", onChange }) {
  const choose = (/** @type {string} */ value) => (onChange ? onChange(value) : ui.set({ [trait]: value }));
  const made = (as === "select" ? selectOf : radiosOf)(trait, label, choose);
  let shown = "";
  /** @param {[string, string][]} list */
  function fill(list) {
    const key = JSON.stringify(list);
    if (key !== shown) made.fill(list);
    shown = key;
  }
  if (known(options)) fill(live(options, undefined));
  return {
    node: made.node,
    /** @param {any} [now] */
    show(now) {
      if (known(options, now)) fill(live(options, now));
      made.check(ui.get(trait));
    },
  };
}

function selectOf(trait, label, choose) {
  const id = unique("choice");
  const select = h("select", { class: "fg-select", id, onchange: () => choose(select.value) });
  const control = { class: "fg-control fg-choice", "data-trait": trait };
  return {
    node: h("div", control, h("label", { for: id, text: label }), select),
    fill: (list) => select.replaceChildren(...list.map(([value, text]) => h("option", { value, text }))),
    check(value) {
      if (select.value !== value) select.value = value;
    },
  };
}

function radiosOf(trait, label, choose) {
  const name = unique("choice");
  const segments = h("div", { class: "fg-segments" });
  let made = [];
  const segment = (value) => {
    const input = h("input", { type: "radio", name, value, onchange: () => choose(value) });
    const words = h("span", {});
    return { value, input, words, node: h("label", { class: "fg-segment" }, input, words) };
  };
  function build(values) {
    const focused = made.find(({ input }) => input === activeIn(segments))?.value;
    made = values.map(segment);
    segments.replaceChildren(...made.map(({ node }) => node));
    made.find(({ value }) => value === focused)?.input.focus();
  }
  return {
    node: h(
      "fieldset",
      { class: "fg-control fg-choice", "data-trait": trait },
      h("legend", { text: label }),
      segments,
    ),
    /** Where only the words change, the buttons stay. */
    fill(list) {
      const values = list.map(([value]) => value);
      if (values.join("\n") !== made.map(({ value }) => value).join("\n")) build(values);
      list.forEach(([, text], i) => say(made[i].words, text));
    },
    check(chosen) {
      for (const { value, input } of made) input.checked = value === chosen;
    },
  };
}
