// Trained weights as safetensors: 8 bytes that say how long the header is, the header as JSON, the numbers.
// Read in the page as in Python, and nothing in the file is ever run. Format: github.com/huggingface/safetensors

const READ = {
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => Float32Array.from(new Uint16Array(bytes), half),
  I8: (bytes) => new Int8Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
};

/**
 * @param {ArrayBuffer} file
 * @returns {{tensors: Record<string, {shape: number[], data: ArrayLike<number>}>, metadata: Record<string, string>}}
 *   16-bit floats are widened to 32. Throws a RangeError for a file that is cut or holds another type.
 */
export function parse(file) {
  if (file.byteLength < 8) throw new RangeError("no safetensors file: shorter than 8 bytes");
  const length = Number(new DataView(file).getBigUint64(0, true));
  if (length > file.byteLength - 8)
    throw new RangeError("no safetensors file, or cut: the header is longer than the file");
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(file, 8, length)),
  );
  const tensors = Object.fromEntries(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        if (!READ[dtype])
          throw new RangeError(
            `tensor ${name}: type ${dtype}, expected one of ${Object.keys(READ).join(", ")}`,
          );
        if (8 + length + to > file.byteLength) throw new RangeError(`tensor ${name}: the file is cut`);
        const data = READ[dtype](file.slice(8 + length + from, 8 + length + to)); // a copy: typed arrays want their alignment
        if (data.length !== shape.reduce((size, side) => size * side, 1))
          throw new RangeError(`tensor ${name}: ${data.length} numbers do not fill [${shape}]`);
        return [name, { shape, data }];
      },
    ),
  );
  return { tensors, metadata };
}

/** The value of a 16-bit float: 1 bit sign, 5 bits exponent (bias 15), 10 bits fraction. */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1,
    exponent = (bits >> 10) & 31,
    fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
}
