// The sizer's picture: two bars divided into their parts, and a scale of arithmetic with landmarks on it.
import { h, put, s } from "../../ui/dom.js";
import { number, power } from "../../ui/format.js";

const COLOURS = ["blue", "orange", "green", "purple", "red"];
const LANDMARKS = [
  ["Transformer", 2.3e19],
  ["GPT-3", 3.14e23],
  ["Llama 3.1", 3.8e25],
]; // published: data/model_timeline/models.csv
const SCALE = [12, 30]; // powers of ten of FLOPs
const TICKS = 80; // more marks of one processor's memory than this would be a grey bar

/** @param {import("../../ui/frame.js").Ui} ui */
export function drawing(ui) {
  const svg = s("svg", { class: "fg-sizer", role: "img" });
  const node = h("div", { class: "fg-plot" }, svg);
  ui.figures.append(node);
  ui.watchSize(node);
  const text = (x, y, words, attributes = {}) =>
    s("text", { x: x.toFixed(1), y: y.toFixed(1), ...attributes, text: words });
  const fill = (name) => `fill:var(--fg-${name})`;

  /** A heading with its value at the right, or below it where there is no room. */
  function heading(out, y, width, title, value) {
    out.push(
      text(0, y, title, { class: "fg-strong" }),
      text(width, y, value, { "text-anchor": "end", class: "fg-strong" }),
    );
    return y + 8;
  }

  function bar(out, y, width, parts, whole, tick = 0) {
    let x = 0;
    parts.forEach(([, value], i) => {
      const wide = (value / whole) * width;
      if (wide > 0)
        out.push(
          s("rect", {
            x: x.toFixed(1),
            y,
            width: Math.max(0.3, wide - (wide > 3 ? 1 : 0)).toFixed(1),
            height: 22,
            style: fill(COLOURS[i]),
          }),
        );
      x += wide;
    });
    if (tick > 0 && whole / tick <= TICKS) {
      for (let edge = tick; edge < whole; edge += tick) {
        out.push(
          s("path", {
            d: `M${((edge / whole) * width).toFixed(1)} ${y - 3}v28`,
            style: "stroke:var(--fg-ink);stroke-width:1.2",
          }),
        );
      }
    }
    return y + 22;
  }

  function legend(out, y, width, parts, whole, shown) {
    const columns = width >= 420 ? 2 : 1;
    parts.forEach(([name, value], i) => {
      const [x, row] = [(i % columns) * (width / columns), y + 17 * Math.floor(i / columns) + 16];
      out.push(s("rect", { x: x.toFixed(1), y: row - 9, width: 10, height: 10, style: fill(COLOURS[i]) }));
      out.push(text(x + 16, row, `${name}: ${shown(value)} (${number((100 * value) / whole, 2)} %)`));
    });
    return y + 17 * Math.ceil(parts.length / columns) + 4;
  }

  function scale(out, y, width, flops, here) {
    const at = (value) =>
      Math.min(1, Math.max(0, (Math.log10(value) - SCALE[0]) / (SCALE[1] - SCALE[0]))) * (width - 8) + 4;
    const middle = y + 34;
    out.push(s("path", { d: `M4 ${middle}H${width - 4}`, style: "stroke:var(--fg-muted)" }));
    for (let e = SCALE[0]; e <= SCALE[1]; e += 3) {
      out.push(s("path", { d: `M${at(10 ** e).toFixed(1)} ${middle}v5`, style: "stroke:var(--fg-muted)" }));
      if (width >= 420 || e % 6 === 0) {
        out.push(
          text(at(10 ** e), middle + 19, power(e), {
            class: "fg-quiet",
            "text-anchor": e === SCALE[0] ? "start" : e === SCALE[1] ? "end" : "middle",
          }),
        );
      }
    }
    LANDMARKS.forEach(([name, value], i) => {
      out.push(s("circle", { cx: at(value).toFixed(1), cy: middle, r: 3.5, style: fill("grey") }));
      out.push(
        text(at(value), middle - (i % 2 ? 9 : 23), name, {
          class: "fg-quiet",
          "text-anchor": i ? "middle" : "end",
        }),
      );
    });
    out.push(
      s("circle", {
        cx: at(flops).toFixed(1),
        cy: middle,
        r: 6.5,
        style: `${fill("accent")};stroke:var(--fg-paper);stroke-width:2`,
      }),
    );
    out.push(
      text(at(flops), middle + 36, here, {
        class: "fg-strong",
        "text-anchor": at(flops) < 30 ? "start" : at(flops) > width - 30 ? "end" : "middle",
        style: fill("accent"),
      }),
    );
    return middle + 44;
  }

  /** @param {object} now what index.js computed, and the words for it */
  return function draw(now) {
    const width = Math.max(240, Math.round(ui.widthOf(node)) - 1);
    const out = [];
    let y = heading(out, 16, width, ui.t("parameters"), now.words.N);
    y = bar(out, y, width, now.parts, now.N);
    y = legend(out, y, width, now.parts, now.N, now.count);
    out.push(text(0, y + 15, now.words.shape, { class: "fg-quiet" }));
    y = heading(out, y + 46, width, ui.t("memory"), now.words.memory);
    y = bar(out, y, width, now.kinds, now.kept, now.one);
    y = legend(out, y, width, now.kinds, now.kept, now.bytes);
    out.push(text(0, y + 15, now.words.hold, { class: "fg-quiet" }));
    y = heading(out, y + 46, width, ui.t("compute"), now.words.flops);
    y = scale(out, y, width, now.flops, ui.t("here"));
    for (const line of now.words.lines) {
      y += 18;
      out.push(text(0, y, line));
    }
    const tall = Math.round(y + 10);
    put(svg, { viewBox: `0 0 ${width} ${tall}`, width, height: tall, "aria-label": now.words.picture });
    svg.replaceChildren(...out);
  };
}
