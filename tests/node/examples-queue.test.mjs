// examples/queue with a real Redis: a worker is killed in the middle of its pictures, then Redis itself, then a worker is
// asked to stop; every picture has exactly one result in the end, and those without hope are in the dead-letter list.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { folderOnPath } from '../../scripts/lib.mjs';
import { installPackage, installTools } from '../support/prepare.mjs';
import { coreMissing, ROOT, run, scratch } from './helpers.mjs';

const skip = coreMissing() || (folderOnPath('redis-server') === undefined && 'redis-server is not installed');
const PICTURES = 400;

/** The example as a user has it: its files, what its lock file pins, and the package. */
async function install() {
  const example = join(ROOT, 'examples', 'queue');
  const [folder, { project }] = await Promise.all([installTools('queue', example), installPackage()]);
  for (const name of await readdir(example))
    if (name.endsWith('.mjs')) await cp(join(example, name), join(folder, name));
  const link = join(folder, 'node_modules', 'resnet50-wasm');
  await rm(link, { recursive: true, force: true });
  await symlink(join(project, 'node_modules', 'resnet50-wasm'), link);
  return folder;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Starts a program that ends with the test; `said()` is all of its output, `ended` its exit status or signal. */
function start(t, command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([status, signal]) => status ?? signal);
  t.after(() => child.kill('SIGKILL'));
  return { child, ended, said: () => output };
}

async function until(what, condition, timeout = 60_000) {
  for (const begun = Date.now(); !(await condition()); await sleep(100))
    assert.ok(Date.now() - begun < timeout, `${what}: waited in vain`);
}

test('workers and Redis are killed: every picture has exactly one result', { skip, timeout: 300_000 }, async (t) => {
  const [folder, home, port] = [await install(), await scratch(t), await freePort()];
  const env = { REDIS_URL: `redis://127.0.0.1:${port}`, WEIGHTS: 'CIFAR10_DEMO', JOBS: '1', TOP_K: '1' };
  Object.assign(env, { LOCK_MS: '2000', BACKOFF_MS: '100', BACKLOG: '150' });
  const program = (name, ...args) => [process.execPath, [join(folder, name), ...args]];
  const redis = () => {
    const settings = ['--port', port, '--dir', home, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
    return start(t, 'redis-server', ['--bind', '127.0.0.1', ...settings].map(String));
  };
  const worker = () => start(t, ...program('worker.mjs'), { cwd: home, env: { ...process.env, ...env } });
  const progress = async () => {
    const { stdout, stderr, status } = await run(...program('progress.mjs'), { env, cwd: home });
    assert.equal(status, 0, stderr);
    const [, done, queued, active, dead] = /^(\d+) done, (\d+) queued \((\d+) at work\), (\d+) dead/.exec(stdout);
    return { done: Number(done), queued: Number(queued), active: Number(active), dead: Number(dead) };
  };
  const doneAtLeast = (count) => until(`${count} results`, async () => (await progress()).done >= count);

  const photos = (await readdir(join(ROOT, 'tests', 'data', 'pictures'))).filter((name) => name.endsWith('.jpg'));
  await mkdir(join(home, 'photos'));
  const names = Array.from({ length: PICTURES }, (_, i) => join('photos', `${i}.jpg`));
  for (const [i, name] of names.entries())
    await symlink(join(ROOT, 'tests', 'data', 'pictures', photos[i % photos.length]), join(home, name));
  const bad = [join('photos', 'text.jpg'), join('photos', 'missing.jpg')];
  await writeFile(join(home, bad[0]), 'no picture');
  const all = [...names.slice(0, 20), ...bad, ...names.slice(20)];

  let server = redis();
  await until('Redis', () => /Ready to accept/.test(server.said()));
  const workers = [worker(), worker(), worker()];
  for (const { said } of workers) await until('a worker', () => /ready/.test(said()));
  const [command, args] = program('produce.mjs');
  const producer = start(t, command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    cwd: home,
  });
  // A name that comes twice is one picture.
  producer.child.stdin.end([...all, names[0], names[399]].join('\n'));

  await doneAtLeast(40);
  workers[0].child.kill('SIGKILL');
  assert.equal(await workers[0].ended, 'SIGKILL');
  await doneAtLeast(80);
  server.child.kill('SIGKILL');
  await server.ended;
  await sleep(1500);
  server = redis();
  await until('Redis', () => /Ready to accept/.test(server.said()));
  await doneAtLeast(120);
  workers[1].child.kill('SIGTERM');
  assert.equal(await workers[1].ended, 0, workers[1].said());
  workers.push(worker());
  assert.equal(await producer.ended, 0, producer.said());
  const waited = await run(...program('progress.mjs', '--wait'), { env, cwd: home });
  assert.equal(waited.status, 0, waited.stderr);
  assert.match(waited.stdout.trim().split('\n').at(-1), /^400 done, 0 queued \(0 at work\), 2 dead/);
  assert.match(workers.map(({ said }) => said()).join(''), /took over/, 'the killed worker left pictures to others');

  const collected = await run(...program('collect.mjs'), { env, cwd: home });
  const lines = collected.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ file }) => file).toSorted(), all.toSorted());
  const { ResNet50 } = await import(pathToFileURL(join(folder, 'node_modules/resnet50-wasm/dist/index.node.js')).href);
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO' });
  t.after(() => model.dispose());
  for (const i of photos.keys()) {
    const { classes } = lines.find(({ file }) => file === names[i]);
    assert.deepEqual(classes, await model.classify(join(home, names[i]), { topK: 1 }));
  }
  const codes = bad.map((name) => lines.find(({ file }) => file === name).error.code);
  assert.deepEqual(codes, ['NOT_AN_IMAGE', 'FILE_NOT_FOUND']);

  // The list again adds nothing; the dead ones are tried again when asked, and their file is there now.
  await symlink(join(home, names[0]), join(home, bad[1]));
  await run(...program('collect.mjs', '--retry-dead'), { env, cwd: home });
  const again = await run(...program('produce.mjs'), { env, cwd: home, input: names.join('\n') });
  assert.match(again.stderr, /400 names, 0 queued, 400 had results/);
  const last = await run(...program('progress.mjs', '--wait'), { env, cwd: home });
  assert.match(last.stdout.trim().split('\n').at(-1), /^401 done, 0 queued \(0 at work\), 1 dead/);
  for (const { child } of workers.slice(2)) child.kill('SIGTERM');
  for (const { ended } of workers.slice(2)) assert.equal(await ended, 0);
});
