// word_map: real word vectors. Neighbours by cosine or distance, analogies with and without the question's words, and a map.

import { needName } from "../../core/errors.js";
import { explorable, h, put, say } from "../../ui/index.js";
import { wordsOf } from "../../ui/words.js";
import { wordBox } from "./boxes.js";
import * as table from "./core.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { sourceOf } from "./table.js";

export { table as core };

const traits = {
  full: false,
  task: "neighbours",
  metric: "cosine",
  word: "king",
  question: ["man", "king", "woman"],
  leave_out: true,
  found: [],
  sample: {},
};
const COUNT = 10;
const MOST = 3; // neighbours in common, of the second goal
const OTHER = { cosine: "euclid", euclid: "cosine" };
const GOALS = ["analogy", "length"];
const EXAMPLES = [
  ["france", "paris", "england"],
  ["good", "better", "bad"],
  ["father", "mother", "son"],
  ["king", "queen", "man"],
  ["man", "woman", "boy"],
  ["go", "went", "give"],
  ["man", "men", "woman"],
];

/** Everything that one state of the traits implies; no drawing. */
function compute(ui, words) {
  const [task, metric] = [ui.get("task"), ui.get("metric")];
  needName("task", task, { neighbours: 1, analogy: 1 });
  needName("metric", metric, OTHER);
  const known = (word, fallback) => words.index.get(word) ?? fallback;
  const first = known("king", 0);
  const row = known(ui.get("word"), first);
  if (task === "neighbours") {
    const list = table.neighbours(words, row, { metric, count: COUNT });
    const other = table.neighbours(words, row, { metric: OTHER[metric], count: COUNT });
    const among = new Set(other.map((one) => one.row));
    return {
      task,
      metric,
      row,
      list,
      among,
      shared: list.filter((one) => among.has(one.row)).length,
      question: [row],
    };
  }
  const question = ui.get("question").map((word, i) => known(word, Math.min(i, words.tokens.length - 1)));
  const leaveOut = ui.get("leave_out");
  const { target, answers } = table.analogy(words, question, { metric, count: COUNT, leaveOut });
  const against = table.analogy(words, question, { metric, count: 1, leaveOut: !leaveOut }).answers[0];
  const among = new Set(
    table
      .analogy(words, question, { metric: OTHER[metric], count: COUNT, leaveOut })
      .answers.map((one) => one.row),
  );
  return {
    task,
    metric,
    row: answers[0]?.row ?? first,
    list: answers,
    among,
    question,
    target,
    leaveOut,
    against,
    changes: against?.row !== answers[0]?.row,
  };
}

