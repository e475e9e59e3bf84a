// The learning-rate lab: recorded trainings over a grid of learning rates; with a kernel, real ones.
import * as recordings from "./core.js";
import { needName, needPositive } from "../../core/errors.js";
import { explorable, h, number, put, say } from "../../ui/index.js";
import css from "./style.css";
import { strings } from "./strings.js";

const { OPTIMISERS, lastLoss } = recordings;
const HUE = { SGD: "blue", Momentum: "orange", Nesterov: "green" };
const THUMB = 18; // px, of the ui's sliders
const MARGIN = { left: 34, right: 12, top: 22, bottom: 22 };
const height = (width) => Math.round(Math.min(340, Math.max(190, width * 0.82)));
const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** What is looked at now. The recording is checked once, not on every frame. */
function reader(ui) {
  let checked; // the last one that was whole
  return function look() {
    const recording = ui.get("recording");
    if (recording !== checked || !recording) recordings.checkRecording(recording);
    checked = recording;
    const optimiser = ui.get("optimiser");
    needName("optimiser", optimiser, HUE);
    const { learning_rates: rates, settings } = recording;
    const at = recordings.nearest(rates, needPositive("learning_rate", ui.get("learning_rate")));
    const runs = recording.runs[optimiser];
    const guess = recordings.guessing(recording);
    return {
      recording,
      settings,
      rates,
      optimiser,
      at,
      rate: rates[at],
      runs,
      run: runs[at],
      guess,
      best: recordings.bestOf(runs),
      beyond: recordings.brokenFrom(runs, guess),
    };
  };
}

/** The losses that both pictures show, so that a curve's end and its point in the valley lie at one height. */
function lossRange({ recording, guess }) {
  const all = OPTIMISERS.flatMap((name) =>
    recording.runs[name].flatMap((run) => [...run.train, ...run.validation_loss]),
  );
  return [Math.floor(10 * all.reduce((low, v) => Math.min(low, v), Infinity)) / 10, 1.5 * guess];
}

/** Learning rates of one optimiser: from pale to full, and red where it breaks. */
function shade(i, { rates, optimiser, beyond }) {
  if (i >= beyond) return "color-mix(in oklab, var(--fg-bad) 55%, var(--fg-paper))";
  return `color-mix(in oklab, var(--fg-${HUE[optimiser]}) ${Math.round(25 + (65 * i) / rates.length)}%, var(--fg-paper))`;
}

/** Points of the training curve, x in epochs: a mean stands in the middle of its window. */
function trainingPath(run, { steps, window, epochs }, ceiling) {
  return run.train.flatMap((loss, i) => {
    const middle = (i * window + Math.min((i + 1) * window, run.steps ?? steps)) / 2;
    return [(middle * epochs) / steps, Math.min(loss, ceiling)];
  });
}

const validationPath = (run, ceiling) =>
  run.validation_loss.flatMap((loss, i) => [i + 1, Math.min(loss, ceiling)]);

