// What lib/firstgrad/book/exercises/ch07.py writes out.

const isNumber = (value) => typeof value === "number";
const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });

/** Adam in a valley with curvatures 1 and 100, turned by 45°. */
function crooked(given, { say, general, short }) {
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

/** @type {import("../judge.js").Written} */
export const written = {
  "07.8": { judge: crooked, count: 3 },
};
