// The links of the network: where they are, how they are drawn, which one is under the mouse.
import { NAMES } from "./names.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {{x: number, y: number}} Spot  the middle of a neuron, px */
/** @typedef {{spots: Spot[][], size: number, height: number}} Layout  spots: [layer][row]; size: of a neuron, px */
/** @typedef {{from: Spot, to: Spot, weight: number, layer: number, i: number, j: number}} Link  into neuron i of a layer, from its input j */

/** Links from the inputs that are in use. @param {State} now @param {Layout} layout @param {(link: Link) => void} visit */
function eachLink({ net, sizes, places, features }, { spots }, visit) {
  const used = NAMES.map((name, i) => (features.includes(name) ? i : -1)).filter((i) => i >= 0);
  for (let layer = 1; layer < sizes.length; layer += 1) {
    const fan = sizes[layer - 1];
    for (let i = 0; i < sizes[layer]; i += 1) {
      for (let j = 0; j < fan; j += 1) {
        const from = spots[layer - 1][layer === 1 ? used[j] : j];
        const weight = net.parameters[places[layer - 1].weights + i * fan + j];
        visit({ from, to: spots[layer][i], weight, layer, i, j });
      }
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {import("./colour.js").Theme} theme @param {State} now @param {Layout} layout */
export function drawLinks(context, theme, now, layout) {
  const [layer, i] = now.selected ?? [];
  const half = layout.size / 2;
  eachLink(now, layout, ({ from, to, weight, ...into }) => {
    context.strokeStyle = weight >= 0 ? theme.plus : theme.minus;
    context.globalAlpha = into.layer === layer && into.i === i ? 1 : 0.72;
    context.lineWidth = Math.max(0.4, Math.min(9, 2.6 * Math.abs(weight)));
    context.setLineDash(weight < 0 ? [6, 3] : []);
    const middle = (from.x + to.x) / 2;
    context.beginPath();
    context.moveTo(from.x + half, from.y);
    context.bezierCurveTo(middle, from.y, middle, to.y, to.x - half, to.y);
    context.stroke();
  });
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/**
 * The link nearest to a place, within a distance, px.
 * @param {State} now @param {Layout} layout @param {number[]} at @param {number} within @returns {Link | null}
 */
export function linkAt(now, layout, [px, py], within) {
  let [best, least] = [null, within];
  eachLink(now, layout, (link) => {
    const { from, to } = link;
    const [x0, x1] = [from.x + layout.size / 2, to.x - layout.size / 2];
    if (px < x0 || px > x1) return;
    const [middle, width] = [(from.x + to.x) / 2 - x0, x1 - x0];
    const distance = Math.abs(curve((px - x0) / width, from.y, to.y, middle, width) - py);
    if (distance < least) [best, least] = [link, distance];
  });
  return best;
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
