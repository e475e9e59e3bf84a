import * as mlp from "./core/mlp.js";
import * as points from "./core/points.js";
export const core = { ...mlp, ...points };
export default { render() {} };
