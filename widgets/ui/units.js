// Large numbers as people say them: 175 B, 1746 亿, 2.8 TB, 34 days.
import { number } from "./format.js";

/** @typedef {[from: number, word: string, unit?: number][]} Steps  the unit where it is not `from` itself */

/** @type {Record<"en" | "zh", Steps>} */
const WORDS = {
  en: [
    [1e12, " T"],
    [1e9, " B"],
    [1e6, " M"],
    [1e4, " K", 1e3],
  ],
  zh: [
    [1e12, " 万亿"],
    [1e8, " 亿"],
    [1e4, " 万"],
  ],
};
/** @type {Steps} */
const BYTES = [
  [1e15, " PB"],
  [1e12, " TB"],
  [1e9, " GB"],
  [1e6, " MB"],
  [1e3, " kB"],
];

/** 174.6e9 → "175 B" or "1746 亿". @param {number} value @param {"en"|"zh"} lang */
export function big(value, lang, digits = lang === "zh" ? 4 : 3) {
  if (value >= 1e16) return number(value, digits);
  const found = WORDS[lang].find(([from]) => value >= from);
  if (!found) return number(value, 4);
  const [from, word, unit = from] = found;
  return number(value / unit, digits) + word;
}

/** @param {number} value bytes, by the thousand */
export function bytes(value, digits = 3) {
  if (value >= 1e18) return `${number(value / 1e15, digits)} PB`;
  const found = BYTES.find(([from]) => value >= from);
  return found ? number(value / found[0], digits) + found[1] : `${number(value)} B`;
}

/**
 * @param {number} seconds
 * @param {(key: string, values?: object) => string} t with the keys hours, days, years
 */
export function duration(seconds, t) {
  const [key, size] =
    seconds < 172800 ? ["hours", 3600] : seconds < 86400 * 1000 ? ["days", 86400] : ["years", 86400 * 365.25];
  return t(key, { n: number(seconds / size, 3) });
}

/**
 * 12345678 → 12.3 M; for money, where the reader's currency is not known.
 * @param {number} value @param {"en"|"zh"} lang
 */
export const money = (value, lang) => (value < 1e4 ? number(value, 3) : big(value, lang));