function curves(ui) {
  const plot = ui.plot({
    label: ui.t("training"),
    height,
    margin: MARGIN,
    x: { domain: [0, 1] },
    y: { domain: [0.1, 1], scale: "log" },
  });
  const guess = plot.line({ class: "fg-lab-guess", layer: "under", width: 1 });
  const guessText = plot.text({ class: "fg-quiet", anchor: "end" });
  const context = [];
  const guide = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const halo = plot.line({ color: "paper", width: 5.5 });
  const main = plot.line({ width: 2.25 });
  const rings = plot.dots({ color: "paper", size: 11 });
  const points = plot.dots({ size: 7.5 });
  // Thin, so that the recorded curve shows on both sides where the two agree.
  const live = { main: plot.line({ width: 1.25 }), points: plot.dots({ size: 5 }) };
  const names = {
    train: plot.text({ class: "fg-strong" }),
    validation: plot.text({ class: "fg-strong" }),
    live: plot.text({ class: "fg-strong" }),
  };
  let drawn = "";

  function drawContext(now, ceiling) {
    while (context.length < now.rates.length)
      context.push(plot.line({ class: "fg-lab-context", layer: "under", width: 1 }));
    const key = `${now.optimiser} ${plot.width} ${plot.height} ${now.rates.length}`;
    if (key === drawn) return;
    drawn = key;
    context.forEach((line, i) => {
      if (i >= now.rates.length) return line.hide();
      line.set(trainingPath(now.runs[i], now.settings, ceiling));
      line.node.style.stroke = shade(i, now);
    });
  }

  function drawLive(now, ceiling) {
    const run = ui.get("live");
    const there = ui.get("kernel") && run.train?.length > 0;
    if (!there) return [live.main, live.points, names.live].forEach((mark) => mark.hide());
    names.validation.hide();
    const path = trainingPath(run, now.settings, ceiling);
    live.main.set(path);
    live.points.set(validationPath(run, ceiling));
    const [x, y] = path.slice(-2);
    names.live.set(x, y, ui.t("yours", { rate: number(run.learning_rate) }), {
      dy: -24,
      anchor: x > 0.5 * now.settings.epochs ? "end" : "start",
    });
  }

  return function draw(now, [low, high]) {
    const { epochs } = now.settings;
    const ceiling = 3 * high;
    plot.layout({
      x: { domain: [0, epochs + 0.12], ticks: epochs },
      y: { domain: [low, high], label: ui.t("loss", { epochs }) },
    });
    guess.set([0, now.guess, epochs + 1, now.guess]);
    // Where the run itself lies on that line there is no room for its name; the valley beside it has it too.
    if (lastLoss(now.run) < 0.8 * now.guess) guessText.set(epochs, now.guess, ui.t("guess"), { dy: -6 });
    else guessText.hide();
    drawContext(now, ceiling);
    const path = trainingPath(now.run, now.settings, ceiling);
    halo.set(path);
    main.set(path);
    const dots = validationPath(now.run, ceiling);
    rings.set(dots);
    points.set(dots);
    for (const mark of [main, points]) mark.color(HUE[now.optimiser]);
    const end = dots.length ? Math.min(dots.at(-1), high) : high;
    guide.set([epochs, end, epochs + 1, end]);
    const j = Math.min(path.length / 2 - 1, Math.floor(path.length / 2 / 4));
    if (j >= 0) names.train.set(path[2 * j], path[2 * j + 1], ui.t("training"), { dx: 2, dy: -18 });
    if (dots.length >= 8) names.validation.set(4, dots[7], ui.t("validation"), { dy: 24, anchor: "middle" });
    else names.validation.hide();
    drawLive(now, ceiling);
    plot.describe(
      ui.t("curvesLabel", {
        optimiser: now.optimiser,
        rate: number(now.rate),
        first: number(now.run.train[0] ?? NaN),
        last: number(now.run.train.at(-1) ?? NaN),
        validation: now.run.validation_loss.map((v) => number(v)).join(", "),
      }),
    );
  };
}

