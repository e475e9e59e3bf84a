// What the lab says.
import { number } from "../../ui/format.js";
import { lastLoss, verdict as verdictOf } from "./core.js";
import { percent } from "./shared.js";

/** One sentence on the run, one on what it means, one on why it broke. */
export function words(ui, now) {
  const { run, settings } = now;
  const said = {
    optimiser: now.optimiser,
    rate: number(now.rate),
    epochs: settings.epochs,
    count: now.runs.length,
    step: run.diverged_at,
    dead: run.dead_units,
    units: settings.sizes[1],
  };
  const verdict = verdictOf(now.runs, now.at, now.guess);
  said.above = percent(lastLoss(run) / lastLoss(now.runs[now.best]) - 1);
  const parts =
    verdict === "stopped"
      ? [ui.t("stopped", said)]
      : [
          ui.t("run", {
            ...said,
            loss: number(lastLoss(run)),
            accuracy: percent(run.validation_accuracy.at(-1)),
          }),
          ui.t(verdict, said),
        ];
  if (run.dead_units >= 0.25 * settings.sizes[1]) parts.push(ui.t("dead", said));
  return ui.join(...parts);
}

/** What the reader's own training says of itself; the same words from its start to its end, so that it is read out twice. */
export function report(ui, now) {
  const { code, ...values } = ui.get("message");
  const run = ui.get("live");
  if (code) return ui.t(code, values);
  if (ui.get("running") && run.state !== "running") return ui.t("starting");
  if (!run.state) return "";
  const said = { optimiser: run.optimiser, rate: number(run.learning_rate) };
  if (run.state === "running")
    return ui.join(ui.t("running", said), run.slowed > 0 && ui.t("slowed", { seconds: number(run.slowed) }));
  if (run.state === "stopped") return ui.t("halted", { steps: run.steps, all: now.settings.steps });
  const loss = run.validation_loss.at(-1);
  if (loss === undefined) return "";
  const same = now.rates.indexOf(run.learning_rate);
  return ui.join(
    ui.t("finished", { loss: number(loss), accuracy: percent(run.validation_accuracy.at(-1)) }),
    same >= 0 && ui.t("compared", { recorded: number(lastLoss(now.recording.runs[run.optimiser][same])) }),
  );
}
