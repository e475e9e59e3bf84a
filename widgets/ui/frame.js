// The frame around every explorable: title, question, goal, figures, controls, status, reset;
// traits in, redraws out, at most one a frame.
import { needNumber, needText } from "../core/errors.js";
import { button, checkbox } from "./controls/buttons.js";
import { choice } from "./controls/choice.js";
import { showState } from "./controls/live.js";
import { player } from "./controls/player.js";
import { slider } from "./controls/slider.js";
import { h, injectStyle, pageHasTheme, put, say, unique } from "./dom.js";
import { number } from "./format.js";
import { Plot } from "./plot/index.js";
import { languageOf, translator } from "./strings.js";

const WIDTHS = [416, 560, 860]; // px: data-width has those that are reached, for style sheets
const QUIET = 700; // ms without change before a screen reader is told
const LETS_GO = ["change", "pointerup", "click", "keyup"]; // the reader has done something, and is not in the midst of it

/**
 * @typedef {object} Model  what anywidget, and our static page, give
 * @property {(name: string) => any} get @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes @property {Function} on @property {Function} off
 * @property {(message: object) => void} send  to Python
 * @property {(name: string) => Promise<ArrayBuffer>} [load]  a trained model's file, in the static page
 */

/**
 * @typedef {object} Spec
 * @property {Record<string, any>} traits  every trait it reads, with the value used where the page's state lacks it
 * @property {{en: import("./strings.js").Strings, zh: import("./strings.js").Strings}} strings  `title` and `question` are shown by the frame
 * @property {string} [css]  its own style sheet
 * @property {(ui: Ui) => Drawn} setup  builds controls and figures once
 *
 * In a frame: `now = compute()`, then every control shows itself from `now`, then `draw(now)`.
 * @typedef {object} Drawn
 * @property {() => any} compute  reads the traits, returns everything that follows from them; draws nothing
 * @property {(now: any) => void} draw  pictures, goal, question and status; changes no control
 */

/** @param {Spec} spec */
export function explorable(spec) {
  return {
    traits: spec.traits,
    /** @param {{model: Model, el: HTMLElement}} place */
    render({ model, el }) {
      let close = mount(spec, model, el);
      // The language is the one thing that needs everything built anew.
      const again = () => {
        close();
        close = mount(spec, model, el);
      };
      model.on("change:language", again);
      return () => {
        model.off("change:language", again);
        close();
      };
    },
  };
}

function mount(spec, model, el) {
  injectStyle(el);
  const ui = new Ui(spec, model);
  el.replaceChildren(ui.root);
  // Once more after the host has put us in its place: it may be a shadow root.
  requestAnimationFrame(() => ui.alive && injectStyle(el));
  return () => ui.close();
}

export class Ui {
  alive = true;
  number = number;
  /** @type {Drawn} */ #drawn = { compute: () => ({}), draw() {} };
  #now; // the last result that compute gave
  #spec;
  #parts;
  #initial;
  /** @type {{control: import("./controls/live.js").Control, options: import("./controls/live.js").Common}[]} */
  #controls = [];
  /** @type {(() => void)[]} */ #closers = [];
  /** @type {Map<Element, number>} */ #widths = new Map();
  #watcher = new ResizeObserver((entries) => this.#measured(entries));
  #paper = matchMedia("print");
  #frame = 0;
  #unsaved = false;
  #painting = false; // what `draw` itself sets must not ask for another draw, for ever
  #dragged = -Infinity;
  #spoken = 0;

