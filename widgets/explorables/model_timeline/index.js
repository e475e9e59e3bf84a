// The model timeline: data/model_timeline/models.csv on logarithmic axes, or as a table; lines that the reader moves.
import table from "../../../data/model_timeline/models.csv";
import { explorable, h, number, put } from "../../ui/index.js";
import { big } from "../../ui/units.js";
import * as core from "./core.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { core };

const ROWS = core.rowsOf(table);
const KINDS = {
  text: "blue",
  image: "orange",
  speech: "green",
  game: "purple",
  multimodal: "red",
  science: "grey",
  other: "grey",
};
const BEST = core.highest(core.points(ROWS, "parameters", "ratio", "text"));
const NAMED = ["NETtalk", "LeNet-5", "AlexNet", "GPT-3", "Kimi K2"]; // as far as they have the figures
const { SINCE } = core;
const YEARS = { year: [1956, 2027], recent: [2011.5, 2027] };
const FIT = 1.03; // a line this close to the best in its misses fits
const REACH = 26; // px: how near a click must be

const traits = { x: "year", y: "parameters", kind: "all", model: "", doubling: 40, per: 200, table: false };

/** A range of whole decades around the figures; years are linear. */
function domainOf(axis, values) {
  if (YEARS[axis]) return YEARS[axis];
  const logs = values.length ? values.map(Math.log10) : [0, 12];
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  return [10 ** (low - 0.06 * (high - low + 4)), 10 ** (high + 0.06 * (high - low + 4))];
}

function compute(ui) {
  const [x, y, kind, model] = ["x", "y", "kind", "model"].map(ui.get);
  const points = core.points(ROWS, x, y, kind);
  const recent = points.filter((point) => point.x >= SINCE);
  const trend = YEARS[x] && recent.length > 2 ? core.fit(recent) : null;
  const months = ui.get("doubling");
  return {
    x,
    y,
    kind,
    model,
    points,
    trend,
    months,
    per: ui.get("per"),
    row: ROWS.find((row) => row.name === model),
    misses: trend && core.miss(recent, trend, months),
    least: trend && core.miss(recent, trend, trend.months),
    diagonal: x === "parameters" && y === "data",
  };
}

