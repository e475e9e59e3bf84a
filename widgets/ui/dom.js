// Making elements, in one line each.
import css from "./style.css";

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// JupyterLab takes the arrow keys for its cells, unless the very element that has the focus says no.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };
const TAKES_KEYS = new Set(["input", "select", "button", "summary"]);

/** An HTML element: `h("button", {class: "x", onclick: f, text: "Go"}, child…)`. */
export const h = (tag, attributes = {}, ...children) =>
  fill(
    document.createElement(tag),
    TAKES_KEYS.has(tag) ? { ...OWN_KEYS, ...attributes } : attributes,
    children,
  );

/** An SVG element, the same way. */
export const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** Sets attributes that changed, nothing else: an unchanged attribute costs no style recalculation. */
export function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let counter = 0;
/** An id that no other explorable on the page has. */
export function unique(stem) {
  counter += 1;
  return `fg-${stem}-${counter}`;
}

/** Our stylesheet, once per document or shadow root. @param {HTMLElement} el */
export function injectStyle(el) {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  if (!home.querySelector("style[data-firstgrad]"))
    home.append(h("style", { "data-firstgrad": "", text: css }));
}

/** Where the page around us defines the design tokens they win; elsewhere we bring our own. */
export const pageHasTheme = () =>
  getComputedStyle(document.documentElement).getPropertyValue("--fg-paper").trim() !== "";
