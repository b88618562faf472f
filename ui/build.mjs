// Builds every page of the product: a folder here that holds a main.tsx is a page. Its script and style become
// <page>.js and <page>.css (no hashes, so that a rebuild of unchanged sources changes no file); what lies in its
// public/ folder is copied as it is. Usage: node build.mjs [--outDir DIR] [--watch] [page ...]
// Without --outDir a page goes to src/openhandover/<page>/static, with it to DIR/<page>.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  options: { outDir: { type: "string" }, watch: { type: "boolean", default: false } },
  allowPositionals: true,
});

const pages = readdirSync(here).filter((name) => existsSync(join(here, name, "main.tsx")));
for (const page of positionals) {
  if (!pages.includes(page)) throw new Error(`no page "${page}"; there are: ${pages.join(", ")}`);
}

for (const page of positionals.length ? positionals : pages) {
  const root = join(here, page);
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: existsSync(join(root, "public")) ? join(root, "public") : false,
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: values.outDir ? resolve(values.outDir, page) : resolve(here, "../src/openhandover", page, "static"),
      emptyOutDir: true,
      target: "es2022",
      sourcemap: false,
      cssCodeSplit: false,
      watch: values.watch ? {} : null,
      rolldownOptions: {
        input: join(root, "main.tsx"),
        output: { format: "iife", entryFileNames: `${page}.js`, assetFileNames: `${page}[extname]` },
      },
    },
  });
}
