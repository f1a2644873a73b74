// The package in a page without a bundler and through each bundler, from the packed tarball: the worker, the wasm and
// the weights must be found, with threads, and give the bits that Node gives. docs/bundlers.md says what is needed where.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { browserMissing, openPage } from '../support/browsers.mjs';
import { logitsInNode } from '../support/in-node.mjs';
import { prepared, toolsFolder } from '../support/prepared.mjs';
import { makeProject } from '../support/project.mjs';
import { STRICT_CSP, startServer } from '../support/server.mjs';
import { serverOptions } from '../support/server-options.mjs';
import { newContext } from '../support/shared-browsers.mjs';
import { LIMIT, until } from '../support/wait.mjs';

const { noWeights, packageFolder } = prepared;
const skip = browserMissing('chromium') || noWeights;

const app = (options = '{}') => `import { ResNet50, ResNet50_Weights } from 'resnet50-wasm';
globalThis.classify = async () => {
  const model = await ResNet50.load({ weights: 'pqf', ...${options} });
  const logits = await model.logits('/pictures/clock.jpg');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', logits));
  const info = model.info();
  const wave = (i) => Float32Array.from({ length: 2048 }, (_, k) => (k * (i + 3)) % 7);
  await model.fit([0, 1, 2, 3].map((i) => ({ label: 'ab'[i % 2], embedding: wave(i) })));
  const fitted = (await model.classify('/pictures/clock.jpg')).length;
  const explained = (await model.explain('/pictures/clock.jpg')).label;
  await model.dispose();
  return { info, fitted, explained, name: ResNet50_Weights.DEFAULT.name, hash: Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('') };
};
document.title = 'ready';
`;
const page = (script) =>
  `<!doctype html><link rel="icon" href="/icon.svg"><title>loading</title><body>${script}</body>`;
const MODULE = page('<script type="module" src="/main.js"></script>');

