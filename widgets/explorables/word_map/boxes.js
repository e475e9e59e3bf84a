// A box for a word: what begins so is offered while one types; what is unknown is said, with words spelt nearly so.
import { activeIn } from "../../ui/controls/live.js";
import { h, put, say, unique } from "../../ui/dom.js";
import { beginningWith, spelling } from "./core.js";

/** @typedef {import("./core.js").Table} Table */
/**
 * @typedef {object} WordBoxOptions
 * @property {string} label
 * @property {(word: string) => void} onPick
 * @property {() => boolean} more  are there more words that could be loaded?
 */

export class WordBox {
  #offered = [];
  #active = -1; // of those offered
  #value = ""; // what it shows while nobody types
  /** @type {Table} */ #table;

  /** @param {import("../../ui/frame.js").Ui} ui @param {WordBoxOptions} options */
  constructor(ui, options) {
    this.ui = ui;
    this.options = options;
    this.ids = { list: unique("words"), hint: unique("hint") };
    this.#build();
    this.input.addEventListener("input", () => {
      this.#complain("");
      this.#offer();
    });
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => {
      this.#open(false);
      if (!this.#wrong()) this.input.value = this.#value;
    });
  }

  #build() {
    const { t } = this.ui;
    const { list, hint } = this.ids;
    this.input = h("input", {
      type: "text",
      class: "fg-wm-input",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": list,
      "aria-autocomplete": "list",
      "aria-describedby": hint,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: 60,
      "aria-label": this.options.label,
    });
    const offers = { class: "fg-wm-options", role: "listbox", id: list, "aria-label": t("suggestions") };
    this.list = h("ul", { ...offers, hidden: true });
    this.hint = h("p", { class: "fg-hint", id: hint, hidden: true });
    this.node = h("div", { class: "fg-wm-box" }, this.input, this.list, this.hint);
  }

  #text() {
    return this.input.value.trim().toLowerCase();
  }
  #wrong() {
    return this.input.getAttribute("aria-invalid") === "true";
  }

  // --- what is offered ---

  #offer() {
    const text = this.#text();
    const begins = text ? beginningWith(this.#table, text) : [];
    this.#offered = text && !begins.length ? spelling(this.#table, text) : begins;
    this.#active = -1;
    this.list.replaceChildren(...this.#offered.map((word, i) => this.#optionOf(word, i)));
    this.#open(this.#offered.length > 1 || (this.#offered.length === 1 && this.#offered[0] !== text));
  }
  #optionOf(word, i) {
    const option = { role: "option", id: `${this.ids.list}-${i}`, "aria-selected": "false", text: word };
    const onpointerdown = (event) => {
      event.preventDefault();
      this.#pick(word);
    };
    return h("li", { ...option, onpointerdown });
  }
  #open(yes) {
    this.list.hidden = !yes;
    put(this.input, { "aria-expanded": yes ? "true" : "false" });
    if (!yes) this.input.removeAttribute("aria-activedescendant");
  }
  #mark(i) {
    this.#active = i;
    [...this.list.children].forEach((option, k) =>
      put(option, { "aria-selected": k === i ? "true" : "false" }),
    );
    put(this.input, { "aria-activedescendant": `${this.ids.list}-${i}` });
  }
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { length } = this.#offered;
    if (step && length) {
      event.preventDefault();
      this.#open(true);
      this.#mark((this.#active + step + length) % length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      !this.list.hidden && this.#active >= 0 ? this.#pick(this.#offered[this.#active]) : this.#accept();
    } else if (event.key === "Escape") this.#open(false);
  }

  // --- what is taken ---

  #pick(word) {
    this.#complain("");
    this.#open(false);
    this.input.value = word;
    this.options.onPick(word);
  }
  #accept() {
    const text = this.#text();
    if (!text) return this.#complain("");
    if (this.#table.index.has(text)) return this.#pick(text);
    this.#open(false);
    const { t, join, list } = this.ui;
    const near = spelling(this.#table, text);
    const advice = near.length ? t("near", { list: list(near) }) : this.options.more() && t("loadMore");
    const count = this.#table.tokens.length.toLocaleString("en");
    return this.#complain(join(t("notHere", { word: text, count }), advice));
  }
  #complain(text) {
    say(this.hint, text);
    this.hint.hidden = text === "";
    text ? put(this.input, { "aria-invalid": "true" }) : this.input.removeAttribute("aria-invalid");
  }

  /** The word that counts, where nobody is typing. @param {string} value @param {Table} table  of the words there are */
  show(value, table) {
    this.#value = value;
    this.#table = table;
    if (this.input !== activeIn(this.input) && !this.#wrong()) this.input.value = value;
  }
  /** Another word came from elsewhere: what was complained of is no more. */
  clear() {
    this.#complain("");
  }
}
