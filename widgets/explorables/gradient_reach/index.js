// gradient_reach: how far back an RNN, a GRU and an LSTM can still learn from.
import { explorable, put } from "../../ui/index.js";
import { HIGH, HUE, KINDS, LOW, reachChart, sweepChart } from "./charts.js";
import * as core from "./core.js";
import { legendOf } from "./legend.js";
import { computer, FAR, WITHIN } from "./state.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const GOALS = ["rnn", "lstm"];

const traits = { scale: 0.7, bias: 0, length: 120, seed: 1, found: [] };

function remarkOnRnn({ high, fine, length, cells: { rnn } }) {
  if (high > WITHIN && rnn.rate > 1) return "explodes";
  if (fine) return "keepsRnn";
  return rnn.reach >= length - 1 ? "fades" : "vanishes";
}
function remarkOnLstm({ bias, length, cells: { lstm } }) {
  if (lstm.reach >= length - 1) return lstm.left.at(-1) > WITHIN ? "lstmGrows" : "lstmWhole";
  if (bias > 0) return "lstmMore";
  return bias < 0 ? "lstmShut" : "lstmHalf";
}

/** What happens to each, and the remark that helps most. */
function words(ui, now) {
  const { t, number } = ui;
  const { rnn, lstm } = now.cells;
  const said = {
    length: now.length - 1,
    scale: number(now.scale),
    left: number(rnn.left.at(-1), 2),
    rnnReach: rnn.reach,
    lstmReach: lstm.reach,
    rate: number(rnn.rate),
    forget: number(now.forget),
    bias: number(now.bias),
    alone: number(now.forget ** (now.length - 1), 2),
    lstmLeft: number(lstm.left.at(-1), 2),
    far: FAR,
  };
  const [first, second] = [remarkOnRnn(now), remarkOnLstm(now)];
  return {
    text: ui.join(t(first, said), t(second, said)),
    bad: first === "explodes" && rnn.left.at(-1) > 1e6,
  };
}

function controlsOf(ui) {
  const { t } = ui;
  ui.slider({
    trait: "scale",
    label: t("scale"),
    symbol: "s",
    min: LOW,
    max: HIGH,
    scale: "log",
    limits: { low: 0.05, high: 20 },
  });
  ui.slider({
    trait: "bias",
    label: t("bias"),
    symbol: "b",
    min: -3,
    max: 7,
    step: 0.1,
    limits: { low: -20, high: 20 },
  });
  ui.slider({
    trait: "length",
    label: t("length"),
    symbol: "T",
    min: 20,
    max: core.LONGEST,
    integer: true,
    limits: { low: 2, high: core.LONGEST },
  });
  ui.button({ label: t("again"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-gradient-reach");
  const pictures = [reachChart(ui), sweepChart(ui), legendOf(ui, KINDS, HUE)];
  controlsOf(ui);
  ui.goals("found", ({ reached }) => GOALS.filter((name) => reached[name]));
  return {
    compute: computer(ui),
    draw(now) {
      for (const draw of pictures) draw(now);
      put(ui.root, { "data-busy": now.pending ? "yes" : "no" });
      if (now.pending) requestAnimationFrame(ui.redraw); // a draw may not ask for the next one itself
      const found = GOALS.filter((name) => ui.get("found").includes(name));
      const all = found.length === GOALS.length;
      const list = ui.clauses(found.map((name) => t(name)));
      const task = t("goal", { far: FAR, within: WITHIN }) + (list && t("done", { list }));
      ui.goal(all ? t("goalReached") : task, all);
      const { text, bad } = words(ui, now);
      ui.status(text, { bad });
    },
  };
}

export default explorable({ traits, strings, css, setup });
