// The package in programs that bundlers and test runners make for Node.js, from the packed tarball and without settings:
// it finds its worker, wasm and weights where it is installed, or says in one sentence what to set. docs/bundlers.md
// has the same recipes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { freePort } from '../support/free-port.mjs';
import { kindsInRunners } from '../support/input-realms.mjs';
import { installPackage, installTools, ROOT } from '../support/prepare.mjs';
import { makeProject } from '../support/project.mjs';
import { until } from '../support/wait.mjs';
import { expectedOf } from './pages/input-kinds.mjs';

const LIMIT = { timeout: 300_000 };
const NEXT_LIMIT = { timeout: 600_000 };
const PICTURE = join(ROOT, 'tests', 'data', 'pictures', 'clock.jpg');
const LOAD = "await ResNet50.load({ weights: 'CIFAR10_DEMO' })";

/** A program that prints one line of JSON: the best class and how it was found, what `fit` says, or the error. */
const PROGRAM = `
async function main(path) {
  const model = ${LOAD};
  const [{ label, score }] = await model.classify(path);
  const { worker, threads } = model.info();
  const wave = (i) => Float32Array.from({ length: 2048 }, (_, k) => (k * (i + 3)) % 7);
  const { classes } = await model.fit([0, 1, 2, 3].map((i) => ({ label: 'ab'[i % 2], embedding: wave(i) })));
  await model.dispose();
  return { label, score, worker, threads, classes };
}
main(process.argv[2]).catch(({ code, message }) => ({ code, message })).then((said) => console.log(JSON.stringify(said)));
`;
const IMPORTED = `import { ResNet50 } from 'resnet50-wasm';${PROGRAM}`;
const REQUIRED = `const { ResNet50 } = require('resnet50-wasm');${PROGRAM}`;

