// The boxes for answers: one in each <div class="fg-exercise" data-exercise="06.1">.
import { h } from "./dom.js";
import { grade, line, voice } from "./judge.js";
import { load } from "./load.js";
import { parse, parseWords } from "./parse.js";
import { kept, note, onChange, progress } from "./progress.js";

const KEY = 21; // as in site/ext/answers.py
const table = JSON.parse(
  [...globalThis["fgExercises"]].map((c) => String.fromCharCode(c.charCodeAt(0) ^ KEY)).join(""),
);
/** @type {import("./judge.js").Written} of this chapter */
const written = globalThis["fgWritten"]?.written ?? {};
const chinese = table.language === "zh";
/** @param {string} name @param {Record<string, unknown>} [values] */
const text = (name, values) => voice({ ...table, words: table.box }).say(name, values);

const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
/** The address of a script under assets/, with this one's version. @param {string} name */
const asset = (name) => Object.assign(new URL(name, here), { search: new URL(here).search }).href;

/** How many values an exercise asks for, and in what words that is said. @param {string} exercise */
function asked(exercise) {
  const entry = table.exercises[exercise];
  if (entry.kind === "value") {
    const count = Array.isArray(entry.expected) ? entry.expected.length : 1;
    const within = voice(table).say(entry.within[0], entry.within[1]);
    return { count, help: text(count > 1 ? "several" : "one", { count, within }) };
  }
  const { count, words } = written[exercise];
  return { count, words, help: count > 1 ? text(words ? "words" : "values", { count }) : "" };
}

/** @typedef {{ parts: HTMLElement[], row: HTMLElement, get: () => string, set: (answer: string) => void,
 *   read: () => { value?: any, why?: string, values?: Record<string, unknown> }, wrong: (yes: boolean) => void }} Field */

/** A line to type in. @param {string} exercise @param {string} id @returns {Field} */
function typed(exercise, id) {
  const { count, words, help } = asked(exercise);
  const input = h("input", { id, type: "text", autocomplete: "off", spellcheck: false, enterKeyHint: "go" });
  input.setAttribute("autocapitalize", "off");
  input.setAttribute("aria-describedby", `${id}-verdict`);
  const label = h("label", { htmlFor: id }, text("answer"));
  if (help) label.append(h("span", { className: "fg-asked" }, chinese ? `（${help}）` : ` (${help})`));
  const row = h("div", { className: "fg-answer-row" }, input);
  return {
    parts: [label, row],
    row,
    get: () => input.value,
    set: (answer) => {
      input.value = answer;
    },
    read: () => (words ? parseWords(input.value) : parse(input.value, count)),
    wrong: (yes) => input.setAttribute("aria-invalid", String(yes)),
  };
}

/** One of a few options. @param {string} exercise @param {string} id @returns {Field} */
function chosen(exercise, id) {
  const radios = Object.keys(table.exercises[exercise].why).map((value) =>
    h("input", { type: "radio", name: id, value }),
  );
  const picked = () => radios.find((radio) => radio.checked)?.value ?? "";
  const row = h(
    "div",
    { className: "fg-answer-row" },
    ...radios.map((radio) => h("label", {}, radio, radio.value)),
  );
  return {
    parts: [h("fieldset", {}, h("legend", {}, text("choice")), row)],
    row,
    get: picked,
    set: (answer) => {
      for (const radio of radios) radio.checked = radio.value === answer;
    },
    read: () => (picked() ? { value: picked() } : { why: "choose" }),
    wrong: () => {},
  };
}

/** The page's own hint, above the cell. @param {HTMLElement} place @returns {HTMLDetailsElement | null} */
function hintOf(place) {
  let el = place.closest(".cell")?.previousElementSibling;
  while (el && !el.matches("details.hint, .exercise")) el = el.previousElementSibling;
  return el instanceof HTMLDetailsElement ? el : null;
}

/** @param {HTMLDetailsElement} hint */
function open(hint) {
  hint.open = true;
  hint.querySelector("summary").focus();
}

class Box {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.exercise = place.dataset.exercise;
    const id = `answer-${this.exercise.replace(".", "-")}`;
    const form = table.exercises[this.exercise].kind === "choice" ? chosen : typed;
    this.field = form(this.exercise, id);
    this.status = h("p", { id: `${id}-verdict`, className: "fg-verdict" });
    this.status.setAttribute("role", "status");
    this.place.append(this.form());
    place.classList.add("fg-boxed");
    this.restore();
    onChange(() => this.restore());
  }

  form() {
    const { needs, kilobytes } = this.place.dataset,
      hint = hintOf(this.place);
    this.button = h("button", { type: "submit" }, needs ? text("load", { size: kilobytes }) : text("check"));
    this.field.row.append(this.button);
    if (hint) this.field.row.append(h("button", { type: "button", onclick: () => open(hint) }, text("hint")));
    const form = h("form", { className: "fg-answer", noValidate: true }, ...this.field.parts, this.status);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
    return form;
  }

  /** @param {string} words @param {boolean} [right] */
  say(words, right) {
    this.status.textContent = words;
    this.place.dataset.verdict = right === undefined ? "" : right ? "right" : "wrong";
    this.field.wrong(right === false);
  }

  /** Judges what is in the field, and says so; nothing when it is no answer. */
  async judge() {
    const { value, why, values } = this.field.read(),
      { needs } = this.place.dataset;
    if (why) return this.say(text(why, values), false);
    if (needs) this.say(text("loading"));
    const more = needs && (await load(needs, asset(needs)));
    this.button.textContent = text("check");
    const verdict = grade(table, written, this.exercise, value, more);
    this.say(line(table, this.exercise, verdict), verdict.right);
    return verdict;
  }

  async answer() {
    const answer = this.field.get();
    try {
      const verdict = await this.judge();
      if (verdict) note(this.exercise, answer, verdict.right);
      if (verdict && !kept()) this.status.append(` ${text("unkept")}`);
    } catch (error) {
      this.say(text("absent"), false);
      console.error(`exercise ${this.exercise}:`, error);
    }
  }

  /** Shows the last answer again; after it was erased, none. */
  restore() {
    const before = progress()[this.exercise];
    if ((before?.answer ?? "") === this.field.get()) return;
    this.field.set(before?.answer ?? "");
    if (before && !this.place.dataset.needs) this.judge();
    else this.say(before?.right ? "✓" : "");
  }
}

for (const place of document.querySelectorAll(".fg-exercise")) new Box(/** @type {HTMLElement} */ (place));
