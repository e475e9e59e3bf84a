// What the explorable next_token computes with: texts as token ids, models that give probabilities, a form to
// keep.
import * as ngram from "./ngram.js";

export * from "./ngram.js";
export * from "./sampling.js";

/**
 * The characters of a text, the most frequent first (equally frequent ones by code point).
 * @param {string} text
 */
export function vocabularyOf(text) {
  const counts = new Map();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  const tokens = [...counts.keys()].sort(
    (a, b) => counts.get(b) - counts.get(a) || a.codePointAt(0) - b.codePointAt(0),
  );
  return { tokens, ids: new Map(tokens.map((c, id) => [c, id])) };
}

/**
 * What of a text a model can read: the characters after the last one that it does not know, as ids.
 * @returns {{ids: number[], unknown: string}} unknown: that last one, or ""
 */
export function readable(vocabulary, text) {
  const characters = [...text];
  const at = characters.map((c) => vocabulary.ids.has(c)).lastIndexOf(false);
  return { ids: characters.slice(at + 1).map((c) => vocabulary.ids.get(c)), unknown: characters[at] ?? "" };
}

/** The same for a vocabulary given as a string. */
export const readableIn = (characters, text) =>
  readable({ ids: new Map([...characters].map((c, id) => [c, id])) }, text);

/** A counting model of a text, all orders up to `depth` in one. */
export function ofText(text, depth) {
  const vocabulary = vocabularyOf(text);
  const ids = Uint16Array.from(text.length === [...text].length ? text : [...text], (c) =>
    vocabulary.ids.get(c),
  );
  const index = ngram.indexOf(ids, vocabulary.tokens.length, Math.min(depth, ids.length));
  return {
    vocabulary,
    index,
    next: (context, order, smoothing) =>
      ngram.probabilities(index, context, Math.min(order, index.depth), smoothing),
    bits: (context, token, order, smoothing) =>
      -Math.log2(ngram.chance(index, context, token, Math.min(order, index.depth), smoothing)),
  };
}

/** The same for each token alone. */
export const each = (ids, size, order, smoothing, k, context) => {
  const index = ngram.indexOf(ids, size, order);
  return Array.from({ length: size }, (_, token) => ngram.chance(index, context, token, order, smoothing, k));
};

/** P(w | context) as a list, for a text of ids: what the page does, in one call. */
export const next = (ids, size, order, smoothing, k, context) =>
  ngram.probabilities(ngram.indexOf(ids, size, order), context, order, smoothing, k);

/**
 * Which characters fit a quatrain of five-character lines after what is written, by their probabilities: five
 * of no punctuation, then the mark, then (after four lines) a new poem. Nothing else is drawn.
 * @param {string[]} tokens @param {string} written @param {Float64Array} p
 */
export function inForm(tokens, written, p) {
  const poem = [...written].slice([...written].lastIndexOf("\n") + 1);
  const marks = poem.filter((c) => "，。".includes(c)).length;
  const line = poem.length - 1 - poem.map((c) => "，。".includes(c)).lastIndexOf(true);
  const wanted = marks === 4 ? "\n" : line >= 5 ? (marks % 2 ? "。" : "，") : "";
  const fits = (c) => (wanted ? c === wanted : !"，。\n".includes(c));
  const kept = p.map((v, i) => (fits(tokens[i]) ? v : 0));
  const sum = kept.reduce((total, v) => total + v, 0);
  return kept.map((v) => v / sum);
}
