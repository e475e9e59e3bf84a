// JSON lines in, JSON lines out: calls functions of a bundle's `core`. Usage: node runner.mjs BUNDLE
// A call is {"f": name, "a": arguments}; {"surface": name, "options": {…}} among the arguments stands for that surface.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { core } = await import(pathToFileURL(process.argv[2]).href);

const special = { NaN, Infinity, "-Infinity": -Infinity };
const decode = (value) => {
  if (typeof value === "string" && value in special) return special[value];
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  if ("surface" in value) return core.surfaceOf(value.surface, decode(value.options ?? {}));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
};
const encode = (value) => {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (ArrayBuffer.isView(value)) return Array.from(value, encode);
  if (Array.isArray(value)) return value.map(encode);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => typeof item !== "function")
      .map(([key, item]) => [key, encode(item)]),
  );
};

/** What is not one call of the core: what a surface knows, a surface at many points. */
const extra = {
  describe: (surface) => surface,
  names: () => ({ optimisers: Object.keys(core.OPTIMISERS), surfaces: Object.keys(core.SURFACES) }),
  contour: (surface, height) => surface.ellipse(height),
  evaluate: (surface, points) => points.map(([x, y]) => [surface.value(x, y), ...surface.gradient(x, y)]),
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { f, a } = JSON.parse(line);
    const call = extra[f] ?? core[f];
    if (!call) throw new Error(`core has no ${f}`);
    answer = { ok: encode(call(...decode(a))) };
  } catch (error) {
    answer = { error: error.name, message: error.message, code: error.code };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
