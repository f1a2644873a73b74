// Kinds of input (tests/browser/pages/input-kinds.mjs) tried in realms: with a package in a folder, as npm installs it.
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { tryKinds } from '../browser/pages/input-kinds.mjs';
import { openPage } from './browsers.mjs';
import { ROOT } from './prepare.mjs';
import { makeProject } from './project.mjs';
import { startServer } from './server.mjs';
import { serverOptions } from './server-options.mjs';
import { newContext } from './shared-browsers.mjs';

const PICTURE = join(ROOT, 'tests', 'data', 'image', 'rgb8.png');

const WORKER = `import { tryKinds } from '/tools/input-kinds.mjs';
import { ResNet50 } from '/package/dist/index.js';
onmessage = async ({ data }) => {
  const given = { ...data, ResNet50, scope: globalThis, options: { ...data.options, worker: false } };
  postMessage(await tryKinds(given).catch((error) => ({ failed: String(error) })));
};`;
const pages = {
  '/realms.html': '<!doctype html><title>realms</title><iframe src="/frame.html"></iframe>',
  '/frame.html': '<!doctype html><title>frame</title>',
  '/worker.js': WORKER,
};

/** Runs in the page. */
async function tryRealms(given) {
  const { ResNet50 } = await import('/package/dist/index.js');
  const { tryKinds } = await import('/tools/input-kinds.mjs');
  const frame = document.querySelector('iframe').contentWindow;
  const worker = new Worker('/worker.js', { type: 'module' });
  const inWorker = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(given);
  return {
    page: await tryKinds({ ...given, ResNet50, scope: globalThis }),
    iframe: await tryKinds({ ...given, ResNet50, scope: frame }),
    worker: await inWorker,
  };
}

/** Outcomes by realm: page, iframe, worker. */
export async function kindsInBrowser(name, packageFolder) {
  const options = serverOptions({ csp: undefined, pages });
  const folders = { ...options.folders, '/package/': packageFolder, '/image/': join(ROOT, 'tests', 'data', 'image') };
  const server = await startServer({ ...options, folders });
  const context = await newContext(name);
  try {
    const page = await openPage(context, `${server.origin}/realms.html`);
    return await page.evaluate(tryRealms, {
      options: { weights: 'CIFAR10_DEMO', weightsUrl: `${server.origin}/package/weights/`, threads: 1 },
      file: [...readFileSync(PICTURE)],
      address: `${server.origin}/image/rgb8.png`,
    });
  } finally {
    await context.close();
    server.close();
  }
}

/** The picture on disk and over HTTP, while `use` runs. */
async function withPicture(use) {
  const folder = mkdtempSync(join(tmpdir(), 'resnet50-kinds-'));
  const [path, colons] = ['photo.png', 'IMG:2024-05-01T10:20:30.png'].map((name) => join(folder, name));
  for (const copy of [path, colons]) copyFileSync(PICTURE, copy);
  const server = await startServer({ folders: { '/': folder } });
  const node = { path, colons, url: pathToFileURL(path).href };
  try {
    return await use({ file: [...readFileSync(PICTURE)], address: `${server.origin}/photo.png`, node });
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const NODE_OPTIONS = { weights: 'CIFAR10_DEMO', threads: 1 };

/** Outcomes in this Node.js. */
export async function kindsInNode(packageFolder) {
  const { ResNet50 } = await import(pathToFileURL(join(packageFolder, 'dist', 'index.node.js')).href);
  return withPicture((given) =>
    tryKinds({ ...given, node: { ...given.node, Readable }, ResNet50, options: NODE_OPTIONS, scope: globalThis }),
  );
}

/** What a test runner runs: the outcomes are written to a file. */
const runnerTest = (given, result) => `
const tryKinds = ${tryKinds};
test('kinds of input', async () => {
  const given = ${JSON.stringify(given)};
  const node = { ...given.node, Readable };
  const outcomes = await tryKinds({ ...given, node, ResNet50, options: ${JSON.stringify(NODE_OPTIONS)}, scope: globalThis });
  writeFileSync(${JSON.stringify(result)}, JSON.stringify(outcomes));
}, 120000);
`;

const RUNNERS = {
  'Jest (jsdom)': {
    args: (modules) => [join(modules, 'jest', 'bin', 'jest.js')],
    files: (test) => ({
      'package.json': '{ "name": "app", "private": true, "jest": { "testEnvironment": "jsdom" } }',
      'a.test.js': `const { ResNet50 } = require('resnet50-wasm');
const { Readable } = require('stream');
const { writeFileSync } = require('fs');${test}`,
    }),
  },
  'Vitest (vmThreads)': {
    args: (modules) => [join(modules, 'vitest', 'vitest.mjs'), 'run', '--pool=vmThreads'],
    files: (test) => ({
      'package.json': '{ "name": "app", "private": true, "type": "module" }',
      'a.test.js': `import { test } from 'vitest';
import { ResNet50 } from 'resnet50-wasm';
import { Readable } from 'node:stream';
import { writeFileSync } from 'node:fs';${test}`,
    }),
  },
};

/**
 * Outcomes by test runner; `{ failed }` where the test did not come to its end.
 * @param tools the folder with the test runners (tests/browser/servers)
 */
export async function kindsInRunners(packageFolder, tools) {
  const results = {};
  for (const [name, { args, files }] of Object.entries(RUNNERS)) {
    results[name] = await withPicture(async (given) => {
      const folder = join(tools, 'apps', `kinds-${name.toLowerCase().replaceAll(/\W+/g, '-')}`);
      const result = join(folder, 'outcomes.json');
      makeProject(folder, files(runnerTest(given, result)));
      const installed = join(folder, 'node_modules', 'resnet50-wasm');
      mkdirSync(installed, { recursive: true });
      for (const part of ['package.json', 'dist', 'weights'])
        cpSync(join(packageFolder, part), join(installed, part), { recursive: true });
      const output = await runTo(args(join(tools, 'node_modules')), folder);
      try {
        return JSON.parse(readFileSync(result, 'utf8'));
      } catch {
        return { failed: output };
      }
    });
  }
  return results;
}

/** Runs a program of Node.js to its end, well or not; resolves to all that it said. */
function runTo(args, cwd) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, CI: '1' };
    const child = spawn(process.execPath, args, { cwd, env, timeout: 150_000, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}
