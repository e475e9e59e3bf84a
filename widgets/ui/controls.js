// Controls: native inputs with labels, bound to traits. Each returns {node, show, …}; `show(now)` is called on every redraw,
// with the result that the picture is drawn from.
import { h, put, say, unique } from "./dom.js";
import { number, parse, plain } from "./format.js";

const THUMB = 18; // px, the same as in style.css

/**
 * A value, or a function of the explorable's result (what its `compute` returned) that is asked in every frame.
 * @template T @typedef {T | ((now: any) => T)} Live
 */

/** @template T @param {Live<T>} option @param {any} now @returns {T} */
const live = (option, now) => (option instanceof Function ? option(now) : option);

/**
 * The options that every control has: is it there, and can it be used?
 * @template {{node: HTMLElement, show: (now: any) => void}} C
 * @param {C} control @param {{visible?: Live<boolean>, disabled?: Live<boolean>}} options @returns {C}
 */
export function withState(control, { visible, disabled }) {
  if (visible === undefined && disabled === undefined) return control;
  const { node, show } = control;
  const showState = (now) => {
    show(now);
    if (now === undefined) return;
    if (visible !== undefined) node.hidden = !live(visible, now);
    if (disabled === undefined) return;
    const off = Boolean(live(disabled, now));
    const inputs = [node, ...node.querySelectorAll("input, select, button")];
    for (const input of inputs) if ("disabled" in input) input.disabled = off;
  };
  return { ...control, show: showState };
}

/**
 * A mark on a slider's track: a button that sets the value. `beyond` paints the track from there on.
 * @typedef {{value: number, text: string, tone?: "good"|"bad", side?: "left"|"right", beyond?: boolean}} Mark
 */

/**
 * A range input, the same value as a number box, and optional marks on the track.
 * @param {import("./frame.js").Ui} ui
 * @param {object} options
 * @param {string} options.trait
 * @param {string} options.label
 * @param {string} [options.symbol] set in italics after the label
 * @param {Live<number>} [options.min] @param {Live<number>} [options.max]  ends of the track; a typed number may lie beyond them
 * @param {"linear"|"log"|"share"} [options.scale] share: a log scale of what is left to 1, for 0.9, 0.99, 0.999, …
 * @param {number} [options.step] of the track, in units of the value (log: in decades)
 * @param {boolean} [options.integer]
 * @param {number[]} [options.steps] the only values there are (a recorded grid), rising; the track stops at each
 * @param {Live<Mark[]>} [options.marks]
 * @param {Live<boolean>} [options.visible] @param {Live<boolean>} [options.disabled]
 * @param {HTMLElement} [options.into] where it goes; default: below the figures
 * @param {{low?: number, high?: number, positive?: boolean}} [options.limits] of a typed number; default: the ends of the track
 */