function valley(ui) {
  const plot = ui.plot({
    label: ui.t("lastLoss"),
    height,
    margin: MARGIN,
    x: { domain: [1, 10], scale: "log" },
    y: { domain: [0.1, 1], scale: "log" },
  });
  const broken = plot.area({ class: "fg-lab-broken", layer: "under" });
  const guess = plot.line({ class: "fg-lab-guess", layer: "under", width: 1 });
  const guessText = plot.text({ class: "fg-quiet", anchor: "middle" });
  const breaks = plot.text({ class: "fg-lab-breaks", anchor: "middle" });
  const arms = Object.fromEntries(
    OPTIMISERS.map((name) => [
      name,
      {
        line: plot.line({ color: HUE[name] }),
        dots: plot.dots({ color: HUE[name], size: 5 }),
        pin: plot.dots({ color: "good", size: 16 }),
        hole: plot.dots({ color: "paper", size: 12 }),
        core: plot.dots({ color: HUE[name], size: 6 }),
        name: plot.text({ color: HUE[name] }),
      },
    ]),
  );
  const guide = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const stem = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const ring = plot.dots({ color: "paper", size: 17 });
  const point = plot.dots({ size: 13 });
  const yours = { ring: plot.dots({ color: "ink", size: 13 }), hole: plot.dots({ color: "paper", size: 8 }) };
  const value = plot.text({ class: "fg-strong" });
  let shown = []; // the learning rates of the last picture
  plot.node.classList.add("fg-lab-bowl");
  drag();

  /** Anywhere on the picture: press or drag to choose the learning rate; the slider below is the keyboard's way. */
  function drag() {
    let held = false;
    const choose = (event) => {
      const box = plot.node.getBoundingClientRect();
      if (shown.length)
        ui.set({
          learning_rate:
            shown[
              recordings.nearest(shown, plot.x.invert(((event.clientX - box.left) / box.width) * plot.width))
            ],
        });
    };
    plot.node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      plot.node.setPointerCapture(event.pointerId);
      choose(event);
    });
    plot.node.addEventListener("pointermove", (event) => held && choose(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      plot.node.addEventListener(end, () => {
        held = false;
      });
  }

  /** Where each name stands: left of its curve's falling arm; names that would collide stand under each other. */
  function drawNames(now, [low, high]) {
    const level = low * (high / low) ** 0.36;
    const taken = [];
    for (const name of OPTIMISERS) {
      const runs = now.recording.runs[name];
      const i = Math.max(
        1,
        runs.findIndex((run) => lastLoss(run) < level),
      );
      const [a, b] = [lastLoss(runs[i - 1]), lastLoss(runs[i])];
      const share = Math.min(1, Math.max(0, (a - level) / (a - b || 1)));
      const x = now.rates[i - 1] * (now.rates[i] / now.rates[i - 1]) ** share;
      const row = taken.filter((other) => Math.abs(plot.x.map(other) - plot.x.map(x)) < 40).length;
      taken.push(x);
      arms[name].name.set(x, level, name, { dx: -9, dy: 6 + 15 * row, anchor: "end" });
      arms[name].name.node.classList.toggle("fg-strong", name === now.optimiser);
    }
  }

  function drawArm(name, now, ceiling) {
    const chosen = name === now.optimiser;
    const { line, dots, pin, hole, core } = arms[name];
    const runs = now.recording.runs[name];
    const path = runs.flatMap((run, i) => [now.rates[i], Math.min(lastLoss(run), ceiling)]);
    line.set(path);
    line.width(chosen ? 2.25 : 1.25);
    line.node.classList.toggle("fg-ghost", !chosen);
    if (chosen) dots.set(path);
    else dots.hide();
    const best = recordings.bestOf(runs);
    const at = [now.rates[best], lastLoss(runs[best])];
    for (const mark of [pin, hole, core]) ui.get("found").includes(name) ? mark.set(at) : mark.hide();
  }

  function drawYours(ceiling) {
    const run = ui.get("live");
    const loss = run.validation_loss?.at(-1);
    const there = ui.get("kernel") && loss !== undefined;
    for (const mark of [yours.ring, yours.hole])
      there ? mark.set([run.learning_rate, Math.min(loss, ceiling)]) : mark.hide();
  }

  return {
    /** Where the first and the last learning rate stand, in px from the left and right edges. */
    ends: ({ rates }) => [plot.x.map(rates[0]), plot.width - plot.x.map(rates.at(-1))],
    draw(now, range) {
      const [low, high] = range;
      const { rates, beyond, run } = now;
      shown = rates;
      const step = (rates.at(-1) / rates[0]) ** (0.6 / Math.max(1, rates.length - 1));
      const [first, last] = [rates[0] / step, rates.at(-1) * step];
      plot.layout({
        x: { domain: [first, last] },
        y: { domain: range, label: ui.t("lastLoss", { epochs: now.settings.epochs }) },
      });
      guess.set([first, now.guess, last, now.guess]);
      guessText.set(
        Math.sqrt(first * rates[Math.min(beyond, rates.length - 1)]),
        now.guess,
        ui.t("guessing", { classes: now.settings.sizes.at(-1), loss: now.guess.toFixed(2) }),
        { dy: -7 },
      );
      if (beyond < rates.length) {
        const edge = beyond ? Math.sqrt(rates[beyond - 1] * rates[beyond]) : first;
        broken.set(edge, low, last, high);
        breaks.set(Math.sqrt(edge * last), low, ui.t("breaks"), { dy: -8 });
      } else {
        broken.hide();
        breaks.hide();
      }
      for (const name of [...OPTIMISERS.filter((name) => name !== now.optimiser), now.optimiser])
        drawArm(name, now, 3 * high);
      drawNames(now, range);
      const y = Math.min(high, lastLoss(run));
      if (y < now.guess) guide.set([first, y, now.rate, y]);
      else guide.hide();
      stem.set([now.rate, low, now.rate, y]);
      ring.set([now.rate, y]);
      point.set([now.rate, y]);
      point.color(HUE[now.optimiser]);
      const right = now.at > 0.7 * rates.length;
      value.set(now.rate, y, Number.isFinite(lastLoss(run)) ? number(lastLoss(run)) : "∞", {
        dx: right ? -10 : 10,
        dy: y > now.guess ? 20 : -10,
        anchor: right ? "end" : "start",
      });
      drawYours(3 * high);
      plot.describe(
        ui.t("bowlLabel", {
          epochs: now.settings.epochs,
          optimiser: now.optimiser,
          low: number(rates[0]),
          high: number(rates.at(-1)),
          left: number(lastLoss(now.runs[0])),
          right: number(lastLoss(now.runs.at(-1))),
        }),
      );
    },
  };
}

