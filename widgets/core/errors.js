// Bad input is named: the argument, what was given, what is allowed. `code` lets ui/ say it in the reader's language.

/** @param {unknown} value @returns {string} */
const shown = (value) =>
  typeof value === "string"
    ? value
    : typeof value === "number"
      ? String(value)
      : (JSON.stringify(value) ?? String(value));

export function raise(Kind, code, argument, given, allowed, message) {
  throw Object.assign(new Kind(message), { code, argument, given: shown(given), allowed });
}

/** @param {string} argument @param {unknown} value a number, or a TypeError */
export function needNumber(argument, value) {
  if (typeof value !== "number")
    raise(
      TypeError,
      "badType",
      argument,
      value,
      "number",
      `${argument} must be a number, not ${shown(value)}`,
    );
  return value;
}

/** @param {string} argument @param {unknown} value a positive, finite number, or a RangeError */
export function needPositive(argument, value) {
  needNumber(argument, value);
  if (!(value > 0 && value < Infinity)) {
    raise(
      RangeError,
      "badPositive",
      argument,
      value,
      "> 0",
      `${argument} must be a positive, finite number, not ${shown(value)}`,
    );
  }
  return value;
}

/** @param {string} argument @param {unknown} value @param {number} low @param {number} high @param {boolean} [open] high excluded */
export function needBetween(argument, value, low, high, open = false) {
  needNumber(argument, value);
  const allowed = `[${low}, ${high}${open ? ")" : "]"}`;
  if (!(value >= low && (open ? value < high : value <= high))) {
    raise(
      RangeError,
      "badRange",
      argument,
      value,
      allowed,
      `${argument} must lie in ${allowed}, not ${shown(value)}`,
    );
  }
  return value;
}

/** @param {string} argument @param {unknown} value two finite numbers, or a TypeError */
export function needPoint(argument, value) {
  const fine =
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((v) => typeof v === "number" && Number.isFinite(v));
  if (!fine)
    raise(
      TypeError,
      "badType",
      argument,
      value,
      "[x, y]",
      `${argument} must be two finite numbers [x, y], not ${shown(value)}`,
    );
  return value;
}

/** Looks `name` up in `table`, or says which names there are. @template T @param {string} argument @param {string} name @param {Record<string, T>} table @returns {T} */
export function needName(argument, name, table) {
  if (typeof name === "string" && Object.hasOwn(table, name)) return table[name];
  const allowed = Object.keys(table).join(", ");
  return raise(
    RangeError,
    "badName",
    argument,
    name,
    allowed,
    `unknown ${argument} "${shown(name)}"; there are: ${allowed}`,
  );
}
