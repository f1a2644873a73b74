// npm run sizes: what a page loads and what npm downloads, in bytes, beside the budgets of tests/budgets.json.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const FLAVOURS = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];

const raw = (file) => readFileSync(join(dist, file)).length;
const gzip = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
const wasm = (flavour) => `wasm/resnet50-${flavour}.wasm`;

/** index.js in an application of the least kind, after a bundler has left out what it does not use; minified, gzipped. */
function bundledGzip() {
  const { outputFiles } = buildSync({
    stdin: {
      contents: "import { ResNet50 } from './index.js'; ResNet50.load().then((model) => model.classify('photo.jpg'));",
      resolveDir: dist,
    },
    ...{ bundle: true, minify: true, write: false, format: 'esm', logLevel: 'error' },
    external: ['./extras.js', './inplace.js', './inplace-trainer.js', './training.js'],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/**
 * Sizes of the built package by the names of the budgets: each the largest over the flavours. A page loads index.js, one
 * worker (the glue is in it) and one wasm file; threads load the same worker again, from the cache. A bundled page does
 * without what it does not use, ImageNet's labels for one (manifests have them).
 */
export function measureSizes() {
  const most = (size) => Math.max(...FLAVOURS.map(size));
  const scripts = (flavour) => gzip('index.js') + gzip(`worker-${flavour}.js`);
  const [{ size }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: root, encoding: 'utf8' }),
  );
  return {
    wasmBytes: most((flavour) => raw(wasm(flavour))),
    wasmGzipBytes: most((flavour) => gzip(wasm(flavour))),
    bundledScriptsGzipBytes: bundledGzip() + most((flavour) => gzip(`worker-${flavour}.js`)),
    pageScriptsGzipBytes: most(scripts),
    runtimeGzipBytes: most((flavour) => scripts(flavour) + gzip(wasm(flavour))),
    tarballBytes: size,
  };
}

/** The reason why sizes cannot be measured, or false. */
export const sizesMissing = () => {
  const missing = FLAVOURS.flatMap((flavour) => [wasm(flavour), `worker-${flavour}.js`]).find(
    (file) => !existsSync(join(dist, file)),
  );
  return missing !== undefined && `dist/${missing} is not built`;
};

export const budgets = () => JSON.parse(readFileSync(join(root, 'tests', 'budgets.json'), 'utf8'));

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const missing = sizesMissing();
  if (missing) {
    console.error(`sizes: ${missing}`);
    process.exit(1);
  }
  const limits = budgets();
  for (const [name, bytes] of Object.entries(measureSizes())) {
    console.log(
      `${name.padEnd(24)} ${String(bytes).padStart(8)} of ${limits[name]}${bytes > limits[name] ? '  OVER BUDGET' : ''}`,
    );
  }
  for (const file of [
    'index.js',
    'extras.js',
    'inplace.js',
    'static.js',
    ...FLAVOURS.map((flavour) => `worker-${flavour}.js`),
    ...FLAVOURS.map(wasm),
  ]) {
    console.log(`  ${file.padEnd(36)} ${String(raw(file)).padStart(8)} raw ${String(gzip(file)).padStart(8)} gzip`);
  }
}
