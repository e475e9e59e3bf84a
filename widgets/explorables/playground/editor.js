// The weights of one neuron as boxes.
import { activeIn } from "../../ui/controls/live.js";
import { h, say } from "../../ui/dom.js";
import { number, parse, plain } from "../../ui/format.js";
import { inputName, neuronName } from "./names.js";

/** @typedef {import("./state.js").State} State */

const LARGEST = 1000; // of a weight that is typed in
const STEPS = { ArrowUp: 0.1, ArrowDown: -0.1 };

export class Editor {
  #shown = ""; // which neuron's
  /** @type {{node: HTMLElement, input: HTMLInputElement, index: number}[]} */ #boxes = []; // index: among all weights

  /** @param {import("../../ui/frame.js").Ui} ui @param {{into: HTMLElement, onEdit: (index: number, value: number) => void}} options */
  constructor(ui, { into, onEdit }) {
    this.ui = ui;
    this.onEdit = onEdit;
    this.head = h("p", { class: "fg-edit-head" });
    this.row = h("div", { class: "fg-edit-boxes" });
    this.hint = h("p", { class: "fg-hint", hidden: true });
    this.node = h("div", { class: "fg-edit" }, this.head, this.row, this.hint);
    into.append(this.node);
  }

  /** The box of one input of the neuron that is selected. @param {number} j */
  focus(j) {
    this.#boxes[j]?.input.focus();
    this.#boxes[j]?.input.select();
  }

  draw(/** @type {State} */ now) {
    const { selected, hidden, features } = now;
    const key = selected ? JSON.stringify([selected, hidden, features]) : "";
    if (key !== this.#shown) {
      this.#say("");
      this.#boxes = selected ? this.#build(now) : [];
      this.row.replaceChildren(...this.#boxes.map(({ node }) => node));
    }
    this.#shown = key;
    say(this.head, this.#headOf(now));
    const active = activeIn(this.node);
    for (const { input, index } of this.#boxes) {
      if (input !== active || input.dataset.stale) input.value = plain(now.net.parameters[index]);
      delete input.dataset.stale;
    }
  }

  /** @param {State} now */
  #headOf({ selected, hidden, activation, classes }) {
    const { t } = this.ui;
    if (!selected) return t("pick");
    const last = selected[0] === hidden.length + 1;
    const name = neuronName(t, hidden.length, ...selected);
    const said = { name, activation: t(`formula ${activation}`) };
    return t(last ? (classes ? "outputIs" : "valueIs") : "neuronIs", said);
  }

  /** A box for every weight of the neuron, and its bias. @param {State} now */
  #build(now) {
    const { t } = this.ui;
    const [layer, i] = now.selected;
    const fan = now.sizes[layer - 1];
    const { weights, biases } = now.places[layer - 1];
    const neuron = neuronName(t, now.hidden.length, layer, i);
    const names = Array.from({ length: fan }, (_, j) => inputName(t, now, layer, j));
    const box = (name, index) => {
      const input = this.#inputOf(t("weightOf", { name, neuron }), index);
      return { input, index, node: h("label", { class: "fg-edit-box" }, h("span", { text: name }), input) };
    };
    return [...names.map((name, j) => box(name, weights + i * fan + j)), box(t("bias"), biases + i)];
  }
  #inputOf(label, index) {
    const input = h("input", {
      type: "text",
      class: "fg-weight",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": label,
    });
    input.addEventListener("change", () => this.#accept(input, index));
    input.addEventListener("keydown", (event) => this.#key(event, input, index));
    input.addEventListener("blur", () => {
      this.#complain(input, "");
      input.dataset.stale = "yes";
      this.ui.redraw();
    });
    return input;
  }
  #key(event, input, index) {
    if (event.key === "Enter") this.#accept(input, index);
    const by = STEPS[event.key];
    if (!by) return;
    event.preventDefault();
    const value = parse(input.value);
    if (Number.isFinite(value)) input.value = plain(Number((value + by).toFixed(6)));
    this.#accept(input, index);
  }

  #accept(input, index) {
    const value = parse(input.value);
    const wrong = this.#problem(value);
    this.#complain(input, wrong);
    if (!wrong) this.onEdit(index, value);
  }
  #problem(value) {
    const { t } = this.ui;
    if (!Number.isFinite(value)) return t("ui.notANumber", { example: "0.5" });
    return Math.abs(value) > LARGEST ? t("tooFar", { value: number(value), largest: LARGEST }) : "";
  }
  #complain(input, text) {
    this.#say(text);
    text ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
  }
  #say(text) {
    say(this.hint, text);
    this.hint.hidden = text === "";
  }
}
