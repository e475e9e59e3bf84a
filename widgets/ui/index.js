// Everything an explorable needs. One page of documentation: CONTRIBUTING.md, "Add an explorable".
export { explorable } from "./frame.js";
export { number, power, plain } from "./format.js";
export { h, s, put, say } from "./dom.js";
