// Weights that are missing: what to run is said, and with `download` they are got as torchvision does it on first use, from a
// server that stands in for torchvision's.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  fakeImage,
  fakePackage,
  importPackage,
  importSource,
  run,
  scratch,
  sendRange,
  serve,
  sha256,
} from './helpers.mjs';

/** A checkpoint of the stand-in core whose sha256 begins as torchvision's does: the text was searched for. */
const checkpoint = Buffer.from('CKPT{"classes":1000,"nonce":"000003c3000c2256"}');
const FILE = 'resnet50-11ad3fa6.pth';

async function setUp(t, route = checkpoint) {
  assert.equal(sha256(checkpoint).slice(0, 8), '11ad3fa6');
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  const routes = { [`/mirror/${FILE}`]: route };
  const { url, requests } = await serve(t, routes);
  const picture = join(home, 'p.jpg');
  await writeFile(picture, fakeImage(7));
  const env = { XDG_CACHE_HOME: join(home, 'cache'), RESNET50_WEIGHTS_DIR: '', RESNET50_CHECKPOINTS: `${url}/mirror` };
  const cli = (...args) => run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], { env });
  const before = { ...process.env };
  Object.assign(process.env, env);
  t.after(() => {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  const { ResNet50 } = await importPackage(folder);
  const load = async (options) => {
    const model = await ResNet50.load(options);
    t.after(() => model.dispose());
    return model;
  };
  return { cli, load, picture, requests, routes, folder, env, cache: join(home, 'cache', 'resnet50-wasm') };
}

test('classify: says what to run; with --download it gets, converts and answers; the next call finds it', async (t) => {
  const { cli, picture, requests, cache } = await setUp(t);
  const classify = (...args) => cli('classify', picture, '-k', '1', ...args);
  const refused = await classify();
  assert.deepEqual([refused.status, refused.stdout, requests.length], [1, '', 0]);
  assert.match(refused.stderr, /npx resnet50-wasm weights IMAGENET1K_V2.*--download/);
  const got = await classify('--download');
  assert.equal(got.status, 0, got.stderr);
  assert.match(got.stdout, /p\.jpg\n {2}\S.*%\n$/);
  assert.match(got.stderr, /resnet50-11ad3fa6\.pth: 100% .*\n(?:converting: \d+% .*\n)*converting: 100% \S.*\n/);
  assert.deepEqual(await readdir(join(cache, 'weights', 'IMAGENET1K_V2')), [
    'manifest.json',
    'resnet50-int8-00.safetensors',
    'resnet50-int8-01.safetensors',
  ]);
  const again = await classify();
  assert.deepEqual([again.status, again.stdout, again.stderr], [0, got.stdout, '']);
  const float = await classify('--download', '--precision', 'f32');
  assert.equal(float.status, 0, float.stderr);
  assert.equal((await classify('--precision', 'int8')).status, 0, 'int8 is there still');
  assert.equal(requests.length, 1, 'the checkpoint was kept');
});

test('load: phases in order; what has no checkpoint fails as it did', async (t) => {
  const { load, requests, picture } = await setUp(t);
  for (const options of [
    {},
    { weightsUrl: 'http://127.0.0.1:9/', download: true },
    { weights: 'mine', download: true },
  ]) {
    await assert.rejects(load(options), { name: 'ResNet50Error' });
  }
  assert.equal(requests.length, 0);
  await assert.rejects(load({ download: 'yes' }), { code: 'INVALID_ARGUMENT', subject: 'download' });
  const phases = [];
  const onProgress = ({ phase, shard }) =>
    phases.push(phase === 'convert' || phase === 'download' ? `${phase} ${shard}` : phase);
  const model = await load({ download: true, onProgress });
  assert.equal((await model.classify(picture)).length, 5);
  const order = phases.filter((phase, i) => phase !== phases[i - 1]);
  assert.deepEqual([order[0], order[1], order.at(-1)], ['core', `download ${FILE}`, 'ready']);
  assert.ok(order.includes('convert quantizing'), order.join());
  assert.equal(requests.length, 1);
});

test('two loads at a time get the weights once', async (t) => {
  const { load, requests } = await setUp(t);
  await Promise.all([load({ download: true }), load({ download: true })]);
  assert.equal(requests.length, 1);
});

test('load: an abort and an onProgress that throws end it; the next try goes on', async (t) => {
  let slow = true;
  const { load, requests, cache } = await setUp(t, (req, res) => {
    if (!slow) return sendRange(req, res, checkpoint);
    res.writeHead(200, { 'content-length': checkpoint.length }).write(checkpoint.subarray(0, 10));
  });
  await assert.rejects(load({ download: true, signal: AbortSignal.timeout(1500) }), { name: 'TimeoutError' });
  const fussy = ({ phase }) => {
    if (phase === 'download') throw new Error('not now');
  };
  await assert.rejects(load({ download: true, onProgress: fussy }), /not now/);
  slow = false;
  await load({ download: true });
  assert.ok(requests.length >= 2);
  assert.deepEqual(readdirSync(join(cache, 'checkpoints')), [FILE]);
});

test('a server that has another file, or none: refused by name, and nothing is installed', async (t) => {
  const { cli, picture, routes, cache } = await setUp(t, Buffer.from('CKPT{"classes":1000}'));
  const wrong = await cli('classify', picture, '--download');
  assert.deepEqual(
    [wrong.status, /sent another file than its name promises/.test(wrong.stderr)],
    [1, true],
    wrong.stderr,
  );
  routes[`/mirror/${FILE}`] = (_, res) => res.writeHead(404).end();
  const none = await cli('classify', picture, '--download');
  assert.deepEqual([none.status, /mirror\/resnet50-11ad3fa6\.pth could not be fetched/.test(none.stderr)], [1, true]);
  assert.ok(!existsSync(join(cache, 'weights', 'IMAGENET1K_V2')));
});

const noTerminal = spawnSync('script', ['--version']).status !== 0 && 'there is no program `script` to make a terminal';

test('on a terminal it asks, and takes no for an answer', { skip: noTerminal }, async (t) => {
  const { folder, picture, env, requests } = await setUp(t);
  const command = `'${process.execPath}' '${join(folder, 'dist', 'cli.js')}' classify '${picture}' -k 1`;
  const answer = (word) =>
    run('sh', ['-c', `(sleep 2; echo ${word}; sleep 4) | script -qec "$0" /dev/null`, command], { env });
  const no = await answer('n');
  assert.match(
    no.stdout,
    /IMAGENET1K_V2 is not installed\. Get it from http:\S+\/mirror \(98 MB\) and convert it, .* \[y\/N\]/,
  );
  assert.match(no.stdout, /npx resnet50-wasm weights IMAGENET1K_V2/);
  assert.equal(requests.length, 0);
  const yes = await answer('y');
  assert.match(yes.stdout, /p\.jpg\r?\n.*%/, yes.stdout);
  assert.equal(requests.length, 1);
});

test('time left: from the pace so far, begun anew with each step, silent while unsure', async () => {
  const { timeLeft } = await importSource('cli/terminal.ts');
  let now = 0;
  const left = timeLeft(() => now);
  const at = (seconds, fraction) => {
    now = seconds * 1000;
    return left(fraction);
  };
  assert.deepEqual([at(0, 0.5), at(2, 0.6), at(10, 0.75)], ['', '', ', 0:10 left']);
  assert.deepEqual([at(20, 1), at(21, 0), at(22, 0.1), at(31, 0.1)], ['', '', '', ', 1:30 left']);
});