/** Runs a program; resolves to what it printed. Rejects with all of it if it fails. */
function run(command, args, { env = {}, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...{ timeout: 500_000, stdio: ['ignore', 'pipe', 'pipe'], ...options },
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NEXT_TELEMETRY_DISABLED: '1', CI: '1', ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve({ stdout, stderr });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`));
    });
  });
}

describe('bundled for servers', { concurrency: 2 }, () => {
  let tools;
  let expected;
  const installed = () => join(tools, 'node_modules', 'resnet50-wasm');
  const tool = (...path) => join(tools, 'node_modules', ...path);

  before(async () => {
    tools = await installTools('servers');
    const { project } = await installPackage();
    await rm(installed(), { recursive: true, force: true });
    await cp(join(project, 'node_modules', 'resnet50-wasm'), installed(), { recursive: true });
    const folder = await projectOf('plain', { 'main.mjs': IMPORTED });
    expected = await said(join(folder, 'main.mjs'));
    assert.ok(expected.worker && expected.score > 0.5, JSON.stringify(expected));
  }, LIMIT);

  const projectOf = (name, files) => makeProject(join(tools, 'apps', name), files);

  /** The line of JSON that a program prints; it prints nothing else. */
  async function said(program, { flags = [], ...options } = {}) {
    const { stdout, stderr } = await run(process.execPath, [...flags, program, PICTURE], options);
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  }

  /** The program works, and so it does where it was moved to with what the recipe copies; without, it says what to set. */
  async function checkMovable(t, folder, name) {
    assert.deepEqual(await said(join(folder, name)), expected);
    const away = await mkdtemp(join(tmpdir(), 'resnet50-away-'));
    t.after(() => rm(away, { recursive: true, force: true }));
    await cp(folder, away, { recursive: true });
    // What webpack says of import.meta.url is the place of the build: it must not be there.
    const { code, message } = await said(join(away, name), { cwd: away });
    if (code === undefined) return 'found';
    assert.equal(code, 'CORE_LOAD_FAILED');
    for (const remedy of ['serverExternalPackages', '--external:resnet50-wasm', 'externals', 'ssr.external'])
      assert.ok(message.includes(remedy), message);
    for (const file of ['worker.node.mjs', 'worker-trainer.node.mjs', 'wasm'])
      await cp(join(installed(), 'dist', file), join(away, file), { recursive: true });
    await cp(join(installed(), 'weights'), join(away, 'weights'), { recursive: true });
    assert.deepEqual(await said(join(away, name), { cwd: away }), expected);
    return 'copied';
  }

  test('require, where Node.js can require modules and where it cannot', LIMIT, async () => {
    const identity = `import('resnet50-wasm').then((imported) => console.log(imported.ResNet50 === require('resnet50-wasm').ResNet50))`;
    const folder = await projectOf('require', { 'main.cjs': REQUIRED, 'identity.cjs': identity });
    assert.deepEqual(await said(join(folder, 'main.cjs')), expected);
    const canRequireModules = process.features.require_module === true;
    if (!canRequireModules) return;
    const { stdout } = await run(process.execPath, [join(folder, 'identity.cjs')]);
    assert.equal(stdout, 'true\n', 'import and require give the same classes');
    const flags = ['--no-experimental-require-module'];
    assert.deepEqual(await said(join(folder, 'main.cjs'), { flags }), expected);
  });

  for (const [format, extension, source] of [
    ['esm', 'mjs', IMPORTED],
    ['cjs', 'cjs', IMPORTED],
    ['cjs', 'cjs', REQUIRED],
  ]) {
    const kind = source === IMPORTED ? 'import' : 'require';
    test(`esbuild, ${kind} to ${format}`, LIMIT, async (t) => {
      const folder = await projectOf(`esbuild-${kind}-${format}`, { 'main.js': source });
      const { build } = (await import(tool('esbuild', 'lib', 'main.js'))).default;
      const { warnings } = await build({
        ...{ absWorkingDir: folder, entryPoints: ['main.js'], bundle: true, platform: 'node', format },
        ...{ outfile: `out/main.${extension}`, logLevel: 'silent' },
      });
      assert.deepEqual(warnings, []);
      assert.equal(await checkMovable(t, join(folder, 'out'), `main.${extension}`), 'copied');
    });
  }

  for (const [kind, source, output] of [
    ['import to CommonJS', IMPORTED, { filename: 'main.cjs' }],
    ['import to a module', IMPORTED, { filename: 'main.mjs', module: true, chunkFormat: 'module' }],
    ['require', REQUIRED, { filename: 'main.cjs' }],
  ]) {
    test(`webpack, ${kind}`, LIMIT, async (t) => {
      const folder = await projectOf(`webpack-${kind.replaceAll(' ', '-')}`, { 'main.js': source });
      const { default: webpack } = await import(tool('webpack', 'lib', 'index.js'));
      const stats = await new Promise((resolve, reject) => {
        const config = {
          ...{ mode: 'production', target: 'node20', context: folder, entry: './main.js' },
          ...{
            output: { path: join(folder, 'out'), ...output },
            experiments: { outputModule: output.module === true },
          },
        };
        webpack(config, (error, result) => (error ? reject(error) : resolve(result)));
      });
      assert.ok(
        !stats.hasErrors() && !stats.hasWarnings(),
        stats.toString({ all: false, errors: true, warnings: true }),
      );
      // webpack writes the address of the source into the bundle: it finds the package on the machine of the build.
      const found = await checkMovable(t, join(folder, 'out'), output.filename);
      assert.ok(['found', 'copied'].includes(found));
    });
  }

  for (const noExternal of [undefined, true]) {
    test(`Vite SSR, ${noExternal ? 'all in one bundle' : 'as it is'}`, LIMIT, async () => {
      const folder = await projectOf(`vite-${noExternal ?? false}`, {
        'package.json': '{ "name": "app", "private": true, "type": "module" }',
        'main.js': IMPORTED,
      });
      const { build } = await import(tool('vite', 'dist', 'node', 'index.js'));
      const ssr = noExternal ? { ssr: { noExternal } } : {};
      await build({ root: folder, logLevel: 'error', build: { ssr: 'main.js', outDir: 'out' }, ...ssr });
      assert.deepEqual(await said(join(folder, 'out', 'main.js')), expected);
    });
  }

  const TEST = `test('classifies', async () => {
  const model = ${LOAD};
  const [{ label }] = await model.classify(${JSON.stringify(PICTURE)});
  expect(label).toBe('automobile');
  expect(model.info().worker).toBe(true);
  await expect(model.classify('/nowhere.jpg')).rejects.toThrow(ResNet50Error);
  await model.dispose();
}, 60000);
`;
  for (const environment of ['node', 'jsdom']) {
    test(`Jest, ${environment}`, LIMIT, async () => {
      const folder = await projectOf(`jest-${environment}`, {
        'package.json': JSON.stringify({ name: 'app', private: true, jest: { testEnvironment: environment } }),
        'a.test.js': `const { ResNet50, ResNet50Error } = require('resnet50-wasm');\n${TEST}`,
      });
      await run(process.execPath, [tool('jest', 'bin', 'jest.js')], { cwd: folder });
    });
  }

  test('Jest with modules', LIMIT, async () => {
    const folder = await projectOf('jest-modules', {
      'package.json': '{ "name": "app", "private": true, "type": "module", "jest": { "transform": {} } }',
      'a.test.js': `import { ResNet50, ResNet50Error } from 'resnet50-wasm';\n${TEST}`,
    });
    await run(process.execPath, ['--experimental-vm-modules', tool('jest', 'bin', 'jest.js')], { cwd: folder });
  });

  for (const pool of ['forks', 'threads', 'vmThreads']) {
    test(`Vitest, ${pool}`, LIMIT, async () => {
      const imports = `import { expect, test } from 'vitest';\nimport { ResNet50, ResNet50Error } from 'resnet50-wasm';\n`;
      const folder = await projectOf(`vitest-${pool}`, {
        'package.json': '{ "name": "app", "private": true, "type": "module" }',
        'a.test.js': imports + TEST,
      });
      await run(process.execPath, [tool('vitest', 'vitest.mjs'), 'run', `--pool=${pool}`], { cwd: folder });
    });
  }

  test('Jest and Vitest: every kind of input that their realms make', LIMIT, async () => {
    for (const [realm, outcomes] of Object.entries(await kindsInRunners(installed(), tools))) {
      assert.equal(outcomes.failed, undefined);
      assert.deepEqual(outcomes, expectedOf(realm, outcomes), realm);
      assert.ok(Object.keys(outcomes).length >= 36, `${Object.keys(outcomes).length} kinds in ${realm}`);
    }
  });

  const ROUTE = `import { ResNet50 } from 'resnet50-wasm';
export const dynamic = 'force-dynamic';
let model;
export async function GET() {
  try {
    model ??= ${LOAD};
    const [{ label, score }] = await model.classify(${JSON.stringify(PICTURE)});
    return Response.json({ label, score, worker: model.info().worker });
  } catch ({ code, message }) {
    return Response.json({ code, message });
  }
}`;

  /** What a route of a Next.js server says. */
  async function routeOf(command, args, options) {
    const port = await freePort();
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, PORT: String(port), HOSTNAME: '127.0.0.1' };
    const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    try {
      const address = `http://127.0.0.1:${port}/api/label`;
      const up = () =>
        fetch(address.replace('/api/label', '/')).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(up, { what: 'the server is up' }).catch((error) => assert.fail(`${error.message}\n${output}`));
      const response = await fetch(address);
      const text = await response.text();
      assert.match(text, /^\{/, `${response.status} ${output}`);
      return JSON.parse(text);
    } finally {
      child.kill();
    }
  }

  /** A built project with the route; its folder. */
  async function builtNext(name, bundler, config) {
    const folder = await projectOf(name, {
      'package.json': '{ "name": "app", "private": true }',
      'next.config.mjs': `export default ${JSON.stringify({ ...config, outputFileTracingRoot: tools, turbopack: { root: tools } })};`,
      'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }',
      'app/page.js': 'export default function Page() { return <p>app</p>; }',
      'app/api/label/route.js': ROUTE,
    });
    await run(process.execPath, [tool('next', 'dist', 'bin', 'next'), 'build', `--${bundler}`], { cwd: folder });
    return folder;
  }
  const answer = () => ({ label: expected.label, score: expected.score, worker: true });

  for (const bundler of ['turbopack', 'webpack']) {
    test(`Next.js with ${bundler}, a route, nothing set`, NEXT_LIMIT, async () => {
      const cwd = await builtNext(`next-${bundler}`, bundler, {});
      const next = tool('next', 'dist', 'bin', 'next');
      assert.deepEqual(await routeOf(process.execPath, [next, 'start'], { cwd }), answer());
    });
  }

  test('Next.js, a route in a standalone server on another machine', NEXT_LIMIT, async (t) => {
    const folder = await builtNext('next-standalone', 'turbopack', {
      output: 'standalone',
      serverExternalPackages: ['resnet50-wasm'],
      outputFileTracingIncludes: { '/api/label': ['../../node_modules/resnet50-wasm/**'] },
    });
    const cwd = await mkdtemp(join(tmpdir(), 'resnet50-next-'));
    t.after(() => rm(cwd, { recursive: true, force: true }));
    // Links as they are: absolute ones would point into the folder that is removed below.
    await cp(join(folder, '.next', 'standalone'), cwd, { recursive: true, verbatimSymlinks: true });
    await rm(join(folder, '.next'), { recursive: true });
    assert.deepEqual(
      await routeOf(process.execPath, [join('apps', 'next-standalone', 'server.js')], { cwd }),
      answer(),
    );
  });
});
