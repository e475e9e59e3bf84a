// The sentence, each character coloured by how much it surprised the model; a click takes the place.
import { h, put, say } from "../../ui/dom.js";
import { mean, shown } from "./state.js";

const FULL = 12; // bits at which the colour is full

/** @param {import("../../ui/frame.js").Ui} ui @param {{onPoint: (step: number) => void}} options */
export function stripOf(ui, { onPoint }) {
  const line = h("p", { class: "fg-strip", lang: "en", "aria-hidden": "true" });
  const key = h("p", { class: "fg-strip-key" });
  ui.figures.before(h("div", { class: "fg-strip-box" }, line, key));
  let drawn = "";
  let spans = [];
  line.addEventListener("click", (event) => {
    const step = event.target.dataset?.step;
    if (step !== undefined) onPoint(Number(step));
  });
  /** A character that the model knows, and how much it surprised it. */
  function spanOf(character, step, { trained, bits }) {
    const span = h("span", { text: character, "data-step": step });
    if (trained) {
      const much = Math.min(1, Math.max(0, bits[step]) / FULL);
      span.style.setProperty("--fg-much", `${Math.round(70 * much)}%`);
      span.title = ui.t("bitsOf", { character: shown(character), bits: bits[step].toFixed(1) });
    }
    spans.push(span);
    return span;
  }
  function build(now) {
    const known = new Map(now.places.map((place, step) => [place, step]));
    spans = [];
    const all = Array.from(now.text, (character, place) => {
      const step = known.get(place);
      return step === undefined ? h("s", { text: character }) : spanOf(character, step, now);
    });
    line.replaceChildren(...all);
  }
  function keyOf({ trained, count, bits, characters }) {
    if (!trained) return ui.t("keyNone");
    if (!count) return "";
    const most = bits.indexOf(Math.max(...bits));
    return ui.t("key", {
      mean: mean(bits).toFixed(2),
      most: bits[most].toFixed(1),
      character: shown(characters[most]),
    });
  }
  return function draw(/** @type {import("./state.js").State} */ now) {
    const next = JSON.stringify([now.text, now.trained]);
    if (next !== drawn) build(now);
    drawn = next;
    spans.forEach((span, step) =>
      put(span, { class: step === now.at ? "fg-at" : step > now.at ? "fg-later" : "" }),
    );
    say(key, keyOf(now));
  };
}
