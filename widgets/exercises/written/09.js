// What lib/firstgrad/book/exercises/ch09.py writes out.
import { vectorsOf } from "../vectors.js";

/** Made once of the file, as base64. @type {ReturnType<typeof vectorsOf>} */
let vectors;
const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });

/** Four words whose fourth is the answer of 3CosAdd, and nobody's nearest word. */
function deserves(given, { say, short }, base64) {
  vectors ??= vectorsOf(base64);
  if (!listOf(given, 4) || !given.every((word) => typeof word === "string"))
    return wrong(say("Give four words: (a, b, c, d)."));
  const words = given.map((word) => word.trim().toLowerCase());
  const unknown = words.find((word) => !vectors.ids.has(word));
  if (unknown !== undefined) {
    const values = { word: short(unknown), count: vectors.words.length.toLocaleString("en-US") };
    return wrong(say("{word} is not among the {count} words that have a vector.", values));
  }
  if (new Set(words).size < 4) return wrong(say("Take four different words."));
  const [a, b, c, d] = words;
  const said = vectors.nearest([b, c], [a]);
  if (said !== d)
    return wrong(say("3CosAdd answers {said}, not {word}.", { said: short(said), word: short(d) }));
  for (const other of [b, c])
    if (vectors.nearest([other], []) === d) {
      const text =
        "{word} is the answer, but it is the nearest word of {other} by itself: nothing had to be added or subtracted.";
      return wrong(say(text, { word: short(d), other: short(other) }));
    }
  const text = "{word}, and nobody's nearest word but the sum's.";
  return { right: true, message: say(text, { word: short(d) }) };
}

/** @type {import("../judge.js").Written} */
export const written = {
  "09.9": { judge: deserves, count: 4, words: true },
};
