// computation_graph: a small computation, forward and backward; and questions about its gradients.

import { needBetween, needName, raise } from "../../core/errors.js";
import { explorable, h } from "../../ui/index.js";
import * as core from "./core.js";
import { drawingOf } from "./drawing.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { tapeOf } from "./tape.js";

export { core };

const LEAVES = ["x", "w", "b", "t"];
const MODES = { watch: true, predict: true };
const REACH = 5; // of a leaf: far enough to try, and no overflow in any graph
const WANTED = 3; // right predictions in a row
const SPEEDS = { slow: 1, normal: 2.5, fast: 6 }; // steps a second: each wants to be read

const traits = {
  graph: "product",
  x: 2,
  w: -3,
  b: 1,
  t: 1,
  step: -1,
  mode: "watch",
  asked: 1,
  answered: false,
  prediction: 0,
  streak: 0,
  won: false,
};

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const name = ui.get("graph");
  const graph = core.graphOf(name);
  const mode = ui.get("mode");
  needName("mode", mode, MODES);
  const asking = mode === "predict";
  const asked = asking ? core.question(name, ui.get("asked")) : null;
  const leaves = asking
    ? asked.leaves
    : Object.fromEntries(
        Object.keys(graph.leaves).map((id) => [id, needBetween(id, ui.get(id), -REACH, REACH)]),
      );
  const result = core.trace(graph, leaves);
  const operations = graph.nodes.filter(({ op }) => op);
  const length = 2 * operations.length + 1;
  const shown = asking || ui.get("step") < 0 ? length : Math.min(ui.get("step"), length);
  const hidden = asking && !ui.get("answered");
  return {
    name,
    graph,
    leaves,
    ...result,
    operations,
    length,
    asking,
    asked,
    hidden,
    ...progress(operations, hidden ? operations.length : shown),
  };
}

/** Which values and gradients there are after `shown` steps, and what the last one did. */
function progress(operations, shown) {
  const count = operations.length;
  const known = new Set(operations.slice(0, shown).map(({ id }) => id));
  // Step count + 1 sets the output's gradient to 1; each later one passes one operation's gradient on.
  const passed = new Set(
    operations
      .toReversed()
      .slice(0, Math.max(0, shown - count - 1))
      .map(({ id }) => id),
  );
  const current =
    shown === 0
      ? null
      : shown <= count
        ? operations[shown - 1]
        : shown === count + 1
          ? null
          : operations[2 * count + 1 - shown];
  return { shown, known, passed, seeded: shown > count, current, backward: shown > count };
}

/** What the state says in words. @returns {{text: string, bad?: boolean}} */
function words(ui, now, format) {
  const { t } = ui;
  if (now.asking) return verdict(ui, now, format);
  const output = now.operations.at(-1).id;
  const step = ui.get("step");
  if (step < 0 || step >= now.length) {
    const most = Object.keys(now.leaves).reduce((a, b) =>
      Math.abs(now.gradients[b]) > Math.abs(now.gradients[a]) ? b : a,
    );
    const list = Object.keys(now.leaves)
      .map((id) => `${id} = ${format(now.leaves[id])}`)
      .join(ui.lang === "zh" ? "，" : ", ");
    if (now.gradients[most] === 0) return { text: t("flat", { list, f: format(now.values[output]) }) };
    return {
      text: t("all", {
        list,
        f: format(now.values[output]),
        most,
        push: format(0.01),
        move: format(0.01 * now.gradients[most], 2),
      }),
    };
  }
  if (step === 0)
    return {
      text: t("start", {
        list: Object.entries(now.leaves)
          .map(([id, v]) => `${id} = ${format(v)}`)
          .join(", "),
      }),
    };
  if (now.shown === now.operations.length + 1) return { text: t("seed") };
  const { id, of } = now.current;
  const edges = now.edges.filter(({ to }) => to === id);
  if (!now.backward) {
    return {
      text: t("forward", {
        what: `${id} = ${expression(now.current)}`,
        value: format(now.values[id]),
        slopes: edges
          .map(({ from, slope }) => t("slopeOf", { from, slope: format(slope) }))
          .join(ui.lang === "zh" ? "，" : ", "),
      }),
    };
  }
  return {
    text: t("backward", {
      id,
      gradient: format(now.gradients[id]),
      parts: edges
        .map(({ from, slope, flow }) =>
          t("part", { from, slope: format(slope), gradient: format(now.gradients[id]), flow: format(flow) }),
        )
        .join(ui.lang === "zh" ? "；" : "; "),
      inputs: of.join(", "),
    }),
  };
}

