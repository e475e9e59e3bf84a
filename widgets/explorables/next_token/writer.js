// Draws characters from what is left, and writes them down: one, or one after another.
import { random } from "../../core/random.js";
import * as core from "./core.js";

export const MOST = 400; // characters, typed and drawn
const PACE = 110; // ms for a character

/** @param {import("../../ui/frame.js").Ui} ui @param {() => import("./index.js").Now} compute */
export function writerOf(ui, compute) {
  let timer = 0;
  function stop() {
    clearInterval(timer);
    timer = 0;
  }
  ui.onClose(stop);
  function draw() {
    if (ui.root.dataset.error === "yes") return stop(); // the frame says why
    const now = compute();
    if (!canWrite(now)) return stop();
    const u = random(ui.get("seed") * 7919 + now.written.length)();
    ui.set({ made: ui.get("made") + now.tokens[core.pick(now.chances, u)] }, { save: !timer });
  }
  function toggle() {
    if (timer) {
      stop();
      return ui.redraw();
    }
    timer = window.setInterval(() => (ui.alive ? draw() : stop()), PACE);
    draw();
  }
  return { draw, toggle, stop, writing: () => timer > 0 };
}

/** Is there anything to draw from, and room for it? @param {import("./index.js").Now} now */
export const canWrite = (now) => Boolean(now.model) && !now.mute && now.written.length < MOST;

/**
 * @param {import("../../ui/frame.js").Ui} ui @param {ReturnType<typeof writerOf>} writer
 * @param {HTMLElement} into
 */
export function writerButtons(ui, writer, into) {
  const { t } = ui;
  const disabled = (now) => !canWrite(now);
  ui.button({ label: t("step"), primary: true, into, onClick: writer.draw, disabled });
  const label = () => t(writer.writing() ? "stop" : "write");
  ui.button({ label, into, onClick: writer.toggle, disabled });
  function clear() {
    writer.stop();
    ui.set({ made: "", seed: ui.get("seed") + 1 });
  }
  ui.button({ label: t("clear"), into, onClick: clear, disabled: (now) => now.made === "" });
}
