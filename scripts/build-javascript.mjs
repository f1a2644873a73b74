// Bundles web/ into dist/ (what runs, and one declaration file per entry), and records what it has read (current.mjs). The
// compiled cores in dist/wasm/ are not touched; their glue goes into the bundles for browsers too, so build them first.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, relative } from 'node:path';
import { build, transform } from 'esbuild';
import { minify } from 'terser';
import { recordBundles } from './current.mjs';
import { rollUp } from './declarations.mjs';
import { forBrowsers } from './glue.mjs';
import { instrumentation } from './instrument.mjs';
import { root as repository } from './lib.mjs';
import { FLAVORS } from './modules.mjs';

const root = `${repository}/`;
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
  metafile: true,
};

/**
 * Pages need ImageNet's labels, not its WordNet ids (manifests have those): one text instead of 37 KB of JSON. A comma
 * between them, because a line break takes two characters in a string.
 */
const labelsOnly = {
  name: 'labels-only',
  setup({ onLoad }) {
    onLoad({ filter: /imagenet-1k\.json$/ }, ({ path }) => {
      const labels = JSON.parse(readFileSync(path, 'utf8')).map(({ label }) => label);
      if (labels.some((label) => label.includes(','))) throw new Error(`${path} has a label with a comma`);
      return {
        contents: `const parts = (text) => text.split(',').map((label) => ({ label }));
export default /* @__PURE__ */ parts(${JSON.stringify(labels.join())});`,
      };
    });
  },
};

/** The entries that consumers import by name; those of Node.js and of pages have the same declarations. */
const TYPED = ['index', 'static', 'isolation', 'convert'];

const coreFile = (name) => `${root}dist/wasm/resnet50-${name}.mjs`;
const built = FLAVORS.filter((flavor) => existsSync(coreFile(flavor)));
/** Names in dist/ of what browsers load. */
const browserEntries = [
  'index',
  'extras',
  'training',
  'isolation',
  'isolation-worker',
  ...built.map((flavor) => `worker-${flavor}`),
];
if (built.includes('simd') && built.includes('relaxed')) browserEntries.push('inplace', 'static');
if (existsSync(coreFile('trainer-simd'))) browserEntries.push('worker-trainer-simd', 'inplace-trainer');
if (existsSync(coreFile('trainer-simd-threads'))) browserEntries.push('worker-trainer-simd-threads');
if (existsSync(coreFile('convert-simd'))) browserEntries.push('worker-convert-simd');
if (existsSync(coreFile('convert-simd-threads'))) browserEntries.push('worker-convert-simd-threads');
/** Entries of the package's exports lie in web/ itself, all others in the room of the browser; workers are made, see below. */
const browserSource = (name) =>
  name.startsWith('worker-') ? name : `web/${TYPED.includes(name) ? '' : 'browser/'}${name}.ts`;

/** What all workers are made of, relative to the repository. */
const WORKER_SOURCES = {
  network: 'web/browser/worker.ts',
  trainer: 'web/browser/trainer-worker.ts',
  convert: 'web/browser/converter-worker.ts',
};

/** One source makes many workers: worker-NAME imports the glue of the core NAME in the place of core.mjs. */
const workerPerCore = {
  name: 'worker-per-core',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker-/ }, ({ path }) => ({ path, namespace: 'made' }));
    onLoad({ filter: /./, namespace: 'made' }, ({ path }) => {
      const core = path.slice('worker-'.length);
      const source = root + (WORKER_SOURCES[core.split('-')[0]] ?? WORKER_SOURCES.network);
      const text = readFileSync(source, 'utf8');
      const contents = text.replace("'./wasm/core.mjs'", `'./wasm/resnet50-${core}.mjs'`);
      if (contents === text) throw new Error(`${source} does not import ./wasm/core.mjs`);
      return { contents, loader: 'ts', resolveDir: dirname(source) };
    });
  },
};

/** Emscripten's glue inside the bundles of browsers, without what only Node needs. */
const browserGlue = {
  name: 'browser-glue',
  setup({ onResolve, onLoad }) {
    // Its path is written into bundles: relative, or they would differ with the folder that they are built in.
    onResolve({ filter: /^\.\/wasm\/.*\.mjs$/ }, ({ path }) => ({ path: path.slice('./'.length), namespace: 'glue' }));
    onLoad({ filter: /./, namespace: 'glue' }, ({ path }) => ({
      contents: forBrowsers(readFileSync(`${root}dist/${path}`, 'utf8')),
    }));
  },
};

/** What pages load late stays a file of its own. Static imports never do: a file of another room may have the same name. */
const loadedLate = {
  name: 'loaded-late',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(extras|inplace|inplace-trainer|training)\.js$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** The entry for conversion uses the page's own copy of the package. */
const packageItself = {
  name: 'package-itself',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.js$/ }, ({ path }) => ({ path, external: true }));
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
    compress: { passes: 5, unsafe_arrows: true, unsafe_methods: true, ...thinning },
    format: { comments: false, preserve_annotations: true },
  };
}

