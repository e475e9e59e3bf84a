// lstm_gates: a trained LSTM reads the reader's sentence, character by character: gates, cell, output, and what it expects.

import { needBetween, needName, raise } from "../../core/errors.js";
import * as lstm from "../../core/lstm.js";
import { parse } from "../../core/safetensors.js";
import { say, unique } from "../../ui/dom.js";
import { explorable, h } from "../../ui/index.js";
import * as handmade from "./core.js";
import { expectedOf } from "./expected.js";
import { heatOf } from "./heat.js";
import { sourceOf } from "./source.js";
import { strings } from "./strings.js";
import { stripOf } from "./strip.js";
import css from "./style.css";

export const core = { ...lstm, ...handmade, parse };

const START = "\n\n"; // read before the sentence, so that it begins a paragraph
const LONGEST = 200; // characters
const STATES = { i: 0, f: 1, g: 2, o: 3, c: 4, h: 5 };
const SURPRISE = 15; // bits, of the goal
const GOALS = ["reset", "surprise"];
const traits = {
  text: 'Queequeg looked up. "Aye, aye!" cried the old captain (he had but one leg), "a white whale!"',
  quantity: "f",
  unit: 0,
  step: -1,
  trained: false,
  found: [],
  bits: null,
};

const isLetter = (character) => /\p{L}/u.test(character);
const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;

/** Everything that one state of the traits implies. What was read before is not read again. */
function computer(ui, source) {
  let last = { key: null };
  return function compute() {
    const text = ui.get("text");
    if (typeof text !== "string")
      raise(TypeError, "badType", "text", text, "text", `text must be a string, not ${text}`);
    if (Array.from(text).length > LONGEST)
      raise(
        RangeError,
        "tooLong",
        "text",
        Array.from(text).length,
        String(LONGEST),
        `text must have at most ${LONGEST} characters`,
      );
    needName("quantity", ui.get("quantity"), STATES);
    needBetween("unit", ui.get("unit"), 0, 1e4);
    const { model, units } = source();
    const key = JSON.stringify([text, Boolean(model)]);
    if (last.key !== key) last = { key, ...readAll(text, model) };
    const unit = Math.min(ui.get("unit"), last.model.hidden - 1);
    return {
      ...last,
      text,
      units,
      unit,
      quantity: ui.get("quantity"),
      trained: Boolean(model),
      means: meansOf(last, unit),
      follows: units.filter((one) => one.unit === unit && Math.abs(one.test) >= 0.4),
    };
  };

  function readAll(text, model) {
    const now = model ?? handmade.handset(text);
    const { ids, places, unknown } = lstm.encode(now, text);
    const before = model ? lstm.encode(model, START).ids : [];
    const reading = lstm.read(now, [...before, ...ids], last.model === now ? last.reading : undefined);
    const skip = before.length;
    const characters = ids.map((id) => now.characters[id]);
    return {
      model: now,
      reading,
      skip,
      ids,
      places,
      unknown,
      characters,
      count: ids.length,
      bits: reading.bits.slice(skip),
    };
  }
}

/** The value of a quantity (its index in STATES) of a unit after character t; the cell as tanh c. */
function valueAt({ reading, skip, model }, quantity, unit, t) {
  if (quantity < 4) return reading.gates[skip + t][quantity * model.hidden + unit];
  return quantity === 4 ? Math.tanh(reading.c[skip + t + 1][unit]) : reading.h[skip + t + 1][unit];
}

/** The forget gate of a unit at the letters, and at the spaces, of the sentence. */
function meansOf(now, unit) {
  const at = (wanted) =>
    now.characters.flatMap((character, t) => (wanted(character) ? [valueAt(now, 1, unit, t)] : []));
  const [letters, spaces] = [at(isLetter), at((character) => character === " ")];
  const enough = letters.length >= 6 && spaces.length >= 2;
  return {
    letters: mean(letters),
    spaces: mean(spaces),
    enough,
    resets: enough && mean(spaces) < 0.1 && mean(letters) > mean(spaces) + 0.4,
  };
}

const shown = (character) => ({ " ": "␣", "\n": "↵" })[character] ?? character;

/** What stands at the cursor, and what the chosen unit does. */
function words(ui, now, at) {
  const { t } = ui;
  if (!now.count) return t(now.text ? "nothingKnown" : "empty");
  const two = (value) => value.toFixed(2).replace("-", "−");
  const value = (quantity) => two(valueAt(now, quantity, now.unit, at));
  const said = {
    unit: now.unit,
    i: value(0),
    f: value(1),
    c: value(4),
    character: shown(now.characters[at]),
    letters: two(now.means.letters),
    spaces: two(now.means.spaces),
  };
  const join = ui.lang === "zh" ? "" : " ";
  if (!now.trained) return [t(`hand ${handmade.UNITS[now.unit]}`, said), t("valuesNow", said)].join(join);
  const first = lstm
    .likeliest(now.reading.chances[now.skip + at], 2)
    .map(([id, chance]) =>
      t("guess", { character: shown(now.model.characters[id]), chance: Math.round(100 * chance) }),
    );
  const next =
    at + 1 < now.count
      ? t("came", { character: shown(now.characters[at + 1]), bits: now.bits[at + 1].toFixed(1) })
      : t("end");
  const what = now.follows.length
    ? now.follows
        .slice(0, 2)
        .map((one) =>
          t("follows", {
            unit: now.unit,
            what: t(`follows ${one.follows}`),
            r: one.test.toFixed(2).replace("-", "−"),
          }),
        )
        .join(join)
    : now.means.enough
      ? t("means", said)
      : t("valuesNow", said);
  return [t("expects", { character: said.character, list: first.join(t("comma")) }) + next, what].join(join);
}

