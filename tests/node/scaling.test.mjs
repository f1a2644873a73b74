// docs/scaling.md: what it promises of standard input and output, and its recipes, run as they stand.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { programMissing } from '../support/example.mjs';
import { fakeImage, fakePackage, ROOT, run, scratch, writeVariant } from './helpers.mjs';

const PAGE = await readFile(join(ROOT, 'docs', 'scaling.md'), 'utf8');
/** The block of code with this beginning of its first line. */
const block = (fence) => PAGE.split(`\n\`\`\`${fence}\n`)[1].split('\n```')[0];

/** A folder with names.txt and its pictures, two of them bad, and the command on the PATH. */
async function workplace(t, count) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeVariant(join(home, 'weights'), 'IMAGENET1K_V2');
  await mkdir(join(home, 'bin'));
  const command = join(home, 'bin', 'resnet50-wasm');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'dist', 'cli.js')}' "$@"\n`);
  await chmod(command, 0o755);
  const names = Array.from({ length: count }, (_, i) => `${i}.jpg`);
  for (const [i, name] of names.entries()) {
    if (i !== 7) await writeFile(join(home, name), i === 3 ? 'bad' : fakeImage(i % 4));
  }
  await writeFile(join(home, 'names.txt'), `${names.join('\n')}\n`);
  const env = {
    ...{ PATH: `${join(home, 'bin')}:${process.env.PATH}`, HOME: home, XDG_CACHE_HOME: join(home, 'cache') },
    ...{ RESNET50_WEIGHTS_DIR: join(home, 'weights') },
  };
  const sh = (script, options) =>
    run('sh', ['-c', script], { cwd: home, env: { ...env, ...options?.env }, timeout: 120_000, input: options?.input });
  return { home, names, env, sh };
}

const objects = (text) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const filesIn = (text) => objects(text).map(({ file }) => file);

test('the contract: a line per name, in order; errors are lines and exit status 1', async (t) => {
  const { names, sh } = await workplace(t, 40);
  const all = await sh('resnet50-wasm classify --ndjson < names.txt');
  assert.equal(all.status, 1);
  assert.deepEqual(filesIn(all.stdout), names);
  const [good, bad, missing] = [0, 3, 7].map((i) => objects(all.stdout)[i]);
  assert.deepEqual(Object.keys(good), ['file', 'classes']);
  assert.deepEqual(Object.keys(good.classes[0]), ['index', 'wnid', 'label', 'score']);
  assert.deepEqual([bad.error.code, missing.error.code], ['NOT_AN_IMAGE', 'FILE_NOT_FOUND']);
  assert.equal((await sh('resnet50-wasm classify --ndjson || test $? -eq 1', { input: '3.jpg\n' })).status, 0);
  assert.equal((await sh('resnet50-wasm classify --ndjson', { input: '1.jpg\n' })).status, 0);
  assert.equal((await sh('resnet50-wasm classify --nothing || test $? -eq 1', { input: '1.jpg\n' })).status, 1);
  assert.equal((await sh('resnet50-wasm classify --nothing')).status, 2);
});

test('GNU parallel: the lines of one process', { skip: programMissing('parallel') }, async (t) => {
  const { home, names, sh } = await workplace(t, 1500);
  const direct = await sh('resnet50-wasm classify --ndjson --top-k 1 < names.txt');
  const { status, stderr } = await sh(block('sh gnu-parallel'));
  assert.equal(status, 0, stderr);
  const text = await readFile(join(home, 'labels.ndjson'), 'utf8');
  assert.equal(text, direct.stdout);
  assert.equal(filesIn(text).length, names.length);
});

test('the script of a part: ended and started again, all parts together have every name once', async (t) => {
  const { home, names, env, sh } = await workplace(t, 3000);
  await writeFile(join(home, 'part.sh'), block('sh part'));
  const settings = { ...env, PARTS: '3', JOBS: '2' };
  const first = spawn('sh', ['part.sh'], {
    ...{ cwd: home, env: { ...process.env, ...settings, JOB_COMPLETION_INDEX: '0' }, detached: true, stdio: 'ignore' },
  });
  const ended = once(first, 'close');
  const begun = () => readFile(join(home, 'out', '0.ndjson'), 'utf8').catch(() => '');
  while ((await begun()) === '' && first.exitCode === null) await sleep(5);
  process.kill(-first.pid, 'SIGKILL'); // the whole container
  assert.deepEqual(await ended, [null, 'SIGKILL'], 'in the middle');
  const parts = [{ JOB_COMPLETION_INDEX: '0' }, { AWS_BATCH_JOB_ARRAY_INDEX: '1' }, { JOB_COMPLETION_INDEX: '2' }];
  for (const own of parts) {
    const { status, stderr } = await sh('sh part.sh', { env: { ...settings, ...own } });
    assert.equal(status, 0, stderr);
  }
  const made = await readdir(join(home, 'out'));
  assert.deepEqual(made.sort(), ['0.ndjson', '1.ndjson', '2.ndjson']);
  const texts = await Promise.all(made.map((name) => readFile(join(home, 'out', name), 'utf8')));
  assert.deepEqual(filesIn(texts.join('')).sort(), [...names].sort());
});

test("Spark's pipe: a partition's lines in, its lines out, no failed task", async (t) => {
  const { names, sh } = await workplace(t, 40);
  const [, command] = /\.pipe\(\["sh", "-c", "(.*)"\]\)/.exec(block('python'));
  for (const partition of [names.slice(0, 20), names.slice(20), []]) {
    const { status, stdout } = await sh(command, { input: partition.map((name) => `${name}\n`).join('') });
    assert.deepEqual([status, filesIn(stdout)], [0, partition]);
  }
});

test('weights on a read-only volume, no folder to write to', async (t) => {
  const { home, sh } = await workplace(t, 2);
  const volume = join(home, 'volume');
  await mkdir(volume);
  const mount = (...args) => spawnSync('mount', args).status === 0;
  if (!mount('--bind', join(home, 'weights'), volume)) return t.skip('mounting needs root');
  try {
    assert.ok(mount('-o', 'remount,bind,ro', volume));
    await assert.rejects(writeFile(join(volume, 'x'), ''), { code: 'EROFS' });
    const env = { RESNET50_WEIGHTS_DIR: volume, HOME: '/nowhere', XDG_CACHE_HOME: '/nowhere' };
    const { status, stdout, stderr } = await sh('resnet50-wasm classify 0.jpg --ndjson', { env });
    assert.deepEqual([status, filesIn(stdout)], [0, ['0.jpg']], stderr);
  } finally {
    spawnSync('umount', ['--lazy', volume]);
  }
});
