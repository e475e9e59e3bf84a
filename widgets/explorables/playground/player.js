// Back, play, one batch, one epoch: training in slices of a frame.
import { h, put, s, say } from "../../ui/dom.js";

const SLICE = 7; // ms of training a frame, at most: what is left of 16.7 is for drawing
const SPEEDS = { slow: 0, normal: 1, fast: 1000 }; // epochs a frame
const SLOWLY = 5; // frames a batch, when slow
const CALM = 500; // ms between two pictures where the reader asked for less motion
const ICONS = {
  start: "M4 3h2v14H4zM16 3v14L7 10z",
  play: "M5 3v14l12-7z",
  pause: "M5 3h4v14H5zM12 3h4v14h-4z",
  oneBatch: "M5 3v14l9-7zM14 3h2v14h-2z",
  oneEpoch: "M2 3v14l7-7zM9 3v14l7-7zM16 3h2v14h-2z",
};

export class Player {
  playing = false;
  #frame = 0;
  #count = 0; // frames
  #pictureAt = 0;
  #onScreen = true;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** @param {import("../../ui/frame.js").Ui} ui @param {import("./model.js").Model} model @param {() => void} onTrained  draws while it plays */
  constructor(ui, model, onTrained) {
    this.ui = ui;
    this.model = model;
    this.onTrained = onTrained;
    this.#build();
    const stopped = (event) => event.target.closest(".fg-reset") && this.stop();
    ui.root.addEventListener("click", stopped, true);
    this.#calm.addEventListener("change", ui.redraw);
    // Not on the screen: nothing is trained. (In a hidden tab no frame comes.)
    const watcher = new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1).isIntersecting;
      this.#schedule();
    });
    watcher.observe(ui.root);
    ui.onClose(() => {
      this.playing = false;
      cancelAnimationFrame(this.#frame);
      watcher.disconnect();
      this.#calm.removeEventListener("change", ui.redraw);
    });
  }

  #build() {
    const { t } = this.ui;
    this.back = this.#icon("start", t("start"), () => {
      this.stop();
      this.ui.set({ weights: [], step: 0 });
    });
    this.play = this.#icon("play", t("ui.play"), () => (this.playing ? this.stop() : this.#begin()));
    this.steps = [
      this.#icon("oneBatch", t("oneBatch"), () => this.#go(1)),
      this.#icon("oneEpoch", t("oneEpoch"), () => this.#go(this.model.perEpoch())),
    ];
    this.out = h("output", { class: "fg-out" });
    const speed = (value) => h("option", { value, text: t(`ui.${value}`), selected: value === "normal" });
    const name = { class: "fg-select", "aria-label": t("ui.speed") };
    this.speed = h("select", name, ...Object.keys(SPEEDS).map(speed));
    const parts = [this.back, this.play, ...this.steps, this.out, this.speed];
    this.ui.figures.after(h("div", { class: "fg-player" }, ...parts));
  }
  #icon(name, label, onclick) {
    const path = s("path", { fill: "currentColor", d: ICONS[name] });
    const picture = s("svg", { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" }, path);
    const about = { type: "button", class: "fg-icon", "aria-label": label, title: label };
    return h("button", { ...about, onclick }, picture);
  }

  #begin() {
    if (!this.model.ready() || this.model.blewUp) return;
    this.playing = true;
    this.#schedule();
    this.#face();
  }
  stop() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#face();
    this.model.save();
    this.ui.redraw();
  }
  #face() {
    const name = this.playing ? "pause" : "play";
    this.play.querySelector("path").setAttribute("d", ICONS[name]);
    const label = this.ui.t(`ui.${name}`);
    put(this.play, { "aria-label": label, title: label });
  }
  /** Some batches, and no more. */
  #go(batches) {
    this.stop();
    this.model.train(batches);
    this.model.save();
  }

  #schedule() {
    if (this.playing && this.#onScreen && !this.#frame) this.#frame = requestAnimationFrame(this.#tick);
  }
  #tick = () => {
    this.#frame = 0;
    if (!this.playing || !this.ui.alive) return;
    const start = performance.now();
    const epochs = SPEEDS[this.speed.value];
    this.#count += 1;
    if (epochs) this.model.train(epochs * this.model.perEpoch(), start + SLICE);
    else if (this.#count % SLOWLY === 0) this.model.train(1);
    const trained = performance.now();
    if (!this.#calm.matches || trained - this.#pictureAt > CALM) {
      this.#pictureAt = trained;
      this.onTrained();
    }
    if (this.model.blewUp) this.stop();
    else this.#schedule();
  };

  /** How far it is. */
  say() {
    const { model } = this;
    const epoch = this.ui.number(Math.floor(model.epochs()));
    say(this.out, this.ui.t("epochNow", { epoch, step: model.step }));
  }
  /** @param {import("./state.js").State} now */
  draw({ model, ready }) {
    this.back.disabled = model.step === 0;
    for (const node of [this.play, ...this.steps]) node.disabled = !ready;
  }
}
