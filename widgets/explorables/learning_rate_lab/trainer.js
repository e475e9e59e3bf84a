// Training for real, where a kernel can: the button, how far it is, what it says; and where the recording comes from.
import { h, say } from "../../ui/dom.js";
import { number } from "../../ui/format.js";
import { OPTIMISERS } from "./core.js";
import { report } from "./words.js";

/** @param {import("../../ui/frame.js").Ui} ui */
export function trainerOf(ui) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": ui.t("progress") });
  const row = h("div", { class: "fg-lab-train" });
  buttons(ui, row);
  row.append(bar);
  const said = h("p", { class: "fg-lab-said", "aria-live": "polite" });
  const note = h("p", { class: "fg-lab-note" });
  ui.figures.append(h("div", { class: "fg-lab-side" }, row, said, note));
  /** @param {import("./index.js").Now} now */
  return function draw(now) {
    const [kernel, running, progress] = ["kernel", "running", "progress"].map(ui.get);
    row.hidden = !kernel;
    said.hidden = !kernel;
    bar.value = progress;
    bar.style.visibility = running || progress > 0 ? "" : "hidden";
    say(said, report(ui, now));
    say(note, ui.join(recorded(ui, now), !kernel && ui.t("elsewhere")));
  };
}

function buttons(ui, into) {
  const train = ui.button({
    label: (now) => ui.t("train", { rate: number(now.rate) }),
    primary: true,
    into,
    onClick: () => ui.set({ running: true }),
    disabled: () => ui.get("running"),
  });
  const stop = ui.button({
    label: ui.t("stop"),
    into,
    onClick: () => ui.set({ running: false }),
    disabled: () => !ui.get("running"),
  });
  train.node.classList.add("fg-lab-go");
  stop.node.classList.add("fg-lab-stop");
}

/** Where the recorded trainings come from. */
function recorded(ui, { recording: { provenance, settings }, rates }) {
  return ui.t("recorded", {
    count: OPTIMISERS.length * rates.length,
    sizes: settings.sizes.join("-"),
    train: settings.train,
    batch: settings.batch_size,
    date: provenance.date ?? "?",
    device: provenance.device ?? "?",
    torch: String(provenance.versions?.torch ?? "?").split("+")[0],
  });
}
