/** Each optimiser has its colour, on the map and on the chart. */
export const COLOURS = { sgd: "blue", momentum: "orange", nesterov: "purple" };
