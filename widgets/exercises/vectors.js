// The book's word vectors, out of their safetensors file.

/** @param {string} base64 */
export function vectorsOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  const words = header.__metadata__.tokens.split("\n"),
    size = header.codes.shape[1];
  const codes = new Int8Array(bytes, 8 + length + header.codes.data_offsets[0], words.length * size);
  const units = unit(codes, size); // a row's scale does not turn it
  const ids = new Map(words.map((word, id) => [word, id]));
  const row = (word) => units.subarray(ids.get(word) * size, (ids.get(word) + 1) * size);
  /** The word whose vector points most nearly where the sum of these points. */
  const nearest = (plus, minus) => {
    const aim = Float64Array.from({ length: size }, (_, i) => {
      const add = (list) => list.reduce((total, word) => total + row(word)[i], 0);
      return add(plus) - add(minus);
    });
    const given = new Set([...plus, ...minus].map((word) => ids.get(word)));
    let best = -1,
      most = -Infinity;
    for (let id = 0; id < words.length; id += 1) {
      if (given.has(id)) continue;
      let product = 0;
      for (let i = 0; i < size; i += 1) product += units[id * size + i] * aim[i];
      if (product > most) [best, most] = [id, product];
    }
    return words[best];
  };
  return { words, ids, nearest };
}

/** Rows of length 1. @param {Int8Array} codes @param {number} size of a row */
function unit(codes, size) {
  const units = new Float32Array(codes.length);
  for (let start = 0; start < codes.length; start += size) {
    const row = codes.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((total, x) => total + x * x, 0));
    row.forEach((x, i) => {
      units[start + i] = x / length;
    });
  }
  return units;
}
