// Play, pause, one step back and forth, speed, and a slider over the steps.
import { h, put, s, say, unique } from "../dom.js";
import { live } from "./live.js";

const THUMB = 18; // px, the same as in style.css
const ICONS = {
  play: "M5 3v14l12-7z",
  pause: "M5 3h4v14H5zM12 3h4v14h-4z",
  back: "M15 3v14L6 10zM4 3h2v14H4z",
  forth: "M5 3v14l9-7zM14 3h2v14h-2z",
};
const SPEEDS = { slow: 2.5, normal: 12, fast: 60 }; // steps a second

/**
 * The trait holds the step shown; −1 means "all of them", so that a new run shows whole.
 * @typedef {import("./live.js").Common & {
 *   trait: string,
 *   length: import("./live.js").Live<number>,
 *   speeds?: Record<"slow"|"normal"|"fast", number>,
 * }} PlayerOptions
 *   length: the number of the last step; speeds: steps a second
 */

/** @param {import("../frame.js").Ui} ui @param {PlayerOptions} options */
export const player = (ui, options) => new Player(ui, options);

class Player {
  /** @param {import("../frame.js").Ui} ui @param {PlayerOptions} options */
  constructor(ui, { trait, length, speeds = SPEEDS }) {
    this.ui = ui;
    this.trait = trait;
    this.length = length;
    this.speeds = speeds;
    this.frame = 0;
    this.from = { step: 0, time: 0 };
    this.now = undefined; // the result that is shown
    this.#build();
    this.speed.addEventListener("change", () => {
      this.from = { step: this.current(), time: performance.now() };
    });
  }

  #build() {
    const { ui, speeds } = this;
    const id = unique("step");
    this.play = icon("play", ui.t("ui.play"), () => (this.frame ? this.stop() : this.#start()));
    const back = icon("back", ui.t("ui.stepBack"), () => this.#go(this.current() - 1));
    const forth = icon("forth", ui.t("ui.stepForward"), () =>
      this.#go(this.current() === this.#last() && ui.get(this.trait) < 0 ? 0 : this.current() + 1),
    );
    this.range = h("input", { type: "range", class: "fg-range", id, min: 0, step: 1 });
    this.range.addEventListener("input", () => this.#go(Number(this.range.value)));
    this.out = h("output", { class: "fg-out", for: id });
    const speedOf = (value) =>
      h("option", { value, text: ui.t(`ui.${value}`), selected: value === "normal" });
    const name = { class: "fg-select", "aria-label": ui.t("ui.speed") };
    this.speed = h("select", name, ...Object.keys(speeds).map(speedOf));
    const label = h("label", { for: id, class: "fg-hidden", text: ui.t("ui.shownStep") });
    const scrub = h("div", { class: "fg-scrub" }, label, this.range);
    this.node = h("div", { class: "fg-player" }, back, this.play, forth, scrub, this.out, this.speed);
  }

  #last() {
    return this.now === undefined ? 0 : live(this.length, this.now);
  }
  /** The step shown. */
  current() {
    const step = Math.floor(this.ui.get(this.trait));
    return step < 0 ? this.#last() : Math.min(step, this.#last());
  }
  #at(step) {
    const shown = step >= this.#last() ? -1 : Math.max(0, step);
    this.ui.set({ [this.trait]: shown }, { save: !this.frame });
  }
  #go(step) {
    this.stop();
    this.#at(step);
  }

  #start() {
    const step = this.current() >= this.#last() ? 0 : this.current();
    this.from = { step, time: performance.now() };
    this.frame = requestAnimationFrame(this.#tick);
    this.#at(step);
    this.#face();
  }
  #tick = (/** @type {number} */ time) => {
    const { step: first, time: since } = this.from;
    const step = first + Math.floor((Math.max(0, time - since) / 1000) * this.speeds[this.speed.value]);
    if (step >= this.#last()) return this.stop(this.#last());
    if (step !== this.current()) this.#at(step);
    this.frame = requestAnimationFrame(this.#tick);
  };
  stop(step = this.current()) {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.#at(step);
    this.#face();
  }
  #face() {
    const name = this.frame ? "pause" : "play";
    this.play.querySelector("path").setAttribute("d", ICONS[name]);
    put(this.play, { "aria-label": this.ui.t(`ui.${name}`), title: this.ui.t(`ui.${name}`) });
  }

  /** @param {any} [now] */
  show(now = this.now) {
    this.now = now;
    const [step, last] = [this.current(), this.#last()];
    put(this.range, { max: last });
    if (this.range.value !== String(step)) this.range.value = String(step);
    const share = (step / Math.max(1, last)).toFixed(4);
    this.range.style.setProperty("--fg-fill", `calc(${THUMB / 2}px + ${share} * (100% - ${THUMB}px))`);
    say(this.out, `${step} / ${last}`);
  }
}

function icon(name, label, onclick) {
  const path = s("path", { fill: "currentColor", d: ICONS[name] });
  const picture = s("svg", { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" }, path);
  return h(
    "button",
    { type: "button", class: "fg-icon", "aria-label": label, title: label, onclick },
    picture,
  );
}
