// Everything an explorable needs. One page of documentation: CONTRIBUTING.md, "Add an explorable".

export { h, put, s, say } from "./dom.js";
export { number, plain, power } from "./format.js";
export { explorable } from "./frame.js";
