// Everything that one state of the traits implies. What was read before is not read again.
import { needBetween, needName, needWhole, raise } from "../../core/errors.js";
import * as lstm from "../../core/lstm.js";
import { handset } from "./core.js";

const START = "\n\n"; // read before the sentence, so that it begins a paragraph
export const LONGEST = 200; // characters
export const SURPRISE = 15; // bits, of the goal
export const STATES = { i: 0, f: 1, g: 2, o: 3, c: 4, h: 5 };
const CLEAR = 0.4; // a correlation from which a unit is said to follow something

/** What the recipe found a unit to follow, and how closely. @typedef {{unit: number, follows: string, test: number}} Follower */

/**
 * A sentence read by a model.
 * @typedef {object} Reading
 * @property {lstm.CharModel} model
 * @property {ReturnType<typeof lstm.read>} reading  with what was read before the sentence
 * @property {number} skip  so many characters
 * @property {number[]} ids @property {string[]} characters @property {number} count  of the sentence, what is known of it
 * @property {number[]} places  of them in the sentence @property {string[]} unknown
 * @property {number[]} bits
 */
/**
 * @typedef {Reading & {
 *   text: string,
 *   trained: boolean,
 *   unit: number,
 *   quantity: keyof typeof STATES,
 *   at: number,
 *   playing: boolean,
 *   means: ReturnType<typeof meansOf>,
 *   clear: Follower[],
 *   follows: Follower[],
 * }} State
 *   at: the character pointed to, −1 if there is none; clear: all units that follow something; follows: what this one does
 */

const isLetter = (character) => /\p{L}/u.test(character);
/** @param {number[]} list */
export const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;
export const shown = (character) => ({ " ": "␣", "\n": "↵" })[character] ?? character;
/** Two digits, with a true minus sign. @param {number} value */
export const two = (value) => value.toFixed(2).replace("-", "−");

function check(text, quantity, unit) {
  if (typeof text !== "string")
    raise(TypeError, "badType", "text", text, "text", `text must be a string, not ${text}`);
  const { length } = Array.from(text);
  if (length > LONGEST)
    raise(
      RangeError,
      "tooLong",
      "text",
      length,
      String(LONGEST),
      `text must have at most ${LONGEST} characters`,
    );
  needName("quantity", quantity, STATES);
  needWhole("unit", needBetween("unit", unit, 0, 1e4));
}

/** @param {Reading | null} last what is alike at the beginning is not read again @returns {Reading} */
function readAll(text, trained, last) {
  const model = trained ?? handset(text);
  const { ids, places, unknown } = lstm.encode(model, text);
  const before = trained ? lstm.encode(model, START).ids : [];
  const reading = lstm.read(model, [...before, ...ids], last?.model === model ? last.reading : undefined);
  const characters = ids.map((id) => model.characters[id]);
  const skip = before.length;
  const bits = reading.bits.slice(skip);
  return { model, reading, skip, ids, places, unknown, characters, count: ids.length, bits };
}

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {() => {model: lstm.CharModel, units: Follower[]} | null} source  of the trained model, where it is asked for
 * @returns {() => State}
 */
export function computer(ui, source) {
  let last = { key: null, read: null };
  return function compute() {
    const [text, quantity, wanted, step] = ["text", "quantity", "unit", "step"].map(ui.get);
    check(text, quantity, wanted);
    const { model = null, units = [] } = source() ?? {};
    const key = JSON.stringify([text, Boolean(model)]);
    if (last.key !== key) last = { key, read: readAll(text, model, last.read) };
    const { read } = last;
    const unit = Math.min(wanted, read.model.hidden - 1);
    const clear = units.filter(({ test }) => Math.abs(test) >= CLEAR);
    const end = read.count - 1;
    return {
      ...read,
      text,
      trained: Boolean(model),
      unit,
      quantity,
      at: step < 0 ? end : Math.min(Math.floor(step), end),
      playing: step >= 0,
      means: meansOf(read, unit),
      clear,
      follows: clear.filter((one) => one.unit === unit),
    };
  };
}

/** The value of a quantity (its index in STATES) of a unit after character t; the cell as tanh c. @param {Reading} now */
export function valueAt({ reading, skip, model }, quantity, unit, t) {
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
