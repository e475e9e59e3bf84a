// A checkbox, and a button.
import { h, say } from "../dom.js";
import { known, live } from "./live.js";

/**
 * @typedef {import("./live.js").Common & {trait: string, label: import("./live.js").Live<string>}} CheckboxOptions
 * @typedef {import("./live.js").Common & {
 *   label: import("./live.js").Live<string>, onClick: () => void, primary?: boolean,
 * }} ButtonOptions
 */

/** @param {import("../frame.js").Ui} ui @param {CheckboxOptions} options */
export function checkbox(ui, { trait, label }) {
  const input = h("input", { type: "checkbox", onchange: () => ui.set({ [trait]: input.checked }) });
  const words = h("span", {});
  return {
    node: h("label", { class: "fg-control fg-check", "data-trait": trait }, input, words),
    /** @param {any} [now] */
    show(now) {
      input.checked = Boolean(ui.get(trait));
      if (known(label, now)) say(words, live(label, now));
    },
  };
}

/** @param {ButtonOptions} options */
export function button({ label, onClick, primary = false }) {
  const node = h("button", {
    type: "button",
    class: `fg-button${primary ? " fg-primary" : ""}`,
    onclick: onClick,
  });
  return {
    node,
    /** @param {any} [now] */
    show(now) {
      if (known(label, now)) say(node, live(label, now));
    },
  };
}
