// The valley: the last loss of every learning rate, one curve an optimiser. Pressing or dragging there chooses a rate.
import { number } from "../../ui/format.js";
import { bestOf, lastLoss, nearest, OPTIMISERS } from "./core.js";
import { HUE, height, MARGIN } from "./shared.js";

/** @param {import("../../ui/frame.js").Ui} ui */
export function valleyOf(ui) {
  const plot = ui.plot({
    label: ui.t("lastLoss"),
    height,
    margin: MARGIN,
    x: { domain: [1, 10], scale: "log" },
    y: { domain: [0.1, 1], scale: "log" },
  });
  plot.node.classList.add("fg-lab-bowl");
  const drawGround = groundOf(ui, plot);
  const drawArms = armsOf(ui, plot);
  const drawPoint = pointOf(ui, plot);
  let shown = []; // the learning rates of the last picture
  chooseBy(ui, plot, () => shown);

  /** @param {import("./index.js").Now} now */
  function draw(now) {
    const { rates, range } = now;
    shown = rates;
    const step = (rates.at(-1) / rates[0]) ** (0.6 / Math.max(1, rates.length - 1));
    const domain = [rates[0] / step, rates.at(-1) * step];
    plot.layout({
      x: { domain },
      y: { domain: range, label: ui.t("lastLoss", { epochs: now.settings.epochs }) },
    });
    drawGround(now);
    drawArms(now);
    drawPoint(now);
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
  }
  return {
    draw,
    /** Where the first and the last learning rate stand, in px from the left and right edges. @param {import("./index.js").Now} now */
    ends: ({ rates }) => [plot.x.map(rates[0]), plot.width - plot.x.map(rates.at(-1))],
  };
}

/** Anywhere on the picture: press or drag to choose the learning rate; the slider below is the keyboard's way. */
function chooseBy(ui, plot, ratesShown) {
  let held = false;
  const choose = (event) => {
    const rates = ratesShown();
    const [px] = plot.pixel(event);
    if (rates.length) ui.set({ learning_rate: rates[nearest(rates, plot.x.invert(px))] });
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

/** The loss of guessing, and from where on training breaks. */
function groundOf(ui, plot) {
  const broken = plot.area({ class: "fg-lab-broken", layer: "under" });
  const guess = plot.line({ class: "fg-lab-guess", layer: "under", width: 1 });
  const guessText = plot.text({ class: "fg-quiet", anchor: "middle" });
  const breaks = plot.text({ class: "fg-lab-breaks", anchor: "middle" });
  return function draw(now) {
    const { rates, beyond } = now;
    const [first, last] = plot.x.domain;
    const [low, high] = plot.y.domain;
    guess.set([first, now.guess, last, now.guess]);
    const middle = Math.sqrt(first * rates[Math.min(beyond, rates.length - 1)]);
    const said = { classes: now.settings.sizes.at(-1), loss: now.guess.toFixed(2) };
    guessText.set(middle, now.guess, ui.t("guessing", said), { dy: -7 });
    if (beyond >= rates.length) {
      broken.hide();
      breaks.hide();
      return;
    }
    const edge = beyond ? Math.sqrt(rates[beyond - 1] * rates[beyond]) : first;
    broken.set(edge, low, last, high);
    breaks.set(Math.sqrt(edge * last), low, ui.t("breaks"), { dy: -8 });
  };
}

/** One curve an optimiser: the chosen one strong, and a pin where the lowest was found. */
function armsOf(ui, plot) {
  const arms = OPTIMISERS.map((name) => ({
    optimiser: name,
    line: plot.line({ color: HUE[name] }),
    dots: plot.dots({ color: HUE[name], size: 5 }),
    pin: plot.dots({ color: "good", size: 16 }),
    hole: plot.dots({ color: "paper", size: 12 }),
    core: plot.dots({ color: HUE[name], size: 6 }),
    name: plot.text({ color: HUE[name] }),
  }));
  function drawArm({ optimiser, line, dots, pin, hole, core }, now) {
    const chosen = optimiser === now.optimiser;
    const runs = now.recording.runs[optimiser];
    const path = runs.flatMap((run, i) => [now.rates[i], Math.min(lastLoss(run), 3 * now.range[1])]);
    line.set(path);
    line.width(chosen ? 2.25 : 1.25);
    line.node.classList.toggle("fg-ghost", !chosen);
    if (chosen) dots.set(path);
    else dots.hide();
    const best = bestOf(runs);
    const at = [now.rates[best], lastLoss(runs[best])];
    for (const mark of [pin, hole, core]) ui.get("found").includes(optimiser) ? mark.set(at) : mark.hide();
  }
  /** Where each name stands: left of its curve's falling arm; names that would collide stand under each other. */
  function drawNames(now) {
    const [low, high] = now.range;
    const level = low * (high / low) ** 0.36;
    const taken = [];
    for (const { optimiser, name } of arms) {
      const x = crossing(now.recording.runs[optimiser], now.rates, level);
      const row = taken.filter((other) => Math.abs(plot.x.map(other) - plot.x.map(x)) < 40).length;
      taken.push(x);
      name.set(x, level, optimiser, { dx: -9, dy: 6 + 15 * row, anchor: "end" });
      name.node.classList.toggle("fg-strong", optimiser === now.optimiser);
    }
  }
  return function draw(now) {
    for (const arm of arms) drawArm(arm, now);
    drawNames(now);
  };
}

/** The learning rate at which the falling arm of a curve passes a loss. */
function crossing(runs, rates, level) {
  const below = runs.findIndex((run) => lastLoss(run) < level);
  const i = Math.max(1, below);
  const [a, b] = [lastLoss(runs[i - 1]), lastLoss(runs[i])];
  const share = Math.min(1, Math.max(0, (a - level) / (a - b || 1)));
  return rates[i - 1] * (rates[i] / rates[i - 1]) ** share;
}

/** The chosen run, with its loss, and the end of the reader's own. */
function pointOf(ui, plot) {
  const guide = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const stem = plot.line({ class: "fg-lab-guide", width: 1.5 });
  const ring = plot.dots({ color: "paper", size: 17 });
  const point = plot.dots({ size: 13 });
  const yours = [plot.dots({ color: "ink", size: 13 }), plot.dots({ color: "paper", size: 8 })];
  const value = plot.text({ class: "fg-strong" });
  function drawYours(ceiling) {
    const run = ui.get("live");
    const loss = run.validation_loss?.at(-1);
    const there = ui.get("kernel") && loss !== undefined;
    for (const mark of yours) there ? mark.set([run.learning_rate, Math.min(loss, ceiling)]) : mark.hide();
  }
  return function draw(now) {
    const [low, high] = now.range;
    const last = lastLoss(now.run);
    const y = Math.min(high, last);
    if (y < now.guess) guide.set([plot.x.domain[0], y, now.rate, y]);
    else guide.hide();
    stem.set([now.rate, low, now.rate, y]);
    for (const mark of [ring, point]) mark.set([now.rate, y]);
    point.color(HUE[now.optimiser]);
    const right = now.at > 0.7 * now.rates.length;
    const side = { dx: right ? -10 : 10, dy: y > now.guess ? 20 : -10, anchor: right ? "end" : "start" };
    value.set(now.rate, y, Number.isFinite(last) ? number(last) : "∞", side);
    drawYours(3 * high);
  };
}
