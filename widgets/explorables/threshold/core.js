// From scores to decisions: the counts at every threshold, both curves, and which threshold is best. No DOM.
import { needBetween, needPositive, raise } from "../../core/errors.js";

/** @param {number} z a log-odds */
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));
/** The log-odds of a probability; infinite at 0 and 1. @param {number} p */
export const logit = (p) => Math.log(p / (1 - p));

const damaged = (where, given, allowed, message) =>
  raise(TypeError, "badScores", where, given, allowed, `${where} ${message}`);

/**
 * One data set: as many labels ("0110…") as logits, and both classes among them.
 * @param {string} name @param {any} set @returns {{logits: number[], labels: string}}
 */
export function checkScores(name, set) {
  const fine =
    typeof set === "object" && set !== null && Array.isArray(set.logits) && typeof set.labels === "string";
  if (!fine) damaged(name, set, "logits and labels", "must have logits and labels");
  if (!set.logits.every((z) => typeof z === "number" && Number.isFinite(z)))
    damaged(name, "something else", "finite numbers", "must have finite numbers as logits");
  if (!/^[01]*$/.test(set.labels) || set.labels.length !== set.logits.length)
    damaged(name, set.labels.length, "0 and 1", "must have a label, 0 or 1, for each logit");
  if (!set.labels.includes("0") || !set.labels.includes("1"))
    damaged(name, "one class", "both classes", "must have both classes");
  return set;
}

/**
 * The true and false positives at every threshold: from Infinity (nothing is positive) down to the lowest
 * score.
 * @typedef {{thresholds: number[], tp: number[], fp: number[], positives: number, negatives: number}} Sweep
 * @param {number[]} scores @param {ArrayLike<number|string>} labels 0 or 1 @returns {Sweep}
 */
export function sweep(scores, labels) {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const found = { thresholds: [Infinity], tp: [0], fp: [0], positives: 0, negatives: 0 };
  for (const i of order) {
    // Equal scores stand or fall together.
    if (scores[i] !== found.thresholds.at(-1)) {
      found.thresholds.push(scores[i]);
      found.tp.push(found.tp.at(-1));
      found.fp.push(found.fp.at(-1));
    }
    found[Number(labels[i]) ? "tp" : "fp"][found.tp.length - 1] += 1;
  }
  return { ...found, positives: found.tp.at(-1), negatives: found.fp.at(-1) };
}

/**
 * The position of the lowest threshold that is still at or above `t`.
 * @param {Sweep} swept @param {number} t
 */
export function indexAt({ thresholds }, t) {
  let [low, high] = [0, thresholds.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (thresholds[middle] >= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The two coordinates of the ROC plane. @param {Sweep} swept @param {number} i */
export const ratesAt = ({ tp, fp, positives, negatives }, i) => ({
  tpr: tp[i] / positives,
  fpr: fp[i] / negatives,
});

/** The confusion matrix as shares, where `prevalence` of all are positive. */
export function mix({ tpr, fpr }, prevalence) {
  needBetween("prevalence", prevalence, 0, 1);
  const other = 1 - prevalence;
  return { tp: prevalence * tpr, fn: prevalence * (1 - tpr), fp: other * fpr, tn: other * (1 - fpr) };
}

/**
 * What is read off a confusion matrix; a missed positive costs `cost` false alarms. Precision of nothing is
 * NaN.
 */
export function measures({ tp, fn, fp, tn }, cost) {
  needPositive("cost", cost);
  return {
    accuracy: tp + tn,
    precision: tp / (tp + fp),
    recall: tp / (tp + fn),
    f1: (2 * tp) / (2 * tp + fp + fn),
    cost: cost * fn + fp,
  };
}

/** All measures at a threshold. @param {Sweep} swept */
export function judge(swept, threshold, prevalence, cost) {
  const rates = ratesAt(swept, indexAt(swept, threshold));
  const shares = mix(rates, prevalence);
  return { ...rates, shares, ...measures(shares, cost) };
}

/**
 * The threshold with the largest F1 ("f1") or the smallest cost ("cost"), and its value.
 * @param {Sweep} swept
 */
export function best(swept, prevalence, cost, what) {
  let [at, value] = [0, what === "f1" ? 0 : Infinity];
  swept.thresholds.forEach((_, i) => {
    const here = measures(mix(ratesAt(swept, i), prevalence), cost)[what];
    if (what === "f1" ? here > value : here < value) [at, value] = [i, here];
  });
  return { threshold: swept.thresholds[at], value };
}

/**
 * The area under the ROC curve: trapezia, since tied scores are joined by a straight line.
 * @param {Sweep} swept
 */
export function rocArea({ tp, fp, positives, negatives }) {
  let area = 0;
  for (let i = 1; i < tp.length; i += 1) area += ((fp[i] - fp[i - 1]) * (tp[i] + tp[i - 1])) / 2;
  return area / (positives * negatives);
}

/**
 * The area under the steps of the precision-recall curve, where `prevalence` are positive.
 * @param {Sweep} swept
 */
export function averagePrecision(swept, prevalence) {
  let area = 0;
  for (let i = 1; i < swept.tp.length; i += 1) {
    const { tp, fp } = mix(ratesAt(swept, i), prevalence);
    if (tp > 0) area += ((swept.tp[i] - swept.tp[i - 1]) / swept.positives) * (tp / (tp + fp));
  }
  return area;
}

/** The positions at which the curves bend: all that is needed to draw them. @param {Sweep} swept */
export function corners({ tp }) {
  return tp
    .map((_, i) => i)
    .filter((i) => i === 0 || i === tp.length - 1 || tp[i] !== tp[i - 1] || tp[i + 1] !== tp[i]);
}

/**
 * How each class spreads over bins; what lies beyond the ends goes to the outer bins. Shares of the class.
 */
export function histogram(values, labels, edges) {
  const bins = edges.length - 1;
  const counts = [new Array(bins).fill(0), new Array(bins).fill(0)];
  const width = (edges.at(-1) - edges[0]) / bins;
  values.forEach((v, i) => {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((v - edges[0]) / width)));
    counts[Number(labels[i])][bin] += 1;
  });
  return counts.map((count) => {
    const total = count.reduce((sum, n) => sum + n, 0);
    return count.map((n) => n / total);
  });
}
