// Bundles every explorable: widgets/explorables/NAME/index.js → lib/firstgrad/widgets/static/NAME.js,
// and the exercises' two scripts into site/bundles.
//
//   node build.mjs              write the bundles
//   node build.mjs --check      write nothing; fail and name what is stale
//   --source DIR --out DIR      explorables elsewhere: DIR/NAME/index.js;
//                               their ../../ui/… and ../../core/… are still ours
//
// A bundle is a classic script up to the line "//# esm" (so that it works from file://), an ES module as a whole.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { list } from "./listing.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const EXPLORABLES = join(HERE, "explorables");
const STATIC = join(ROOT, "lib/firstgrad/widgets/static");
const DESIGN = join(ROOT, "lib/firstgrad/design.json");
const OWN = ["build.mjs", "listing.mjs", "package-lock.json"].map((name) => join(HERE, name));
const BUNDLES = join(ROOT, "site/bundles");
const TAIL = [
  "//# esm",
  "export default firstgradWidget.default;",
  "export const core = firstgradWidget.core;",
  "",
].join("\n");

/** The design tokens as CSS: used where no page around the explorable defines them (Jupyter, Colab, VS Code). */
function theme() {
  const design = JSON.parse(readFileSync(DESIGN, "utf8"));
  const rules = (palette) =>
    Object.entries(palette)
      .map(([name, value]) => `--fg-${name}:${value};`)
      .join("");
  const fonts = rules(
    Object.fromEntries(Object.entries(design.font).map(([name, value]) => [`font-${name}`, value])),
  );
  const dark = [
    "[data-jp-theme-light=false]",
    "html[theme=dark]",
    "body.vscode-dark",
    "body.vscode-high-contrast",
    "html[data-theme=dark]",
  ]
    .map((place) => `${place} .fg-own-theme`)
    .join(",");
  // Paper is always light: what is printed must not depend on the screen's theme.
  return (
    `.fg-own-theme{${rules(design.light)}${fonts}color-scheme:light}` +
    `@media screen{${dark}{${rules(design.dark)}color-scheme:dark}}\n`
  );
}

const COMMON = join(HERE, "ui/style.css"); // the theme goes along with it, once

/** CSS arrives as a minified string; `../../ui` and `../../core` are found from any folder. */
const plugin = {
  name: "firstgrad",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\.\.\/\.\.\/(ui|core)\// }, ({ path, resolveDir }) =>
      existsSync(resolve(resolveDir, path)) ? null : { path: resolve(EXPLORABLES, "NAME", path) },
    );
    esbuild.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = (path === COMMON ? theme() : "") + readFileSync(path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** Whose code is in the bundle, and on what terms: every licence asks that its text goes along. */
function licences(inputs) {
  const packages = new Set(inputs.map((path) => path.match(/node_modules\/([^/]+)\//)?.[1]).filter(Boolean));
  const terms = new Map();
  for (const name of [...packages].sort()) {
    const [copyright, ...rest] = readFileSync(join(HERE, "node_modules", name, "LICENSE"), "utf8")
      .trim()
      .split("\n\n");
    terms.set(rest.join("\n\n"), [...(terms.get(rest.join("\n\n")) ?? []), `${name}: ${copyright}`]);
  }
  const blocks = [...terms].map(([text, names]) => `${names.join("\n")}\n\n${text}`);
  return `/* firstgrad, MIT licence. Contains parts of:\n\n${blocks.join("\n\n")}\n*/`;
}

/** The bundle's text, and the files that it was made of. */
async function bundle(file) {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: "firstgradWidget",
    metafile: true,
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    absWorkingDir: HERE,
    nodePaths: [join(HERE, "node_modules")],
    plugins: [plugin],
    loader: { ".csv": "text" },
  });
  const script = outputFiles[0].text.replace(/^"use strict";/, "").trim();
  const used = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput)
    .map(([path]) => path);
  const inputs = Object.keys(metafile.inputs).map((path) => resolve(HERE, path));
  return { text: `${script}\n${licences(used)}\n${TAIL}`, inputs };
}

/** What pages load besides explorables: the boxes for answers, and the progress in the contents. */
const SCRIPTS = {
  exercises: "exercises/page.js",
  contents: "exercises/contents.js",
  python: "exercises/python.js",
  ...Object.fromEntries(
    readdirSync(join(HERE, "exercises/written")).map((file) => [
      `written_${basename(file, ".js")}`,
      `exercises/written/${file}`,
    ]),
  ),
};

async function script(file) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(HERE, file)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    globalName: file.includes("/written/") ? "fgWritten" : undefined,
    target: "es2022",
    charset: "utf8",
    logLevel: "silent",
    absWorkingDir: HERE,
  });
  const inputs = Object.keys(metafile.inputs).map((path) => resolve(HERE, path));
  return { text: outputFiles[0].text, inputs };
}

/** Loading it here proves that nothing touches the DOM on import and that the two exports are there. */
async function inspect(name, text) {
  const module = await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
  if (typeof module.default?.render !== "function")
    throw new Error(`${name}.js has no default export made by explorable({…})`);
  if (typeof module.core !== "object")
    throw new Error(`${name}.js does not export "core" (its numerics, for Node)`);
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

async function main() {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      source: { type: "string", default: EXPLORABLES },
      out: { type: "string", default: STATIC },
    },
  });
  const entry = (name) => resolve(values.source, name, "index.js");
  const names = readdirSync(values.source)
    .filter((name) => existsSync(entry(name)))
    .sort();
  if (!names.length) throw new Error(`no explorable (NAME/index.js) in ${values.source}`);
  const explorables = names.map((name) => [name, values.out, () => bundle(entry(name))]);
  const scripts = Object.entries(SCRIPTS).map(([name, file]) => [name, BUNDLES, () => script(file)]);
  let wrong = 0;
  const files = [DESIGN, ...OWN];
  for (const [name, folder, make] of [...explorables, ...(values.source === EXPLORABLES ? scripts : [])]) {
    const target = join(folder, `${name}.js`);
    try {
      const { text, inputs } = await make();
      files.push(target, ...inputs);
      if (folder === values.out) await inspect(name, text);
      const fresh = existsSync(target) && readFileSync(target, "utf8") === text;
      if (values.check && !fresh)
        throw new Error(`${relative(process.cwd(), target)} is stale: run \`make widgets\` and commit it`);
      if (!fresh) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(target, text);
      }
      console.log(
        `${fresh ? "fresh  " : "written"}  ${name}: ${kilobytes(Buffer.byteLength(text))}, ${kilobytes(gzipSync(text).length)} gzip`,
      );
    } catch (error) {
      wrong += 1;
      console.error(`failed   ${name}: ${error.message}`);
    }
  }
  // A bundle whose source is gone would be served for ever.
  const made = existsSync(values.out) ? readdirSync(values.out).filter((file) => file.endsWith(".js")) : [];
  const orphans = made.filter((file) => !names.includes(basename(file, ".js")));
  for (const file of orphans) console.error(`orphan   ${file}: no source of that name; delete it`);
  const committed = values.source === EXPLORABLES && values.out === STATIC;
  if (committed && !wrong)
    list(files, { root: ROOT, target: join(HERE, "bundled.sha256"), check: values.check });
  return wrong + orphans.length;
}

main().then(
  (wrong) => process.exit(wrong ? 1 : 0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
