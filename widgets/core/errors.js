// Bad input is named: the argument, what was given, what is allowed. `code` lets ui/ say it in the reader's language.

/** @param {unknown} value @returns {string} */
const shown = (value) =>
  typeof value === "string"
    ? value
    : typeof value === "number"
      ? String(value)
      : (JSON.stringify(value) ?? String(value));

/**
 * @param {ErrorConstructor} Kind @param {string} code @param {string} argument @param {unknown} given
 * @param {string | number} allowed @param {string} message @returns {never}
 */
export function raise(Kind, code, argument, given, allowed, message) {
  throw Object.assign(new Kind(message), { code, argument, given: shown(given), allowed });
}

/** @param {string} argument @param {unknown} value a number, or a TypeError @returns {number} */
export function needNumber(argument, value) {
  if (typeof value === "number") return value;
  const message = `${argument} must be a number, not ${shown(value)}`;
  return raise(TypeError, "badType", argument, value, "number", message);
}

/** @param {string} argument @param {unknown} value a text, or a TypeError @returns {string} */
export function needText(argument, value) {
  if (typeof value === "string") return value;
  const message = `${argument} must be text, not ${shown(value)}`;
  return raise(TypeError, "badType", argument, value, "text", message);
}

/** @param {string} argument @param {unknown} value a whole number, or a TypeError @returns {number} */
export function needWhole(argument, value) {
  if (Number.isInteger(value)) return Number(value);
  const message = `${argument} must be a whole number, not ${shown(value)}`;
  return raise(TypeError, "badType", argument, value, "whole number", message);
}

/** @param {string} argument @param {unknown} value a positive, finite number, or a RangeError @returns {number} */
export function needPositive(argument, value) {
  const given = needNumber(argument, value);
  if (given > 0 && given < Infinity) return given;
  const message = `${argument} must be a positive, finite number, not ${shown(value)}`;
  return raise(RangeError, "badPositive", argument, value, "> 0", message);
}

/**
 * @param {string} argument @param {unknown} value @param {number} low @param {number} high
 * @param {boolean} [open] high excluded @returns {number}
 */
export function needBetween(argument, value, low, high, open = false) {
  const given = needNumber(argument, value);
  if (given >= low && (open ? given < high : given <= high)) return given;
  const allowed = `[${low}, ${high}${open ? ")" : "]"}`;
  const message = `${argument} must lie in ${allowed}, not ${shown(value)}`;
  return raise(RangeError, "badRange", argument, value, allowed, message);
}

/** @param {string} argument @param {unknown} value two finite numbers, or a TypeError @returns {number[]} */
export function needPoint(argument, value) {
  if (Array.isArray(value) && value.length === 2 && value.every((v) => Number.isFinite(v))) return value;
  const message = `${argument} must be two finite numbers [x, y], not ${shown(value)}`;
  return raise(TypeError, "badType", argument, value, "[x, y]", message);
}

/** Looks `name` up in `table`, or says which names there are. @template T @param {string} argument @param {string} name @param {Record<string, T>} table @returns {T} */
export function needName(argument, name, table) {
  if (typeof name === "string" && Object.hasOwn(table, name)) return table[name];
  const allowed = Object.keys(table).join(", ");
  const message = `unknown ${argument} "${shown(name)}"; there are: ${allowed}`;
  return raise(RangeError, "badName", argument, name, allowed, message);
}
