// Recorded trainings: is the file whole, and what does it say? No DOM.
// The form is described in lib/firstgrad/widgets/learning_rate_lab.py, which makes the same checks.
import { raise } from "../../core/errors.js";

export const OPTIMISERS = ["SGD", "Momentum", "Nesterov"];
const SETTINGS = ["batch_size", "epochs", "steps", "window", "momentum", "seed", "train", "validation"];

const damaged = (code, where, given, allowed, message) =>
  raise(TypeError, code, where, given, allowed, `recording: ${where} ${message}`);
const is = {
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  list: Array.isArray,
  number: (value) => typeof value === "number" && Number.isFinite(value),
};

function part(parent, key, kind, where) {
  const name = where ? `${where}.${key}` : key;
  if (!Object.hasOwn(parent, key)) damaged("recordingLacks", name, "nothing", kind, "is missing");
  if (!is[kind](parent[key])) damaged("recordingKind", name, parent[key], kind, `must be a ${kind}`);
  return parent[key];
}

function numbers(parent, key, where) {
  const list = part(parent, key, "list", where);
  list.forEach(
    (value, i) =>
      is.number(value) ||
      damaged(
        "recordingKind",
        `${where ? `${where}.` : ""}${key}[${i}]`,
        value,
        "number",
        "must be a number",
      ),
  );
  return list;
}

function length(list, wanted, name) {
  if (list.length !== wanted)
    damaged("recordingLength", name, list.length, wanted, `has ${list.length} entries, expected ${wanted}`);
}

function checkRun(run, where, settings) {
  if (!is.object(run)) damaged("recordingKind", where, run, "object", "must be an object");
  part(run, "dead_units", "number", where);
  const whole = run.diverged_at === null;
  if (!whole) part(run, "diverged_at", "number", where);
  const full = {
    train: Math.ceil(settings.steps / settings.window),
    validation_loss: settings.epochs,
    validation_accuracy: settings.epochs,
  };
  for (const [name, count] of Object.entries(full)) {
    const list = numbers(run, name, where);
    if (whole || list.length > count) length(list, count, `${where}.${name}`);
  }
}

/** The recording itself, if it is whole; else an error that names the first damaged place. @param {any} recording */
export function checkRecording(recording) {
  if (!is.object(recording) || Object.keys(recording).length === 0)
    damaged("recordingLacks", "recording", recording, "object", "is missing");
  const settings = part(recording, "settings", "object", "");
  for (const name of SETTINGS) part(settings, name, "number", "settings");
  if (numbers(settings, "sizes", "settings").length < 2)
    damaged("recordingLength", "settings.sizes", settings.sizes.length, "≥ 2", "is too short");
  part(recording, "provenance", "object", "");
  const rates = numbers(recording, "learning_rates", "");
  if (!rates.length || rates[0] <= 0 || rates.some((rate, i) => i > 0 && rate <= rates[i - 1])) {
    damaged("recordingOrder", "learning_rates", rates, "rising", "must be positive and rising");
  }
  const runs = part(recording, "runs", "object", "");
  for (const optimiser of OPTIMISERS) {
    const list = part(runs, optimiser, "list", "runs");
    length(list, rates.length, `runs.${optimiser}`);
    list.forEach((run, i) => checkRun(run, `runs.${optimiser}[${i}]`, settings));
  }
  return recording;
}

/** The validation loss with which a run ended; infinite for one that ended early. */
export const lastLoss = (run) => (run.diverged_at === null ? run.validation_loss.at(-1) : Infinity);

/** The loss of one who knows nothing and gives every class the same probability. */
export const guessing = (recording) => Math.log(recording.settings.sizes.at(-1));

/** The position of the lowest last validation loss. */
export function bestOf(runs) {
  return runs.reduce((best, run, i) => (lastLoss(run) < lastLoss(runs[best]) ? i : best), 0);
}

/** The position from which on, to the right of the best, every run ends about as badly as guessing; `runs.length` if none does. */
export function brokenFrom(runs, guess) {
  let from = runs.length;
  while (from - 1 > bestOf(runs) && lastLoss(runs[from - 1]) >= 0.95 * guess) from -= 1;
  return from;
}

/** The position of the learning rate nearest to `rate`, by ratio. */
export function nearest(rates, rate) {
  const far = (known) => Math.abs(Math.log(known / rate));
  return rates.reduce((best, known, i) => (far(known) < far(rates[best]) ? i : best), 0);
}

/**
 * What a run shows, in one word: "stopped" (not finite), "broken", "best", "close" (within 25 %), "slow", "rough".
 * @param {any[]} runs @param {number} i @param {number} guess
 */
export function verdict(runs, i, guess) {
  const best = bestOf(runs);
  if (runs[i].diverged_at !== null) return "stopped";
  if (i >= brokenFrom(runs, guess)) return "broken";
  if (i === best) return "best";
  if (lastLoss(runs[i]) <= 1.25 * lastLoss(runs[best])) return "close";
  return i < best ? "slow" : "rough";
}
