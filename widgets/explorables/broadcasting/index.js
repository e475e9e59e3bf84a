// broadcasting: two shapes aligned at the right; what is stretched, what fails and why, and which elements
// meet.

import { needName, raise } from "../../core/errors.js";
import { explorable } from "../../ui/index.js";
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

/** @typedef {ReturnType<typeof compute>} Now */

/** Everything that one state of the traits implies; no drawing. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const task = ui.get("task");
  needName("task", task, TASKS);
  const [a, b] = [core.needModest("a", ui.get("a")), core.needModest("b", ui.get("b"))];
  const asked = ui.get("cell");
  if (!Number.isInteger(asked) || asked < 0) {
    const text = `cell must be a whole number, not ${asked}`;
    raise(RangeError, "badRange", "cell", asked, "0, 1, 2, …", text);
  }
  const found = core.align(a, b);
  const elements = found.shape ? core.count(found.shape) : 0;
  const pointed = elements > 0 && elements <= MOST_CELLS;
  return {
    task,
    a,
    b,
    ...found,
    elements,
    pointed,
    cell: pointed ? Math.min(asked, elements - 1) : -1,
    solved: task !== "free" && core.solved(task, a, b),
    done: ui.get("solved").length,
    won: ui.get("won"),
  };
}

/** What the state says in words. @param {import("../../ui/frame.js").Ui} ui @param {Now} now */
function words(ui, now) {
  const { t, join } = ui;
  if (now.clash)
    return join(
      t("clash", { ...now.clash, axis: minus(now.clash.axis), error: errorOf(ui, now) }),
      now.task === "free" && remedy(ui, now),
    );
  const shapes = { a: core.shapeText(now.a), b: core.shapeText(now.b), out: core.shapeText(now.shape) };
  const stretch = ["a", "b"].map((name) => stretchText(ui, now, name)).filter(Boolean);
  return join(
    now.solved ? t("solved") : now.task === "rows" || now.task === "silent" ? t("ask rows") : "",
    t("fits", shapes),
    ...(stretch.length ? stretch : [t("same")]),
    now.elements === 0 ? t("nothing") : now.pointed && readText(ui, now),
  );
}

/** Along which axes an operand is stretched, if along any. */
function stretchText({ t }, now, name) {
  const axes = now.axes
    .filter(({ kind, size }) => kind === name && size !== 1)
    .map(({ axis }) => minus(axis));
  if (!axes.length) return "";
  return t(axes.length > 1 ? "stretchMore" : "stretch", { name, axes: axes.join(t("and")) });
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

const ALL = Object.keys(core.TASKS).length;

/** A task from its beginning, or free play. */
function begin(ui, task) {
  const { a, b } = core.TASKS[task] ?? traits;
  ui.set({ task, a, b, cell: core.TASKS[task] ? 0 : traits.cell });
}

/** A new axis; with the right one a task is solved. */
function insert(ui, name, axis) {
  const shapes = { a: ui.get("a"), b: ui.get("b"), [name]: core.unsqueeze(ui.get(name), axis) };
  const task = ui.get("task");
  const solved = new Set(ui.get("solved"));
  if (task !== "free" && core.solved(task, shapes.a, shapes.b)) solved.add(task);
  ui.set({ ...shapes, solved: [...solved], won: solved.size === ALL });
}

function tasks(ui) {
  const { t, toolbar: into } = ui;
  const options = Object.keys(TASKS).map((task) => [task, t(`task ${task}`)]);
  const onChange = (task) => begin(ui, task);
  ui.choice({ trait: "task", label: t("task"), as: "select", into, onChange, options });
  boxOf(ui, "a");
  boxOf(ui, "b");
  const visible = (now) => now.task !== "free";
  ui.button({ label: t("again"), onClick: () => begin(ui, ui.get("task")), visible, into });
}

function setup(ui) {
  const { t } = ui;
  ui.root.classList.add("fg-broadcast");
  tasks(ui);
  const panel = panelOf(ui, { insert: (name, axis) => insert(ui, name, axis) });
  const picture = pictureOf(ui);
  ui.slider({
    trait: "cell",
    label: t("cell"),
    min: 0,
    max: (now) => Math.max(1, now.elements - 1),
    integer: true,
    visible: (now) => now.pointed && now.elements > 1,
  });

  /** @param {Now} now */
  function draw(now) {
    panel(now);
    picture(now);
    ui.question(t(`question ${now.task}`));
    ui.goal(now.won ? t("goalReached") : t("goal", { solved: now.done, all: ALL }), now.won);
    ui.status(words(ui, now), { bad: Boolean(now.clash) });
  }
  return { compute: () => compute(ui), draw };
}

export default explorable({ traits, strings, css, setup });
