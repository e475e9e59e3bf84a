// Options of a control that depend on the state.

/**
 * A value, or a function of the explorable's result (what its `compute` returned), asked in every frame.
 * @template T @typedef {T | ((now: any) => T)} Live
 */

/**
 * What every control can be told.
 * @typedef {object} Common
 * @property {Live<boolean>} [visible]
 * @property {Live<boolean>} [disabled]
 * @property {HTMLElement} [into] where it goes; default: below the figures, a player just below the pictures
 */

/**
 * What the frame asks of a control. Before the first result there is no `now`: then it shows its trait only.
 * @typedef {object} Control
 * @property {HTMLElement} node
 * @property {(now?: any) => void} show
 * @property {() => void} [stop] ends what plays
 */

/** @template T @param {Live<T>} option @param {any} now @returns {T} */
export const live = (option, now) => (option instanceof Function ? option(now) : option);

/** Can it be told already? Before the first result only what needs none. @param {Live<any>} option @param {any} [now] */
export const known = (option, now) =>
  now !== undefined || !(option instanceof Function) || option.length === 0;

/** @template T @param {Live<T>} option @param {T} [before] until there is a result @returns {T} */
export const atFirst = (option, before) => (option instanceof Function ? before : option);

/** Is it there, and can it be used? @param {HTMLElement} node @param {Common} options @param {any} now */
export function showState(node, { visible, disabled }, now) {
  if (visible !== undefined && known(visible, now)) node.hidden = !live(visible, now);
  if (disabled === undefined || !known(disabled, now)) return;
  const off = Boolean(live(disabled, now));
  for (const input of [node, ...node.querySelectorAll("input, select, button")])
    if ("disabled" in input) input.disabled = off;
}

/** The element that has the focus, in a shadow root as well. @param {HTMLElement} node */
export function activeIn(node) {
  const root = node.getRootNode();
  return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
}
