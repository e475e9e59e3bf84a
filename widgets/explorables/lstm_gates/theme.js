// From values to colours: orange below 0, paper at 0, blue above.
import { rgb, tokens } from "../../ui/theme.js";

const LEVELS = 64; // on either side: enough for the eye; a string for each is made once

/** @typedef {ReturnType<typeof themeOf>} Theme */

/** @param {HTMLElement} root where the tokens hold */
export function themeOf(root) {
  const { blue, orange, ink, muted, surface } = tokens(root, ["blue", "orange", "ink", "muted", "surface"]);
  const [low, middle, high] = [orange, surface, blue].map(rgb);
  const ramp = Array.from({ length: 2 * LEVELS + 1 }, (_, k) => {
    const v = (k - LEVELS) / LEVELS;
    const end = v < 0 ? low : high;
    return `rgb(${middle.map((c, i) => Math.round(c + 0.92 * Math.abs(v) * (end[i] - c))).join()})`;
  });
  const colour = (value) => ramp[Math.round(LEVELS * (Math.max(-1, Math.min(1, value)) + 1))];
  return { ink, muted, colour };
}