export function slider(ui, options) {
  const { trait, label, symbol = "", integer = false, steps, limits } = options;
  let min = options.min instanceof Function ? 0 : (options.min ?? steps?.[0]);
  let max = options.max instanceof Function ? 1 : (options.max ?? steps?.at(-1));
  const [forth, back] = steps
    ? [(v) => nearest(steps, v), (i) => steps[Math.round(i)]]
    : options.scale === "log"
      ? [Math.log10, (u) => 10 ** u]
      : options.scale === "share"
        ? [(v) => -Math.log10(1 - v), (u) => 1 - 10 ** -u]
        : [(v) => v, (u) => u];
  const stride = options.step ?? (steps || integer ? 1 : 0.01);
  const ids = { range: unique("range"), hint: unique("hint") };
  const full = symbol ? `${label} ${symbol}` : label;
  const range = h("input", { type: "range", class: "fg-range", id: ids.range, step: stride });
  const box = h("input", {
    type: "text",
    class: "fg-number",
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": ui.t("ui.asNumber", { label: full }),
    "aria-describedby": ids.hint,
  });
  const hint = h("p", { class: "fg-hint", id: ids.hint, hidden: true });
  const marks = h("div", { class: "fg-marks", hidden: true });
  const node = h(
    "div",
    { class: "fg-control fg-slider", "data-trait": trait },
    h(
      "div",
      { class: "fg-row" },
      h("label", { for: ids.range, text: label }, symbol && h("i", { text: ` ${symbol}` })),
      box,
    ),
    h("div", { class: "fg-track" }, range, marks),
    hint,
  );
  let shownMarks = "";

  const tidy = (value) =>
    steps
      ? value
      : integer
        ? Math.round(value)
        : options.scale === "share"
          ? Number((1 - (1 - value).toPrecision(2)).toFixed(6))
          : Number(value.toPrecision(3));
  const share = (value) => Math.min(1, Math.max(0, (forth(value) - forth(min)) / (forth(max) - forth(min))));
  // The thumb's centre does not reach the track's ends; marks follow its path.
  const place = (value) => `calc(${THUMB / 2}px + ${share(value).toFixed(4)} * (100% - ${THUMB}px))`;

  range.addEventListener("input", () => {
    complain("");
    // The ends of the track stand for their exact values, however the decades are divided.
    const u = Number(range.value);
    const value = u <= Number(range.min) ? min : u > Number(range.max) - stride ? max : tidy(back(u));
    ui.set({ [trait]: value });
  });
  box.addEventListener("input", () => accept(false));
  box.addEventListener("change", () => accept(true));
  box.addEventListener("keydown", (event) => event.key === "Enter" && accept(true));
  box.addEventListener("blur", () => {
    complain("");
    show();
  });

  function problem(value) {
    const { positive = false, low = min, high = positive ? Infinity : max } = limits ?? {};
    const said = { value: number(value), example: plain(ui.get(trait)) };
    if (!Number.isFinite(value)) return ui.t("ui.notANumber", said);
    if (positive && value <= 0) return ui.t("ui.notPositive", said);
    if (!positive && value < low) return ui.t("ui.tooLow", { ...said, limit: number(low) });
    if (value > high) return ui.t("ui.tooHigh", { ...said, limit: number(high) });
    return integer && !Number.isInteger(value) ? ui.t("ui.notWhole", said) : "";
  }
  /** While typing, a half-written number is not an error yet; it is one when the reader is done. */
  function accept(done) {
    const value = parse(box.value);
    const wrong = problem(value);
    if (!wrong) ui.set({ [trait]: steps ? back(forth(value)) : value });
    complain(wrong && (done || box.value.trim() !== "") ? wrong : "");
  }
  function complain(text) {
    say(hint, text);
    hint.hidden = text === "";
    text ? box.setAttribute("aria-invalid", "true") : box.removeAttribute("aria-invalid");
  }
  function show(now) {
    const value = ui.get(trait);
    if (now !== undefined && options.min instanceof Function) min = options.min(now);
    if (now !== undefined && options.max instanceof Function) max = options.max(now);
    put(range, { min: forth(min), max: forth(max) }); // before the value, which the ends would cut
    const drawn = typeof value === "number" && Number.isFinite(forth(value));
    if (drawn && Math.abs(Number(range.value) - forth(value)) > 1e-9) range.value = String(forth(value));
    put(range, { "aria-valuetext": number(value, options.scale === "share" ? 6 : 3) });
    node.style.setProperty("--fg-fill", drawn ? place(value) : "0px");
    if (box !== activeIn(node)) box.value = plain(value, integer ? 7 : 4);
    if (now !== undefined && options.marks !== undefined) setMarks(live(options.marks, now));
  }
  /** @param {Mark[]} list */
  function setMarks(list) {
    const key = JSON.stringify([list, min, max]);
    if (key === shownMarks) return;
    shownMarks = key;
    const from = list.find((mark) => mark.beyond);
    node.style.setProperty("--fg-beyond", from ? place(from.value) : "100%");
    marks.hidden = list.length === 0;
    marks.replaceChildren(
      ...list.map((mark) =>
        h(
          "button",
          {
            type: "button",
            class: "fg-mark",
            "data-tone": mark.tone,
            "data-side": mark.side ?? "right",
            style: `left:${place(mark.value)}`,
            "aria-label": ui.t("ui.setTo", { label, value: number(mark.value), mark: mark.text }),
            onclick: () => ui.set({ [trait]: mark.value }),
          },
          h("span", { text: `${mark.text} ${number(mark.value)}` }),
        ),
      ),
    );
  }
  return {
    node,
    show,
    marks: setMarks,
    /** New ends of the track. @param {{min: number, max: number}} next */
    ends(next) {
      ({ min, max } = next);
    },
    visible(yes) {
      node.hidden = !yes;
    },
  };
}

