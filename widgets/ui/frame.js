// The frame around every explorable: title, question, goal, figures, controls, status, reset;
// traits in, redraws out, at most one a frame.

import { button, checkbox, choice, player, slider, withState } from "./controls.js";
import { h, injectStyle, pageHasTheme, put, say, unique } from "./dom.js";
import { number } from "./format.js";
import { plot } from "./plot.js";
import { languageOf, translator } from "./strings.js";

const WIDTHS = [416, 560, 860]; // px: data-width has those that are reached, for style sheets
const QUIET = 700; // ms without change before a screen reader is told

/**
 * @typedef {object} Model  what anywidget, and our static page, give
 * @property {(name: string) => any} get @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes @property {Function} on @property {Function} off
 */

/**
 * @typedef {ReturnType<typeof makeUi>} Ui
 * @typedef {object} Spec
 * @property {Record<string, any>} traits  every trait it reads, with the value used where the page's state lacks it
 * @property {{en: object, zh: object}} strings  `title` and `question` are shown by the frame
 * @property {(ui: Ui) => Drawn | (() => void)} setup  builds controls and figures once
 *
 * In a frame: `now = compute()`, then every control shows itself from `now`, then `draw(now)`.
 * @typedef {object} Drawn
 * @property {() => any} compute  reads the traits, returns everything that follows from them; draws nothing
 * @property {(now: any) => void} draw  pictures, goal, question and status; changes no control
 */

