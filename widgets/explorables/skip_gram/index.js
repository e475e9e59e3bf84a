// skip_gram: the reader's own text, and the word vectors that skip-gram with negative sampling learns from it, in view.

import { explorable, h, put, say } from "../../ui/index.js";
import { wordsOf } from "../../ui/words.js";
import * as skip from "./core.js";
import { modelOf, SLICE } from "./model.js";
import { strings } from "./strings.js";
import css from "./style.css";

export { skip as core };

const traits = {
  text: null,
  word: "",
  pair: [],
  window: 2,
  negatives: 5,
  learning_rate: 0.1,
  dimension: 8,
  sample: 1,
  seed: 1,
  epochs: 200,
  epoch: -1,
};
const SHOWN = 6; // neighbours in the list
const LONGEST = 20_000; // characters of a text

function setup(ui) {
  const { t, number } = ui;
  ui.root.classList.add("fg-skip");
  ui.root.prepend(h("style", { text: css }));
  const textOf = () => ui.get("text") ?? t("text");
  const stranger = () => ui.get("pair")[0] ?? t("stranger");
  const friends = () => (ui.get("pair").length > 1 ? ui.get("pair").slice(1) : t("friends").split(" "));
  const said = (words) => words.join(t("or"));
  const model = modelOf(ui, { textOf });
  let frame = 0;

  // --- what is shown ---
  const editor = h("textarea", {
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    maxlength: LONGEST,
    rows: 9,
    "data-trait": "text",
    "data-lm-suppress-shortcuts": "true",
    "aria-label": t("textLabel"),
    oninput: () => ui.set({ text: editor.value }),
  });
  const counts = h("span", {});
  const side = h(
    "div",
    { class: "fg-sg-side" },
    h("span", { class: "fg-sg-label", "aria-hidden": "true", text: t("textLabel") }),
    editor,
    h("div", { class: "fg-sg-row" }, counts),
  );
  const right = h("div", { class: "fg-sg-side" });
  ui.figures.append(side, right);
  const select = h("select", {
    class: "fg-select",
    "aria-label": t("word"),
    onchange: () => ui.set({ word: select.value }),
  });
  const chooser = h(
    "div",
    { class: "fg-sg-word" },
    h("span", { class: "fg-sg-label", "aria-hidden": "true", text: t("word") }),
    select,
  );
  const plot = ui.plot({
    label: t("map"),
    x: { domain: [-1, 1], ticks: 0 },
    y: { domain: [-1, 1], ticks: 0 },
    grid: "none",
    margin: { left: 6, right: 6, top: 6, bottom: 6 },
    height: (width) => Math.round(width * 0.86),
    into: right,
  });
  const links = plot.line({ color: "accent", width: 1.25, class: "fg-ghost" });
  let order = [];
  const words = wordsOf(ui, plot, {
    most: skip.MOST_WORDS,
    onTake: (i) => ui.set({ word: model.corpus.tokens[order[i]] }),
  });
  const list = h("ul", { class: "fg-sg-list" });
  const listName = h("p", { class: "fg-sg-label" });
  const rows = Array.from({ length: SHOWN }, () => {
    const row = { name: h("span", {}), bar: h("i", {}), value: h("output", {}), note: h("small", {}) };
    row.node = h("li", {}, row.name, h("span", { class: "fg-sg-bar" }, row.bar), row.value, row.note);
    list.append(row.node);
    return row;
  });
  const companyName = h("p", { class: "fg-sg-label" });
  const company = h("p", { class: "fg-sg-company" });
  right.prepend(chooser);
  right.append(h("div", {}, listName, list), h("div", {}, companyName, company));

  const chart = chartOf(ui, ui.figures);

  const player = ui.player({
    trait: "epoch",
    length: () => ui.get("epochs"),
    speeds: { slow: 6, normal: 30, fast: 90 },
  });
  ui.slider({
    trait: "window",
    label: t("window"),
    symbol: "m",
    min: 1,
    max: 6,
    integer: true,
    limits: { low: 1, high: 10 },
  });
  ui.slider({
    trait: "negatives",
    label: t("negatives"),
    symbol: "k",
    min: 1,
    max: 15,
    integer: true,
    limits: { low: 1, high: 20 },
  });
  ui.slider({
    trait: "dimension",
    label: t("dimension"),
    symbol: "d",
    min: 2,
    max: 20,
    integer: true,
    limits: { low: 2, high: 32 },
  });
  ui.slider({
    trait: "learning_rate",
    label: t("rate"),
    symbol: "α",
    min: 0.01,
    max: 2,
    scale: "log",
    limits: { positive: true, high: 100 },
  });
  ui.slider({
    trait: "sample",
    label: t("sample"),
    symbol: "t",
    min: 1e-3,
    max: 1,
    scale: "log",
    limits: { positive: true, high: 1 },
  });
  ui.button({ label: t("seed"), onClick: () => ui.set({ seed: ui.get("seed") + 1 }) });

  // --- training, a slice a frame ---
  function tick() {
    frame = 0;
    if (!ui.alive) return;
    model.train(performance.now() + SLICE);
    ui.redraw();
  }
  ui.onClose(() => cancelAnimationFrame(frame));

  // --- the picture ---
  function fill(tokens) {
    const key = tokens.join("\n");
    if (select.dataset.words === key) return;
    select.dataset.words = key;
    select.replaceChildren(
      ...[...tokens]
        .sort((a, b) => a.localeCompare(b, ui.lang))
        .map((word) => h("option", { value: word, text: word })),
    );
  }
  /** The word shown: the reader's, or the stranger, or the most frequent. */
  const shown = (tokens) =>
    [ui.get("word"), stranger(), tokens[0]].map((word) => tokens.indexOf(word)).find((i) => i >= 0);

  function drawMap(now) {
    const { tokens } = model.corpus;
    const seen = model.view(now.epoch, [
      tokens.indexOf(now.friends[0]),
      tokens.indexOf(tokens.find((word) => word !== now.friends[0])),
    ]);
    const edge = 1.12 * seen.reach;
    plot.layout({ x: { domain: [-1.12 * edge, 1.12 * edge] }, y: { domain: [-edge, edge] } });
    const near = now.near.slice(0, SHOWN).map(({ word }) => word);
    const rank = (i) => (i === now.word ? 0 : now.special.includes(i) ? 1 : near.includes(i) ? 2 : 3 + i);
    order = tokens.map((_, i) => i).sort((a, b) => rank(a) - rank(b));
    words.set(
      order.map((i) => ({
        x: seen.places[2 * i],
        y: seen.places[2 * i + 1],
        text: tokens[i],
        strong: rank(i) < 2,
        quiet: rank(i) > 2,
        tip: i === now.word ? tokens[i] : `${tokens[i]} ${now.cosines[i].toFixed(2).replace("-", "−")}`,
        tone:
          tokens[i] === now.stranger
            ? "orange"
            : now.friends.includes(tokens[i])
              ? "blue"
              : i === now.word
                ? "accent"
                : undefined,
      })),
    );
    const [x, y] = [seen.places[2 * now.word], seen.places[2 * now.word + 1]];
    links.set(near.slice(0, 2).flatMap((i) => [x, y, seen.places[2 * i], seen.places[2 * i + 1]]));
    plot.describe(
      t("mapNow", {
        epoch: now.epoch,
        words: tokens.length,
        share: number(Math.round(100 * seen.share)),
        word: tokens[now.word],
        nearest: now.names.join(t("and")),
      }),
    );
    return seen.share;
  }
  function drawLists(now) {
    const { tokens } = model.corpus;
    say(listName, t("neighbours", { word: tokens[now.word] }));
    rows.forEach((row, i) => {
      const one = now.near[i];
      row.node.hidden = !one;
      if (!one) return;
      say(row.name, tokens[one.word]);
      row.bar.style.transform = `scaleX(${Math.max(0, Math.min(1, one.cosine)).toFixed(3)})`;
      say(row.value, one.cosine.toFixed(2).replace("-", "−"));
      say(
        row.note,
        model.meets(now.word, one.word)
          ? t("times", { count: model.contexts(now.word).get(one.word) })
          : t("never"),
      );
    });
    const met = model
      .company(now.word)
      .map(({ word, count }) => (count > 1 ? `${tokens[word]} ${t("times", { count })}` : tokens[word]));
    say(companyName, t("company", { word: tokens[now.word] }));
    say(company, met.length ? met.join(t("and")) : t("alone"));
  }
  /** Is the goal reached, judged by the vectors at the end? */
  function judge() {
    const { tokens } = model.corpus;
    const [a, bs] = [
      tokens.indexOf(stranger()),
      friends()
        .map((word) => tokens.indexOf(word))
        .filter((i) => i >= 0),
    ];
    if (a < 0 || !bs.length) return { verdict: "missing" };
    const friend = bs.find((b) => model.meets(a, b));
    const shared = (b) =>
      model
        .company(b)
        .filter(({ word }) => model.meets(a, word))
        .map(({ word }) => tokens[word]);
    const common = Math.max(...bs.map((b) => shared(b).length));
    if (friend !== undefined) return { verdict: "meets", friend: tokens[friend] };
    const near = model.near(Infinity, a);
    const [nearest] = near;
    if (near.length > 12 && near[7].cosine > 0.9) return { verdict: "cramped", dimension: model.dimension };
    if (!bs.includes(nearest.word) && model.meets(a, nearest.word) && common < 3)
      return { verdict: "beside" };
    if (!bs.includes(nearest.word))
      return {
        verdict: common > 2 ? "thin" : "atDrinks",
        nearest: near
          .slice(0, 2)
          .map(({ word }) => tokens[word])
          .join(t("and")),
      };
    return {
      verdict: "aha",
      nearest: tokens[nearest.word],
      shared: shared(nearest.word).slice(0, 5).join(t("and")),
    };
  }

  return function draw() {
    const text = textOf();
    if (editor !== editor.getRootNode().activeElement || ui.get("text") === null) {
      if (editor.value !== text) editor.value = text;
    }
    put(ui.root, { "data-busy": "no" }); // also where the text cannot be trained
    model.sync();
    const { tokens, total } = model.corpus;
    fill(tokens);
    const word = shown(tokens);
    select.value = tokens[word];
    if (model.busy() && !frame) frame = requestAnimationFrame(tick);
    const busy = model.busy();
    const epoch = Math.min(player.current(), model.shots.length - 1);
    const near = model.near(epoch, word);
    const now = {
      epoch,
      word,
      near,
      names: near.slice(0, 3).map((one) => tokens[one.word]),
      stranger: stranger(),
      friends: friends(),
    };
    now.cosines = [];
    near.forEach((one) => {
      now.cosines[one.word] = one.cosine;
    });
    now.special = [now.stranger, ...now.friends].map((one) => tokens.indexOf(one)).filter((i) => i >= 0);
    player.show();
    drawMap(now);
    drawLists(now);
    chart.draw(model, epoch);
    say(counts, t("counts", { total, different: tokens.length, pairs: model.pairs.length / 2 }));
    const names = { stranger: now.stranger, friends: said(now.friends) };
    ui.question(t("question", names));
    if (busy) {
      ui.goal(t("goal", names), false);
      ui.status(t("training", { epoch: model.done, epochs: model.epochs }));
    } else {
      const end = judge();
      const reached = end.verdict === "aha" && !model.diverged;
      ui.goal(t(reached ? "goalReached" : "goal", { ...names, ...end }), reached);
      ui.set({
        goal_reached: reached,
        final_loss: Number.isFinite(model.losses.at(-1)) ? model.losses.at(-1) : null,
      });
      ui.status(...wordsNow(now, end, names));
    }
    put(ui.root, { "data-busy": busy ? "yes" : "no" });
  };
  function wordsNow(now, end, names) {
    const { tokens } = model.corpus;
    if (model.diverged) return [t("diverged"), { bad: true }];
    if (!model.pairs.length) return [t("noPairs"), { bad: true }];
    const summary = t("summary", {
      epoch: now.epoch,
      loss: model.losses[now.epoch].toFixed(3),
      first: model.losses[0].toFixed(3),
      word: tokens[now.word],
      nearest: now.near
        .slice(0, 3)
        .map((one) => `${tokens[one.word]} ${one.cosine.toFixed(2).replace("-", "−")}`)
        .join(t("and")),
    });
    const remark = now.epoch === 0 ? t("start") : t(end.verdict, { ...names, ...end });
    return [[summary, remark].join(ui.lang === "zh" ? "" : " "), {}];
  }
}

