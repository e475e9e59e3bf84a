// What stands at the cursor, and what the chosen unit does.
import { likeliest } from "../../core/lstm.js";
import { UNITS } from "./core.js";
import { shown, two, valueAt } from "./state.js";

/** @typedef {import("./state.js").State} State */

/** What the model expected after the cursor, and what came. @param {import("../../ui/frame.js").Ui} ui @param {State} now */
function expected({ t, clauses }, { reading, skip, model, at, count, characters, bits }) {
  const guesses = likeliest(reading.chances[skip + at], 2).map(([id, chance]) =>
    t("guess", { character: shown(model.characters[id]), chance: Math.round(100 * chance) }),
  );
  const next =
    at + 1 < count
      ? t("came", { character: shown(characters[at + 1]), bits: bits[at + 1].toFixed(1) })
      : t("end");
  return t("expects", { character: shown(characters[at]), list: clauses(guesses) }) + next;
}

/** @param {import("../../ui/frame.js").Ui} ui @param {State} now */
export function wordsOf(ui, now) {
  const { t } = ui;
  const { unit, at, means, follows } = now;
  if (!now.count) return t(now.text ? "nothingKnown" : "empty");
  const value = (quantity) => two(valueAt(now, quantity, unit, at));
  const said = {
    unit,
    i: value(0),
    f: value(1),
    c: value(4),
    character: shown(now.characters[at]),
    letters: two(means.letters),
    spaces: two(means.spaces),
  };
  if (!now.trained) return ui.join(t(`hand ${UNITS[unit]}`, said), t("valuesNow", said));
  const what = follows
    .slice(0, 2)
    .map((one) => t("follows", { unit, what: t(`follows ${one.follows}`), r: two(one.test) }));
  return ui.join(
    expected(ui, now),
    ...(what.length ? what : [t(means.enough ? "means" : "valuesNow", said)]),
  );
}
