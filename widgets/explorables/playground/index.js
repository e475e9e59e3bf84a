// playground: a network of any shape learns points of the plane, in view; every weight can be seen, and changed.
import { explorable } from "../../ui/index.js";
import { FINE, TILE } from "./colour.js";
import * as mlp from "./core.js";
import { Model, PENALTIES } from "./model.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import * as points from "./points.js";
import { stateOf } from "./state.js";
import { strings } from "./strings.js";
import css from "./style.css";

export const core = { ...mlp, ...points };

const traits = {
  dataset: "circles",
  noise: 0.1,
  train_share: 0.5,
  seed: 1,
  drawn: [],
  pen: "plus",
  features: ["x1", "x2"],
  hidden: [2],
  activation: "tanh",
  optimiser: "sgd",
  learning_rate: 0.1,
  batch_size: 10,
  regularisation: "none",
  strength: 0.001,
  step: 0,
  weights: [],
  probe: [1.5, 0.5],
  selected: "",
  show_test: true,
  discrete: false,
  numbers: false,
};
const WORDS = 250; // ms between two changes of the words while it plays
const COSTLY = 5; // ms of drawing a frame: beyond, the maps are coarser while it plays

/** @param {import("../../ui/frame.js").Ui} ui */
function toolbar(ui) {
  const { t } = ui;
  const select = (trait, names) =>
    ui.choice({
      trait,
      label: t(trait),
      as: "select",
      into: ui.toolbar,
      options: names.map((name) => [name, t(name)]),
    });
  select("dataset", Object.keys(points.DATASETS));
  select("activation", Object.keys(mlp.ACTIVATIONS));
  select("optimiser", Object.keys(mlp.OPTIMISERS));
  select("regularisation", Object.keys(PENALTIES));
  const check = (trait, label) => ui.checkbox({ trait, label: t(label), into: ui.toolbar });
  check("show_test", "showTest");
  check("discrete", "discrete");
  check("numbers", "numbers");
}

/** @param {import("../../ui/frame.js").Ui} ui */
function sliders(ui) {
  const { t } = ui;
  ui.slider({
    trait: "learning_rate",
    label: t("learningRate"),
    symbol: "α",
    min: 1e-4,
    max: 3,
    scale: "log",
    limits: { positive: true },
  });
  ui.slider({
    trait: "batch_size",
    label: t("batch"),
    min: 1,
    max: 100,
    integer: true,
    limits: { low: 1, high: points.COUNT },
  });
  ui.slider({ trait: "noise", label: t("noise"), min: 0, max: 0.5, step: 0.05 });
  ui.slider({ trait: "train_share", label: t("share"), min: 0.1, max: 0.9, step: 0.1 });
  ui.slider({
    trait: "strength",
    label: t("strength"),
    symbol: "λ",
    min: 1e-5,
    max: 1,
    scale: "log",
    limits: { positive: true, high: 10 },
    visible: ({ regularisation }) => regularisation !== "none",
  });
  ui.button({ label: t("anotherSeed"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });
}

/** The losses, and with a kernel the points, for Python. @param {import("../../ui/frame.js").Ui} ui */
function reporter(ui) {
  let sent = -1; // the version of the data that Python has
  const finite = (value) => (Number.isFinite(value) ? value : null);
  return function report(/** @type {import("./state.js").State} */ { model, classes, met }) {
    ui.set({
      train_loss: finite(model.trainScore.loss),
      test_loss: finite(model.testScore.loss),
      accuracy: classes ? model.testScore.accuracy : null,
      goal_reached: met,
    });
    if (!ui.get("kernel") || model.version === sent) return;
    sent = model.version;
    const rows = Array.from({ length: model.points.length / 3 }, (_, i) =>
      Array.from(model.points.subarray(3 * i, 3 * i + 3)),
    );
    ui.set({ data: rows });
  };
}

/** @param {import("../../ui/frame.js").Ui} ui */
function setup(ui) {
  ui.root.classList.add("fg-play");
  const model = new Model(ui);
  let peek = null; // the neuron under the mouse
  let cost = 0; // ms of drawing a frame, smoothed
  let spokenAt = 0;
  toolbar(ui);
  const picture = new Picture(ui, model, (neuron) => {
    peek = neuron;
    if (!player.playing) ui.redraw();
  });
  sliders(ui);
  const report = reporter(ui);
  const player = new Player(ui, model, whilePlaying);
  const now = (grid) => stateOf(ui, model, { peek, grid });
  function speak(state) {
    spokenAt = performance.now();
    picture.speak(state);
    player.say();
  }

  /** Between two frames of ui/frame.js: the traits stay as they are until it stops. */
  function whilePlaying() {
    const start = performance.now();
    const state = now(cost > COSTLY ? TILE : FINE);
    picture.remember(state);
    picture.drawMaps(state, { quiet: true });
    if (performance.now() - spokenAt > WORDS) speak(state);
    cost = 0.9 * cost + 0.1 * (performance.now() - start);
  }
  return {
    compute() {
      model.sync();
      return now(FINE);
    },
    draw(state) {
      if (model.fresh || !player.playing) picture.remember(state);
      picture.draw(state);
      speak(state);
      player.draw(state);
      report(state);
    },
  };
}

export default explorable({ traits, strings, css, setup });
