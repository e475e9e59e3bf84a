// One LSTM step, and a character language model that is read through it, in float64. torch's order of gates: i, f, g, o.
import { needBetween, raise } from "./errors.js";

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const LN2 = Math.log(2);

/**
 * z holds W x + b; U h is added to it, and it becomes i, f, g, o. The new c and h go to their places.
 * @param {Float64Array} z (4H) @param {ArrayLike<number>} U (4H, H), row by row
 * @param {ArrayLike<number>} h @param {ArrayLike<number>} c the state before @param {Float64Array} nextH @param {Float64Array} nextC
 */
export function step(z, U, h, c, nextH, nextC) {
  const H = nextH.length;
  for (let row = 0, at = 0; row < 4 * H; row += 1) {
    let sum = z[row];
    for (let j = 0; j < H; j += 1, at += 1) sum += U[at] * h[j];
    z[row] = row >= 2 * H && row < 3 * H ? Math.tanh(sum) : sigmoid(sum);
  }
  for (let k = 0; k < H; k += 1) {
    nextC[k] = z[H + k] * c[k] + z[k] * z[2 * H + k];
    nextH[k] = z[3 * H + k] * Math.tanh(nextC[k]);
  }
}

/**
 * @typedef {object} CharModel
 * @property {string[]} characters  by id
 * @property {number} hidden
 * @property {Float64Array} inputs  (V, 4H): W x + b of every character, known before anything is read
 * @property {ArrayLike<number>} U @property {ArrayLike<number>} head (V, H) @property {ArrayLike<number>} bias (V)
 */

/**
 * The model of a file's tensors (safetensors, see firstgrad.models.char_lstm): int8 rows get their scales.
 * @param {Record<string, {shape: number[], data: ArrayLike<number>}>} tensors @param {string} characters all of them, by id
 * @returns {CharModel}
 */
export function modelOf(tensors, characters) {
  const tensor = (name) =>
    tensors[name] ?? raise(RangeError, "badModel", "model", name, "", `the model lacks ${name}`);
  const matrix = (name) => {
    const { shape, data } = tensor(name);
    const [rows, columns] = shape;
    const scale = tensors[`${name}.scale`]?.data;
    return {
      rows,
      columns,
      data: Float64Array.from(data, (v, i) => v * (scale ? scale[Math.floor(i / columns)] : 1)),
    };
  };
  const [embedding, W, U, head] = [
    "embedding.weight",
    "lstm.weight_ih_l0",
    "lstm.weight_hh_l0",
    "head.weight",
  ].map(matrix);
  const [b, bias] = ["lstm.bias_l0", "head.bias"].map((name) => tensor(name).data);
  const list = Array.from(characters);
  const H = U.columns;
  const fits =
    list.length === embedding.rows &&
    head.rows === list.length &&
    head.columns === H &&
    U.rows === 4 * H &&
    W.rows === 4 * H &&
    W.columns === embedding.columns &&
    b.length === 4 * H &&
    bias.length === list.length;
  if (!fits)
    raise(
      RangeError,
      "badModel",
      "model",
      `${list.length} characters`,
      "",
      "the model's shapes do not fit together",
    );
  const inputs = new Float64Array(list.length * 4 * H);
  for (let v = 0; v < list.length; v += 1) {
    for (let row = 0; row < 4 * H; row += 1) {
      let sum = b[row];
      for (let j = 0; j < W.columns; j += 1)
        sum += W.data[row * W.columns + j] * embedding.data[v * W.columns + j];
      inputs[v * 4 * H + row] = sum;
    }
  }
  return { characters: list, hidden: H, inputs, U: U.data, head: head.data, bias };
}

/** log₂ of the softmax of the scores for what comes after the output h. @param {CharModel} model @param {ArrayLike<number>} h */
export function logChances({ characters, hidden, head, bias }, h) {
  const scores = new Float64Array(characters.length);
  let most = -Infinity;
  for (let v = 0, at = 0; v < scores.length; v += 1) {
    let sum = bias[v];
    for (let j = 0; j < hidden; j += 1, at += 1) sum += head[at] * h[j];
    scores[v] = sum;
    if (sum > most) most = sum;
  }
  let total = 0;
  for (const score of scores) total += Math.exp(score - most);
  const log = most + Math.log(total);
  return scores.map((score) => (score - log) / LN2);
}

/**
 * Everything while it reads, one row a character: z holds i, f, g, o; c and h begin with the empty state.
 * @typedef {{ids: number[], gates: Float64Array[], c: Float64Array[], h: Float64Array[], chances: Float64Array[], bits: number[]}} Reading
 */

/**
 * Read `ids`. What a former reading has in common with it at its beginning is taken over, not read again.
 * @param {CharModel} model @param {number[]} ids @param {Reading} [before] @returns {Reading}
 */
export function read(model, ids, before) {
  const H = model.hidden;
  let same = 0;
  while (before && same < ids.length && same < before.ids.length && ids[same] === before.ids[same]) same += 1;
  const kept = (list, count) => (before ? list.slice(0, count) : []);
  const reading = {
    ids: [...ids],
    gates: kept(before?.gates, same),
    c: kept(before?.c, same + 1),
    h: kept(before?.h, same + 1),
    chances: kept(before?.chances, same),
    bits: kept(before?.bits, same),
  };
  if (!before) [reading.c, reading.h] = [[new Float64Array(H)], [new Float64Array(H)]];
  for (let t = same; t < ids.length; t += 1) {
    needBetween("character", ids[t], 0, model.characters.length - 1);
    const z = model.inputs.slice(ids[t] * 4 * H, (ids[t] + 1) * 4 * H);
    const [h, c] = [new Float64Array(H), new Float64Array(H)];
    step(z, model.U, reading.h[t], reading.c[t], h, c);
    reading.gates.push(z);
    reading.c.push(c);
    reading.h.push(h);
    reading.chances.push(logChances(model, h));
    // The first character was not guessed.
    reading.bits.push(t ? -reading.chances[t - 1][ids[t]] : NaN);
  }
  return reading;
}

/** The likeliest characters after one place: [id, chance], the likeliest first. @param {Float64Array} chances log₂ @param {number} count */
export function likeliest(chances, count) {
  const order = Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a] || a - b);
  return order.slice(0, count).map((id) => [id, 2 ** chances[id]]);
}

/**
 * Ids of a text. What the model does not know is left out and named: it never saw it.
 * @param {CharModel} model @param {string} text @returns {{ids: number[], places: number[], unknown: string[]}} places: of each id, among the text's characters
 */
export function encode({ characters }, text) {
  const known = new Map(characters.map((character, id) => [character, id]));
  const [ids, places, unknown] = [[], [], []];
  Array.from(text).forEach((character, place) => {
    const id = known.get(character);
    if (id === undefined) {
      if (!unknown.includes(character)) unknown.push(character);
    } else {
      ids.push(id);
      places.push(place);
    }
  });
  return { ids, places, unknown };
}
