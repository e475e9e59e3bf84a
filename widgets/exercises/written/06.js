// What lib/firstgrad/book/exercises/ch06.py writes out.

const isNumber = (value) => typeof value === "number";
const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Momentum in a valley with curvatures 1 and 50. */
function valley(given, { say, general, short }) {
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

/** @type {import("../judge.js").Written} */
export const written = {
  "06.8": { judge: valley, count: 2 },
};
