// data/model_timeline/models.csv, read once.
import table from "../../../data/model_timeline/models.csv";
import { rowsOf } from "./core.js";

export const ROWS = rowsOf(table);
