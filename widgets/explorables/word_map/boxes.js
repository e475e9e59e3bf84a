// A box for a word: what begins so is offered while one types; what is unknown is said, with words spelt nearly so.

import { h, put, say, unique } from "../../ui/dom.js";
import { beginningWith, spelling } from "./core.js";

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{label: string, value: () => string, table: () => import("./core.js").Table, onPick: (word: string) => void, more: () => boolean}} options
 *   more: are there more words that could be loaded?
 */
export function wordBox(ui, { label, value, table, onPick, more }) {
  const { t } = ui;
  const ids = { list: unique("words"), hint: unique("hint") };
  const input = h("input", {
    type: "text",
    class: "fg-wm-input",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": ids.list,
    "aria-autocomplete": "list",
    "aria-describedby": ids.hint,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 60,
    "aria-label": label,
  });
  const list = h("ul", {
    class: "fg-wm-options",
    role: "listbox",
    id: ids.list,
    "aria-label": t("suggestions"),
    hidden: true,
  });
  const hint = h("p", { class: "fg-hint", id: ids.hint, hidden: true });
  const node = h("div", { class: "fg-wm-box" }, input, list, hint);
  let offered = [];
  let active = -1;

  const clean = () => input.value.trim().toLowerCase();
  function offer() {
    const text = clean();
    offered = text ? beginningWith(table(), text) : [];
    if (text && !offered.length) offered = spelling(table(), text);
    active = -1;
    list.replaceChildren(
      ...offered.map((word, i) =>
        h("li", {
          role: "option",
          id: `${ids.list}-${i}`,
          "aria-selected": "false",
          text: word,
          onpointerdown: (event) => {
            event.preventDefault();
            pick(word);
          },
        }),
      ),
    );
    open(offered.length > 0 && !(offered.length === 1 && offered[0] === text));
  }
  function open(yes) {
    list.hidden = !yes;
    put(input, { "aria-expanded": yes ? "true" : "false" });
    if (!yes) input.removeAttribute("aria-activedescendant");
  }
  function mark(i) {
    active = i;
    [...list.children].forEach((option, k) => put(option, { "aria-selected": k === i ? "true" : "false" }));
    i < 0
      ? input.removeAttribute("aria-activedescendant")
      : put(input, { "aria-activedescendant": `${ids.list}-${i}` });
  }
  function complain(text) {
    say(hint, text);
    hint.hidden = text === "";
    text ? put(input, { "aria-invalid": "true" }) : input.removeAttribute("aria-invalid");
  }
  function pick(word) {
    complain("");
    open(false);
    input.value = word;
    onPick(word);
  }
  function accept() {
    const text = clean();
    if (!text) return complain("");
    if (table().index.has(text)) return pick(text);
    open(false);
    const near = spelling(table(), text);
    const said = [
      t("notHere", { word: text, count: table().tokens.length.toLocaleString("en") }),
      near.length
        ? t("near", { list: near.join(ui.lang === "zh" ? "、" : ", ") })
        : more()
          ? t("loadMore")
          : "",
    ];
    return complain(said.filter(Boolean).join(ui.lang === "zh" ? "" : " "));
  }
  input.addEventListener("input", () => {
    complain("");
    offer();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offered.length) {
      event.preventDefault();
      open(true);
      mark((active + step + offered.length) % offered.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      !list.hidden && active >= 0 ? pick(offered[active]) : accept();
    } else if (event.key === "Escape") open(false);
  });
  input.addEventListener("blur", () => {
    open(false);
    if (input.getAttribute("aria-invalid") !== "true") input.value = value();
  });
  return {
    node,
    input,
    show() {
      if (input !== input.getRootNode().activeElement && input.getAttribute("aria-invalid") !== "true")
        input.value = value();
    },
    /** What was complained of is no more. */
    clear() {
      complain("");
      input.value = value();
    },
  };
}