/** A line to type into. */
function sentenceOf(ui) {
  const id = unique("text");
  const input = h("input", {
    type: "text",
    class: "fg-sentence",
    id,
    maxlength: LONGEST,
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    oninput: () => ui.set({ text: input.value, step: -1 }),
  });
  const hint = h("p", { class: "fg-hint", hidden: true });
  ui.toolbar.append(
    h(
      "div",
      { class: "fg-control fg-text", "data-trait": "text" },
      h("label", { for: id, text: ui.t("text") }),
      input,
      hint,
    ),
  );
  return function draw(now) {
    const active = input.getRootNode().activeElement === input;
    if (!active || input.value.length === 0 || input.value !== now.text) input.value = now.text;
    hint.hidden = now.unknown.length === 0;
    say(hint, now.unknown.length ? ui.t("unknown", { list: now.unknown.slice(0, 8).join(" ") }) : "");
  };
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-lstm-gates");
  ui.root.prepend(h("style", { text: css }));
  const drawSentence = sentenceOf(ui);
  const source = sourceOf(ui);
  ui.choice({
    trait: "quantity",
    label: t("quantity"),
    into: ui.toolbar,
    options: ["f", "i", "g", "o", "c", "h"].map((name) => [name, t(`state ${name}`)]),
  });
  const compute = computer(ui, source);
  let now;
  let player;
  const cursor = () => Math.max(0, Math.min(player.current(), now.count - 1));
  const point = (change) => ui.set(change);
  const drawStrip = stripOf(ui, { onPoint: (step) => point({ step }), shown });
  const drawHeat = heatOf(ui, { all: true, states: STATES, valueAt, shown, onPoint: point });
  const right = h("div", { class: "fg-side" });
  ui.figures.append(right);
  const drawLanes = heatOf(ui, {
    all: false,
    states: STATES,
    valueAt,
    shown,
    onPoint: ({ step }) => point({ step }),
    into: right,
  });
  const drawExpected = expectedOf(ui, { into: right, shown });
  player = ui.player({
    trait: "step",
    length: () => (now ? Math.max(0, now.count - 1) : 0),
    speeds: { slow: 2, normal: 6, fast: 20 },
  });
  const unit = ui.slider({
    trait: "unit",
    label: t("unit"),
    min: 0,
    max: handmade.UNITS.length - 1,
    integer: true,
  });
  const others = h("p", { class: "fg-others", hidden: true });
  ui.controls.append(others);

  // Letting go there counts; passing over it with the mouse held does not.
  function look() {
    const here = compute();
    if (!here.trained || !here.count) return;
    const found = ui.get("found");
    const reached = { reset: here.means.resets, surprise: Math.max(...here.bits) > SURPRISE };
    const fresh = GOALS.filter((name) => reached[name] && !found.includes(name));
    if (fresh.length) ui.set({ found: [...found, ...fresh] });
  }
  for (const event of ["change", "pointerup", "click", "keyup"])
    ui.root.addEventListener(
      event,
      () => ui.root.dataset.error !== "yes" && setTimeout(() => ui.alive && look()),
    );

  // Canvases know nothing of a theme that changes.
  const themes = new MutationObserver(ui.redraw);
  for (const node of [document.documentElement, document.body])
    themes.observe(node, {
      attributes: true,
      attributeFilter: ["data-theme", "theme", "class", "data-jp-theme-light"],
    });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", ui.redraw);
  globalThis.addEventListener("beforeprint", ui.redraw);
  ui.onClose(() => {
    themes.disconnect();
    dark.removeEventListener("change", ui.redraw);
    globalThis.removeEventListener("beforeprint", ui.redraw);
  });

  /** Once one unit was found: the others that follow something. */
  function drawOthers(found) {
    const list = now.units.filter((one) => Math.abs(one.test) >= 0.4);
    others.hidden = !now.trained || !found.includes("reset") || !list.length;
    if (others.hidden) return;
    const key = JSON.stringify(list);
    if (others.dataset.list === key) return;
    others.dataset.list = key;
    others.replaceChildren(
      h("span", { text: t("others") }),
      ...list.map((one) =>
        h("button", {
          type: "button",
          class: "fg-button",
          onclick: () => ui.set({ unit: one.unit, quantity: "c" }),
          text: t("other", { unit: one.unit, what: t(`follows ${one.follows}`) }),
        }),
      ),
    );
  }

  return function draw() {
    now = compute();
    unit.ends({ min: 0, max: now.model.hidden - 1 });
    unit.show();
    player.show();
    drawSentence(now);
    const at = now.count ? cursor() : -1;
    const playing = ui.get("step") >= 0;
    for (const draw of [drawStrip, drawHeat, drawLanes, drawExpected]) draw(now, at, playing);
    const found = GOALS.filter((name) => ui.get("found").includes(name));
    drawOthers(found);
    const all = found.length === GOALS.length;
    const list = found.map((name) => t(`${name}Done`)).join(t("comma"));
    ui.goal(
      all
        ? t("goalReached")
        : (now.trained ? "" : t("first")) +
            t("goal", { bits: SURPRISE }) +
            (found.length ? t("done", { list }) : ""),
      all,
    );
    const known = now.trained && now.count ? mean(now.bits) : null;
    ui.set({ bits: known });
    ui.status(words(ui, now, at));
  };
}

export default explorable({ traits, strings, setup });
