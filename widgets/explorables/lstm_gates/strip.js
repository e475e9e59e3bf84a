// The sentence, each character coloured by how much it surprised the model; a click takes the place.
import { h, put, say } from "../../ui/dom.js";

const FULL = 12; // bits at which the colour is full

/** @param {import("../../ui/frame.js").Ui} ui @param {{onPoint: (step: number) => void, shown: (character: string) => string}} options */
export function stripOf(ui, { onPoint, shown }) {
  const line = h("p", { class: "fg-strip", lang: "en", "aria-hidden": "true" });
  const key = h("p", { class: "fg-strip-key" });
  ui.figures.before(h("div", { class: "fg-strip-box" }, line, key));
  let drawn = "";
  let spans = [];
  line.addEventListener("click", (event) => {
    const step = event.target.dataset?.step;
    if (step !== undefined) onPoint(Number(step));
  });
  return function draw(now, at) {
    const all = Array.from(now.text);
    const next = JSON.stringify([now.text, now.trained]);
    if (next !== drawn) {
      drawn = next;
      const known = new Map(now.places.map((place, step) => [place, step]));
      spans = [];
      line.replaceChildren(
        ...all.map((character, place) => {
          const step = known.get(place);
          if (step === undefined) return h("s", { text: character });
          const span = h("span", { text: character, "data-step": step });
          const bits = now.bits[step];
          if (now.trained) {
            span.style.setProperty("--fg-much", `${Math.round(70 * Math.min(1, Math.max(0, bits) / FULL))}%`);
            span.title = ui.t("bitsOf", { character: shown(character), bits: bits.toFixed(1) });
          }
          spans.push(span);
          return span;
        }),
      );
    }
    spans.forEach((span, step) => put(span, { class: step === at ? "fg-at" : step > at ? "fg-later" : "" }));
    const total = now.bits.reduce((sum, bits) => sum + bits, 0);
    const most = now.trained && now.count ? now.bits.indexOf(Math.max(...now.bits)) : -1;
    say(
      key,
      now.trained
        ? most < 0
          ? ""
          : ui.t("key", {
              mean: (total / now.count).toFixed(2),
              most: now.bits[most].toFixed(1),
              character: shown(now.characters[most]),
            })
        : ui.t("keyNone"),
    );
  };
}