/** One sentence on the run, one on what it means, one on why it broke. */
function words(ui, now) {
  const { run, settings } = now;
  const said = {
    optimiser: now.optimiser,
    rate: number(now.rate),
    epochs: settings.epochs,
    count: now.runs.length,
    step: run.diverged_at,
    dead: run.dead_units,
    units: settings.sizes[1],
  };
  const verdict = recordings.verdict(now.runs, now.at, now.guess);
  said.above = percent(lastLoss(run) / lastLoss(now.runs[now.best]) - 1);
  const parts =
    verdict === "stopped"
      ? [ui.t("stopped", said)]
      : [
          ui.t("run", {
            ...said,
            loss: number(lastLoss(run)),
            accuracy: percent(run.validation_accuracy.at(-1)),
          }),
          ui.t(verdict, said),
        ];
  if (run.dead_units >= 0.25 * settings.sizes[1]) parts.push(ui.t("dead", said));
  return parts.join(ui.lang === "zh" ? "" : " ");
}

/** What the reader's own training says of itself; the same words from its start to its end, so that it is read out twice. */
function report(ui, now) {
  const { code, ...values } = ui.get("message");
  const run = ui.get("live");
  const join = (...parts) => parts.filter(Boolean).join(ui.lang === "zh" ? "" : " ");
  if (code) return ui.t(code, values);
  if (ui.get("running") && run.state !== "running") return ui.t("starting");
  if (!run.state) return "";
  const said = { optimiser: run.optimiser, rate: number(run.learning_rate) };
  if (run.state === "running")
    return join(ui.t("running", said), run.slowed > 0 && ui.t("slowed", { seconds: number(run.slowed) }));
  if (run.state === "stopped") return ui.t("halted", { steps: run.steps, all: now.settings.steps });
  const loss = run.validation_loss.at(-1);
  if (loss === undefined) return "";
  const same = now.rates.indexOf(run.learning_rate);
  return join(
    ui.t("finished", { loss: number(loss), accuracy: percent(run.validation_accuracy.at(-1)) }),
    same >= 0 && ui.t("compared", { recorded: number(lastLoss(now.recording.runs[run.optimiser][same])) }),
  );
}

/** The slider under the valley: its stops stand under the points of the curve. */
function rateSlider(ui) {
  const rates = ui.get("recording")?.learning_rates;
  const steps = Array.isArray(rates) ? [...rates] : [0.001, 0.01]; // a damaged recording: said by the first draw
  const slider = ui.slider({
    trait: "learning_rate",
    label: ui.t("rate"),
    symbol: "α",
    steps,
    limits: { positive: true },
    into: ui.figures,
  });
  const track = slider.node.querySelector(".fg-track");
  return function draw({ rates, beyond }, [left, right]) {
    if (steps.join() !== rates.join()) {
      steps.splice(0, steps.length, ...rates);
      slider.ends({ min: rates[0], max: rates.at(-1) });
    }
    put(track, {
      style: `margin-inline:${(left - THUMB / 2).toFixed(1)}px ${(right - THUMB / 2).toFixed(1)}px`,
    });
    slider.marks(
      beyond < rates.length
        ? [{ value: rates[beyond], text: ui.t("breaksFrom"), tone: "bad", side: "left", beyond: true }]
        : [],
    );
  };
}

function trainer(ui) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": ui.t("progress") });
  const row = h("div", { class: "fg-lab-train" });
  const train = ui.button({ label: "", primary: true, into: row, onClick: () => ui.set({ running: true }) });
  const stop = ui.button({ label: ui.t("stop"), into: row, onClick: () => ui.set({ running: false }) });
  train.node.classList.add("fg-lab-go");
  stop.node.classList.add("fg-lab-stop");
  row.append(bar);
  const said = h("p", { class: "fg-lab-said", "aria-live": "polite" });
  const note = h("p", { class: "fg-lab-note" });
  ui.figures.append(h("div", { class: "fg-lab-side" }, row, said, note));
  return function draw(now) {
    const [kernel, running] = [ui.get("kernel"), ui.get("running")];
    row.hidden = !kernel;
    said.hidden = !kernel;
    train.label(ui.t("train", { rate: number(now.rate) }));
    train.enabled(!running);
    stop.enabled(running);
    bar.value = ui.get("progress");
    bar.style.visibility = running || ui.get("progress") > 0 ? "" : "hidden";
    say(said, report(ui, now));
    const { provenance, settings } = now.recording;
    const recorded = ui.t("recorded", {
      count: OPTIMISERS.length * now.rates.length,
      sizes: settings.sizes.join("-"),
      train: settings.train,
      batch: settings.batch_size,
      date: provenance.date ?? "?",
      device: provenance.device ?? "?",
      torch: String(provenance.versions?.torch ?? "?").split("+")[0],
    });
    say(note, kernel ? recorded : recorded + (ui.lang === "zh" ? "" : " ") + ui.t("elsewhere"));
  };
}