/** The loss over the epochs; the epoch shown is marked. */
function chartOf(ui, into) {
  const { t, number } = ui;
  const plot = ui.plot({
    label: t("chart"),
    x: { domain: [0, 200], label: t("epochAxis"), ticks: 4 },
    y: { domain: [0, 5], label: t("lossAxis"), ticks: 4 },
    margin: { left: 34, top: 20, right: 14, bottom: 36 },
    height: (width) => Math.max(120, Math.round(width * 0.36)),
    into,
  });
  const line = plot.line({ color: "accent", width: 2 });
  const cursor = plot.dots({ color: "ink", size: 8 });
  return {
    draw(model, epoch) {
      const { losses } = model;
      plot.layout({
        x: { domain: [0, model.epochs] },
        y: { domain: [0, Math.max(1, Math.min(30, 1.08 * Math.max(...losses.filter(Number.isFinite), 0)))] },
      });
      line.set(
        Float64Array.from({ length: 2 * losses.length }, (_, i) => (i % 2 ? losses[(i - 1) / 2] : i / 2)),
      );
      Number.isFinite(losses[epoch]) ? cursor.set([epoch, losses[epoch]]) : cursor.hide();
      plot.describe(
        t("chartNow", { epochs: model.epochs, first: number(losses[0]), last: number(losses.at(-1)) }),
      );
    },
  };
}

export default explorable({ traits, strings, setup });