function setup(ui) {
  const { t, number } = ui;
  ui.root.classList.add("fg-wordmap");
  ui.root.prepend(h("style", { text: css }));
  const sep = ui.lang === "zh" ? "、" : ", ";
  ui.choice({
    trait: "task",
    label: t("task"),
    into: ui.toolbar,
    options: ["neighbours", "analogy"].map((name) => [name, t(name)]),
  });
  ui.choice({
    trait: "metric",
    label: t("metric"),
    as: "select",
    into: ui.toolbar,
    options: ["cosine", "euclid"].map((name) => [name, t(name)]),
  });
  const source = sourceOf(ui);
  let words = null;
  let now = null;

  // --- the question, and its answers ---
  const boxOf = (label, value, onPick) =>
    wordBox(ui, { label, value, onPick, table: () => words, more: () => !ui.get("full") });
  const one = boxOf(
    t("word"),
    () => (words && now ? words.tokens[now.question[0]] : ui.get("word")),
    (word) => ui.set({ word }),
  );
  const three = ["first", "second", "third"].map((name, i) =>
    boxOf(
      t(name),
      () => ui.get("question")[i],
      (word) => ui.set({ question: ui.get("question").with(i, word) }),
    ),
  );
  const search = h("div", { class: "fg-wm-ask" }, h("span", { text: t("word") }), one.node);
  const examples = h("select", {
    class: "fg-select",
    "aria-label": t("examples"),
    onchange: () => {
      if (examples.value) {
        ui.set({ question: examples.value.split(" ") });
        three.forEach((box) => box.clear());
      }
    },
  });
  const ask = h(
    "div",
    { class: "fg-wm-ask fg-wm-three" },
    three[0].node,
    h("span", { text: t("isTo") }),
    three[1].node,
    h("span", { text: t("as") }),
    three[2].node,
    h("span", { text: t("toWhat") }),
    examples,
  );
  const head = h("span", {});
  const valueName = h("span", {});
  const columns = h("p", { class: "fg-wm-columns" }, head, valueName, h("span", { text: t("length") }));
  const list = h("ol", { class: "fg-wm-list" });
  const rows = Array.from({ length: COUNT }, (_, i) => rowOf(i));
  const key = h(
    "p",
    { class: "fg-wm-key" },
    h("span", { class: "fg-wm-dot" }),
    h("span", { text: t("both") }),
  );
  const side = h("div", { class: "fg-wm-side" }, search, ask);
  ui.figures.append(side);
  const leaveOut = ui.checkbox({ trait: "leave_out", label: t("leaveOut"), into: side });
  side.append(columns, list, key);
  function rowOf(i) {
    const row = {
      name: h("span", {}),
      bar: h("i", {}),
      value: h("span", {}),
      length: h("span", {}),
      dot: h("span", { class: "fg-wm-dot" }, h("span", { class: "fg-hidden", text: t("both") })),
    };
    row.button = h(
      "button",
      { type: "button", class: "fg-wm-row", tabindex: i ? -1 : 0, onclick: () => take(now.list[i].row) },
      row.name,
      h("span", { class: "fg-wm-bar" }, row.bar),
      row.value,
      row.length,
      row.dot,
    );
    row.button.addEventListener("keydown", (event) => {
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: now.list.length - 1 }[event.key];
      if (to === undefined || to < 0 || to >= now.list.length) return;
      event.preventDefault();
      rows.forEach(({ button }, k) => put(button, { tabindex: k === to ? 0 : -1 }));
      rows[to].button.focus();
    });
    row.node = h("li", {}, row.button);
    list.append(row.node);
    return row;
  }
  const take = (row) => {
    ui.set({ task: "neighbours", word: words.tokens[row] });
    one.clear();
  };

  // --- the map ---
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-1, 1], ticks: 0 },
    y: { domain: [-1, 1], ticks: 0 },
    grid: "none",
    margin: { left: 6, right: 6, top: 6, bottom: 6 },
    height: (width) => Math.round(width * 0.9),
  });
  const links = plot.line({ color: "accent", width: 1.25, class: "fg-ghost" });
  const arrows = [0, 1].map((i) => plot.line({ color: "orange", width: 2, dash: i ? "5 4" : undefined }));
  let order = [];
  const shown = wordsOf(ui, plot, { most: 90, onTake: (i) => order[i] !== undefined && take(order[i]) });
  const goalDot = plot.dots({ color: "orange", size: 10 });
  const goalName = plot.text({ color: "orange", class: "fg-strong" });
  const planes = new Map();
  let plane;

  const sampleRows = () =>
    (ui.get("sample").tokens ?? words.tokens.slice(0, 60))
      .map((word) => words.index.get(word))
      .filter((row) => row !== undefined);
  /** Rows on the map, the most important first: the question, its answers, and behind them the sample. */
  const chosen = () => [
    ...new Set([
      ...now.question,
      ...now.list.map((one) => one.row),
      ...(now.task === "neighbours" ? sampleRows() : []),
    ]),
  ];
  function flatOf(rows) {
    const flat = new Float64Array(rows.length * words.d);
    rows.forEach((row, i) => flat.set(table.vectorOf(words, row, now.metric === "cosine"), i * words.d));
    return flat;
  }
  /** The plane of an analogy is that of its words; neighbours are put into the plane of the sample, which stays as it is. */
  function planeOf() {
    const rows = now.task === "neighbours" ? sampleRows() : order;
    const key = [now.metric, words.tokens.length, ...rows].join();
    if (!planes.has(key)) planes.set(key, table.principalPlane(flatOf(rows), rows.length, words.d));
    if (planes.size > 8) planes.delete(planes.keys().next().value);
    return planes.get(key);
  }
  function drawMap() {
    order = chosen();
    const [n, { d }] = [order.length, words];
    plane = planeOf();
    const places = table.project(flatOf(order), n, d, plane);
    const goal = now.target ? table.project(now.target, 1, d, plane) : null;
    const along = (axis) => Array.from(goal ? [...places, ...goal] : places).filter((_, i) => i % 2 === axis);
    const [x, y] = [0, 1].map((axis) => spread(along(axis)));
    plot.layout({ x: { domain: x }, y: { domain: y } });
    const at = (row) => {
      const i = order.indexOf(row);
      return [places[2 * i], places[2 * i + 1]];
    };
    const [a, b, c] = now.question;
    const from = now.target ?? table.vectorOf(words, a);
    const near = (row) => table.likeness(words, from, row, now.metric);
    const answers = new Set(now.list.map((one) => one.row));
    const first = now.list.find((one) => !now.question.includes(one.row))?.row;
    shown.set(
      order.map((row, i) => ({
        x: places[2 * i],
        y: places[2 * i + 1],
        text: words.tokens[row],
        strong: now.question.includes(row) || row === first,
        quiet: !now.question.includes(row) && !answers.has(row),
        tip: `${words.tokens[row]} ${near(row).toFixed(2).replace("-", "−")}`,
        tone: now.question.includes(row) ? "blue" : row === first ? "accent" : undefined,
      })),
    );
    now.target
      ? arrows.forEach((arrow, i) => arrow.set([...at(i ? c : a), ...(i ? goal : at(b))]))
      : arrows.forEach((arrow) => arrow.hide());
    now.target ? links.hide() : links.set(now.list.flatMap((one) => [...at(a), ...at(one.row)]));
    if (goal) {
      goalDot.set(goal);
      goalName.set(...goal, t("target"), { dx: 9, dy: 16 });
    } else [goalDot, goalName].forEach((mark) => mark.hide());
    plot.describe(
      t("mapNow", {
        words: n,
        share: share(),
        said: now.list
          .slice(0, 3)
          .map((one) => words.tokens[one.row])
          .join(sep),
      }),
    );
  }
  const share = () => number(Math.round(100 * (plane.shares[0] + plane.shares[1])));

  function drawList() {
    const { metric } = now;
    const names = now.question.map((row) => words.tokens[row]);
    say(
      head,
      now.task === "neighbours"
        ? t("list", { word: names[0] })
        : t("answers", { a: names[0], b: names[1], c: names[2] }),
    );
    say(valueName, t(metric === "cosine" ? "byCosine" : "byEuclid"));
    const farthest = Math.max(...now.list.map((one) => one.value), 1e-9);
    rows.forEach((row, i) => {
      const one = now.list[i];
      row.node.hidden = !one;
      if (!one) return;
      const word = words.tokens[one.row];
      say(row.name, word);
      row.bar.style.transform = `scaleX(${Math.max(0, metric === "cosine" ? one.value : one.value / farthest).toFixed(3)})`;
      say(row.value, one.value.toFixed(2).replace("-", "−"));
      say(row.length, words.lengths[one.row].toFixed(2));
      put(row.dot, { "data-both": now.among.has(one.row) ? "yes" : "no" });
      put(row.button, {
        "data-own": now.task === "analogy" && now.question.includes(one.row) ? "yes" : "no",
      });
    });
    if (!rows.some((row, i) => now.list[i] && row.button.tabIndex === 0))
      put(rows[0].button, { tabindex: 0 });
  }
  function fillExamples() {
    const there = EXAMPLES.filter((three) => three.every((word) => words.index.has(word)));
    const key = there.join(";");
    if (examples.dataset.key === key) return;
    examples.dataset.key = key;
    examples.replaceChildren(
      h("option", { value: "", text: t("examples") }),
      ...there.map(([a, b, c]) =>
        h("option", { value: [a, b, c].join(" "), text: `${a} : ${b} = ${c} : ?` }),
      ),
    );
  }

  function said() {
    const names = now.question.map((row) => words.tokens[row]);
    const by = (metric) => t(metric === "cosine" ? "byCosine" : "byEuclid");
    const join = (...parts) => parts.filter(Boolean).join(ui.lang === "zh" ? "" : " ");
    const sample = ui.get("full") ? "" : t("sampleNote");
    if (now.task === "analogy") {
      const other = now.against ? words.tokens[now.against.row] : "";
      const remark = !now.changes ? t("remarkSame") : t(now.leaveOut ? "remarkOut" : "remarkIn", { other });
      return join(
        t("saysAnalogy", {
          a: names[0],
          b: names[1],
          c: names[2],
          answer: words.tokens[now.list[0].row],
          metric: by(now.metric),
          remark,
        }),
        sample,
      );
    }
    const nearest = now.list
      .slice(0, 3)
      .map((one) => `${words.tokens[one.row]} ${one.value.toFixed(2).replace("-", "−")}`)
      .join(sep);
    return join(
      t("saysNeighbours", {
        word: names[0],
        metric: by(now.metric),
        other: by(OTHER[now.metric]),
        nearest,
        shared: now.shared,
        length: number(words.lengths[now.question[0]]),
        median: number(median()),
      }),
      now.shared <= MOST ? t("longNote") : t("planeNote", { share: share() }),
      sample,
    );
  }
  let middle = { of: null };
  function median() {
    if (middle.of !== words)
      middle = { of: words, value: [...words.lengths].sort((a, b) => a - b)[words.lengths.length >> 1] };
    return middle.value;
  }
  /** What is found stays found. */
  function look() {
    const found = ui.get("found");
    if (!source.full()) return GOALS.filter((name) => found.includes(name)); // with few words everything is easy
    const reached = {
      analogy: now.task === "analogy" && !now.leaveOut && !now.question.includes(now.list[0]?.row),
      length: now.task === "neighbours" && now.shared <= MOST,
    };
    const fresh = GOALS.filter((name) => reached[name] && !found.includes(name));
    if (fresh.length) ui.set({ found: [...found, ...fresh] });
    return GOALS.filter((name) => [...found, ...fresh].includes(name));
  }

  return function draw() {
    words = source.table();
    put(ui.root, { "data-busy": source.busy() ? "yes" : "no" });
    if (!words) return;
    now = compute(ui, words);
    search.hidden = now.task !== "neighbours";
    ask.hidden = now.task === "neighbours";
    leaveOut.node.hidden = now.task === "neighbours";
    for (const box of [one, ...three]) box.show();
    fillExamples();
    examples.value = [...examples.options].some((option) => option.value === ui.get("question").join(" "))
      ? ui.get("question").join(" ")
      : "";
    drawMap();
    drawList();
    const found = look();
    const done = found.map((name) => t(`${name}Done`)).join(sep);
    ui.goal(
      found.length === GOALS.length
        ? t("goalReached")
        : t("goal", { most: MOST }) + (found.length ? t("done", { list: done }) : ""),
      found.length === GOALS.length,
    );
    ui.status(said());
  };
}

/** A domain with room for names around the places. */
function spread(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.1 * (high - low) || 1;
  return [low - room, high + room];
}

export default explorable({ traits, strings, setup });
