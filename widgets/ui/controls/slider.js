// A range input, the same value as a number box, and optional marks on the track.
import { h, put, say, unique } from "../dom.js";
import { number, parse, plain } from "../format.js";
import { activeIn, atFirst, live } from "./live.js";

const THUMB = 18; // px, the same as in style.css

/** The track's own coordinate, of a value and back. share: a log scale of what is left to 1, for 0.9, 0.99, 0.999, … */
const SCALES = {
  linear: { forth: (/** @type {number} */ v) => v, back: (/** @type {number} */ u) => u },
  log: { forth: Math.log10, back: (/** @type {number} */ u) => 10 ** u },
  share: {
    forth: (/** @type {number} */ v) => -Math.log10(1 - v),
    back: (/** @type {number} */ u) => 1 - 10 ** -u,
  },
};

/**
 * A mark on the track: a button that sets the value. `beyond` paints the track from there on.
 * @typedef {{value: number, text: string, tone?: "good"|"bad", side?: "left"|"right", beyond?: boolean}} Mark
 */

/**
 * @typedef {import("./live.js").Common & {
 *   trait: string,
 *   label: string,
 *   symbol?: string,
 *   min?: import("./live.js").Live<number>,
 *   max?: import("./live.js").Live<number>,
 *   scale?: keyof typeof SCALES,
 *   step?: number,
 *   integer?: boolean,
 *   steps?: import("./live.js").Live<number[]>,
 *   marks?: import("./live.js").Live<Mark[]>,
 *   limits?: {low?: number, high?: number, positive?: boolean},
 * }} SliderOptions
 *   symbol: set in italics after the label; min, max: ends of the track, a typed number may lie beyond them;
 *   step: of the track, in units of the value (log: in decades); steps: the only values there are (a recorded grid),
 *   rising, the track stops at each; limits: of a typed number, default: the ends of the track
 */

/** @param {import("../frame.js").Ui} ui @param {SliderOptions} options */
export const slider = (ui, options) => new Slider(ui, options);

