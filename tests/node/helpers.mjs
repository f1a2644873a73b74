// What the Node tests share: single sources as modules, a package with a stand-in for the core, weights made up for it,
// and a server that misbehaves on demand.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { instrumentation } from '../../scripts/instrument.mjs';
import { sendRange, startServer } from '../support/server.mjs';

export { sendAndDrop, sendRange } from '../support/server.mjs';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const FLAVOURS = ['simd', 'simd-threads', 'relaxed', 'relaxed-threads'];

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The reason to skip a test of the compiled core, or false where it is all there. */
export function coreMissing() {
  const missing = [...FLAVOURS, 'convert-simd-threads'].find(
    (name) => !existsSync(join(ROOT, 'dist', 'wasm', `resnet50-${name}.mjs`)),
  );
  return missing !== undefined && `dist/wasm/resnet50-${missing}.mjs is not built`;
}

/** A folder that is gone after the test. */
export async function scratch(t) {
  const folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Imports one source of web/ as it is, without a build. */
export async function importSource(name) {
  const folder = await mkdtemp(join(tmpdir(), 'resnet50-wasm-source-'));
  const outfile = join(folder, `${name.replace(/\W/g, '-')}.mjs`);
  const define = { __VERSION__: '"0.0.0-test"', __SECURE_CONTEXT__: 'false' };
  const common = { bundle: true, format: 'esm', platform: 'node', logLevel: 'error', define, external: ['./wasm/*'] };
  await build({ ...common, ...instrumentation(), entryPoints: [join(ROOT, 'web', name)], outfile });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy of the built package whose core is tests/node/fake-core.mjs; resolves to its folder. */
export async function fakePackage(t) {
  const folder = await scratch(t);
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await mkdir(join(folder, 'dist', 'wasm'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'dist'))) {
    if (/\.[cm]?js$/.test(name)) await cp(join(ROOT, 'dist', name), join(folder, 'dist', name));
  }
  const fake = join(ROOT, 'tests', 'node', 'fake-core.mjs');
  for (const flavour of [...FLAVOURS, 'convert-simd-threads'])
    await cp(fake, join(folder, 'dist', 'wasm', `resnet50-${flavour}.mjs`));
  return folder;
}

/** Does it with a disk of `size` (as mount has it: '64k') in the folder's place; false where we may not mount one. */
export async function withDisk(folder, size, action) {
  const mount = (options) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]).status === 0;
  await mkdir(folder);
  if (!mount(`size=${size}`)) return false;
  try {
    await action({ resize: (to) => mount(`remount,size=${to}`) });
  } finally {
    spawnSync('umount', ['--lazy', folder]);
  }
  return true;
}

/** The API of a package in a folder. */
export const importPackage = (folder) => import(pathToFileURL(join(folder, 'dist', 'index.node.js')).href);

/** The manifest of a made-up variant and the bytes of its shards, by file name. */
export function makeVariant(name, { shards = 3, bytes = 5000, classes = 4 } = {}) {
  const files = new Map();
  const list = Array.from({ length: shards }, (_, i) => {
    const content = Buffer.alloc(bytes + i, `shard ${i} of ${name} `);
    const file = `resnet50-int8-${String(i).padStart(2, '0')}.safetensors`;
    files.set(file, content);
    return { file, bytes: content.length, sha256: sha256(content) };
  });
  const manifest = {
    format: 'resnet50-wasm',
    version: 1,
    name,
    meta: {},
    transforms: {
      resizeSize: 232,
      cropSize: 224,
      interpolation: 'bilinear',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
    parameters: 123,
    precisions: { int8: { shards: list } },
    ranges: { conv1: [-1, 2.5] },
    calibration: { images: 4, kind: 'generated' },
    source: { file: 'x.pth', sha256: '0'.repeat(64) },
    converter: '0.1.0',
    categories: Array.from({ length: classes }, (_, i) => ({ wnid: `n0000000${i}`, label: `label ${i}` })),
  };
  return { manifest, files };
}

/** Writes a made-up variant into base/name. */
export async function writeVariant(base, name, options) {
  const { manifest, files } = makeVariant(name, options);
  await mkdir(join(base, name), { recursive: true });
  for (const [file, bytes] of files) await writeFile(join(base, name, file), bytes);
  await writeFile(join(base, name, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}

/** An image that the stand-in core reads: `pixel` decides the class it sees. */
export const fakeImage = (pixel) => Buffer.from(`IMG${JSON.stringify({ pixel })}`);

/**
 * A server; `routes[path]` is the bytes to serve or a function (request, response, count) that does as it likes.
 * Serves ranges. `requests` records what was asked.
 */
export async function serve(t, routes) {
  const server = await startServer({
    folders: {},
    fault(request, response, path, count) {
      const route = routes[path];
      if (typeof route === 'function') route(request, response, count);
      else if (route !== undefined) sendRange(request, response, route);
      return route !== undefined;
    },
  });
  t.after(server.close);
  return { url: server.origin, requests: server.requests };
}

/** Runs a program to its end. */
export function run(command, args, { input, env, cwd, timeout = 30_000 } = {}) {
  return new Promise((resolve) => {
    const begun = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr, ms: performance.now() - begun }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/** A loaded model over the stand-in for the core, with the variant IMAGENET1K_V2 made up, in a worker. */
export async function fakeModel(t, options = {}) {
  const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
  await writeVariant(weightsDir, 'IMAGENET1K_V2');
  const api = await importPackage(folder);
  const model = await api.ResNet50.load({ weightsDir, ...options });
  t.after(() => model.dispose());
  return { ...api, model, folder, weightsDir };
}

/** The index of the best class. */
export const best = async (model, image, options) => (await model.classify(image, { topK: 1, ...options }))[0]?.index;
