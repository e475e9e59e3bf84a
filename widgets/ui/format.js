// Numbers as people read them: a true minus sign, powers of ten as superscripts, no trailing zeros.

const SUPERSCRIPT = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};

/** @param {number} exponent @returns {string} 10⁻⁶ */
export function power(exponent) {
  return `10${String(exponent).replace(/./g, (digit) => SUPERSCRIPT[digit])}`;
}

/** For prose and labels. @param {number} value @param {number} [digits] significant digits */
export function number(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(digits))).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const times = Number(mantissa) === 1 ? "" : `${String(Number(mantissa)).replace("-", "−")} × `;
  return times + power(Number(exponent));
}

/** For a number box: what `parse` reads back. @param {number} value @param {number} [digits] */
export function plain(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6))
    return String(value.toExponential(digits - 1))
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** A typed number, or NaN. Accepts what readers type: 1e-3, 1E−3, 0,05, 3×10⁻²  is not one. @param {string} text */
export function parse(text) {
  const clean = text
    .trim()
    .replace(/[−–]/g, "-")
    .replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
  return clean === "" ? NaN : Number(clean);
}