class Slider {
  /** @param {import("../frame.js").Ui} ui @param {SliderOptions} options */
  constructor(ui, options) {
    this.ui = ui;
    this.options = options;
    this.steps = atFirst(options.steps, [0, 1]);
    this.min = atFirst(options.min, 0) ?? this.steps?.[0];
    this.max = atFirst(options.max, 1) ?? this.steps?.at(-1);
    this.step = options.step ?? (options.steps || options.integer ? 1 : 0.01);
    this.shownMarks = "";
    this.moved = { key: "", value: "" };
    this.#build();
    this.range.addEventListener("input", () => this.#slide());
    this.box.addEventListener("input", () => this.#accept(false));
    this.box.addEventListener("change", () => this.#accept(true));
    this.box.addEventListener("keydown", (event) => event.key === "Enter" && this.#accept(true));
    this.box.addEventListener("blur", () => {
      this.#complain("");
      this.#showBox(ui.get(options.trait));
    });
  }

  #build() {
    const { trait, label, symbol = "" } = this.options;
    const ids = { range: unique("range"), hint: unique("hint") };
    this.range = h("input", { type: "range", class: "fg-range", id: ids.range, step: this.step });
    this.box = h("input", {
      type: "text",
      class: "fg-number",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": this.ui.t("ui.asNumber", { label: symbol ? `${label} ${symbol}` : label }),
      "aria-describedby": ids.hint,
    });
    this.hint = h("p", { class: "fg-hint", id: ids.hint, hidden: true });
    this.marksRow = h("div", { class: "fg-marks", hidden: true });
    const name = h("label", { for: ids.range, text: label }, symbol && h("i", { text: ` ${symbol}` }));
    this.node = h(
      "div",
      { class: "fg-control fg-slider", "data-trait": trait },
      h("div", { class: "fg-row" }, name, this.box),
      h("div", { class: "fg-track" }, this.range, this.marksRow),
      this.hint,
    );
  }

  // --- the track ---

  #forth(value) {
    return this.steps ? nearest(this.steps, value) : SCALES[this.options.scale ?? "linear"].forth(value);
  }
  #back(u) {
    return this.steps ? this.steps[Math.round(u)] : SCALES[this.options.scale ?? "linear"].back(u);
  }
  /** The thumb's centre does not reach the track's ends; marks follow its path. */
  #place(value) {
    const [low, high] = [this.#forth(this.min), this.#forth(this.max)];
    const share = Math.min(1, Math.max(0, (this.#forth(value) - low) / (high - low)));
    return `calc(${THUMB / 2}px + ${share.toFixed(4)} * (100% - ${THUMB}px))`;
  }
  #tidy(value) {
    if (this.steps) return value;
    if (this.options.integer) return Math.round(value);
    return this.options.scale === "share"
      ? Number((1 - Number((1 - value).toPrecision(2))).toFixed(6))
      : Number(value.toPrecision(3));
  }
  #slide() {
    this.#complain("");
    const { range } = this;
    // The ends of the track stand for their exact values, however the decades are divided.
    const u = Number(range.value);
    const value =
      u <= Number(range.min)
        ? this.min
        : u > Number(range.max) - this.step
          ? this.max
          : this.#tidy(this.#back(u));
    this.ui.set({ [this.options.trait]: value });
  }

  // --- the box ---

  #problem(value) {
    const { ui, options } = this;
    const { positive = false, low = this.min, high = positive ? Infinity : this.max } = options.limits ?? {};
    const said = { value: number(value), example: plain(ui.get(options.trait)) };
    if (!Number.isFinite(value)) return ui.t("ui.notANumber", said);
    if (positive && value <= 0) return ui.t("ui.notPositive", said);
    if (!positive && value < low) return ui.t("ui.tooLow", { ...said, limit: number(low) });
    if (value > high) return ui.t("ui.tooHigh", { ...said, limit: number(high) });
    return options.integer && !Number.isInteger(value) ? ui.t("ui.notWhole", said) : "";
  }
  /** While typing, a half-written number is not an error yet; it is one when the reader is done. */
  #accept(done) {
    const value = parse(this.box.value);
    const wrong = this.#problem(value);
    if (!wrong) this.ui.set({ [this.options.trait]: this.steps ? this.#back(this.#forth(value)) : value });
    this.#complain(wrong && (done || this.box.value.trim() !== "") ? wrong : "");
  }
  #complain(text) {
    say(this.hint, text);
    this.hint.hidden = text === "";
    text ? this.box.setAttribute("aria-invalid", "true") : this.box.removeAttribute("aria-invalid");
  }

  // --- what is shown ---

  /** @param {any} [now] */
  show(now) {
    const { options, range } = this;
    const value = this.ui.get(options.trait);
    if (now !== undefined) this.#showTrack(now);
    put(range, { min: this.#forth(this.min), max: this.#forth(this.max) }); // first: they would cut the value
    const drawn = typeof value === "number" && Number.isFinite(this.#forth(value));
    if (drawn) this.#move(this.#forth(value));
    put(range, { "aria-valuetext": number(value, options.scale === "share" ? 6 : 3) });
    style(range, "--fg-fill", drawn ? this.#place(value) : "0px");
    if (this.box !== activeIn(this.node)) this.#showBox(value);
    if (now !== undefined && options.marks !== undefined) this.#showMarks(live(options.marks, now));
  }
  #showTrack(now) {
    const { steps, min, max } = this.options;
    if (steps instanceof Function) this.steps = steps(now);
    if (min instanceof Function || steps) this.min = live(min, now) ?? this.steps[0];
    if (max instanceof Function || steps) this.max = live(max, now) ?? this.steps.at(-1);
  }
  /** The browser snaps what it is given to its own steps: the same value is not set again between the same ends. */
  #move(wanted) {
    const { range } = this;
    const key = [range.min, range.max, wanted].join();
    if (key === this.moved.key && range.value === this.moved.value) return;
    range.value = String(wanted);
    this.moved = { key, value: range.value };
  }
  #showBox(value) {
    const text = plain(value, this.options.integer ? 7 : 4);
    if (this.box.value !== text) this.box.value = text;
  }
  /** @param {Mark[]} list */
  #showMarks(list) {
    const key = JSON.stringify([list, this.min, this.max]);
    if (key === this.shownMarks) return;
    this.shownMarks = key;
    const from = list.find((mark) => mark.beyond);
    style(this.node, "--fg-beyond", from ? this.#place(from.value) : "100%");
    this.marksRow.hidden = list.length === 0;
    this.marksRow.replaceChildren(...list.map((mark) => this.#mark(mark)));
  }
  /** @param {Mark} mark */
  #mark({ value, text, tone, side = "right" }) {
    const { trait, label } = this.options;
    const attributes = {
      type: "button",
      class: "fg-mark",
      "data-tone": tone,
      "data-side": side,
      style: `left:${this.#place(value)}`,
      "aria-label": this.ui.t("ui.setTo", { label, value: number(value), mark: text }),
      onclick: () => this.ui.set({ [trait]: value }),
    };
    return h("button", attributes, h("span", { text: `${text} ${number(value)}` }));
  }
}

/** A custom property, on the one element that shows it; an unchanged one costs no style recalculation. */
function style(node, name, value) {
  if (node.style.getPropertyValue(name) !== value) node.style.setProperty(name, value);
}

/** The index of the value nearest to v, by ratio: grids of rates are even on a log scale. */
function nearest(steps, v) {
  const far = (a) => (a > 0 && v > 0 ? Math.abs(Math.log(a / v)) : Math.abs(a - v));
  return steps.reduce((best, a, i) => (far(a) < far(steps[best]) ? i : best), 0);
}
