// What the parts of the lab share.
export const HUE = { SGD: "blue", Momentum: "orange", Nesterov: "green" };
export const MARGIN = { left: 34, right: 12, top: 22, bottom: 22 };
/** Both pictures are as tall. @param {number} width */
export const height = (width) => Math.round(Math.min(340, Math.max(190, width * 0.82)));
/** @param {number} share */
export const percent = (share) => `${(100 * share).toFixed(1)}%`;
