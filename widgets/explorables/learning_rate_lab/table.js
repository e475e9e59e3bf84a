// All numbers, for those who do not see the picture or want them exactly. Made when it is opened.
import { h, say } from "../../ui/dom.js";
import { number } from "../../ui/format.js";
import { lastLoss, OPTIMISERS } from "./core.js";
import { percent } from "./shared.js";

/** @param {import("../../ui/frame.js").Ui} ui */
export function tableOf(ui) {
  const summary = h("summary", {});
  const box = h("details", {}, summary);
  let made = null;
  function fill(now) {
    if (made === now.recording || !box.open) return;
    made = now.recording;
    box.querySelector("table")?.remove();
    box.append(tableNow(ui, now));
  }
  box.addEventListener("toggle", ui.redraw);
  ui.controls.append(box);
  /** @param {import("./index.js").Now} now */
  return function draw(now) {
    say(summary, ui.t("table", { count: OPTIMISERS.length * now.rates.length }));
    fill(now);
  };
}

function tableNow(ui, { recording, rates, settings }) {
  const cell = (run) => {
    const accuracy = run.validation_accuracy.length ? percent(run.validation_accuracy.at(-1)) : "";
    const loss = run.diverged_at === null ? lastLoss(run).toPrecision(3) : "∞";
    return h("td", {}, loss, " ", h("small", { text: accuracy }));
  };
  const rows = rates.map((rate, i) => {
    const cells = OPTIMISERS.map((name) => cell(recording.runs[name][i]));
    return h("tr", {}, h("th", { scope: "row", text: number(rate) }), ...cells);
  });
  const heads = ["α", ...OPTIMISERS].map((text) => h("th", { scope: "col", text }));
  const caption = ui.t("tableCaption", { epochs: settings.epochs });
  return h(
    "table",
    {},
    h("caption", { class: "fg-hidden", text: caption }),
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...rows),
  );
}
