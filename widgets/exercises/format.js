// Numbers, words and lists as the checks in Python write them (`short` of lib/firstgrad/book/answers.py).

/** Python's f"{x:.{digits}g}". @param {number} x @param {number} digits */
export function general(x, digits) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  const [mantissa, power] = rounded(x, digits).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  return trimmed(Number(`${mantissa}e${power}`).toFixed(Math.max(0, digits - 1 - exponent)));
}

/** Python's f"{x:.0f}". @param {number} x */
export function whole(x) {
  const floor = Math.floor(x);
  return String(x - floor === 0.5 ? floor + (floor % 2) : Math.round(x));
}

/** Of two nearest, Python takes the even digit, JavaScript the larger one. */
function rounded(x, digits) {
  const up = x.toExponential(digits - 1);
  const exact = x.toExponential(40);
  const at = exact.indexOf(".") + digits; // the first digit that goes
  const dropped = exact.slice(at, exact.indexOf("e"));
  if (!/^50*$/.test(dropped)) return up;
  const down = exact.slice(0, at).replace(/\.$/, "");
  return Number(down.at(-1)) % 2 ? up : `${down}${exact.slice(exact.indexOf("e"))}`;
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A value in what fits in a line. @param {unknown} value @param {number} level of lists in lists @returns {string} */
export function short(value, level = 3) {
  if (typeof value === "number")
    return Math.abs(value) < 1e15 && Number.isInteger(value) ? String(value) : general(value, 6);
  if (typeof value === "string") return `'${cut(value.split(/\s+/).filter(Boolean).join(" "))}'`;
  if (Array.isArray(value)) {
    const parts = level ? value.slice(0, 4).map((part) => short(part, level - 1)) : [];
    return `[${[...parts, ...(value.length > parts.length ? ["..."] : [])].join(", ")}]`;
  }
  return value === null ? "None" : value ? "True" : "False";
}

function cut(words) {
  const letters = [...words];
  return letters.length <= 40 ? words : `${letters.slice(0, 18).join("")}...${letters.slice(-19).join("")}`;
}
