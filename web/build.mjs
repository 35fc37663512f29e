// Bundles the editor into one file of the package, and records of what it was made, so that a test can tell a stale one.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const OUT = "../gru/playground/page/editor.js";
const licence = readFileSync("node_modules/@codemirror/state/LICENSE", "utf8");
const hash = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

await build({
  entryPoints: ["editor.mjs"],
  outfile: OUT,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  banner: { js: `/* Made by web/build.mjs of CodeMirror 6 and its parts, all under this licence:\n\n${licence}*/` },
});

const sources = ["editor.mjs", "build.mjs", "package.json", "package-lock.json"];
const record = { made: hash(OUT), of: Object.fromEntries(sources.map((name) => [name, hash(name)])) };
writeFileSync("built.json", `${JSON.stringify(record, null, 2)}\n`);