  /** @param {Spec} spec @param {Model} model */
  constructor(spec, model) {
    this.#spec = spec;
    this.host = model;
    this.lang = languageOf(model.get("language"));
    this.t = translator(spec.strings, this.lang);
    this.#initial = Object.fromEntries(Object.keys(spec.traits).map((name) => [name, this.get(name)]));
    const parts = frameOf(this.t, this.lang);
    this.#parts = parts;
    this.root = parts.root;
    this.figures = parts.figures;
    this.controls = parts.controls;
    this.toolbar = parts.toolbar;
    if (spec.css) this.root.prepend(h("style", { text: spec.css }));
    parts.reset.addEventListener("click", () => this.#reset());
    for (const name of Object.keys(spec.traits)) model.on(`change:${name}`, this.redraw);
    this.#watcher.observe(parts.root);
    this.#paper.addEventListener("change", this.#onPaper);
    this.#drawn = spec.setup(this);
    this.redraw();
  }

  // --- state ---

  /**
   * A trait. One that the page's state lacks has its default; so has a list or table that is none (the state comes
   * from another version, or was written by hand), since no control could put it right.
   * @param {string} name
   */
  get = (name) => {
    const value = this.host.get(name);
    const usual = this.#spec.traits[name];
    const damaged =
      usual instanceof Object && !(value instanceof Object && Array.isArray(value) === Array.isArray(usual));
    return value === undefined || damaged ? structuredClone(usual) : value;
  };
  /**
   * Sets traits. `save: false` while something plays: Python hears of it when it stops.
   * @param {Record<string, any>} values @param {{save?: boolean}} [how]
   */
  set(values, { save = true } = {}) {
    for (const [name, value] of Object.entries(values)) {
      const old = this.get(name);
      if (!Object.is(old, value) && JSON.stringify(old) !== JSON.stringify(value)) {
        this.host.set(name, value);
        this.#unsaved ||= save;
      }
    }
    this.redraw();
  }
  redraw = () => {
    if (this.alive && !this.#frame && !this.#painting) this.#frame = requestAnimationFrame(this.#paint);
  };
  #paint = () => {
    this.#frame = 0;
    this.#painting = true;
    // Not where sizes are heard of: what changes the layout there is an error in WebKit.
    const width = this.widthOf(this.root);
    put(this.root, { "data-width": WIDTHS.filter((least) => width >= least).join(" ") });
    try {
      this.#show();
      put(this.root, { "data-error": "no" });
    } catch (error) {
      put(this.root, { "data-error": "yes" });
      if (!error.code) console.error(error);
      this.status(explain(error, this.t), { bad: true });
    }
    this.#painting = false;
    // Only now: a reader's test that waits for it then sees a finished picture.
    put(this.root, { "data-ready": "yes" });
    if (this.#unsaved) {
      this.#unsaved = false;
      this.host.save_changes();
    }
  };
  /** First the result, then the controls, then the picture: none shows another state than the others. */
  #show() {
    try {
      this.#now = this.#compute();
    } finally {
      // Where this state has no result they show it with the ends and words of the last that had one.
      for (const { control, options } of this.#controls) {
        control.show(this.#now);
        showState(control.node, options, this.#now);
      }
    }
    this.#drawn.draw(this.#now);
  }
  #compute() {
    for (const [name, usual] of Object.entries(this.#spec.traits)) {
      if (typeof usual === "number") needNumber(name, this.get(name));
      if (typeof usual === "string") needText(name, this.get(name));
    }
    return this.#drawn.compute();
  }
  /** The state that the page came with; what is wrong in that gets its default. */
  #reset() {
    this.#stop();
    this.set(structuredClone(this.#initial));
    for (const _ of Object.keys(this.#spec.traits)) {
      try {
        this.#compute();
        return;
      } catch ({ argument }) {
        if (!Object.hasOwn(this.#spec.traits, argument)) return;
        this.set({ [argument]: structuredClone(this.#spec.traits[argument]) });
      }
    }
  }
  /** Called when the explorable goes. @param {() => void} closer */
  onClose(closer) {
    this.#closers.push(closer);
  }
  #stop() {
    for (const { control } of this.#controls) control.stop?.();
  }
  close() {
    this.alive = false;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#spoken);
    this.#watcher.disconnect();
    this.#paper.removeEventListener("change", this.#onPaper);
    this.#stop();
    for (const closer of this.#closers) closer();
    for (const name of Object.keys(this.#spec.traits)) this.host.off(`change:${name}`, this.redraw);
    this.root.remove();
  }

  // --- words ---

  /** @param {string} text @param {boolean} reached */
  goal(text, reached) {
    put(this.#parts.goal, { "data-reached": reached ? "yes" : "no" });
    say(this.#parts.goalText, text);
  }
  /**
   * A goal in parts: those that the state reaches when the reader lets go are added to the trait.
   * Passing over a place with the mouse held is not choosing it.
   * @param {string} trait  a list of names @param {(now: any) => string[]} reached
   */
  goals(trait, reached) {
    const look = () => {
      const now = this.#latest();
      if (now === undefined) return;
      const found = this.get(trait);
      const fresh = reached(now).filter((name) => !found.includes(name));
      if (fresh.length) this.set({ [trait]: [...found, ...fresh] });
    };
    // Once the control has set its trait.
    for (const event of LETS_GO) this.root.addEventListener(event, () => setTimeout(look));
  }
  /** The result of the state as it is now, drawn or not yet; of a state without one (the frame says why) nothing. */
  #latest() {
    if (!this.alive || (!this.#frame && this.root.dataset.error === "yes")) return undefined;
    try {
      return this.#frame ? this.#compute() : this.#now;
    } catch {
      return undefined;
    }
  }
  /** The question above the figures, where it changes. @param {string} text */
  question(text) {
    say(this.#parts.question, text);
  }
  /** One sentence or two on what is seen now. @param {string} text @param {{bad?: boolean}} [tone] */
  status(text, { bad = false } = {}) {
    const { says, status } = this.#parts;
    put(this.root, { "data-tone": bad ? "bad" : "plain" });
    say(says, text);
    clearTimeout(this.#spoken);
    this.#spoken = setTimeout(() => say(status, text), status.textContent ? QUIET : 0);
  }
  /** Sentences, one after another; what is empty or false is left out. @param {(string|false|null|undefined)[]} sentences */
  join = (...sentences) => sentences.filter(Boolean).join(this.lang === "zh" ? "" : " ");
  /** Words of one kind: a, b, c · a、b、c. @param {string[]} words */
  list = (words) => words.join(this.lang === "zh" ? "、" : ", ");
  /** Clauses: a = 1, b = 2 · a = 1，b = 2. @param {string[]} parts */
  clauses = (parts) => parts.join(this.lang === "zh" ? "，" : ", ");

  // --- controls and pictures ---

  /**
   * @template {import("./controls/live.js").Control} C
   * @param {C} control @param {import("./controls/live.js").Common} options @param {HTMLElement} [place] @returns {C}
   */
  #add(control, options, place = this.controls) {
    (options.into ?? place).append(control.node);
    this.#controls.push({ control, options });
    return control;
  }
  /** @param {import("./controls/slider.js").SliderOptions} options */
  slider = (options) => this.#add(slider(this, options), options);
  /** @param {import("./controls/choice.js").ChoiceOptions} options */
  choice = (options) => this.#add(choice(this, options), options);
  /** @param {import("./controls/buttons.js").CheckboxOptions} options */
  checkbox = (options) => this.#add(checkbox(this, options), options);
  /** @param {import("./controls/buttons.js").ButtonOptions} options */
  button = (options) => this.#add(button(options), options);
  /** @param {import("./controls/player.js").PlayerOptions} options */
  player = (options) => this.#add(player(this, options), options, this.#parts.player);
  /**
   * A control of the explorable's own: it too shows itself from the result.
   * @template {import("./controls/live.js").Control} C @param {C} control @param {import("./controls/live.js").Common} options
   */
  control = (control, options) => this.#add(control, options);
  /** @param {import("./plot/index.js").PlotOptions & {into?: HTMLElement}} options */
  plot(options) {
    const made = new Plot(this, options);
    (options.into ?? this.figures).append(made.node);
    return made;
  }

  // --- sizes and gestures ---

  #measured(entries) {
    for (const entry of entries) this.#widths.set(entry.target, entry.contentRect.width);
    this.redraw();
  }
  /** @param {Element} node */
  watchSize(node) {
    this.#watcher.observe(node);
  }
  /** Paper has other widths and colours, and no frame comes before it is printed: all is measured and drawn at once. */
  #onPaper = () => {
    this.#widths.clear();
    this.#paint();
  };
  /** @param {Element} node */
  widthOf(node) {
    if (!this.#widths.get(node)) this.#widths.set(node, contentWidth(node));
    return this.#widths.get(node) || 480;
  }
  /** Two columns of figures? (The same width as in style.css.) */
  wide = () => (this.#widths.get(this.root) ?? 0) >= 560;
  justDragged() {
    this.#dragged = performance.now();
  }
  draggedJustNow() {
    return performance.now() - this.#dragged < 50;
  }
}

/** As the observer of sizes gives it. @param {Element} node */
function contentWidth(node) {
  const { paddingLeft, paddingRight } = getComputedStyle(node);
  return node.getBoundingClientRect().width - parseFloat(paddingLeft) - parseFloat(paddingRight);
}

function frameOf(t, lang) {
  const id = unique("title");
  const goalText = h("span", {});
  const badge = h("span", { class: "fg-badge", "aria-hidden": "true" });
  const part = {
    goalText,
    goal: h("p", { class: "fg-goal", "data-reached": "no" }, badge, goalText),
    question: h("p", { class: "fg-question", text: t("question") }),
    says: h("p", { class: "fg-says", "aria-hidden": "true" }),
    status: h("p", { class: "fg-status fg-hidden", role: "status", "aria-live": "polite" }),
    toolbar: h("div", { class: "fg-toolbar" }),
    figures: h("div", { class: "fg-figures" }),
    player: h("div", { class: "fg-players" }),
    controls: h("div", { class: "fg-controls" }),
    reset: h("button", { type: "button", class: "fg-button fg-reset", text: t("ui.reset") }),
  };
  const title = h("p", { class: "fg-title", id, text: t("title") });
  const root = h(
    "div",
    {
      class: `fg-explorable${pageHasTheme() ? "" : " fg-own-theme"}`,
      role: "group",
      "aria-labelledby": id,
      lang: lang === "zh" ? "zh-CN" : "en",
    },
    h("div", { class: "fg-head" }, title, part.question, part.goal),
    part.toolbar,
    part.figures,
    part.player,
    h("div", { class: "fg-foot" }, part.says, part.reset),
    part.status,
    part.controls,
  );
  return { ...part, root };
}

/** An error of the core in the reader's language: its code is named in the explorable's strings or in ui's, its argument in the explorable's. */
function explain(error, t) {
  if (!error.code) return t("ui.broken", { message: error.message });
  const name = (kind, what) => {
    const own = t(`${kind} ${what}`);
    return own === `${kind} ${what}` ? t(`ui.${own}`).replace(`ui.${kind} `, "") : own;
  };
  const values = {
    argument: name("argument", error.argument),
    given: error.given,
    allowed: name("allowed", error.allowed),
  };
  const own = t(error.code, values);
  return own === error.code ? t(`ui.${error.code}`, values) : own;
}
