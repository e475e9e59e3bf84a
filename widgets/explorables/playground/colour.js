// From values to pixels: orange below 0, paper at 0, blue above; read from the page's theme.
import { rgb, tokens } from "../../ui/theme.js";

export const TILE = 24; // a neuron's map, pixels along a side
export const FINE = 48; // the output's
export const OFF = 0.3; // opacity of a feature that is not in use

const LEVELS = 256;

/** The index into a ramp for a value from −1 to 1. */
export const colourAt = (value, discrete) => {
  if (discrete) return value >= 0 ? LEVELS - 1 : 0;
  const level = Math.round((value + 1) * 0.5 * (LEVELS - 1));
  return level > 0 ? (level < LEVELS ? level : LEVELS - 1) : 0; // NaN is 0 too
};

/** @typedef {ReturnType<typeof themeOf>} Theme */

/** @param {HTMLElement} root where the tokens hold */
export function themeOf(root) {
  const { paper, blue, orange, muted } = tokens(root, ["paper", "blue", "orange", "muted"]);
  const colours = ramp(rgb(orange), rgb(paper), rgb(blue));
  return { key: paper + blue, paper, plus: blue, minus: orange, muted, ramp: colours };
}

/** A pixel of the ramp, for drawing. @param {number} pixel */
export const rgbOf = (pixel) => `rgb(${pixel & 255},${(pixel >> 8) & 255},${(pixel >> 16) & 255})`;

function ramp(low, middle, high) {
  const out = new Uint32Array(LEVELS);
  const bytes = new Uint8ClampedArray(out.buffer);
  for (let i = 0; i < LEVELS; i += 1) {
    const v = (2 * i) / (LEVELS - 1) - 1;
    const end = v < 0 ? low : high;
    // Not quite up to the full colour: points of that colour lie on it.
    const share = 0.72 * Math.abs(v);
    for (let c = 0; c < 3; c += 1) bytes[4 * i + c] = middle[c] + share * (end[c] - middle[c]);
    bytes[4 * i + 3] = 255;
  }
  return out;
}
