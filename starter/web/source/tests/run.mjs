// Bundles the tests and runs them by node's own runner.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const names = (await readdir(here)).filter((name) => /\.test\.tsx?$/.test(name));
const outdir = await mkdtemp(join(tmpdir(), "holdfast-page-tests-"));
try {
  await build({
    entryPoints: names.map((name) => join(here, name)),
    bundle: true,
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir,
    logLevel: "warning",
  });
  const run = spawnSync(process.execPath, ["--test", outdir], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  await rm(outdir, { recursive: true, force: true });
}
