// The network as a picture: a canvas with links and neuron maps, and above it one button for each neuron.
import { h, put } from "../../ui/dom.js";
import { colourAt, OFF, TILE } from "./colour.js";

const ROWS = 8;
const FEATURES = {
  x1: "x₁",
  x2: "x₂",
  x1x1: "x₁²",
  x2x2: "x₂²",
  x1x2: "x₁x₂",
  sin1: "sin x₁",
  sin2: "sin x₂",
};
export const NAMES = Object.keys(FEATURES);
export const MOST_LAYERS = 6;
export const featureName = (name) => FEATURES[name];

/** How a neuron is called: h₂.₁ is the first neuron of the second hidden layer; the last layer is the output. */
export const neuronName = (t, layers, layer, i) =>
  layer === layers + 1 ? t("output") : `h${subscript(layer)}.${subscript(i + 1)}`;
const subscript = (n) => String.fromCharCode(0x2080 + n);

/**
 * @param {import("../../ui/frame.js").Ui} ui
 * @param {{onPeek: (place: number[] | null) => void, onLink: (place: number[], input: number) => void}} on a neuron under the mouse; a link that was clicked
 */
export function networkOf(ui, { onPeek, onLink }) {
  const { t } = ui;
  const canvas = h("canvas", { class: "fg-net-canvas", "aria-hidden": "true" });
  const nodes = h("div", { class: "fg-net-nodes", role: "group", "aria-label": t("diagram") });
  const stage = h("div", { class: "fg-net" }, canvas, nodes);
  const hover = h("p", { class: "fg-net-hover", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const atlas = h("canvas", {});
  const paint = atlas.getContext("2d");
  let tiles = null; // pixels of the atlas
  let shape = "";
  let now = null;
  let places = []; // [layer][row] → {x, y}
  let size = 30;
  let buttons = []; // the same, as elements
  let focus = [0, 0];
  ui.watchSize(stage);

  const sizesOf = () => [NAMES.length, ...now.hidden, 1];
  const title = (layer, i) =>
    layer === 0
      ? t("feature", { name: FEATURES[NAMES[i]] })
      : layer === now.hidden.length + 1
        ? t("outputNeuron")
        : t("neuron", { name: neuronName(t, now.hidden.length, layer, i), layer, number: i + 1 });

  /** Toggles a feature, or selects a neuron. */
  function press(layer, i) {
    if (layer === 0) return toggle(NAMES[i]);
    const place = `${layer}.${i + 1}`;
    ui.set({ selected: ui.get("selected") === place ? "" : place });
  }
  function toggle(name) {
    const chosen = ui.get("features");
    const next = NAMES.filter((other) => (other === name ? !chosen.includes(name) : chosen.includes(other)));
    if (next.length) ui.set({ features: next });
  }
  function keys(event, layer, i) {
    const moves = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      Home: [-99, 0],
      End: [99, 0],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const sizes = sizesOf();
    const column = Math.max(0, Math.min(sizes.length - 1, layer + move[0]));
    // To the side: the neuron that is nearest in height.
    const row = move[0]
      ? nearest(places[column], places[layer][i].y)
      : Math.max(0, Math.min(sizes[layer] - 1, i + move[1]));
    point(column, row);
    buttons[column][row].focus();
  }
  const nearest = (column, y) =>
    column.reduce((best, place, k) => (Math.abs(place.y - y) < Math.abs(column[best].y - y) ? k : best), 0);
  /** One of them is reached by Tab, the others by the arrows. */
  function point(layer, i) {
    buttons.flat().forEach((button) => put(button, { tabindex: -1 }));
    focus = [layer, i];
    put(buttons[layer][i], { tabindex: 0 });
  }

  function build() {
    const sizes = sizesOf();
    buttons = sizes.map((count, layer) =>
      Array.from({ length: count }, (_, i) =>
        h(
          "button",
          {
            type: "button",
            class: "fg-node",
            "data-layer": layer,
            onclick: () => press(layer, i),
            onkeydown: (event) => keys(event, layer, i),
            onfocus: () => point(layer, i),
            onpointerenter: (event) => event.pointerType === "mouse" && onPeek([layer, i]),
            onpointerleave: () => onPeek(null),
          },
          layer === 0 && h("span", { class: "fg-node-name", text: FEATURES[NAMES[i]] }),
        ),
      ),
    );
    const widths = sizes
      .slice(1, -1)
      .map((count, l) =>
        h(
          "span",
          { class: "fg-width", "data-column": l + 1 },
          resize(l, count, 1, "+", "wider", count < ROWS),
          resize(l, count, -1, "−", "narrower", count > 1),
        ),
      );
    const active = nodes.contains(document.activeElement)
      ? document.activeElement.getAttribute("aria-label")
      : "";
    nodes.replaceChildren(...widths, ...buttons.flat());
    const layer = Math.min(focus[0], sizes.length - 1);
    point(layer, Math.min(focus[1], sizes[layer] - 1));
    // Who pressed + wants to press it again.
    if (active)
      (
        Array.from(nodes.querySelectorAll("button")).find(
          (b) => b.getAttribute("aria-label") === active && !b.disabled,
        ) ?? buttons[focus[0]][focus[1]]
      ).focus();
  }
  const resize = (l, count, by, sign, word, allowed) =>
    h("button", {
      type: "button",
      class: "fg-step",
      text: sign,
      "aria-label": t(word, { layer: l + 1 }),
      title: t(word, { layer: l + 1 }),
      disabled: !allowed,
      onclick: () => ui.set({ hidden: now.hidden.map((width, k) => (k === l ? count + by : width)) }),
    });

  /** Where everything stands, for the width there is. */
  function place(width) {
    const sizes = sizesOf();
    const left = 42;
    const gap = (width - left) / sizes.length;
    size = Math.round(Math.max(20, Math.min(34, gap * 0.66)));
    const top = 62;
    const row = Math.max(size + 5, 38);
    const height = top + ROWS * row;
    places = sizes.map((count, c) =>
      Array.from({ length: count }, (_, i) => ({
        x: Math.round(left + size / 2 + c * ((width - left - size - 4) / (sizes.length - 1)) + 1),
        y: Math.round(
          top +
            (i + 0.5 + (c === 0 || count === ROWS ? 0 : (NAMES.length - Math.min(count, NAMES.length)) / 2)) *
              row,
        ),
      })),
    );
    put(stage, { style: `height:${height}px` });
    const dots = Math.min(2, globalThis.devicePixelRatio || 1);
    Object.assign(canvas, { width: Math.round(width * dots), height: Math.round(height * dots) });
    canvas.style.cssText = `width:${width}px;height:${height}px`;
    context.setTransform(dots, 0, 0, dots, 0, 0);
    places.forEach((column, c) =>
      column.forEach(({ x, y }, i) => {
        buttons[c][i].style.cssText =
          `left:${x - size / 2}px;top:${y - size / 2}px;width:${size}px;height:${size}px`;
      }),
    );
    nodes.querySelectorAll(".fg-width").forEach((node) => {
      node.style.left = `${places[Number(node.dataset.column)][0].x}px`;
    });
    const count = sizes.reduce((sum, n) => sum + n, 0);
    Object.assign(atlas, { width: TILE, height: TILE * count });
    tiles = paint.createImageData(TILE, TILE * count);
  }

  /** Links from the inputs that are in use: (layer of the target, its number, number of the input, weight). */
  function eachLink(visit) {
    const { net, sizes, places: at } = now;
    const used = NAMES.map((name, i) => (now.features.includes(name) ? i : -1)).filter((i) => i >= 0);
    for (let l = 1; l < sizes.length; l += 1) {
      for (let i = 0; i < sizes[l]; i += 1) {
        for (let j = 0; j < sizes[l - 1]; j += 1) {
          const from = places[l - 1][l === 1 ? used[j] : j];
          visit(from, places[l][i], net.parameters[at[l - 1].weights + i * sizes[l - 1] + j], l, i, j);
        }
      }
    }
  }

  function drawLinks(theme) {
    eachLink(({ x, y }, to, weight, l, i) => {
      const chosen = now.selected && now.selected[0] === l && now.selected[1] === i;
      context.strokeStyle = weight >= 0 ? theme.plus : theme.minus;
      context.globalAlpha = chosen ? 1 : 0.72;
      context.lineWidth = Math.max(0.4, Math.min(9, 2.6 * Math.abs(weight)));
      context.setLineDash(weight < 0 ? [6, 3] : []);
      const middle = (x + to.x) / 2;
      context.beginPath();
      context.moveTo(x + size / 2, y);
      context.bezierCurveTo(middle, y, middle, to.y, to.x - size / 2, to.y);
      context.stroke();
    });
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  /** Every neuron's map into the atlas, then onto the canvas. `maps[layer]` are values on the grid, row by row. */
  function drawMaps(theme) {
    const pixels = new Uint32Array(tiles.data.buffer);
    const sizes = sizesOf();
    let tile = 0;
    for (let l = 0; l < sizes.length; l += 1) {
      for (let i = 0; i < sizes[l]; i += 1, tile += 1) {
        const read = now.valueOf(l, i);
        for (let k = 0; k < TILE * TILE; k += 1)
          pixels[tile * TILE * TILE + k] = theme.ramp[colourAt(read(k), now.discrete)];
      }
    }
    paint.putImageData(tiles, 0, 0);
    tile = 0;
    places.forEach((column, l) =>
      column.forEach(({ x, y }, i) => {
        context.globalAlpha = l === 0 && !now.features.includes(NAMES[i]) ? OFF : 1;
        context.drawImage(atlas, 0, tile * TILE, TILE, TILE, x - size / 2, y - size / 2, size, size);
        context.globalAlpha = 1;
        if (l > 0) bias(theme, x, y, now.net.parameters[now.places[l - 1].biases + i]);
        tile += 1;
      }),
    );
  }
  function bias(theme, x, y, value) {
    const side = 3 + 4 * Math.min(1, Math.abs(value));
    context.fillStyle = value >= 0 ? theme.plus : theme.minus;
    context.strokeStyle = theme.paper;
    context.lineWidth = 1;
    context.fillRect(x - size / 2 - 2, y + size / 2 - side + 2, side, side);
    context.strokeRect(x - size / 2 - 2, y + size / 2 - side + 2, side, side);
  }

  /** What a screen reader hears of each neuron; not while it plays. */
  function label() {
    buttons.forEach((column, layer) =>
      column.forEach((button, i) => {
        const chosen =
          layer === 0
            ? now.features.includes(NAMES[i])
            : Boolean(now.selected && now.selected[0] === layer && now.selected[1] === i);
        put(button, { "aria-label": title(layer, i), title: title(layer, i), "aria-pressed": chosen });
      }),
    );
  }

  function linkAt(event) {
    const box = canvas.getBoundingClientRect();
    const [px, py] = [
      ((event.clientX - box.left) / box.width) * canvas.clientWidth,
      ((event.clientY - box.top) / box.height) * canvas.clientHeight,
    ];
    let best = null;
    eachLink((from, to, weight, l, i, j) => {
      const [x0, x1] = [from.x + size / 2, to.x - size / 2];
      if (px < x0 || px > x1) return;
      const distance = Math.abs(
        curve((px - x0) / (x1 - x0), from.y, to.y, (from.x + to.x) / 2 - x0, x1 - x0) - py,
      );
      if (distance < (best?.distance ?? (event.pointerType === "mouse" ? 6 : 12)))
        best = { distance, l, i, j, weight };
    });
    return best;
  }
  stage.addEventListener("pointermove", (event) => {
    if (!now || event.target.closest(".fg-node, .fg-step")) return;
    const link = linkAt(event);
    stage.classList.toggle("fg-on-link", Boolean(link));
    hover.textContent = link
      ? `${inputName(link)} → ${neuronName(t, now.hidden.length, link.l, link.i)}: ${ui.number(link.weight)}`
      : "";
  });
  const inputName = ({ l, j }) =>
    l === 1 ? FEATURES[now.features[j]] : neuronName(t, now.hidden.length, l - 1, j);
  stage.addEventListener("click", (event) => {
    if (!now || event.target.closest("button")) return;
    const link = linkAt(event);
    if (link) onLink([link.l, link.i], link.j);
  });

  return {
    node: h("div", {}, stage, hover),
    /** @param {object} next what to draw @param {object} theme @param {{quiet?: boolean}} [how] quiet: while it plays */
    draw(next, theme, { quiet = false } = {}) {
      now = next;
      const width = Math.max(240, Math.floor(ui.widthOf(stage)));
      const key = JSON.stringify([now.hidden, width, globalThis.devicePixelRatio]);
      if (key !== shape) {
        if (JSON.parse(shape || "[0]")[0]?.join?.() !== now.hidden.join() || !buttons.length) build();
        place(width);
        shape = key;
      }
      context.clearRect(0, 0, canvas.width, canvas.height);
      drawLinks(theme);
      drawMaps(theme);
      if (!quiet) label();
    },
  };
}

/** The height of a link's curve above the share u of its way: the inverse of its x by a few steps of bisection. */
function curve(u, y0, y1, middle, width) {
  const m = middle / width;
  let [low, high] = [0, 1];
  for (let k = 0; k < 12; k += 1) {
    const s = (low + high) / 2;
    const x = 3 * (1 - s) * s * m + s ** 3; // both control points lie in the middle
    if (x < u) low = s;
    else high = s;
  }
  const s = (low + high) / 2;
  const ease = 3 * (1 - s) * s * s + s ** 3;
  return y0 + (y1 - y0) * ease;
}
