// What lib/firstgrad/book/exercises/ch04.py writes out.

const isNumber = (value) => typeof value === "number";
const wrong = (message) => ({ right: false, message });

/** A threshold, judged by the recorded scores of shirts. */
function cheap(given, { say, short, whole }, recorded) {
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

/** @type {import("../judge.js").Written} */
export const written = {
  "04.9": { judge: cheap, count: 1 },
};
