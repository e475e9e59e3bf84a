// What the committed bundles were made of, and they themselves, by hash: so a machine without Node sees a bundle
// that is older than its source (tools/bundles.py). As of sha256sum: `sha256sum -c widgets/bundled.sha256`.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Git may turn line ends: they do not count. */
const hash = (file) =>
  createHash("sha256").update(readFileSync(file, "latin1").replaceAll("\r\n", "\n"), "latin1").digest("hex");

/** Of packages their lock file stands there: they themselves are on few machines. */
function listing(files, root) {
  const paths = [...new Set(files)].map((file) => relative(root, file).split(sep).join("/"));
  const ours = paths.filter((path) => !path.includes("node_modules/")).sort();
  return ours.map((path) => `${hash(join(root, path))}  ${path}\n`).join("");
}

/** Write the listing to `target`; or, to check, throw if it is another one. */
export function list(files, { root, target, check }) {
  const text = listing(files, root);
  if (existsSync(target) && readFileSync(target, "utf8").replaceAll("\r\n", "\n") === text) return;
  if (check) throw new Error(`${relative(root, target)} is stale: run \`make widgets\` and commit it`);
  writeFileSync(target, text);
}
