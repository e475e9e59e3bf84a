// Every neuron's map: into an atlas, one below the other, and from there onto the canvas.
import { h } from "../../ui/dom.js";
import { colourAt, OFF, TILE } from "./colour.js";
import { NAMES } from "./names.js";

/** @typedef {import("./state.js").State} State @typedef {import("./colour.js").Theme} Theme */

/** @param {CanvasRenderingContext2D} context of the picture */
export function mapsOf(context) {
  const atlas = h("canvas", {});
  const paint = atlas.getContext("2d");
  /** @type {ImageData} */ let tiles;

  /** @param {State} now @param {Theme} theme */
  function fill({ tileOf, discrete }, { ramp }, spots) {
    const count = spots.flat().length;
    if (tiles?.height !== TILE * count) {
      Object.assign(atlas, { width: TILE, height: TILE * count });
      tiles = paint.createImageData(TILE, TILE * count);
    }
    const pixels = new Uint32Array(tiles.data.buffer);
    let at = 0;
    spots.forEach((column, layer) => {
      for (let i = 0; i < column.length; i += 1) {
        const read = tileOf(layer, i);
        for (let k = 0; k < TILE * TILE; k += 1, at += 1) pixels[at] = ramp[colourAt(read(k), discrete)];
      }
    });
    paint.putImageData(tiles, 0, 0);
  }
  /** A small square in the corner: the sign of the bias, and how large it is. @param {Theme} theme */
  function bias(theme, { x, y }, size, value) {
    const side = 3 + 4 * Math.min(1, Math.abs(value));
    const corner = /** @type {const} */ ([x - size / 2 - 2, y + size / 2 - side + 2, side, side]);
    context.fillStyle = value >= 0 ? theme.plus : theme.minus;
    context.strokeStyle = theme.paper;
    context.lineWidth = 1;
    context.fillRect(...corner);
    context.strokeRect(...corner);
  }
  /** @param {State} now @param {Theme} theme @param {import("./links.js").Layout} layout */
  return function draw(now, theme, { spots, size }) {
    fill(now, theme, spots);
    let from = 0;
    spots.forEach((column, layer) => {
      column.forEach((spot, i) => {
        const [x, y] = [spot.x - size / 2, spot.y - size / 2];
        context.globalAlpha = layer === 0 && !now.features.includes(NAMES[i]) ? OFF : 1;
        context.drawImage(atlas, 0, from, TILE, TILE, x, y, size, size);
        context.globalAlpha = 1;
        if (layer > 0) bias(theme, spot, size, now.net.parameters[now.places[layer - 1].biases + i]);
        from += TILE;
      });
    });
  };
}
