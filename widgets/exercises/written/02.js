// What lib/firstgrad/book/exercises/ch02.py writes out.

const listOf = (answer, length) => Array.isArray(answer) && answer.length === length;
const wrong = (message) => ({ right: false, message });

/** Two shapes whose numbers must meet their own axis. */
function axes(given, { say }) {
  if (!listOf(given, 2) || !given.every(Array.isArray))
    return wrong(say("Give two shapes, such as (32, 1), (3, 1)."));
  /** @type {[string, number, number][]} */
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

/** @type {import("../judge.js").Written} */
export const written = {
  "02.8": { judge: axes, count: 2 },
};
