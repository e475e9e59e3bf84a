// The page's theme for canvases, which know nothing of it: its colours as they are where the explorable stands.

const WHERE = ["data-theme", "theme", "class", "data-jp-theme-light"]; // attributes by which pages and editors say it

/** Design tokens as CSS colours. @template {string} N @param {HTMLElement} root @param {N[]} names @returns {Record<N, string>} */
export function tokens(root, names) {
  const style = getComputedStyle(root);
  const value = (name) => style.getPropertyValue(`--fg-${name}`).trim() || "#888888";
  return /** @type {Record<N, string>} */ (Object.fromEntries(names.map((name) => [name, value(name)])));
}

/** "#0a1b2c" → [10, 27, 44] @param {string} colour */
export function rgb(colour) {
  const hex = colour.replace("#", "");
  return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/**
 * What is made of the theme, kept until it changes; on paper it is another.
 * @template T @param {import("./frame.js").Ui} ui @param {(root: HTMLElement) => T} make @returns {() => T}
 */
export function themed(ui, make) {
  const paper = matchMedia("print");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let known = { paper: null, value: null };
  const forget = () => {
    known = { paper: null, value: null };
    ui.redraw();
  };
  const watcher = new MutationObserver(forget);
  for (const node of [document.documentElement, document.body])
    watcher.observe(node, { attributes: true, attributeFilter: WHERE });
  dark.addEventListener("change", forget);
  ui.onClose(() => {
    watcher.disconnect();
    dark.removeEventListener("change", forget);
  });
  return () => {
    if (known.paper !== paper.matches) known = { paper: paper.matches, value: make(ui.root) };
    return known.value;
  };
}