// Two at a time: most of a build runs on one core.
describe('bundlers', { skip, concurrency: 2 }, () => {
  let tools;
  let context;
  let expected;

  before(async () => {
    tools = await toolsFolder('bundlers');
    await rm(join(tools, 'node_modules', 'resnet50-wasm'), { recursive: true, force: true });
    await cp(packageFolder, join(tools, 'node_modules', 'resnet50-wasm'), { recursive: true });
    expected = (await logitsInNode(['clock.jpg']))['clock.jpg'];
    context = await newContext('chromium');
  });
  after(() => context?.close());

  const load = (name) => import(pathToFileURL(createRequire(join(tools, 'x.js')).resolve(name)).href);

  /** A project folder with the given files. */
  const project = (name, files) => makeProject(join(tools, 'apps', name), files);

  /** Opens an address and classifies there: threads in a worker, Node's bits, nothing on the console. */
  async function check(address, { allow = /^$/ } = {}) {
    const lines = [];
    const opened = await openPage(context, address, lines);
    try {
      const ready = () => opened.evaluate(() => document.title === 'ready');
      await until(ready, { what: 'the script has run' }).catch((error) =>
        assert.fail([error.message, ...lines].join('\n')),
      );
      const result = await opened.evaluate(() =>
        globalThis.classify().catch((e) => ({ error: `${e.code} ${e.message}` })),
      );
      assert.equal(result.error, undefined, lines.join('\n'));
      assert.equal(result.hash, expected);
      assert.equal(result.fitted, 2, 'classes of the head that was trained');
      assert.match(result.explained, /^[ab]$/);
      assert.equal(result.name, 'IMAGENET1K_V2');
      assert.ok(result.info.worker && result.info.threads >= 2, JSON.stringify(result.info));
      assert.deepEqual(
        lines.filter((line) => !allow.test(line)),
        [],
      );
    } finally {
      await opened.close();
    }
  }

  /** Serves a folder of built files with pictures and weights beside it, and checks it. */
  async function checkFolder(folder, { csp = STRICT_CSP, ...more } = {}) {
    const options = serverOptions({ csp });
    const server = await startServer({
      ...options,
      folders: { ...options.folders, '/package/': '/nonexistent/', '/': folder },
      pages: { '/icon.svg': options.pages['/icon.svg'] },
    });
    try {
      await check(`${server.origin}/`, more);
    } finally {
      server.close();
    }
  }

  test('no bundler: an import map', LIMIT, async () => {
    const map = page(
      `<script type="importmap">{ "imports": { "resnet50-wasm": "/package/dist/index.js" } }</script><script type="module" src="/main.js"></script>`,
    );
    const server = await startServer(serverOptions({ csp: undefined, pages: { '/': map, '/main.js': app() } }));
    await check(`${server.origin}/`).finally(() => server.close());
  });

  test('no bundler: from a CDN of another origin', LIMIT, async () => {
    const cdn = await startServer(serverOptions({ cors: true, csp: undefined, isolated: false }));
    const address = `${cdn.origin}/package/dist/index.js`;
    const own = serverOptions({
      csp: undefined,
      pages: { '/': MODULE, '/main.js': app().replace('resnet50-wasm', address) },
    });
    const server = await startServer({ ...own, folders: { ...own.folders, '/package/': '/nonexistent/' } });
    await check(`${server.origin}/`).finally(() => {
      server.close();
      cdn.close();
    });
  });

  test('Vite, build', LIMIT, async () => {
    const root = await project('vite', { 'index.html': MODULE, 'main.js': app() });
    const { build } = await load('vite');
    await build({ root, logLevel: 'error', build: { outDir: 'out' } });
    await checkFolder(join(root, 'out'));
  });

  test('Vite, development server', LIMIT, async () => {
    const root = await project('vite-dev', { 'index.html': MODULE, 'main.js': app() });
    const own = serverOptions();
    for (const [from, to] of [
      ['pictures', own.folders['/pictures/']],
      ['weights/pqf', join(own.folders['/weights/'], 'pqf')],
    ]) {
      await cp(to, join(root, 'public', from), { recursive: true });
    }
    await writeFile(join(root, 'public', 'icon.svg'), own.pages['/icon.svg']);
    const { createServer } = await load('vite');
    const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    const server = await createServer({
      root,
      logLevel: 'error',
      server: { port: 0, host: '127.0.0.1', headers },
      cacheDir: join(root, 'cache'),
    });
    await server.listen();
    const { port } = server.httpServer.address();
    try {
      await check(`http://127.0.0.1:${port}/`, { allow: /^\[vite\]/ });
    } finally {
      await server.close();
    }
  });

  test('webpack', LIMIT, async () => {
    const root = await project('webpack', {
      'out/index.html': page('<script src="/main.js"></script>'),
      'main.js': app(),
    });
    const { default: webpack } = await load('webpack');
    const config = {
      mode: 'production',
      context: root,
      entry: './main.js',
      output: { path: join(root, 'out') },
      performance: { hints: false },
    };
    const stats = await promisify(webpack)(config);
    assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString({ all: false, errors: true, warnings: true }));
    await checkFolder(join(root, 'out'));
  });

  test('Rollup with @web/rollup-plugin-import-meta-assets', LIMIT, async () => {
    const root = await project('rollup', { 'out/index.html': MODULE, 'main.js': app() });
    const { rollup } = await load('rollup');
    const { nodeResolve } = await load('@rollup/plugin-node-resolve');
    const { importMetaAssets } = await load('@web/rollup-plugin-import-meta-assets');
    const bundle = await rollup({
      input: join(root, 'main.js'),
      plugins: [nodeResolve({ browser: true }), importMetaAssets()],
    });
    await bundle.write({ dir: join(root, 'out'), format: 'es' });
    await checkFolder(join(root, 'out'));
  });

  /** The copy step of docs/bundlers.md. */
  async function copyAssets(out) {
    const dist = join(tools, 'node_modules', 'resnet50-wasm', 'dist');
    for (const flavour of [
      'simd',
      'simd-threads',
      'relaxed',
      'relaxed-threads',
      'trainer-simd',
      'trainer-simd-threads',
    ]) {
      await cp(join(dist, `worker-${flavour}.js`), join(out, `worker-${flavour}.js`));
      await cp(join(dist, 'wasm', `resnet50-${flavour}.wasm`), join(out, 'wasm', `resnet50-${flavour}.wasm`));
    }
  }

  test('Rollup without that plugin, and a copy step', LIMIT, async () => {
    const root = await project('rollup-copy', { 'out/index.html': MODULE, 'main.js': app() });
    const { rollup } = await load('rollup');
    const { nodeResolve } = await load('@rollup/plugin-node-resolve');
    const bundle = await rollup({ input: join(root, 'main.js'), plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ dir: join(root, 'out'), format: 'es' });
    await copyAssets(join(root, 'out'));
    await checkFolder(join(root, 'out'));
  });

  test('esbuild to modules, and a copy step', LIMIT, async () => {
    const root = await project('esbuild', { 'out/index.html': MODULE, 'main.js': app() });
    const { build } = await load('esbuild');
    await build({
      absWorkingDir: root,
      entryPoints: ['main.js'],
      bundle: true,
      format: 'esm',
      outdir: 'out',
      logLevel: 'error',
    });
    await copyAssets(join(root, 'out'));
    await checkFolder(join(root, 'out'));
  });

  test('esbuild to a plain script, a copy step, and the addresses', LIMIT, async () => {
    const where = "{ workerUrl: '/assets/', wasmUrl: '/assets/wasm/' }";
    const root = await project('esbuild-iife', {
      'out/index.html': page('<script src="/main.js"></script>'),
      'main.js': app(where),
    });
    const { build } = await load('esbuild');
    await build({
      absWorkingDir: root,
      entryPoints: ['main.js'],
      bundle: true,
      format: 'iife',
      outdir: 'out',
      logLevel: 'error',
      logOverride: { 'empty-import-meta': 'silent' },
    });
    await copyAssets(join(root, 'out', 'assets'));
    await checkFolder(join(root, 'out'));
  });

  for (const bundler of ['turbopack', 'webpack']) {
    test(`Next.js with ${bundler}`, { timeout: 300_000 }, async () => {
      const root = await project(`next-${bundler}`, {
        'package.json': '{ "name": "app", "private": true }',
        'next.config.mjs': "export default { output: 'export', distDir: 'out' };",
        'app/layout.js':
          "export default function Layout({ children }) { return <html><head><link rel='icon' href='/icon.svg' /></head><body>{children}</body></html>; }",
        'app/page.js':
          "'use client';\nimport { useEffect } from 'react';\nexport default function Page() { useEffect(() => { import('./main.js'); }, []); return <p>app</p>; }",
        'app/main.js': app(),
      });
      const next = join(tools, 'node_modules', 'next', 'dist', 'bin', 'next');
      const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1' };
      await promisify(execFile)(process.execPath, [next, 'build', `--${bundler}`], {
        cwd: root,
        env,
        timeout: 180_000,
      }).catch((error) => assert.fail(`${error.message}\n${error.stdout}\n${error.stderr}`));
      await checkFolder(join(root, 'out'), { csp: null });
    });
  }
});