/** @param {Spec} spec @returns {{render: Function, traits: Record<string, any>}} */
export function explorable(spec) {
  return {
    traits: spec.traits,
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
  const ui = makeUi(spec, model);
  el.replaceChildren(ui.root);
  // Once more after the host has put us in its place: it may be a shadow root.
  requestAnimationFrame(() => ui.alive && injectStyle(el));
  return ui.close;
}

function makeUi(spec, model) {
  const lang = languageOf(model.get("language"));
  const t = translator(spec.strings, lang);
  const initial = Object.fromEntries(Object.keys(spec.traits).map((name) => [name, read(name)]));
  const parts = frameOf(t, lang);
  const controls = [];
  const closers = [];
  const widths = new Map();
  const watcher = new ResizeObserver((entries) => {
    for (const entry of entries) widths.set(entry.target, entry.contentRect.width);
    const width = widths.get(parts.root) ?? 0;
    put(parts.root, { "data-width": WIDTHS.filter((least) => width >= least).join(" ") });
    redraw();
  });
  let drawn = { compute: () => ({}), draw: (_now) => {} };
  let now; // the last result that compute gave
  let frame = 0;
  let unsaved = false;
  let painting = false; // what `draw` itself sets must not ask for another draw, for ever
  let dragged = -Infinity;
  let spoken = 0;

  function read(name) {
    const value = model.get(name);
    return value === undefined ? structuredClone(spec.traits[name]) : value;
  }
  const add = (control, place = parts.controls) => {
    place.append(control.node);
    controls.push(control);
    return control;
  };

  const ui = {
    host: model,
    root: parts.root,
    figures: parts.figures,
    controls: parts.controls,
    toolbar: parts.toolbar,
    lang,
    t,
    number,
    alive: true,
    /** @param {string} name */
    get: read,
    /** Sets traits. `save: false` while something plays: Python hears of it when it stops. @param {Record<string, any>} values */
    set(values, { save = true } = {}) {
      for (const [name, value] of Object.entries(values)) {
        const old = read(name);
        if (!Object.is(old, value) && JSON.stringify(old) !== JSON.stringify(value)) {
          model.set(name, value);
          unsaved ||= save;
        }
      }
      redraw();
    },
    redraw,
    /** Called when the explorable goes. @param {() => void} closer */
    onClose(closer) {
      closers.push(closer);
    },
    /** @param {string} text @param {boolean} reached */
    goal(text, reached) {
      put(parts.goal, { "data-reached": reached ? "yes" : "no" });
      say(parts.goalText, text);
    },
    /** The question above the figures, where it changes. @param {string} text */
    question(text) {
      say(parts.question, text);
    },
    /** One sentence or two on what is seen now. @param {string} text @param {{bad?: boolean}} [tone] */
    status(text, { bad = false } = {}) {
      put(parts.root, { "data-tone": bad ? "bad" : "plain" });
      say(parts.says, text);
      clearTimeout(spoken);
      spoken = setTimeout(() => say(parts.status, text), parts.status.textContent ? QUIET : 0);
    },
    slider: (options) => add(withState(slider(ui, options), options), options.into),
    choice: (options) => add(withState(choice(ui, options), options), options.into),
    checkbox: (options) => add(withState(checkbox(ui, options), options), options.into),
    button: (options) => add(withState(button(ui, options), options), options.into),
    /** A control of the explorable's own: it too shows itself from the result. @param {{node: HTMLElement, show: (now: any) => void, stop?: () => void}} made */
    control: (made, options) => add(withState(made, options), options.into),
    player: (options) => add(withState(player(ui, options), options), options.into ?? parts.player),
    /** @param {Parameters<typeof plot>[1] & {into?: HTMLElement}} options */
    plot(options) {
      const made = plot(ui, options);
      (options.into ?? parts.figures).append(made.node);
      return made;
    },
    watchSize(node) {
      watcher.observe(node);
    },
    widthOf: (node) => widths.get(node) || node.getBoundingClientRect().width || 480,
    /** Two columns of figures? (The same width as in style.css.) */
    wide: () => (widths.get(parts.root) ?? 0) >= 560,
    justDragged() {
      dragged = performance.now();
    },
    draggedJustNow: () => performance.now() - dragged < 50,
    close,
  };

  function redraw() {
    if (ui.alive && !frame && !painting) frame = requestAnimationFrame(paint);
  }
  function paint() {
    frame = 0;
    painting = true;
    try {
      try {
        now = drawn.compute();
      } finally {
        for (const control of controls) control.show(now); // of the last good result, where this state has none
      }
      drawn.draw(now);
      put(parts.root, { "data-error": "no" });
    } catch (error) {
      put(parts.root, { "data-error": "yes" });
      if (!error.code) console.error(error);
      ui.status(explain(error, t), { bad: true });
    }
    painting = false;
    // Only now: a reader's test that waits for it then sees a finished picture.
    put(parts.root, { "data-ready": "yes" });
    if (unsaved) {
      unsaved = false;
      model.save_changes();
    }
  }
  function close() {
    ui.alive = false;
    cancelAnimationFrame(frame);
    clearTimeout(spoken);
    watcher.disconnect();
    for (const control of controls) control.stop?.();
    for (const closer of closers) closer();
    for (const name of Object.keys(spec.traits)) model.off(`change:${name}`, redraw);
    parts.root.remove();
  }

  parts.reset.addEventListener("click", () => {
    for (const control of controls) control.stop?.();
    ui.set(structuredClone(initial));
  });
  for (const name of Object.keys(spec.traits)) model.on(`change:${name}`, redraw);
  watcher.observe(parts.root);
  const made = spec.setup(ui);
  drawn = typeof made === "function" ? { compute: () => ({}), draw: made } : made;
  redraw();
  return ui;
}

function frameOf(t, lang) {
  const id = unique("title");
  const part = {
    goalText: h("span", {}),
    question: h("p", { class: "fg-question", text: t("question") }),
    says: h("p", { class: "fg-says", "aria-hidden": "true" }),
    status: h("p", { class: "fg-status fg-hidden", role: "status", "aria-live": "polite" }),
    toolbar: h("div", { class: "fg-toolbar" }),
    figures: h("div", { class: "fg-figures" }),
    player: h("div", { class: "fg-players" }),
    controls: h("div", { class: "fg-controls" }),
    reset: h("button", { type: "button", class: "fg-button fg-reset", text: t("ui.reset") }),
  };
  part.goal = h(
    "p",
    { class: "fg-goal", "data-reached": "no" },
    h("span", { class: "fg-badge", "aria-hidden": "true" }),
    part.goalText,
  );
  part.root = h(
    "div",
    {
      class: `fg-explorable${pageHasTheme() ? "" : " fg-own-theme"}`,
      role: "group",
      "aria-labelledby": id,
      lang: lang === "zh" ? "zh-CN" : "en",
    },
    h(
      "div",
      { class: "fg-head" },
      h("p", { class: "fg-title", id, text: t("title") }),
      part.question,
      part.goal,
    ),
    part.toolbar,
    part.figures,
    part.player,
    h("div", { class: "fg-foot" }, part.says, part.reset),
    part.status,
    part.controls,
  );
  return part;
}

/** An error of the core in the reader's language: its code is named in the explorable's strings or in ui's, its argument in the explorable's. */
function explain(error, t) {
  if (!error.code) return t("ui.broken", { message: error.message });
  const name = (kind, what) => t(`${kind} ${what}`).replace(`${kind} `, "");
  const values = {
    argument: name("argument", error.argument),
    given: error.given,
    allowed: name("allowed", error.allowed),
  };
  const own = t(error.code, values);
  return own === error.code ? t(`ui.${error.code}`, values) : own;
}
