// Judges an answer as lib/firstgrad/book/answers.py does: the same verdict in the same words.
import { general, short, whole } from "./format.js";

/**
 * @typedef {{ right: boolean, message: string }} Verdict
 * @typedef {(text: string, values?: Record<string, unknown>) => string} Say
 * @typedef {{ say: Say, join: (...parts: string[]) => string, general: typeof general, short: typeof short, whole: typeof whole }} Voice
 * @typedef {Record<string, { judge: (answer: any, tell: Voice, more: any) => Verdict, count: number, words?: boolean }>} Written
 *   judges that are written out; count: how many parts an answer has; words: its parts are words
 * @typedef {{ words: Record<string, string>, exercises: Record<string, any>, language: string }} Table
 */

/** How sentences are said and joined in the table's language. @param {Table} table @returns {Voice} */
export const voice = ({ words, language }) => ({
  say: (text, values = {}) =>
    (words[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)),
  join: (...parts) => parts.filter(Boolean).join(language === "zh" ? "" : " "),
  general,
  short,
  whole,
});

/**
 * @param {Table} table @param {Written} written @param {string} exercise @param {any} answer
 * @param {any} [more] what the judge had to load
 */
export function grade(table, written, exercise, answer, more) {
  const entry = table.exercises[exercise],
    tell = voice(table);
  if (entry.kind === "value") return value(entry, answer, tell);
  if (entry.kind === "choice") return choice(entry, answer, tell);
  return written[exercise].judge(answer, tell, more);
}

/** @param {any} entry @param {any} given @param {Voice} tell @returns {Verdict} */
function value(entry, given, tell) {
  const problem = misfit(given, entry.expected, tell);
  if (problem) return { right: false, message: tell.join(problem, entry.hint) };
  const expected = [entry.expected].flat(Infinity),
    margins = [entry.margin].flat(Infinity),
    numbers = [given].flat(Infinity);
  const fits = numbers.map((a, i) => Math.abs(a - expected[i]) <= margins[i]);
  if (fits.every(Boolean)) return { right: true, message: entry.explain };
  const wrong = numbers.filter((_, i) => !fits[i]);
  const known = entry.mistakes.find(([mistake, margin]) =>
    wrong.some((a) => Math.abs(a - mistake) <= margin),
  );
  const said = known && numbers.length === 1 ? "" : diagnosis(entry, numbers, fits, wrong, tell);
  return { right: false, message: tell.join(said, known ? known[2] : entry.hint) };
}

/** Where an answer has another form than expected; empty when it has the same. */
function misfit(given, expected, { say }) {
  if (!Array.isArray(expected))
    return typeof given === "number" ? "" : say("expected a number, got {given}.", { given: short(given) });
  if (!Array.isArray(given) || given.length !== expected.length) {
    const got = Array.isArray(given) ? given.length : short(given);
    return say("expected {count} values, got {given}.", { count: expected.length, given: got });
  }
  for (const [i, part] of given.entries()) {
    const problem = misfit(part, expected[i], { say });
    if (problem) return `[${i}]${problem.startsWith("[") ? "" : " "}${problem}`;
  }
  return "";
}

/** Which of several numbers are right; that their order is not. */
function diagnosis(entry, numbers, fits, wrong, { say }) {
  const within = say(entry.within[0], entry.within[1]);
  if (numbers.length === 1) return say("{given} is not it ({within}).", { given: short(wrong[0]), within });
  const places = [entry.expected].flat(Infinity).map((b, i) => [b, [entry.margin].flat(Infinity)[i]]);
  places.sort((a, b) => a[0] - b[0]);
  const sorted = [...numbers].sort((a, b) => a - b);
  if (sorted.every((a, i) => Math.abs(a - places[i][0]) <= places[i][1]))
    return say("The numbers are right, their order is not.");
  const marks = fits.map((fine) => (fine ? "✓" : "✗")).join(" ");
  if (wrong.length > 1) return say("{marks} ({within}).", { marks, within });
  return say("{marks}: {given} is not it ({within}).", { marks, given: short(wrong[0]), within });
}

/** @param {any} entry @param {any} answer @param {Voice} tell @returns {Verdict} */
function choice({ expected, why }, answer, { say }) {
  const given = typeof answer === "string" ? answer.trim().toLowerCase() : answer;
  const option = Object.keys(why).find((name) => name.toLowerCase() === given);
  if (option !== undefined) return { right: given === expected.toLowerCase(), message: why[option] };
  const allowed = Object.keys(why)
    .map((name) => short(name))
    .join(", ");
  return {
    right: false,
    message: say("Answer with one of {allowed}; got {given}.", { allowed, given: short(answer) }),
  };
}

/** The verdict in a line, as a notebook prints it. @param {Table} table @param {string} exercise @param {Verdict} verdict */
export function line(table, exercise, { right, message }) {
  const { say, join } = voice(table);
  const words = message.split(/\s+/).filter(Boolean).join(" ");
  return `${right ? "✓" : "✗"} ${exercise} ${join(say(right ? "Right." : "Not yet."), words)}`;
}
