// What the playground says of a state.
import { isPlain } from "./model.js";
import { MOST } from "./pen.js";

/** @typedef {import("../../ui/frame.js").Ui} Ui @typedef {import("./state.js").State} State */

/** @param {Ui} ui */
function settingOf({ t, get, number }) {
  const kind = get("regularisation");
  const setting = t("setting", {
    optimiser: t(get("optimiser")),
    rate: number(get("learning_rate")),
    batch: get("batch_size"),
  });
  return kind === "none"
    ? setting
    : t("penalty", { setting, kind: t(kind), strength: number(get("strength")) });
}

/** Losses and epochs so far, to be put into sentences. @param {Ui} ui @param {State} now */
export const figuresOf = (ui, { model }) => ({
  epoch: ui.number(Math.round(10 * model.epochs()) / 10),
  train: ui.number(model.trainScore.loss),
  test: ui.number(model.testScore.loss),
  setting: settingOf(ui),
  rows: model.rows(),
});

/** @param {Ui} ui @param {State} now */
function atProbe({ t, number }, { probe, at, classes }) {
  const [x, y] = probe.map((v) => number(v));
  const z = at.z.at(-1)[0];
  return t(classes ? "atProbe" : "valueAt", { x, y, value: number(classes ? 1 / (1 + Math.exp(-z)) : z) });
}

/** The remark that helps most, if any. @param {Ui} ui @param {State} now */
function remark({ t, get }, { model, dataset, hidden, features, activation, met }) {
  const [train, test] = [model.trainScore.loss, model.testScore.loss];
  if (met) return t(`reached ${dataset}`);
  if (activation === "identity" && hidden.length > 0 && isPlain(features))
    return t("linear", { layers: hidden.length + 1 });
  if (test > 3 * train && test > 0.1) return t("overfit");
  return dataset === "drawn" && get("drawn").length >= MOST ? t("fullUp") : "";
}

/** @param {Ui} ui @param {State} now */
export function wordsOf(ui, now) {
  const { t, join } = ui;
  const { model, classes } = now;
  if (model.blewUp) return t("blewUp");
  const there = atProbe(ui, now);
  if (!model.ready()) return join(t("fewPoints"), there);
  const said = figuresOf(ui, now);
  if (!model.step) return join(t("untrained", said), there);
  const right = classes && t("accuracy", { share: ui.number(100 * model.testScore.accuracy) });
  return join(t("state", said), right, remark(ui, now), there);
}
