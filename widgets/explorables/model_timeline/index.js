// The model timeline: data/model_timeline/models.csv on logarithmic axes, or as a table; lines that the
// reader moves.

import { explorable, number } from "../../ui/index.js";
import { big } from "../../ui/units.js";
import { chartOf, KINDS, legendOf } from "./chart.js";
import * as core from "./core.js";
import { ROWS } from "./rows.js";
import { strings } from "./strings.js";
import css from "./style.css";
import { tableOf } from "./table.js";

export { core };

const BEST = core.highest(core.points(ROWS, "parameters", "ratio", "text"));
const GPT_3 = core.AXES.ratio(ROWS.find((row) => row.name === "GPT-3"));
const FIT = 1.03; // a line this close to the best in its misses fits

const traits = { x: "year", y: "parameters", kind: "all", model: "", doubling: 40, per: 200, table: false };

const NAMES = ["x", "y", "kind", "model", "doubling", "per", "table"];

/** @typedef {ReturnType<typeof compute>} Now */

/** Everything that the traits imply; no drawing, no words. @param {import("../../ui/frame.js").Ui} ui */
function compute(ui) {
  const [x, y, kind, model, months, per, asTable] = NAMES.map(ui.get);
  const points = core.points(ROWS, x, y, kind);
  const recent = points.filter((point) => point.x >= core.SINCE);
  const trend = (x === "year" || x === "recent") && recent.length > 2 ? core.fit(recent) : null;
  return {
    ...{ x, y, kind, model, months, per, asTable, points, trend },
    row: ROWS.find((row) => row.name === model),
    all: ROWS.filter((row) => kind === "all" || row.kind === kind).length,
    misses: trend && core.miss(recent, trend, months),
    least: trend && core.miss(recent, trend, trend.months),
    diagonal: x === "parameters" && y === "data",
    reached: model === BEST.name,
  };
}

/** What the state says in words. @param {import("../../ui/frame.js").Ui} ui @param {Now} now */
function words(ui, now) {
  const line = trendText(ui, now) || diagonalText(ui, now);
  if (now.row) return ui.join(...modelText(ui, now.row), line);
  const n = now.points.length;
  return ui.join(n ? ui.t("counted", { n, all: now.all }) : ui.t("nothing"), line);
}

/** Does the reader's growth fit? */
function trendText({ t }, { trend, asTable, misses, least, months }) {
  if (!trend || asTable) return "";
  if (misses <= FIT * least) return t("best", { months: number(months) });
  return t("line", { growth: number(2 ** (12 / months)), miss: number(misses, 3) });
}

/** How many have read more than the reader's tokens for each parameter? */
function diagonalText({ t }, { diagonal, points, per }) {
  if (!diagonal) return "";
  const n = points.filter((point) => point.y > per * point.x).length;
  return t("above", { n, all: points.length, per: number(per) });
}

/**
 * Of one model: its figures, and the tokens for each parameter.
 * @param {import("../../ui/frame.js").Ui} ui @param {core.Row} row
 */
function modelText({ t, lang }, row) {
  const { parameters, data, flops, unit } = row;
  const ratio = core.AXES.ratio(row);
  const figures = {
    data: data === null ? t("noData") : t("amount", { n: big(data, lang), unit: t(unit) }),
    parameters: parameters === null ? t("noParameters") : t("someParameters", { n: big(parameters, lang) }),
    flops: flops === null ? t("noFlops") : t("someFlops", { n: number(flops) }),
  };
  return [
    t("selected", { ...row, ...figures }),
    ratio !== null && t("selectedRatio", { ratio: number(ratio) }),
  ];
}

function toolbar(ui) {
  const { t, toolbar: into } = ui;
  const named = (...names) => names.map((name) => [name, t(name)]);
  const select = (trait, options) => ui.choice({ trait, label: t(trait), as: "select", into, options });
  select("x", named("year", "recent", "parameters", "data", "flops"));
  select("y", named("parameters", "data", "flops", "ratio"));
  select("kind", named("all", ...Object.keys(KINDS)));
  const models = ROWS.map(({ name, date }) => [name, `${name} (${date.slice(0, 4)})`]);
  select("model", [["", t("choose")], ...models]);
  ui.checkbox({ trait: "table", label: t("table"), into });
}

/** Each line has its slider. */
function sliders(ui) {
  const { t } = ui;
  ui.slider({
    trait: "doubling",
    label: t("doubling"),
    min: 2,
    max: 60,
    limits: { low: 0.5, high: 1000 },
    step: 0.1,
    visible: (now) => !now.asTable && Boolean(now.trend),
  });
  ui.slider({
    trait: "per",
    label: t("per"),
    min: 0.1,
    max: 10000,
    scale: "log",
    limits: { positive: true, high: 1e9 },
    visible: (now) => !now.asTable && now.diagonal,
  });
}

function setup(ui) {
  const { t } = ui;
  toolbar(ui);
  const chart = chartOf(ui);
  const table = tableOf(ui);
  const legend = legendOf(ui);
  sliders(ui);

  /** @param {Now} now */
  function draw(now) {
    const view = { n: now.points.length, x: t(now.x), y: t(now.y), model: now.model || t("noModel") };
    chart(now, t(now.asTable ? "tableLabel" : "picture", view));
    table(now);
    legend(now);
    const said = { name: BEST.name, ratio: number(BEST.y), gpt: number(GPT_3, 2) };
    ui.goal(now.reached ? t("goalReached", said) : t("goal"), now.reached);
    ui.status(words(ui, now));
  }
  return { compute: () => compute(ui), draw };
}

export default explorable({ traits, strings, css, setup });
