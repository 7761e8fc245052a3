// Builds the page into ../static and notes there the hash of every source, so that a test can tell that what is
// committed was built from what is committed. The same sources give the same bytes on every machine.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
// What the built files do not depend on.
const APART = new Set(["node_modules", "tests", "README.md"]);

const COMMON = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  write: true,
  outdir: join(out, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "copy" },
  logLevel: "warning",
};

async function sourcesIn(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (folder === here && APART.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await sourcesIn(path)));
    else found.push(path);
  }
  return found;
}

async function hashes() {
  const paths = (await sourcesIn(here)).map((path) => [relative(here, path).split(sep).join("/"), path]).sort();
  const entries = [];
  for (const [name, path] of paths) {
    entries.push([name, createHash("sha256").update(await readFile(path)).digest("hex")]);
  }
  return Object.fromEntries(entries);
}

function built(results, source) {
  for (const { metafile } of results) {
    for (const [path, output] of Object.entries(metafile.outputs)) {
      const inputs = Object.keys(output.inputs);
      if (output.entryPoint === source || (!output.entryPoint && inputs.includes(source))) {
        return `/assets/${path.split("/").at(-1)}`;
      }
    }
  }
  throw new Error(`${source} was not built`);
}

// What the first script imports, and what that imports: asked for at once and not one after the other.
function preloaded([{ metafile }]) {
  const paths = Object.keys(metafile.outputs).filter((path) => metafile.outputs[path].entryPoint === "src/main.tsx");
  for (const path of paths) {
    for (const { path: imported, kind } of metafile.outputs[path].imports) {
      if (kind === "import-statement" && !paths.includes(imported)) paths.push(imported);
    }
  }
  return paths.slice(1).map((path) => `<link rel="modulepreload" href="/assets/${path.split("/").at(-1)}" />`);
}

// The licences of what is bundled travel with it.
async function licences(results) {
  const packages = new Set();
  for (const { metafile } of results) {
    for (const input of Object.keys(metafile.inputs)) {
      const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(input);
      if (match) packages.add(join(here, input.slice(0, match.index + match[0].length)));
    }
  }
  const texts = [];
  for (const folder of [...packages].sort()) {
    const { name, version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).sort().find((each) => /^licen[cs]e/i.test(each));
    const text = file ? (await readFile(join(folder, file), "utf8")).trim() : "No licence file in the package.";
    texts.push(`${name} ${version}\n\n${text}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "assets"), { recursive: true });
const results = [
  await build({
    ...COMMON,
    entryPoints: { app: "src/main.tsx" },
    format: "esm",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
  }),
  await build({ ...COMMON, entryPoints: { style: "src/styles/main.css", mark: "src/shell/mark.svg" } }),
  // Not a module: it runs before the first paint, so that no other theme flashes up.
  await build({ ...COMMON, entryPoints: { theme: "src/shell/first-paint.ts" }, format: "iife" }),
];
const page = (await readFile(join(here, "index.html"), "utf8"))
  .replace("{{app}}", built(results, "src/main.tsx"))
  .replace("{{style}}", built(results, "src/styles/main.css"))
  .replace("{{theme}}", built(results, "src/shell/first-paint.ts"))
  .replace("{{preloaded}}", preloaded(results).join("\n    "))
  .replace("{{mark}}", built(results, "src/shell/mark.svg"));
await writeFile(join(out, "index.html"), page);
await writeFile(join(out, "licences.txt"), await licences(results));
await writeFile(join(out, "built-from.json"), `${JSON.stringify({ sources: await hashes() }, null, 1)}\n`);