function verdict(ui, now, format) {
  const { t } = ui;
  const { target, leaves } = now.asked;
  const given = ui.get("prediction");
  if (now.hidden)
    return { text: given === 0 ? t("think", { target }) : t("say", { target, given: format(given) }) };
  const why = t("because", { target, sum: sumOf(now, target, format) });
  const slip = core.mistake(now.graph, leaves, target, given);
  if (!slip)
    return {
      text: [t(ui.get("streak") >= WANTED ? "rightAgain" : "right", { streak: ui.get("streak") }), why].join(
        ui.lang === "zh" ? "" : " ",
      ),
    };
  return {
    text: [t("wrong", { given: format(given) }), t(`slip ${slip}`, { target }), why]
      .filter(Boolean)
      .join(ui.lang === "zh" ? "" : " "),
    bad: true,
  };
}

/** "6 · 3 + 7 · 1 = 25": what arrived at each user of a value, times the slope. */
export function sumOf(now, id, format) {
  const parts = now.edges
    .filter(({ from }) => from === id)
    .map(({ to, slope }) => `${format(now.gradients[to])} · ${bracket(format(slope))}`);
  return `${parts.join(" + ").replaceAll("+ −", "− ")} = ${format(now.gradients[id])}`;
}

const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);
const expression = ({ op, of }) => core.OPERATIONS[op].sign.replace(/\{(\d)\}/g, (_, i) => of[i]);

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-graph");
  ui.root.prepend(h("style", { text: css }));
  /** As many digits as fit in a node; what is nearly zero is zero for the eye. */
  const format = (value, digits = 3) =>
    Math.abs(value) < 5e-5 ? (value === 0 ? "0" : "≈ 0") : ui.number(Number(value.toFixed(4)), digits);
  const fresh = { answered: false, prediction: 0 };
  const choose = (graph) => ui.set({ graph, ...core.graphOf(graph).leaves, step: -1, ...fresh });
  ui.choice({
    trait: "graph",
    label: t("graph"),
    as: "select",
    into: ui.toolbar,
    onChange: choose,
    options: Object.keys(core.GRAPHS).map((name) => [name, t(`graph ${name}`)]),
  });
  ui.choice({
    trait: "mode",
    label: t("mode"),
    into: ui.toolbar,
    onChange: (mode) => ui.set({ mode, step: -1, ...fresh }),
    options: Object.keys(MODES).map((mode) => [mode, t(`mode ${mode}`)]),
  });
  const drawing = drawingOf(ui, { expression, format });
  const tape = tapeOf(ui, { expression, format, sumOf });
  let now;
  const player = ui.player({ trait: "step", length: () => (now ? now.length : 5), speeds: SPEEDS });
  const sliders = Object.fromEntries(
    LEAVES.map((id) => [
      id,
      ui.slider({ trait: id, label: t("leaf"), symbol: id, min: -REACH, max: REACH, step: 0.1 }),
    ]),
  );
  const prediction = ui.slider({
    trait: "prediction",
    label: t("prediction"),
    min: -40,
    max: 40,
    step: 0.1,
    limits: { low: -1e6, high: 1e6 },
  });
  const answer = ui.button({
    label: t("check"),
    primary: true,
    onClick: () => (ui.get("answered") ? next() : judge()),
  });

  function judge() {
    const { target, leaves } = now.asked;
    const right = core.mistake(now.graph, leaves, target, ui.get("prediction")) === "";
    const streak = right ? ui.get("streak") + 1 : 0;
    ui.set({ answered: true, streak, won: ui.get("won") || streak >= WANTED });
  }
  const next = () => ui.set({ asked: ui.get("asked") + 1, ...fresh });

  return function draw() {
    needAsked(ui.get("asked"));
    now = compute(ui);
    player.show();
    for (const id of LEAVES) sliders[id].visible(!now.asking && id in now.graph.leaves);
    player.node.hidden = now.asking;
    prediction.visible(now.asking);
    answer.node.hidden = !now.asking;
    answer.label(t(ui.get("answered") ? "next" : "check"));
    drawing(now, ui.get("prediction"));
    tape(now);
    ui.question(
      now.asking
        ? t("asks", {
            target: now.asked.target,
            list: Object.entries(now.leaves)
              .map(([id, v]) => `${id} = ${format(v)}`)
              .join(", "),
          })
        : t(`question ${now.name}`),
    );
    const won = ui.get("won");
    ui.goal(
      won
        ? t("goalReached")
        : t(now.asking ? "goalCount" : "goal", { streak: ui.get("streak"), wanted: WANTED }),
      won,
    );
    const { text, bad } = words(ui, now, format);
    ui.status(text, { bad });
  };
}

function needAsked(value) {
  if (!Number.isInteger(value) || value < 0)
    raise(RangeError, "badRange", "asked", value, "0, 1, 2, …", `asked must be a whole number, not ${value}`);
}

export default explorable({ traits, strings, setup });
