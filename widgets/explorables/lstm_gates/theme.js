// From values to colours: orange below 0, paper at 0, blue above; read from the page's theme, once for each.

const rgb = (text) => {
  const hex = text.trim().replace("#", "");
  return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
};
const known = new Map();

/** @param {HTMLElement} root where the tokens hold */
export function themeOf(root) {
  const style = getComputedStyle(root);
  const [paper, plus, minus, ink, muted, surface] = [
    "paper",
    "blue",
    "orange",
    "ink",
    "muted",
    "surface",
  ].map((name) => style.getPropertyValue(`--fg-${name}`).trim() || "#888888");
  const key = [paper, plus, minus].join();
  if (!known.has(key)) {
    const ends = [rgb(minus), rgb(surface), rgb(plus)];
    // A level of 64 steps is enough for the eye, and a string for each is made once.
    const ramp = Array.from({ length: 129 }, (_, k) => {
      const v = (k - 64) / 64;
      const end = v < 0 ? ends[0] : ends[2];
      return `rgb(${ends[1].map((c, i) => Math.round(c + 0.92 * Math.abs(v) * (end[i] - c))).join()})`;
    });
    known.set(key, {
      key,
      ink,
      muted,
      colour: (value) => ramp[Math.round(64 * (Math.max(-1, Math.min(1, value)) + 1))],
    });
  }
  return known.get(key);
}
