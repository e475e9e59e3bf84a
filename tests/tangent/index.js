// A tangent: drag the point, see the slope.
import { explorable } from "../../ui/index.js";

/** The numerics: pure, exported as `core`, so that a test in Python can hold them against torch. */
export const core = { value: (x) => x ** 3 / 3 - x, slope: (x) => x * x - 1 };

const strings = {
  en: {
    title: "Slope",
    question: "Where is the slope zero?",
    goal: "Find a place where the slope is 0.",
    place: "Place",
    picture: "A cubic and its tangent",
    says: "At x = {x} the slope is {slope}.",
    "argument x": "x",
  },
  zh: {
    title: "斜率",
    question: "斜率在哪里为零？",
    goal: "找到斜率为 0 的位置。",
    place: "位置",
    picture: "三次曲线与它的切线",
    says: "在 x = {x} 处，斜率为 {slope}。",
    "argument x": "x",
  },
};

function setup(ui) {
  const plot = ui.plot({
    label: ui.t("picture"),
    x: { domain: [-3, 3], label: "x" },
    y: { domain: [-3, 3], label: "f(x)" },
  });
  const curve = plot.line({ color: "muted" });
  const tangent = plot.line({ color: "accent", width: 2.5 });
  const slope = plot.text({ color: "accent" });
  const handle = plot.handle({
    label: ui.t("place"),
    limits: () => ({ x: [-3, 3], y: [-3, 3] }),
    onMove: (x) => ui.set({ x }),
  });
  ui.slider({ trait: "x", label: ui.t("place"), symbol: "x", min: -3, max: 3, step: 0.05 });

  function compute() {
    const x = ui.get("x");
    return { x, y: core.value(x), k: core.slope(x) };
  }

  function draw({ x, y, k }) {
    plot.layout();
    curve.set(Array.from({ length: 121 }, (_, i) => i / 20 - 3).flatMap((u) => [u, core.value(u)]));
    tangent.set([x - 1, y - k, x + 1, y + k]);
    slope.set(x, y, `f′(x) = ${ui.number(k)}`, { dx: 12, dy: -12 });
    handle.set(x, y);
    const reached = Math.abs(k) < 0.01;
    ui.goal(ui.t("goal"), reached);
    ui.set({ goal_reached: reached });
    ui.status(ui.t("says", { x: ui.number(x), slope: ui.number(k) }));
  }
  return { compute, draw };
}

export default explorable({ traits: { x: 2 }, strings, setup });
