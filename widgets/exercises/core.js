// What tests/parity/test_page_exercises.py calls: the judges, the parser, and nothing of the page.
import { general, short, whole } from "./format.js";
import { grade, line } from "./judge.js";
import { parse, parseWords } from "./parse.js";

const written = {};
for (const chapter of ["01", "02", "03", "04", "06", "07", "09"])
  Object.assign(written, (await import(`./written/${chapter}.js`)).written);

let table, needs;
export const core = {
  general,
  short,
  whole,
  parse,
  parseWords,
  /** @param {any} opened a chapter's table @param {Record<string, any>} recorded what judges load */
  open(opened, recorded) {
    table = opened;
    needs = { "04.9": recorded.shirts, "09.9": recorded.vectors };
    return Object.keys(table.exercises);
  },
  /** Verdict and line of each answer. @param {string} exercise @param {any[]} answers */
  judge: (exercise, answers) =>
    answers.map((answer) => {
      const verdict = grade(table, written, exercise, answer, needs[exercise]);
      return [verdict.right, line(table, exercise, verdict)];
    }),
};