function chart(ui) {
  const log = (domain) => ({ domain, scale: "log" });
  const plot = ui.plot({
    label: ui.t("title"),
    height: (width) => Math.round(Math.min(460, Math.max(290, width * 0.62))),
    margin: { left: 52 },
    x: { domain: [1956, 2027], scale: "linear", label: ui.t("year") },
    y: { ...log([1, 1e13]), label: ui.t("parameters") },
  });
  plot.node.classList.add("fg-timeline");
  const line = plot.line({ color: "accent", width: 2, dash: "7 5" });
  const lineName = plot.text({ color: "accent", class: "fg-strong" });
  const dots = Object.fromEntries(
    Object.keys(KINDS).map((kind) => [kind, plot.dots({ color: KINDS[kind], size: 8.5 })]),
  );
  const ring = plot.dots({ color: "ink", size: 17 });
  const hole = plot.dots({ color: "paper", size: 12 });
  const heart = plot.dots({ size: 8.5 });
  const names = NAMED.map(() => plot.text({ class: "fg-quiet" }));
  const hovered = plot.text({});
  const label = plot.text({ class: "fg-strong" });
  let shown = [];

  /** The model whose point is nearest to the pointer, within reach. */
  function near(event) {
    const box = plot.node.getBoundingClientRect();
    const [px, py] = [
      ((event.clientX - box.left) / box.width) * plot.width,
      ((event.clientY - box.top) / box.height) * plot.height,
    ];
    const far = (point) => Math.hypot(plot.x.map(point.x) - px, plot.y.map(point.y) - py);
    const best = shown.reduce(
      (found, point) => (far(point) < far(found ?? point) || !found ? point : found),
      null,
    );
    return best && far(best) <= REACH ? best : null;
  }
  const beside = (mark, point, words) =>
    mark.set(point.x, point.y, words, {
      dx: 9,
      dy: -9,
      anchor:
        point.x > (ui.get("x") === "year" ? 2005 : ui.get("x") === "recent" ? 2021 : Infinity)
          ? "end"
          : "start",
    });
  plot.node.addEventListener("pointermove", (event) => {
    const point = near(event);
    point && point.name !== ui.get("model") ? beside(hovered, point, point.name) : hovered.hide();
  });
  plot.node.addEventListener("pointerleave", () => hovered.hide());
  plot.node.addEventListener("click", (event) => ui.set({ model: near(event)?.name ?? "" }));

  function drawLine(now) {
    if (now.trend) {
      const at = (x) => now.trend.y * 2 ** (((x - now.trend.x) * 12) / now.months);
      line.set([SINCE, at(SINCE), 2027, at(2027)]);
      now.x === "year"
        ? lineName.set(SINCE, at(SINCE), ui.t("yours"), { dx: -8, dy: 4, anchor: "end" })
        : lineName.set(now.trend.x, now.trend.y, ui.t("yours"), { dx: 10, dy: 20 });
    } else if (now.diagonal) {
      const [low, high] = plot.x.domain;
      line.set([low, low * now.per, high, high * now.per]);
      lineName.set(high, high * now.per, ui.t("equal", { per: number(now.per) }), {
        dx: -8,
        dy: 16,
        anchor: "end",
      });
    } else [line, lineName].forEach((mark) => mark.hide());
  }

  return {
    node: plot.node,
    draw(now, words) {
      const { x, y, points, model } = now;
      shown = points;
      hovered.hide();
      const values = (axis) => points.map((point) => point[axis]);
      plot.layout({
        x: { domain: domainOf(x, values("x")), scale: YEARS[x] ? "linear" : "log", label: ui.t(x) },
        y: { domain: domainOf(y, values("y")), scale: "log", label: ui.t(y) },
      });
      for (const [kind, mark] of Object.entries(dots))
        mark.set(points.filter((point) => point.kind === kind).flatMap((point) => [point.x, point.y]));
      drawLine(now);
      const chosen = points.find((point) => point.name === model);
      NAMED.forEach((name, i) => {
        const point = points.find((other) => other.name === name);
        point && name !== model ? beside(names[i], point, name) : names[i].hide();
      });
      for (const mark of [ring, hole, heart, label]) mark.hide();
      if (chosen) {
        for (const mark of [ring, hole, heart]) mark.set([chosen.x, chosen.y]);
        heart.color(KINDS[chosen.kind]);
        beside(label, chosen, chosen.name);
      }
      plot.describe(words);
    },
  };
}

function tableOf(ui) {
  const { t, lang } = ui;
  const node = h("div", { class: "fg-models", role: "region", tabindex: "0", hidden: true });
  ui.figures.append(node);
  const figure = (value) => (value === null ? "" : value >= 1e16 ? number(value) : big(value, lang));
  const link = (row) =>
    row.source.startsWith("http")
      ? h("a", { href: row.source, text: t("source"), "aria-label": `${t("source")}: ${row.name}` })
      : null;
  let drawn = "";
  return function draw(now, yes) {
    node.hidden = !yes;
    const key = JSON.stringify([now.y, now.kind, now.model]);
    if (!yes || key === drawn) return;
    drawn = key;
    const value = core.AXES[now.y];
    const rows = ROWS.filter((row) => now.kind === "all" || row.kind === now.kind).sort(
      (a, b) => (value(b) ?? -1) - (value(a) ?? -1),
    );
    const heads = ["model", "date", "kind", "parameters", "data", "flops", "ratio", "licence", "source"];
    node.replaceChildren(
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...heads.map((name) => h("th", { scope: "col", text: t(name) })))),
        h(
          "tbody",
          {},
          ...rows.map((row) =>
            h(
              "tr",
              { "data-selected": row.name === now.model ? "yes" : "no" },
              h("th", { scope: "row", text: row.name }),
              h("td", { text: row.date }),
              h("td", { text: t(row.kind) }),
              h("td", { class: "fg-figure", text: figure(row.parameters) }),
              h("td", {
                class: "fg-figure",
                text: row.data === null ? "" : t("amount", { n: figure(row.data), unit: t(row.unit) }),
              }),
              h("td", { class: "fg-figure", text: figure(row.flops) }),
              h("td", {
                class: "fg-figure",
                text: core.AXES.ratio(row) === null ? "" : number(core.AXES.ratio(row)),
              }),
              h("td", { text: row.licence }),
              h("td", {}, link(row)),
            ),
          ),
        ),
      ),
    );
    put(node, { "aria-label": t("tableLabel", { n: rows.length, y: t(now.y) }) });
  };
}

