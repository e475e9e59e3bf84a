// The judges that lib/firstgrad/book/exercises writes out, by exercise.
//   count: how many parts an answer has;  words: its parts are words;  needs: a script under assets/ that it must load
import { general, short, whole } from "./format.js";

const isNumber = (value) => typeof value === "number";
const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** A GPT on one processor of 80 GB. */
function oneGpu(given, { say }) {
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

/** Two shapes whose numbers must meet their own axis. */
function axes(given, { say }) {
  if (!listOf(given, 2) || !given.every(Array.isArray))
    return wrong(say("Give two shapes, such as (32, 1), (3, 1)."));
  const wanted = [
    ["weight", 32, 4],
    ["mean", 3, 3],
  ];
  for (const [i, [name, size, length]] of wanted.entries()) {
    const parts = given[i].filter((n) => n !== 1),
      first = given[i].findIndex((n) => n !== 1);
    const behind = given[i].length - first;
    let text = "";
    if (parts.length !== 1 || parts[0] !== size)
      text = "{name} has {size} numbers: one axis keeps them, new ones have size 1.";
    else if (behind < length)
      text =
        "{name}: counted from the right, its {size} meet the wrong axis: it needs more new axes behind them.";
    else if (behind > length) text = "{name}: its {size} stand too far to the left: fewer axes behind them.";
    if (text) return wrong(say(text, { name, size }));
  }
  return {
    right: true,
    message: say("Counted from the right, pictures are axis −4 and channels axis −3."),
  };
}

/** A 1-3-1 ReLU network that draws the hat. */
function hat(given, { say }) {
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
function fence(w, { say }) {
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

/** A threshold, judged by the recorded scores of shirts. */
function cheap(given, { say }, recorded) {
  if (!isNumber(given)) return wrong(say("Give one number, the threshold."));
  if (!(given >= 0 && given <= 1))
    return wrong(
      say("A threshold of probabilities lies between 0 and 1; got {given}.", { given: short(given) }),
    );
  const validation = costs(recorded.validation),
    test = costs(recorded.test).at;
  const cost = validation.at(given);
  if (cost > 1.1 * validation.lowest) {
    const text =
      validation.at(given - 0.02) < cost
        ? "1,000 validation pictures cost {cost} there: too many shirts are missed."
        : "1,000 validation pictures cost {cost} there: too many false alarms, or a step too far.";
    return wrong(say(text, { cost: whole(cost) }));
  }
  const text =
    "1,000 pictures cost {validation} on the validation set and {test} on the test set, where 0.5 would cost {half}.";
  const values = { validation: whole(cost), test: whole(test(given)), half: whole(test(0.5)) };
  return { right: true, message: say(text, values) };
}

/** What a threshold costs for 1,000 pictures, and the least. */
function costs({ labels, logits }) {
  const scores = logits.map((z) => 1 / (1 + Math.exp(-z)));
  const at = (threshold) => {
    let total = 0;
    for (const [i, score] of scores.entries())
      if (labels[i] === "1") total += score < threshold ? 30 : 0;
      else total += score >= threshold ? 1 : 0;
    return (1000 * total) / scores.length;
  };
  return { at, lowest: lowest(scores, labels, at) };
}

/** The least of `at` over all scores: each step changes the cost by what one picture costs. */
function lowest(scores, labels, at) {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let cost = (at(scores[order[0]]) * scores.length) / 1000,
    least = cost;
  for (const [place, i] of order.entries()) {
    cost += labels[i] === "1" ? 30 : -1; // the threshold passes picture i
    const next = order[place + 1];
    if (next !== undefined && scores[next] > scores[i]) least = Math.min(least, cost);
  }
  return (1000 * least) / scores.length;
}

/** Momentum in a valley with curvatures 1 and 50. */
function valley(given, { say }) {
  if (!listOf(given, 2) || !given.every(isNumber))
    return wrong(say("Give two numbers: (learning_rate, mu)."));
  const [alpha, mu] = given;
  if (!(alpha > 0 && mu >= 0 && mu < 1)) {
    const values = { alpha: short(alpha), mu: short(mu) };
    return wrong(say("Expected learning_rate > 0 and 0 ≤ mu < 1, got {alpha} and {mu}.", values));
  }
  const limit = (2 * (1 + mu)) / 50;
  if (alpha >= limit) {
    const values = { mu: short(mu), limit: general(limit, 4) };
    return wrong(say("It runs away: with mu = {mu} the limit is 2(1 + mu)/50 = {limit}.", values));
  }
  const theta = [-4, 1],
    velocity = [0, 0],
    curvatures = [1, 50];
  let loss = 0;
  for (let steps = 0; steps <= 60; steps += 1) {
    loss = sum(curvatures.map((c, i) => 0.5 * c * theta[i] * theta[i]));
    if (loss < 1e-6)
      return { right: true, message: say("The loss is below 1e-6 after {steps} steps.", { steps }) };
    for (const [i, c] of curvatures.entries()) {
      velocity[i] = mu * velocity[i] + c * theta[i];
      theta[i] -= alpha * velocity[i];
    }
  }
  const text = "After {steps} steps the loss is {loss}. Does it creep (more mu) or swing (less mu)?";
  return wrong(say(text, { steps: 60, loss: general(loss, 2) }));
}

/** Adam in a valley with curvatures 1 and 100, turned by 45°. */
function crooked(given, { say }) {
  if (!listOf(given, 3) || !given.every(isNumber))
    return wrong(say("Give three numbers: (alpha, beta1, beta2)."));
  const [alpha, beta1, beta2] = given;
  if (!(alpha > 0 && alpha < Infinity && beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
    const values = { given: given.map((number) => short(number)).join(", ") };
    return wrong(say("Expected alpha > 0 and betas from 0 to below 1, got {given}.", values));
  }
  const theta = [-2.4, 0.6],
    m = [0, 0],
    v = [0, 0];
  let loss = 0;
  for (let t = 0; t <= 120; t += 1) {
    const along = (theta[0] + theta[1]) / Math.SQRT2,
      across = (theta[1] - theta[0]) / Math.SQRT2;
    loss = 0.5 * (along * along + 100 * across * across);
    if (loss < 1e-6)
      return { right: true, message: say("The loss is below 1e-6 after {steps} steps.", { steps: t }) };
    if (!Number.isFinite(loss)) return wrong(say("It flies away: a smaller alpha?"));
    const gradient = [(along - 100 * across) / Math.SQRT2, (along + 100 * across) / Math.SQRT2];
    for (const [i, g] of gradient.entries()) {
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      const size = Math.sqrt(v[i] / (1 - beta2 ** (t + 1))) + 1e-8;
      theta[i] -= (alpha * (m[i] / (1 - beta1 ** (t + 1)))) / size;
    }
  }
  const text = "After {steps} steps the loss is {loss}. Does it creep (more alpha) or swing (less beta1)?";
  return wrong(say(text, { steps: 120, loss: general(loss, 2) }));
}

/** Four words whose fourth is the answer of 3CosAdd, and nobody's nearest word. */
function deserves(given, { say }, vectors) {
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

/** @type {Record<string, { judge: Function, count: number, words?: boolean, needs?: string }>} */
export const written = {
  "01.9": { judge: oneGpu, count: 3 },
  "02.8": { judge: axes, count: 2 },
  "03.7": { judge: hat, count: 3 },
  "03.8": { judge: fence, count: 13 },
  "04.9": { judge: cheap, count: 1, needs: "exercises/shirts.js" },
  "06.8": { judge: valley, count: 2 },
  "07.8": { judge: crooked, count: 3 },
  "09.9": { judge: deserves, count: 4, words: true, needs: "models/word_vectors.js" },
};