/** The index of the value nearest to v, by ratio: grids of rates are even on a log scale. */
function nearest(steps, v) {
  const far = (a) => (a > 0 && v > 0 ? Math.abs(Math.log(a / v)) : Math.abs(a - v));
  return steps.reduce((best, a, i) => (far(a) < far(steps[best]) ? i : best), 0);
}

const activeIn = (node) => node.getRootNode().activeElement;

/**
 * One of several values: radio buttons side by side ("radio"), or a select ("select").
 * @param {import("./frame.js").Ui} ui
 * @param {object} options
 * @param {string} options.trait
 * @param {string} options.label
 * @param {Live<[string, string][]>} options.options  value and text of each
 * @param {"radio"|"select"} [options.as]
 * @param {(value: string) => void} [options.onChange]  instead of setting the trait
 * @param {Live<boolean>} [options.visible] @param {Live<boolean>} [options.disabled]
 * @param {HTMLElement} [options.into] where it goes; default: below the figures
 */
export function choice(ui, { trait, label, options, as = "radio", onChange }) {
  const choose = (value) => (onChange ? onChange(value) : ui.set({ [trait]: value }));
  const made = (as === "select" ? selectOf : radiosOf)(trait, label, choose);
  let shown = "";
  const fill = (list) => {
    const key = JSON.stringify(list);
    if (key !== shown) made.fill(list);
    shown = key;
  };
  if (!(options instanceof Function)) fill(options);
  return {
    node: made.node,
    /** @param {any} [now] */
    show(now) {
      if (now !== undefined && options instanceof Function) fill(options(now));
      made.check(ui.get(trait));
    },
  };
}

function selectOf(trait, label, choose) {
  const id = unique("choice");
  const select = h("select", { class: "fg-select", id, onchange: () => choose(select.value) });
  return {
    node: h(
      "div",
      { class: "fg-control fg-choice", "data-trait": trait },
      h("label", { for: id, text: label }),
      select,
    ),
    fill: (list) => select.replaceChildren(...list.map(([value, text]) => h("option", { value, text }))),
    check(value) {
      select.value = value;
    },
  };
}

