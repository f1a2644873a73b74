// The packed tarball outside of browsers: Bun, Deno and an edge runtime (workerd) with the bits of Node, CommonJS, and
// what the package checkers say of the exports map.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, test } from 'node:test';
import { logitsInNode } from '../support/in-node.mjs';
import { prepared, toolsFolder } from '../support/prepared.mjs';
import { startServer } from '../support/server.mjs';
import { serverOptions } from '../support/server-options.mjs';
import { LIMIT } from '../support/wait.mjs';

const { noWeights, project, packageFolder, weightsFolder, pictures, tarball } = prepared;
const FILES = ['clock.jpg', 'traffic-light-alpha.png', 'soccer-ball.bmp', 'tennis-ball-progressive.jpg'];
const onlyHere = (process.platform !== 'linux' || process.arch !== 'x64') && 'the pinned binaries are for linux-x64';

function run(command, args, { timeout = 120_000, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: project, timeout, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', (error) => resolve({ status: -1, stdout, stderr: String(error) }));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/** The port of which workerd tells on its control pipe, once it listens; undefined when it ends before. */
async function listeningPort(control) {
  for await (const line of createInterface({ input: control })) {
    const { event, port } = JSON.parse(line);
    if (event === 'listen') return port;
  }
  return undefined;
}

const script = `import { createHash } from 'node:crypto';
import { ResNet50 } from 'resnet50-wasm';
const model = await ResNet50.load({ weights: process.argv[2] });
const hashes = {};
for (const file of process.argv.slice(4)) {
  hashes[file] = createHash('sha256').update(new Uint8Array((await model.logits(process.argv[3] + '/' + file)).buffer)).digest('hex');
}
const { flavour, threads, worker } = model.info();
await model.dispose();
console.log(JSON.stringify({ hashes, flavour, threads, worker }));
`;

describe('runtimes', { skip: noWeights || onlyHere }, () => {
  let tools;
  let expected;
  const binary = (...path) => join(tools, 'node_modules', ...path);

  before(async () => {
    tools = await toolsFolder('runtimes');
    expected = await logitsInNode(FILES);
    await writeFile(join(project, 'logits.mjs'), script);
  });

  const variant = () => join(weightsFolder, 'pqf');
  const runtimes = {
    'Node.js': () => [process.execPath, []],
    'the newest Node.js': () => [process.env.RESNET50_NEWEST_NODE ?? process.execPath, []],
    Bun: () => [binary('@oven', 'bun-linux-x64', 'bin', 'bun'), []],
    Deno: () => [
      binary('@deno', 'linux-x64-glibc', 'deno'),
      ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
    ],
  };
  for (const [name, command] of Object.entries(runtimes)) {
    test(`${name}: the same bits, in a worker, and the process ends by itself`, LIMIT, async () => {
      const [executable, flags] = command();
      const { status, stdout, stderr } = await run(executable, [...flags, 'logits.mjs', variant(), pictures, ...FILES]);
      assert.equal(status, 0, stderr + stdout);
      const { hashes, threads, worker } = JSON.parse(stdout);
      assert.deepEqual(hashes, expected);
      assert.ok(worker && threads >= 2, stdout);
    });
  }

  test('workerd, as Cloudflare runs it: a compiled module is handed in', LIMIT, async (t) => {
    const folder = join(project, 'edge');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const file of ['static.js', 'wasm/resnet50-simd.wasm'])
      await cp(join(packageFolder, 'dist', file), join(folder, file.replace('wasm/', '')));
    const server = await startServer(serverOptions({ isolated: false, csp: undefined }));
    t.after(server.close);
    await writeFile(
      join(folder, 'worker.js'),
      `import wasmModule from './resnet50-simd.wasm';
import { ResNet50 } from './static.js';
export default {
  async fetch(request, env) {
    const model = await ResNet50.load({ weights: 'pqf', weightsUrl: '${server.origin}/weights/', wasmModule });
    const hashes = {};
    for (const file of ${JSON.stringify(FILES)}) {
      const logits = await model.logits('${server.origin}/pictures/' + file);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', logits));
      hashes[file] = Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
    }
    return Response.json({ hashes, info: model.info() });
  },
};`,
    );
    await writeFile(
      join(folder, 'config.capnp'),
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "static.js", esModule = embed "static.js"),
    (name = "resnet50-simd.wasm", wasm = embed "resnet50-simd.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
`,
    );
    const args = ['serve', '--control-fd=3', 'config.capnp'];
    const child = spawn(binary('@cloudflare', 'workerd-linux-64', 'bin', 'workerd'), args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    t.after(() => child.kill());
    const answer = await fetch(`http://127.0.0.1:${await listeningPort(child.stdio[3])}/`).catch((error) =>
      assert.fail(`${error.message}: ${stderr}`),
    );
    const text = await answer.text();
    assert.equal(answer.status, 200, `${text} ${stderr}`);
    const { hashes, info } = JSON.parse(text);
    assert.deepEqual(hashes, expected);
    assert.deepEqual([info.flavour, info.threads, info.worker], ['simd', 1, false]);
  });

  test('CommonJS: await import and require work in every Node.js', LIMIT, async () => {
    await writeFile(
      join(project, 'import.cjs'),
      "import('resnet50-wasm').then(({ ResNet50_Weights }) => console.log(ResNet50_Weights.DEFAULT.name));",
    );
    await writeFile(
      join(project, 'require.cjs'),
      "console.log(require('resnet50-wasm').ResNet50_Weights.DEFAULT.name);",
    );
    for (const node of new Set([process.execPath, process.env.RESNET50_NEWEST_NODE ?? process.execPath])) {
      assert.equal((await run(node, ['import.cjs'])).stdout.trim(), 'IMAGENET1K_V2');
      assert.equal((await run(node, ['require.cjs'])).stdout.trim(), 'IMAGENET1K_V2');
    }
  });

  test('publint has nothing to say', LIMIT, async () => {
    const { status, stdout, stderr } = await run(process.execPath, [
      binary('publint', 'src', 'cli.js'),
      'run',
      tarball,
      '--strict',
    ]);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /All good/);
  });

  test('the types resolve as the files do', LIMIT, async () => {
    // `static` and `isolation` are for realms that have modules only; `isolation-worker.js` is a file to copy, no module to import.
    const copied = ['--exclude-entrypoints', './isolation-worker.js'];
    for (const flags of [
      ['--profile', 'esm-only', ...copied],
      ['--ignore-rules', 'cjs-resolves-to-esm', ...copied],
      ['--entrypoints', '.'],
    ]) {
      const args = [binary('@arethetypeswrong', 'cli', 'dist', 'index.js'), tarball, ...flags];
      const { status, stdout, stderr } = await run(process.execPath, args);
      assert.equal(status, 0, stdout + stderr);
    }
  });
});
