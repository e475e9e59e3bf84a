// Four LSTM units whose weights were set by hand, to follow a text before any trained model is there.
export { encode, read } from "../../core/lstm.js";

export const UNITS = ["letters", "quotes", "brackets", "capital"];
const SHUT = -12; // of a gate: σ(−12) is 0 to five digits
const OPEN = 12;
const LETTER = 0.2; // what each letter of a word adds to the first cell
const H = UNITS.length;

const isLetter = (character) => /\p{L}/u.test(character) || character === "'" || character === "’";
const isCapital = (character) => /\p{Lu}/u.test(character);

/** z = W x + b of one character: the gates i, f, g, o of four units. */
function gatesOf(character) {
  const letter = isLetter(character);
  const quote = character === '"';
  const i = [
    letter ? OPEN : SHUT,
    quote ? OPEN : SHUT,
    character === "(" ? OPEN : SHUT,
    isCapital(character) ? OPEN : SHUT,
  ];
  const f = [
    letter ? OPEN : SHUT,
    quote ? SHUT : OPEN,
    "()".includes(character) ? SHUT : OPEN,
    letter ? OPEN : SHUT,
  ];
  const g = [Math.atanh(LETTER), 3, 3, 3];
  return [...i, ...f, ...g, OPEN, OPEN, OPEN, OPEN];
}

/** U: two units ask the output of the step before. A quotation mark inside quotes ends them; a capital inside a word says nothing. */
function recurrent() {
  const U = new Float64Array(4 * H * H);
  U[1 * H + 1] = -3 * OPEN; // row: input gate of unit 1; column: h of unit 1, 0.76 inside quotes
  U[3 * H + 0] = -12 * OPEN; // row: input gate of unit 3; column: h of unit 0, at least 0.19 inside a word
  return U;
}

/**
 * A model for `read` of core/lstm.js that knows the characters of a text. Its head is 0: it expects nothing in particular.
 * @param {string} text @returns {import("../../core/lstm.js").CharModel}
 */
export function handset(text) {
  const characters = [...new Set(Array.from(text))];
  const inputs = Float64Array.from(characters.flatMap(gatesOf));
  return {
    characters,
    hidden: H,
    inputs,
    U: recurrent(),
    head: new Float64Array(characters.length * H),
    bias: new Float64Array(characters.length),
  };
}