/** All numbers, for those who do not see the picture or want them exactly. Made when it is opened. */
function table(ui) {
  const summary = h("summary", {});
  const box = h("details", {}, summary);
  let made = null;
  const cell = (run) =>
    h(
      "td",
      {},
      run.diverged_at === null ? lastLoss(run).toPrecision(3) : "∞",
      " ",
      h("small", { text: run.validation_accuracy.length ? percent(run.validation_accuracy.at(-1)) : "" }),
    );
  function fill({ recording, rates, settings }) {
    if (made === recording || !box.open) return;
    made = recording;
    const rows = rates.map((rate, i) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", text: number(rate) }),
        ...OPTIMISERS.map((name) => cell(recording.runs[name][i])),
      ),
    );
    box.querySelector("table")?.remove();
    box.append(
      h(
        "table",
        {},
        h("caption", { class: "fg-hidden", text: ui.t("tableCaption", { epochs: settings.epochs }) }),
        h("thead", {}, h("tr", {}, ...["α", ...OPTIMISERS].map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...rows),
      ),
    );
  }
  box.addEventListener("toggle", ui.redraw);
  ui.controls.append(box);
  return (now) => {
    say(summary, ui.t("table", { count: OPTIMISERS.length * now.rates.length }));
    fill(now);
  };
}

/** Choosing the lowest run finds it: letting go there, or a key; passing over it with the mouse held is not choosing. */
function finder(ui, look) {
  const check = () => {
    const now = look();
    const found = ui.get("found");
    if (now.at === now.best && !found.includes(now.optimiser)) ui.set({ found: [...found, now.optimiser] });
  };
  // Once the control has set its trait; a damaged recording has nothing to be found.
  for (const event of ["change", "pointerup"])
    ui.root.addEventListener(
      event,
      () => ui.root.dataset.error !== "yes" && setTimeout(() => ui.alive && check()),
    );
}

function goal(ui, optimisers, { recording, rates }) {
  const found = OPTIMISERS.filter((name) => ui.get("found").includes(name));
  const each = found.map((name) => `${name} ${number(rates[recordings.bestOf(recording.runs[name])])}`);
  const list = ui.t("found", { list: each.join(ui.lang === "zh" ? "，" : ", ") });
  ui.goal(found.length ? ui.t("goal") + list : ui.t("goal"), found.length === OPTIMISERS.length);
  optimisers.node
    .querySelectorAll(".fg-segment span")
    .forEach((span, i) => say(span, found.includes(OPTIMISERS[i]) ? `${OPTIMISERS[i]} ✓` : OPTIMISERS[i]));
}

function setup(ui) {
  ui.root.classList.add("fg-lab");
  ui.root.prepend(h("style", { text: css }));
  const optimisers = ui.choice({
    trait: "optimiser",
    label: ui.t("optimiser"),
    options: OPTIMISERS.map((name) => [name, name]),
    into: ui.toolbar,
  });
  const drawCurves = curves(ui);
  const bowl = valley(ui);
  const slider = rateSlider(ui);
  const drawTrainer = trainer(ui);
  const drawTable = table(ui);
  const look = reader(ui);
  finder(ui, look);
  let range = { of: null, values: [0, 1] };
  // The frame puts the reader's settings back; a training ends, and its curve goes.
  ui.root
    .querySelector(".fg-reset")
    .addEventListener("click", () => ui.set({ running: false, live: {}, message: {}, progress: 0 }));

  return function draw() {
    const now = look();
    if (range.of !== now.recording) range = { of: now.recording, values: lossRange(now) };
    drawCurves(now, range.values);
    bowl.draw(now, range.values);
    slider(now, bowl.ends(now));
    drawTrainer(now);
    drawTable(now);
    goal(ui, optimisers, now);
    ui.status(words(ui, now), { bad: now.at >= now.beyond });
  };
}

const lab = explorable({
  traits: {
    recording: {},
    optimiser: "SGD",
    learning_rate: 0.01,
    found: [],
    running: false,
    progress: 0,
    live: {},
    message: {},
    kernel: false,
  },
  strings,
  setup,
});

export const core = recordings;
export default lab;
