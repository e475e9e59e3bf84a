// What a reader types, as numbers and lists of numbers: 0.25, 1/4, 25 %, sqrt(2)/2, (1, 2, 3), ０．２５, 四分之一.
// A tokeniser and a parser by hand; nothing is ever evaluated as code.
import { factor, NUMERAL, numeral } from "./numerals.js";

const LONGEST = 2000; // characters
const MOST = 200; // numbers in a list
const DEEPEST = 30; // brackets in brackets

/** @typedef {{ kind: string, text: string, value?: number, spaced: boolean }} Token */
/** @typedef {number | Answer[]} Answer */

/** What is wrong with an answer, as a name in words.js and the values in that sentence. */
class Refusal extends Error {
  constructor(why, values = {}) {
    super(why);
    this.why = why;
    this.values = values;
  }
}

const CONSTANTS = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI };
const FUNCTIONS = {
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  lg: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  tanh: Math.tanh,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/**
 * @param {string} text @param {number} count how many values are expected; 1: a number
 * @returns {{ value: Answer } | { why: string, values: Record<string, unknown> }}
 */
export function parse(text, count) {
  try {
    if (text.length > LONGEST) throw new Refusal("long", { length: text.length, most: LONGEST });
    const plain = normal(text);
    if (!plain) throw new Refusal("empty");
    return { value: chosen(readings(plain), count, plain) };
  } catch (error) {
    if (error instanceof Refusal) return { why: error.why, values: error.values };
    throw error;
  }
}

/** Words, for an answer that is made of them. @param {string} text */
export function parseWords(text) {
  if (text.length > LONGEST) return { why: "long", values: { length: text.length, most: LONGEST } };
  const words = text
    .normalize("NFKC")
    .split(/[\s,;、()[\]"'“”‘’]+/)
    .filter(Boolean);
  return words.length ? { value: words } : { why: "empty", values: {} };
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";

/** Full-width letters, superscripts and typographers' signs as one writes them in code. */
function normal(text) {
  return text
    .replace(
      new RegExp(`[${SUPERSCRIPT}]+`, "g"),
      (run) => `^(${[...run].map((c) => "0123456789+-"[SUPERSCRIPT.indexOf(c)]).join("")})`,
    )
    .replace(/(\d+)([¼-¾⅐-⅞])/g, "($1+$2)")
    .replace(/[、；]/g, ";")
    .normalize("NFKC")
    .replace(/(\d)。(?=\d)/g, "$1.")
    .replace(/[×·⋅∙]/g, "*")
    .replace(/[÷⁄∕]/g, "/")
    .replace(/[−–—]/g, "-")
    .replaceAll("**", "^")
    .replaceAll("√", "sqrt ")
    .replaceAll("π", "pi")
    .replace(/^\s*[\p{L}\p{N}_ ]{1,30}=/u, "")
    .replace(/^\s*[≈~约]\s*/, "")
    .replace(/[\s。]+$/, "")
    .trim();
}

/** A comma separates, is a decimal comma, or groups thousands: what each of these gives. */
function readings(text) {
  const found = [() => numbersOf(text)];
  if (/\d,\d/.test(text)) {
    found.push(() => numbersOf(text.replace(/(\d),(?=\d)/g, "$1.")));
    const groups = text.match(/[\d.]+(?:,\d+)+/g) ?? [];
    if (groups.every((group) => /^[1-9]\d{0,2}(,\d{3})+$/.test(group)))
      found.push(() => numbersOf(text.replace(/(\d),(?=\d)/g, "$1")));
  }
  return found.map((reading) => {
    try {
      return { value: reading() };
    } catch (error) {
      if (error instanceof Refusal) return { error };
      throw error;
    }
  });
}

const sizeOf = (value) => (Array.isArray(value) ? value.length : 1);

/** The only reading that has as many values as are expected. */
function chosen(all, count, text) {
  const fitting = all.filter(({ value, error }) => !error && sizeOf(value) === count);
  const different = [...new Map(fitting.map(({ value }) => [JSON.stringify(value), value])).values()];
  if (different.length > 1) {
    const [a, b] = different.map((value) => [value].flat(Infinity).join("; "));
    throw new Refusal("ambiguous", { text: text.length > 40 ? `${text.slice(0, 40)}…` : text, a, b });
  }
  if (different.length) return different[0];
  if (all[0].error) throw all[0].error;
  return all[0].value;
}

/** @param {string} text @returns {Answer} */
function numbersOf(text) {
  const tokens = tokensOf(text),
    parser = new Parser(tokens);
  const value = parser.list("end");
  return value;
}

const PATTERN =
  /(\s*)(?:(\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_][\w.]*)|([-+*/^%‰(),;[\]])|(.))/suy;

/** @param {string} text @returns {Token[]} */
function tokensOf(text) {
  const tokens = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const [, space, number, name, sign, other] = PATTERN.exec(text);
    const spaced = space !== "";
    if (number)
      tokens.push({ kind: "number", text: number, value: Number(number.replaceAll("_", "")), spaced });
    else if (name) tokens.push({ kind: "name", text: name, spaced });
    else if (sign) tokens.push({ kind: sign, text: sign, spaced });
    else tokens.push(chinese(text, other, tokens.at(-1), spaced));
  }
  tokens.push({ kind: "end", text: "", spaced: true });
  return tokens;
}

/** A number in Chinese characters, or what multiplies the figures before it: 1.5万, 百分之 before figures. */
function chinese(text, first, before, spaced) {
  let run = first;
  if (!NUMERAL.test(first)) return unknown(text, spaced);
  while (PATTERN.lastIndex < text.length && NUMERAL.test(text[PATTERN.lastIndex])) {
    run += text[PATTERN.lastIndex];
    PATTERN.lastIndex += 1;
  }
  if (run === "百分之") return { kind: "percent of", text: run, spaced };
  if (before?.kind === "number" && !spaced) {
    const value = [...run].reduce((product, letter) => product * factor(letter), 1);
    if (Number.isFinite(value)) return { kind: "times", text: run, value, spaced };
  }
  const value = numeral(run);
  const kind = Number.isNaN(value) ? "unknown" : "number";
  return { kind, text: run, value, spaced };
}

/** All letters from here on that no answer has. @param {string} text @param {boolean} spaced */
function unknown(text, spaced) {
  const start = PATTERN.lastIndex - 1,
    [run] = /^(?:\p{L}+|.)/su.exec(text.slice(start)) ?? [text[start]];
  PATTERN.lastIndex = start + run.length;
  return { kind: "unknown", text: run, spaced };
}

class Parser {
  /** @param {Token[]} tokens */
  constructor(tokens) {
    this.tokens = tokens;
    this.at = 0;
    this.depth = 0;
  }

  get next() {
    return this.tokens[this.at];
  }

  /** Takes the next token if it is of one of these kinds. @param {...string} kinds */
  take(...kinds) {
    return kinds.includes(this.next.kind) ? this.tokens[this.at++] : null;
  }

  /** Values up to the closing sign: one alone is itself, or a list if `always`. @param {string} close */
  list(close, always = false) {
    const values = [];
    let separated = false;
    while (!this.take(close)) {
      if (values.length && !this.separator()) throw this.odd();
      separated ||= values.length > 0;
      if (this.take(close)) break; // after a last comma
      values.push(this.sum());
      if (values.length > MOST) throw new Refusal("many", { most: MOST });
    }
    if (!values.length && !always) throw new Refusal(close === "end" ? "empty" : "early");
    if (close === "end") return values.length > 1 ? values : values[0];
    return always || separated ? values : values[0];
  }

  /** A comma, or just a space before what begins a value. */
  separator() {
    if (this.take(",", ";")) return true;
    return this.next.spaced && ["number", "name", "(", "[", "percent of"].includes(this.next.kind);
  }

  odd() {
    const { kind, text } = this.next;
    if (kind === "end") return new Refusal("early");
    return kind === "unknown"
      ? new Refusal("unknown", { word: text.slice(0, 40) })
      : new Refusal("odd", { part: text });
  }

  sum() {
    let value = this.product();
    for (let sign = this.take("+", "-"); sign; sign = this.take("+", "-"))
      value = combined(sign.kind, value, this.product());
    return value;
  }

  product() {
    let value = this.signed();
    for (let sign = this.take("*", "/"); sign; sign = this.take("*", "/"))
      value = combined(sign.kind, value, this.signed());
    return value;
  }

  signed() {
    const sign = this.take("+", "-");
    if (!sign) return this.power();
    this.deeper();
    const value = combined("*", sign.kind === "-" ? -1 : 1, this.signed());
    this.depth -= 1;
    return value;
  }

  power() {
    const base = this.postfix();
    return this.take("^") ? combined("^", base, this.signed()) : base;
  }

  postfix() {
    let value = this.primary();
    for (let sign = this.take("%", "‰", "times"); sign; sign = this.take("%", "‰", "times")) {
      const by = sign.value ?? { "%": 0.01, "‰": 0.001 }[sign.kind];
      value = by < 1 ? combined("/", value, Math.round(1 / by)) : combined("*", value, by);
    }
    return value;
  }

  primary() {
    const token = this.take("number", "name", "(", "[", "percent of");
    if (!token) throw this.odd();
    this.deeper();
    let value;
    if (token.kind === "number") value = finite(token.value);
    else if (token.kind === "name") value = this.named(token.text);
    else if (token.kind === "percent of") value = combined("/", this.primary(), 100);
    else value = this.list(token.kind === "(" ? ")" : "]", token.kind === "[");
    this.depth -= 1;
    return value;
  }

  deeper() {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new Refusal("deep");
  }

  /** A constant, or a function of what stands in brackets behind it. @param {string} text */
  named(text) {
    const name = text.replace(/^(math|np|numpy|torch)\./i, "").toLowerCase();
    if (Object.hasOwn(CONSTANTS, name)) return CONSTANTS[name];
    if (!Object.hasOwn(FUNCTIONS, name)) throw new Refusal("unknown", { word: text.slice(0, 40) });
    const given = this.postfix();
    if (typeof given !== "number") throw new Refusal("single", { name });
    const value = FUNCTIONS[name](given);
    if (Number.isNaN(value) || value === -Infinity) throw new Refusal("real", { call: `${name}(${given})` });
    return finite(value);
  }
}

function finite(value) {
  if (!Number.isFinite(value)) throw new Refusal("large");
  return value;
}

function combined(sign, a, b) {
  if (typeof a !== "number" || typeof b !== "number") throw new Refusal("odd", { part: sign });
  if (sign === "/" && b === 0) throw new Refusal("zero");
  const value = { "+": a + b, "-": a - b, "*": a * b, "/": a / b, "^": a ** b }[sign];
  if (Number.isNaN(value)) throw new Refusal("real", { call: `${a} ^ ${b}` });
  return finite(value);
}
