// Bundles web/ into dist/ (what runs) and dist/types/ (declarations). The compiled cores in dist/wasm/ are not touched;
// their glue goes into the bundles for browsers too, so build them first.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minify } from 'terser';
import { instrumentation } from '../cmake/instrument.mjs';
import { forBrowsers } from './glue.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

mkdirSync(`${root}dist`, { recursive: true });
for (const { name } of readdirSync(`${root}dist`, { withFileTypes: true }).filter((entry) => entry.name !== 'wasm')) {
  rmSync(`${root}dist/${name}`, { recursive: true, force: true });
}

/** Constants of web/globals.d.ts. */
function defines(secureContext) {
  return { __VERSION__: JSON.stringify(version), __SECURE_CONTEXT__: String(secureContext) };
}

/** Settings of all bundles. Paths into dist stay as written: bundlers of users must find them. */
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  define: defines(false),
  external: ['./wasm/*'],
  legalComments: 'none',
  logLevel: 'warning',
};

/** Pages need ImageNet's labels, not its WordNet ids (manifests have those): 1000 lines instead of 37 KB of JSON. */
const labelsOnly = {
  name: 'labels-only',
  setup({ onLoad }) {
    onLoad({ filter: /imagenet-1k\.json$/ }, ({ path }) => {
      const labels = JSON.parse(readFileSync(path, 'utf8')).map(({ label }) => label);
      return {
        contents: `const lines = (text) => text.split('\\n').map((label) => ({ label }));
export default /* @__PURE__ */ lines(${JSON.stringify(labels.join('\n'))});`,
      };
    });
  },
};

const coreFile = (name) => `${root}dist/wasm/resnet50-${name}.mjs`;
const flavours = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];
const built = flavours.filter((flavour) => existsSync(coreFile(flavour)));
const browserEntries = ['web/index.ts', 'web/training.ts', ...built.map((flavour) => `web/worker-${flavour}.ts`)];
if (built.includes('simd') && built.includes('relaxed')) browserEntries.push('web/inplace.ts', 'web/static.ts');
if (existsSync(coreFile('trainer-simd'))) browserEntries.push('web/worker-trainer-simd.ts', 'web/inplace-trainer.ts');
if (existsSync(coreFile('trainer-simd-threads'))) browserEntries.push('web/worker-trainer-simd-threads.ts');
if (built.length < flavours.length) {
  const missing = flavours.filter((flavour) => !built.includes(flavour));
  console.error(`build: without ${missing.join(', ')} in dist/wasm/ the package is incomplete for browsers`);
}

/** Emscripten's glue inside the bundles of browsers, without what only Node needs. */
const browserGlue = {
  name: 'browser-glue',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/wasm\/.*\.mjs$/ }, ({ path }) => ({ path: `${root}dist/${path}`, namespace: 'glue' }));
    onLoad({ filter: /./, namespace: 'glue' }, ({ path }) => ({ contents: forBrowsers(readFileSync(path, 'utf8')) }));
  },
};

/**
 * Terser makes Emscripten's glue an eighth smaller than esbuild does. In what pages import it keeps functions as they are,
 * with their annotations: users' bundlers see by these that they may leave out the table of labels.
 */
function terserOptions(path) {
  const thinning = path.includes('worker-') ? {} : { inline: 0, reduce_funcs: false };
  return {
    ...{ module: true, ecma: 2020 },
    compress: { passes: 3, unsafe_arrows: true, unsafe_methods: true, ...thinning },
    format: { comments: false, preserve_annotations: true },
  };
}

async function buildForBrowsers(entryPoints, secureContext) {
  const { outputFiles } = await build({
    ...common,
    entryPoints,
    define: defines(secureContext),
    external: ['./inplace.js', './inplace-trainer.js', './training.js'],
    platform: 'browser',
    plugins: [labelsOnly, browserGlue],
    minifySyntax: true,
    write: false,
  });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => writeFileSync(path, (await minify(text, terserOptions(path))).code)),
  );
}
const needsSecureContext = (entry) => entry.endsWith('-threads.ts');

await Promise.all([
  buildForBrowsers(browserEntries.filter(needsSecureContext), true),
  buildForBrowsers(
    browserEntries.filter((entry) => !needsSecureContext(entry)),
    false,
  ),
  build({
    ...common,
    entryPoints: [
      'web/index.node.ts',
      'web/worker.node.ts',
      'web/worker-trainer.node.ts',
      'web/cli.ts',
      'web/measures.ts',
    ],
    ...instrumentation(),
    platform: 'node',
    target: 'node20',
    splitting: true,
    chunkNames: 'node-[name]-[hash]',
  }),
]);
chmodSync(`${root}dist/cli.js`, 0o755);

for (const entry of browserEntries) {
  const file = `dist/${entry.slice('web/'.length, -'.ts'.length)}.js`;
  if (/["']node:/.test(readFileSync(root + file, 'utf8')))
    throw new Error(`${file} is for browsers and names a module of Node`);
}

execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: 'inherit',
});