function radiosOf(trait, label, choose) {
  const name = unique("choice");
  const segments = h("div", { class: "fg-segments" });
  let inputs = [];
  const segment = ([value, text]) => {
    const input = h("input", { type: "radio", name, value, onchange: () => choose(value) });
    inputs.push(input);
    return h("label", { class: "fg-segment" }, input, h("span", { text }));
  };
  return {
    node: h(
      "fieldset",
      { class: "fg-control fg-choice", "data-trait": trait },
      h("legend", { text: label }),
      segments,
    ),
    fill(list) {
      const focused = inputs.find((input) => input === activeIn(segments))?.value;
      inputs = [];
      segments.replaceChildren(...list.map(segment));
      inputs.find((input) => input.value === focused)?.focus();
    },
    check(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/**
 * @param {import("./frame.js").Ui} ui
 * @param {object} options
 * @param {string} options.trait
 * @param {Live<string>} options.label
 * @param {Live<boolean>} [options.visible] @param {Live<boolean>} [options.disabled]
 * @param {HTMLElement} [options.into] where it goes; default: below the figures
 */
export function checkbox(ui, { trait, label }) {
  const input = h("input", { type: "checkbox", onchange: () => ui.set({ [trait]: input.checked }) });
  const words = h("span", { text: label instanceof Function ? "" : label });
  const node = h("label", { class: "fg-control fg-check", "data-trait": trait }, input, words);
  return {
    node,
    /** @param {any} [now] */
    show(now) {
      input.checked = Boolean(ui.get(trait));
      if (now !== undefined) say(words, live(label, now));
    },
  };
}

/**
 * @param {import("./frame.js").Ui} _ui
 * @param {object} options
 * @param {Live<string>} options.label
 * @param {() => void} options.onClick
 * @param {boolean} [options.primary]
 * @param {Live<boolean>} [options.visible] @param {Live<boolean>} [options.disabled]
 * @param {HTMLElement} [options.into] where it goes; default: below the figures
 */
export function button(_ui, { label, onClick, primary = false }) {
  const node = h("button", {
    type: "button",
    class: `fg-button${primary ? " fg-primary" : ""}`,
    text: label instanceof Function ? "" : label,
    onclick: onClick,
  });
  return {
    node,
    /** @param {any} [now] */
    show(now) {
      if (now !== undefined && label instanceof Function) say(node, label(now));
    },
    /** @param {string} text */
    label(text) {
      say(node, text);
    },
    /** @param {boolean} yes */
    enabled(yes) {
      node.disabled = !yes;
    },
  };
}

const ICONS = {
  play: "M5 3v14l12-7z",
  pause: "M5 3h4v14H5zM12 3h4v14h-4z",
  back: "M15 3v14L6 10zM4 3h2v14H4z",
  forth: "M5 3v14l9-7zM14 3h2v14h-2z",
};
const SPEEDS = { slow: 2.5, normal: 12, fast: 60 }; // steps a second

/**
 * Play, pause, one step back and forth, speed, and a slider over the steps.
 * The trait holds the step shown; −1 means "all of them", so that a new run shows whole.
 * @param {import("./frame.js").Ui} ui
 * @param {object} options
 * @param {string} options.trait
 * @param {Live<number>} options.length  the number of the last step
 * @param {Record<"slow"|"normal"|"fast", number>} [options.speeds]  steps a second
 * @param {Live<boolean>} [options.visible] @param {Live<boolean>} [options.disabled]
 * @param {HTMLElement} [options.into] where it goes; default: below the figures
 */
export function player(ui, { trait, length, speeds = SPEEDS }) {
  const id = unique("step");
  let frame = 0;
  let shown; // the result that is shown
  const last = () => (shown === undefined ? 0 : live(length, shown));
  let from = { step: 0, time: 0 };
  const icon = (name, label, onclick) => {
    const node = h("button", {
      type: "button",
      class: "fg-icon",
      "aria-label": label,
      title: label,
      onclick,
    });
    node.innerHTML = `<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="${ICONS[name]}"/></svg>`;
    return node;
  };
  const play = icon("play", ui.t("ui.play"), () => (frame ? stop() : start()));
  const back = icon("back", ui.t("ui.stepBack"), () => go(current() - 1));
  const forth = icon("forth", ui.t("ui.stepForward"), () =>
    go(current() === last() && ui.get(trait) < 0 ? 0 : current() + 1),
  );
  const range = h("input", {
    type: "range",
    class: "fg-range",
    id,
    min: 0,
    step: 1,
    oninput: () => go(Number(range.value)),
  });
  const out = h("output", { class: "fg-out", for: id });
  const speed = h(
    "select",
    { class: "fg-select", "aria-label": ui.t("ui.speed") },
    ...Object.keys(speeds).map((value) =>
      h("option", { value, text: ui.t(`ui.${value}`), selected: value === "normal" }),
    ),
  );
  const node = h(
    "div",
    { class: "fg-player" },
    back,
    play,
    forth,
    h(
      "div",
      { class: "fg-scrub" },
      h("label", { for: id, class: "fg-hidden", text: ui.t("ui.shownStep") }),
      range,
    ),
    out,
    speed,
  );
  speed.addEventListener("change", () => {
    from = { step: current(), time: performance.now() };
  });

  const current = () => (ui.get(trait) < 0 ? last() : Math.min(ui.get(trait), last()));
  const at = (step) => ui.set({ [trait]: step >= last() ? -1 : Math.max(0, step) }, { save: !frame });
  function go(step) {
    stop();
    at(step);
  }
  function start() {
    from = { step: current() >= last() ? 0 : current(), time: performance.now() };
    frame = requestAnimationFrame(tick);
    at(from.step);
    face();
  }
  function tick(time) {
    const step = from.step + Math.floor((Math.max(0, time - from.time) / 1000) * speeds[speed.value]);
    if (step >= last()) return stop(last());
    if (step !== current()) at(step);
    frame = requestAnimationFrame(tick);
  }
  function stop(step = current()) {
    if (!frame) return;
    cancelAnimationFrame(frame);
    frame = 0;
    at(step);
    face();
  }
  function face() {
    const name = frame ? "pause" : "play";
    play.querySelector("path").setAttribute("d", ICONS[name]);
    put(play, { "aria-label": ui.t(`ui.${name}`), title: ui.t(`ui.${name}`) });
  }
  return {
    node,
    stop,
    current,
    /** @param {any} [now] */
    show(now = shown) {
      shown = now;
      put(range, { max: last() });
      range.value = String(current());
      range.style.setProperty(
        "--fg-fill",
        `calc(${THUMB / 2}px + ${(current() / Math.max(1, last())).toFixed(4)} * (100% - ${THUMB}px))`,
      );
      say(out, `${current()} / ${last()}`);
    },
  };
}
