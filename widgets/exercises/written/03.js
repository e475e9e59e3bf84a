// What lib/firstgrad/book/exercises/ch03.py writes out.

const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** A 1-3-1 ReLU network that draws the hat. */
function hat(given, { say, general }) {
  const row = (part) => listOf(part, 3) && part.every(Number.isFinite);
  if (!listOf(given, 3) || !given.every(row))
    return wrong(say("Give three lists of three numbers: weights, biases, output weights."));
  const [w, b, v] = given;
  for (let step = -12; step < 17; step += 1) {
    const x = step / 4,
      wanted = Math.max(0, 1 - Math.abs(x - 1));
    const unit = (i) => w[i] * x + b[i];
    const got = sum([0, 1, 2].map((i) => v[i] * Math.max(0, unit(i))));
    if (!(Math.abs(got - wanted) <= 1e-3)) {
      const values = { x: general(x, 6), value: general(got, 3), hat: general(wanted, 3) };
      return wrong(say("At x = {x} it answers {value}; the hat is {hat} there.", values));
    }
  }
  return { right: true, message: say("The slope changes by 1, −2 and 1: one kink a neuron.") };
}

/** Two rings told apart by a 2-3-1 tanh network. */
function fence(w, { say, general }) {
  if (!listOf(w, 13) || !w.every(Number.isFinite))
    return wrong(say("Give a list of 13 finite numbers: 6 weights, 3 biases, 3 weights, 1 bias."));
  let right = 0;
  for (let k = 0; k < 200; k += 1) {
    const inside = k % 2 === 0,
      radius = inside ? 1.25 * Math.sqrt((k + 1) / 200) : 1.9 + (0.9 * k) / 200;
    const x = radius * Math.cos(2.4 * k),
      y = radius * Math.sin(2.4 * k);
    const unit = (i) => Math.tanh(w[2 * i] * x + w[2 * i + 1] * y + w[6 + i]);
    right += Number(sum([0, 1, 2].map((i) => w[9 + i] * unit(i))) + w[12] > 0 === inside);
  }
  const text =
    right < 190
      ? "Only {share} of 100 points are on the right side. Does the fence close, and does the output ask for all three sides?"
      : "{share} of 100 points are on the right side.";
  return { right: right >= 190, message: say(text, { share: general(right / 2, 6) }) };
}

/** @type {import("../judge.js").Written} */
export const written = {
  "03.7": { judge: hat, count: 3 },
  "03.8": { judge: fence, count: 13 },
};
