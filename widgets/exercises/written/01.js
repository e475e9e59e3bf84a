// What lib/firstgrad/book/exercises/ch01.py writes out.

const isNumber = (value) => typeof value === "number";
const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });

/** A GPT on one processor of 80 GB. */
function oneGpu(given, { say, general, short }) {
  if (!listOf(given, 3))
    return wrong(say("Expected three numbers (layers, width, heads), got {given}.", { given: short(given) }));
  const odd = given.find((n) => !isNumber(n) || !(n >= 1 && n <= 1e6) || !Number.isInteger(n));
  if (odd !== undefined)
    return wrong(
      say("Layers, width and heads are whole numbers from 1 to a million; got {given}.", {
        given: short(odd),
      }),
    );
  const [layers, width, heads] = given;
  if (width % heads)
    return wrong(
      say("The {heads} heads share the width out: {width} cannot be divided by {heads}.", { heads, width }),
    );
  const { count, total } = sizes(layers, width);
  let text =
    "{count} billion parameters take {total} GB. At 16 bytes a parameter there is no room for many more.";
  if (total > 80e9)
    text = "{count} billion parameters take {total} GB: more than 80. Fewer layers, or a smaller width?";
  else if (count < 4.5e9)
    text = "{count} billion parameters take {total} GB: it fits, but it is smaller than 4.5 billion.";
  const message = say(text, { count: general(count / 1e9, 3), total: general(total / 1e9, 3) });
  return { right: count >= 4.5e9 && total <= 80e9, message };
}

/** Parameters, and bytes of a training with Adam, of a GPT that reads 2,048 tokens (firstgrad.book.sizes). */
function sizes(layers, h) {
  const [words, reads] = [50257, 2048];
  const count = (words + reads) * h + layers * (12 * h * h + 9 * h) + (2 * layers + 1) * 2 * h;
  const kept = reads * (layers * 2 * h + 5 * h + 4 * words);
  return { count, total: 16 * count + kept };
}

/** @type {import("../judge.js").Written} */
export const written = {
  "01.9": { judge: oneGpu, count: 3 },
};
