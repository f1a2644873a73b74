// examples/queue with a real Redis: a worker is killed in the middle of its pictures, then Redis itself, then a worker is
// asked to stop; every picture has exactly one result in the end, and those without hope are in the dead-letter list.
import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { installExample, programMissing, startProgram } from '../support/example.mjs';
import { freePort } from '../support/free-port.mjs';
import { until } from '../support/wait.mjs';
import { coreMissing, ROOT, run, scratch } from './helpers.mjs';

const skip = coreMissing() || programMissing('redis-server');
const PICTURES = 300;
/** Two of them are done by chance while this machine does something else: no limit is tight. */
const PATIENCE = { timeout: 120_000 };

/** The example installed, and its programs with one Redis. */
async function setUp(t) {
  const [folder, home, port] = [await scratch(t), await scratch(t), await freePort()];
  await installExample('queue', folder);
  const env = { REDIS_URL: `redis://127.0.0.1:${port}`, WEIGHTS: 'CIFAR10_DEMO', JOBS: '1', TOP_K: '1' };
  Object.assign(env, { LOCK_MS: '3000', BACKOFF_MS: '100', BACKLOG: '100' });
  const all = [];
  const start = (name, command, args, options) => {
    const program = startProgram((end) => t.after(end), command, args, { cwd: home, ...options });
    all.push({ name, ...program });
    return program;
  };
  const file = (name) => join(folder, `${name}.mjs`);
  return {
    folder,
    home,
    /** What every program said, for the error that ends the test. */
    report: () => all.map(({ name, said }) => `--- ${name}:\n${said()}`).join('\n'),
    /** Starts one of the example's programs. */
    start: (name, options) =>
      start(name, process.execPath, [file(name)], { env: { ...process.env, ...env }, ...options }),
    /** Runs one to its end. */
    async finish(name, args = [], options = {}) {
      const ended = await run(process.execPath, [file(name), ...args], { env, cwd: home, ...PATIENCE, ...options });
      assert.equal(ended.status, 0, `${name} ${args.join(' ')}: ${ended.signal} ${ended.stdout} ${ended.stderr}`);
      return ended;
    },
    /** Starts Redis; it goes on with what it had. */
    async redis() {
      const settings = ['--port', port, '--dir', home, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
      const server = start('redis-server', 'redis-server', ['--bind', '127.0.0.1', ...settings].map(String));
      await until(() => /Ready to accept/.test(server.said()), { what: 'Redis is there', ...PATIENCE });
      return server;
    },
  };
}

/** Links to photos, a text and a missing file among them; the names. */
async function makePictures(home) {
  const folder = join(ROOT, 'tests', 'data', 'pictures');
  const photos = (await readdir(folder)).filter((name) => name.endsWith('.jpg'));
  await mkdir(join(home, 'photos'));
  const names = Array.from({ length: PICTURES }, (_, i) => join('photos', `${i}.jpg`));
  for (const [i, name] of names.entries()) await symlink(join(folder, photos[i % photos.length]), join(home, name));
  const bad = [join('photos', 'text.jpg'), join('photos', 'missing.jpg')];
  await writeFile(join(home, bad[0]), 'no picture');
  return { names, bad, all: [...names.slice(0, 20), ...bad, ...names.slice(20)], kinds: photos.length };
}

const COUNTS = /^(?<done>\d+) done, (?<queued>\d+) queued \((?<active>\d+) at work\), (?<dead>\d+) dead/;
const lastLine = (text) => text.trim().split('\n').at(-1);

async function scenario(t, { folder, home, start, finish, redis }) {
  const { names, bad, all, kinds } = await makePictures(home);
  const doneAtLeast = (count) =>
    until(async () => Number(COUNTS.exec((await finish('progress')).stdout).groups.done) >= count, {
      what: `${count} results`,
      ...PATIENCE,
    });

  let server = await redis();
  const startWorker = async () => {
    const worker = start('worker');
    await until(() => /ready/.test(worker.said()), { what: 'a worker is ready', ...PATIENCE });
    return worker;
  };
  const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
  const producer = start('produce', { stdio: ['pipe', 'pipe', 'pipe'] });
  // A name that comes twice is one picture.
  producer.child.stdin.end([...all, names[0], names.at(-1)].join('\n'));

  await doneAtLeast(30);
  workers[0].child.kill('SIGKILL');
  assert.equal(await workers[0].ended, 'SIGKILL');
  await doneAtLeast(60);
  server.child.kill('SIGKILL');
  await server.ended;
  await sleep(500);
  workers[1].child.kill('SIGTERM'); // it ends when it can store what it had begun
  await sleep(1000);
  server = await redis();
  assert.equal(await workers[1].ended, 0);
  workers.push(await startWorker());
  await doneAtLeast(90);
  workers[2].child.kill('SIGTERM');
  assert.equal(await workers[2].ended, 0);
  workers.push(await startWorker());
  assert.equal(await producer.ended, 0);
  const waited = await finish('progress', ['--wait']);
  assert.match(lastLine(waited.stdout), new RegExp(`^${PICTURES} done, 0 queued \\(0 at work\\), 2 dead`));
  assert.match(workers.map(({ said }) => said()).join(''), /took over/, 'the killed worker left pictures to others');

  const lines = (await finish('collect')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ file }) => file).toSorted(), all.toSorted());
  const { ResNet50 } = await import(pathToFileURL(join(folder, 'node_modules/resnet50-wasm/dist/index.node.js')).href);
  const model = await ResNet50.load({ weights: 'CIFAR10_DEMO' });
  t.after(() => model.dispose());
  for (const name of names.slice(0, kinds)) {
    const { classes } = lines.find(({ file }) => file === name);
    assert.deepEqual(classes, await model.classify(join(home, name), { topK: 1 }));
  }
  const codes = bad.map((name) => lines.find(({ file }) => file === name).error.code);
  assert.deepEqual(codes, ['NOT_AN_IMAGE', 'FILE_NOT_FOUND']);

  // The list again adds nothing; the dead ones are tried again when asked, and the file of one is there now.
  await symlink(join(home, names[0]), join(home, bad[1]));
  await finish('collect', ['--retry-dead']);
  const again = await finish('produce', [], { input: names.join('\n') });
  assert.match(again.stderr, new RegExp(`${PICTURES} names, ${PICTURES} of them had results`));
  const last = await finish('progress', ['--wait']);
  assert.match(lastLine(last.stdout), new RegExp(`^${PICTURES + 1} done, 0 queued \\(0 at work\\), 1 dead`));
  for (const { child } of workers.slice(3)) child.kill('SIGTERM');
  for (const { ended } of workers.slice(3)) assert.equal(await ended, 0);
}

test('workers and Redis are killed: every picture has exactly one result', { skip, timeout: 600_000 }, async (t) => {
  const set = await setUp(t);
  await scenario(t, set).catch((error) => {
    throw new Error(`${error.stack}\n${set.report()}`, { cause: error });
  });
});