function words(ui, now) {
  const { t, lang } = ui;
  const join = (...sentences) => sentences.filter(Boolean).join(lang === "zh" ? "" : " ");
  const trend =
    now.trend &&
    !ui.get("table") &&
    (now.misses <= FIT * now.least
      ? t("best", { months: number(now.months) })
      : t("line", { growth: number(2 ** (12 / now.months)), miss: number(now.misses, 3) }));
  const diagonal =
    now.diagonal &&
    t("above", {
      n: now.points.filter((point) => point.y > now.per * point.x).length,
      all: now.points.length,
      per: number(now.per),
    });
  const counted = now.points.length
    ? t("counted", {
        n: now.points.length,
        all: ROWS.filter((row) => now.kind === "all" || row.kind === now.kind).length,
      })
    : t("nothing");
  if (!now.row) return join(counted, trend || diagonal);
  const { row } = now;
  const data = row.data === null ? t("noData") : t("amount", { n: big(row.data, lang), unit: t(row.unit) });
  const ratio = core.AXES.ratio(row);
  return join(
    t("selected", {
      ...row,
      data,
      parameters:
        row.parameters === null ? t("noParameters") : t("someParameters", { n: big(row.parameters, lang) }),
      flops: row.flops === null ? t("noFlops") : t("someFlops", { n: number(row.flops) }),
    }),
    ratio !== null && t("selectedRatio", { ratio: number(ratio) }),
    trend || diagonal,
  );
}

function setup(ui) {
  const { t } = ui;
  ui.root.prepend(h("style", { text: css }));
  const options = (...names) => names.map((name) => [name, t(name)]);
  ui.choice({
    trait: "x",
    label: t("x"),
    as: "select",
    into: ui.toolbar,
    options: options("year", "recent", "parameters", "data", "flops"),
  });
  ui.choice({
    trait: "y",
    label: t("y"),
    as: "select",
    into: ui.toolbar,
    options: options("parameters", "data", "flops", "ratio"),
  });
  ui.choice({
    trait: "kind",
    label: t("kind"),
    as: "select",
    into: ui.toolbar,
    options: options("all", ...Object.keys(KINDS)),
  });
  ui.choice({
    trait: "model",
    label: t("model"),
    as: "select",
    into: ui.toolbar,
    options: [["", t("choose")], ...ROWS.map((row) => [row.name, `${row.name} (${row.date.slice(0, 4)})`])],
  });
  ui.checkbox({ trait: "table", label: t("table"), into: ui.toolbar });
  const picture = chart(ui);
  const list = tableOf(ui);
  const legend = h(
    "p",
    { class: "fg-kinds", "aria-hidden": "true" },
    ...["text", "image", "speech", "game", "multimodal", "science"].map((kind) =>
      h("span", { style: `--fg-kind:var(--fg-${KINDS[kind]})`, text: t(kind) }),
    ),
  );
  ui.figures.after(legend);
  const doubling = ui.slider({
    trait: "doubling",
    label: t("doubling"),
    min: 2,
    max: 60,
    limits: { low: 0.5, high: 1000 },
    step: 0.1,
  });
  const per = ui.slider({
    trait: "per",
    label: t("per"),
    min: 0.1,
    max: 10000,
    scale: "log",
    limits: { positive: true, high: 1e9 },
  });

  return function draw() {
    const now = compute(ui);
    const asTable = ui.get("table");
    const view = { n: now.points.length, x: t(now.x), y: t(now.y), model: now.model || t("noModel") };
    picture.node.hidden = asTable;
    legend.hidden = asTable;
    picture.draw(now, t(asTable ? "tableLabel" : "picture", view));
    list(now, asTable);
    doubling.visible(!asTable && Boolean(now.trend));
    per.visible(!asTable && now.diagonal);
    const reached = now.model === BEST.name;
    const gpt = core.AXES.ratio(ROWS.find((row) => row.name === "GPT-3"));
    ui.goal(
      reached ? t("goalReached", { name: BEST.name, ratio: number(BEST.y), gpt: number(gpt, 2) }) : t("goal"),
      reached,
    );
    ui.status(words(ui, now));
  };
}

export default explorable({ traits, strings, setup });
