// broadcasting: two shapes aligned at the right; what is stretched, what fails and why, and which elements meet.

import { needName, raise } from "../../core/errors.js";
import { explorable, h } from "../../ui/index.js";
import { boxOf } from "./box.js";
import * as core from "./core.js";
import { panelOf } from "./panel.js";
import { pictureOf } from "./picture.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const TASKS = { free: null, ...core.TASKS };
const MOST_CELLS = 1_000_000; // of the slider; more elements are aligned, but none is pointed at

const traits = { a: [4, 1], b: [3], cell: 5, task: "free", solved: [], won: false };

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const task = ui.get("task");
  needName("task", task, TASKS);
  const [a, b] = [core.needModest("a", ui.get("a")), core.needModest("b", ui.get("b"))];
  const found = core.align(a, b);
  const elements = found.shape ? core.count(found.shape) : 0;
  const whole = Number.isInteger(ui.get("cell")) && ui.get("cell") >= 0;
  if (!whole)
    raise(
      RangeError,
      "badRange",
      "cell",
      ui.get("cell"),
      "0, 1, 2, …",
      `cell must be a whole number, not ${ui.get("cell")}`,
    );
  const pointed = elements > 0 && elements <= MOST_CELLS;
  const cell = pointed ? Math.min(ui.get("cell"), elements - 1) : -1;
  return {
    task,
    a,
    b,
    ...found,
    elements,
    pointed,
    cell,
    solved: task !== "free" && core.solved(task, a, b),
  };
}

/** What the state says in words. */
function words(ui, now) {
  const { t } = ui;
  const join = (...parts) => parts.filter(Boolean).join(ui.lang === "zh" ? "" : " ");
  if (now.clash)
    return join(
      t("clash", { ...now.clash, axis: minus(now.clash.axis), error: errorOf(ui, now) }),
      now.task === "free" ? remedy(ui, now) : "",
    );
  const shapes = { a: core.shapeText(now.a), b: core.shapeText(now.b), out: core.shapeText(now.shape) };
  const stretch = ["a", "b"].map((name) => {
    const axes = now.axes
      .filter(({ kind, size }) => kind === name && size !== 1)
      .map(({ axis }) => minus(axis));
    return axes.length
      ? t(axes.length > 1 ? "stretchMore" : "stretch", { name, axes: axes.join(t("and")) })
      : "";
  });
  const done = now.solved ? t("solved") : now.task === "rows" || now.task === "silent" ? t("ask rows") : "";
  return join(
    done,
    t("fits", shapes),
    ...(stretch.some(Boolean) ? stretch : [t("same")]),
    now.elements === 0 ? t("nothing") : now.pointed ? readText(ui, now) : "",
  );
}

const minus = (axis) => `−${-axis}`;
const place = (index) => (index.length ? `[${index.join(", ")}]` : "");

function readText({ t }, { a, b, shape, cell }) {
  const [first, second] = [a, b].map((operand) => place(core.reads(operand, shape, cell).index));
  return t("read", { place: place(core.unravel(shape, cell)), first, second });
}

/** torch's own words: it counts the axis from the left, in the longer of the two shapes. */
function errorOf({ t }, { clash, axes }) {
  return t("error", { a: clash.a, b: clash.b, dimension: axes.length + clash.axis });
}

function remedy({ t }, { a, b }) {
  const list = core
    .remedies(a, b)
    .slice(0, 2)
    .map(({ operand, axis, result }) => `${operand}.unsqueeze(${axis}) → ${core.shapeText(result)}`);
  return list.length ? t("remedy", { list: list.join(t("or")) }) : t("noRemedy");
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-broadcast");
  ui.root.prepend(h("style", { text: css }));
  const begin = (task) =>
    ui.set({
      task,
      ...(core.TASKS[task]
        ? { a: core.TASKS[task].a, b: core.TASKS[task].b, cell: 0 }
        : { a: traits.a, b: traits.b, cell: traits.cell }),
    });
  ui.choice({
    trait: "task",
    label: t("task"),
    as: "select",
    into: ui.toolbar,
    onChange: begin,
    options: Object.keys(TASKS).map((task) => [task, t(`task ${task}`)]),
  });
  const boxes = ["a", "b"].map((name) => boxOf(ui, name));
  const again = ui.button({ label: t("again"), onClick: () => begin(ui.get("task")), into: ui.toolbar });
  const insert = (name, axis) => {
    const next = { [name]: core.unsqueeze(ui.get(name), axis) };
    const task = ui.get("task");
    const [a, b] = [next.a ?? ui.get("a"), next.b ?? ui.get("b")];
    const solved = [...ui.get("solved")];
    if (task !== "free" && core.solved(task, a, b) && !solved.includes(task)) solved.push(task);
    ui.set({ ...next, solved, won: solved.length === Object.keys(core.TASKS).length });
  };
  const panel = panelOf(ui, { insert });
  const picture = pictureOf(ui);
  const cell = ui.slider({ trait: "cell", label: t("cell"), min: 0, max: 11, integer: true });

  return function draw() {
    const now = compute(ui);
    for (const box of boxes) box.show(now);
    again.node.hidden = now.task === "free";
    cell.visible(now.pointed && now.elements > 1);
    cell.ends({ min: 0, max: Math.max(1, now.elements - 1) });
    cell.show();
    panel(now);
    picture(now);
    ui.question(t(`question ${now.task}`));
    const won = ui.get("won");
    ui.goal(
      won
        ? t("goalReached")
        : t("goal", { solved: ui.get("solved").length, all: Object.keys(core.TASKS).length }),
      won,
    );
    ui.status(words(ui, now), { bad: Boolean(now.clash) });
  };
}

export default explorable({ traits, strings, setup });
