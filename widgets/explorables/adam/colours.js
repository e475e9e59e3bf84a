/** Each racer has its colour, on the map and on the chart; those of chapter 06 keep theirs. */
export const COLOURS = { sgd: "blue", momentum: "orange", rmsprop: "green", adam: "purple" };
