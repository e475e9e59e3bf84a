// What tests/parity/test_exercises.py calls: the judges, the parser, and nothing of the page.
import { general, short, whole } from "./format.js";
import { grade, line } from "./judge.js";
import { parse, parseWords } from "./parse.js";
import { vectorsOf } from "./vectors.js";

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
    needs = { "04.9": recorded.shirts };
    if (recorded.vectors)
      needs["09.9"] = vectorsOf(Uint8Array.from(atob(recorded.vectors), (c) => c.charCodeAt(0)).buffer);
    return Object.keys(table.exercises);
  },
  /** Verdict and line of each answer. @param {string} exercise @param {any[]} answers */
  judge: (exercise, answers) =>
    answers.map((answer) => {
      const verdict = grade(table, exercise, answer, needs[exercise]);
      return [verdict.right, line(table, exercise, verdict)];
    }),
};
