// Chinese numbers: 十二, 两万三千, 负零点五, 三成, 四分之一, 百分之五.

const DIGITS = new Map([..."零一二三四五六七八九"].map((digit, value) => [digit, value]));
DIGITS.set("〇", 0).set("两", 2).set("兩", 2);
const UNITS = new Map([
  ["十", 10],
  ["百", 100],
  ["千", 1000],
]);
const GROUPS = new Map([
  ["万", 1e4],
  ["萬", 1e4],
  ["亿", 1e8],
  ["億", 1e8],
]);

export const NUMERAL = /[零〇一二两兩三四五六七八九十百千万萬亿億半点點负負分之成]/;

/** What follows a number in figures: 1.5万, 3成. @param {string} letter */
export const factor = (letter) =>
  letter === "成" ? 0.1 : (UNITS.get(letter) ?? GROUPS.get(letter) ?? Number.NaN);

/** The number, or NaN for what is none. @param {string} text @returns {number} */
export function numeral(text) {
  if (/^[负負]/.test(text)) return -numeral(text.slice(1));
  const [below, above] = text.split("分之");
  if (above !== undefined) return numeral(above) / numeral(below);
  if (/^一?半$/.test(text)) return 0.5;
  const tenths = /^([一二两三四五六七八九])成([一二三四五六七八九半])?$/.exec(text);
  if (tenths) return (DIGITS.get(tenths[1]) * 10 + hundredths(tenths[2])) / 100;
  const [head, tail] = text.split(/[点點]/);
  if (tail === undefined) return integer(head);
  const digits = [...tail].map((letter) => DIGITS.get(letter));
  return digits.length && !digits.includes(undefined)
    ? Number(`${integer(head)}.${digits.join("")}`)
    : Number.NaN;
}

const hundredths = (letter = "零") => (letter === "半" ? 5 : DIGITS.get(letter));

function integer(text) {
  const letters = [...text];
  if (letters.length && letters.every((letter) => DIGITS.has(letter)))
    return Number(letters.map((letter) => DIGITS.get(letter)).join("")); // 二〇二六
  let [total, section, digit] = [0, 0, Number.NaN];
  for (const letter of letters) {
    if (DIGITS.has(letter)) digit = DIGITS.get(letter);
    else if (UNITS.has(letter)) {
      section += (Number.isNaN(digit) || digit === 0 ? 1 : digit) * UNITS.get(letter);
      digit = 0;
    } else if (GROUPS.has(letter)) {
      total = (total + section + (digit || 0)) * GROUPS.get(letter);
      [section, digit] = [0, 0];
    } else return Number.NaN;
  }
  return total + section + digit;
}