async function buildForBrowsers(names, secureContext, plugins = [labelsOnly]) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: names.map((out) => ({ in: browserSource(out), out })),
    define: defines(secureContext),
    platform: 'browser',
    plugins: [...plugins, workerPerCore, browserGlue, loadedLate],
    minifySyntax: true,
    write: false,
  });
  await Promise.all(
    outputFiles.map(async ({ path, text }) => writeFileSync(path, (await minify(text, terserOptions(path))).code)),
  );
  return metafile;
}
const needsSecureContext = (name) => name.endsWith('-threads');

/**
 * A file that stands alone: workers, which users copy beside bundles, where no package.json says that .js are modules, and
 * the entry for `require`, for what cannot require modules (Jest, Node.js before 20.19 and 22.12).
 */
const buildForNode = (options) =>
  build({ ...common, platform: 'node', target: 'node20', ...options }).then(({ metafile }) => metafile);

const results = await Promise.all([
  buildForBrowsers(browserEntries.filter(needsSecureContext), true),
  buildForBrowsers(
    browserEntries.filter((name) => !needsSecureContext(name)),
    false,
  ),
  // With WordNet ids: manifests have them.
  buildForBrowsers(['convert'], false, [packageItself]),
  build({
    ...common,
    entryPoints: [
      { in: 'web/index.node.ts', out: 'index.node' },
      { in: 'web/convert.node.ts', out: 'convert.node' },
      { in: 'web/cli/main.ts', out: 'cli' },
      { in: 'web/weights/measures.ts', out: 'measures' },
    ],
    ...instrumentation(),
    platform: 'node',
    target: 'node20',
    splitting: true,
    chunkNames: 'node-[name]-[hash]',
  }).then(({ metafile }) => metafile),
  buildForNode({
    entryPoints: [
      { in: 'web/node/worker.ts', out: 'worker.node' },
      { in: 'web/cli/weights-worker.ts', out: 'worker-weights.node' },
      { in: 'web/node/trainer-worker.ts', out: 'worker-trainer.node' },
      { in: 'web/node/converter-worker.ts', out: 'worker-convert.node' },
    ],
    outExtension: { '.js': '.mjs' },
    ...instrumentation(),
  }),
  buildForNode({
    entryPoints: [{ in: 'web/index.node.ts', out: 'index.node' }],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    define: { ...defines(false), 'import.meta.url': 'thisModule' },
    banner: { js: "const thisModule = require('node:url').pathToFileURL(__filename).href;" },
  }),
]);
chmodSync(`${root}dist/cli.js`, 0o755);
// The largest of the packages that are bundled for Node.js is one that few need: 17 KB in place of 24, gzipped.
for (const name of readdirSync(`${root}dist`).filter((name) => name.startsWith('node-parquet-'))) {
  const file = `${root}dist/${name}`;
  writeFileSync(file, (await transform(readFileSync(file, 'utf8'), { minify: true, legalComments: 'none' })).code);
}
// The manual page is the text of --help.
const manual = spawnSync(process.execPath, [`${root}dist/cli.js`, 'manual'], { encoding: 'utf8' });
if (manual.status !== 0) throw new Error(`the manual page was not made:\n${manual.stderr}`);
writeFileSync(`${root}dist/resnet50-wasm.1`, manual.stdout);

for (const name of [...browserEntries, 'convert']) {
  const file = `dist/${name}.js`;
  if (/["']node:/.test(readFileSync(root + file, 'utf8')))
    throw new Error(`${file} is for browsers and names a module of Node`);
}

/** Writes the declarations of each source into build/types; resolves to the sources that tsc has read, relative to the repository. */
function writeTypes() {
  const tsc = spawnSync(
    process.execPath,
    [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.types.json', '--listFiles'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (tsc.status !== 0) throw new Error(`tsc refused the declarations:\n${tsc.stdout}${tsc.stderr}`);
  return tsc.stdout
    .split('\n')
    .filter((line) => line.startsWith(root))
    .map((path) => relative(root, path));
}

const bundled = results.flatMap(({ inputs }) => Object.keys(inputs)).filter((path) => !/^(glue|made):/.test(path));
const sources = writeTypes();
for (const [i, text] of rollUp(TYPED.map((name) => `${root}build/types/${name}.d.ts`)).entries()) {
  writeFileSync(`${root}dist/${TYPED[i]}.d.ts`, text);
}
const outputs = results.flatMap((metafile) => Object.keys(metafile.outputs));
const declarations = [...TYPED.map((name) => `dist/${name}.d.ts`), 'dist/index.d.cts'];
copyFileSync(`${root}dist/index.d.ts`, `${root}dist/index.d.cts`);
recordBundles(
  [...bundled, ...Object.values(WORKER_SOURCES), ...sources],
  [...outputs, ...declarations, 'dist/resnet50-wasm.1', 'dist/THIRD-PARTY-NOTICES.txt'],
);
