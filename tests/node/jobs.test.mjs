// Many pictures: windows of work, pools of models, and the commands that take a folder or a list without an end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  best,
  fakeImage,
  fakePackage,
  importPackage,
  importSource,
  run,
  scratch,
  withDisk,
  writeVariant,
} from './helpers.mjs';

test('a window of work: order, bound, errors, a source that waits', async () => {
  const { windowed } = await importSource('base/window.ts');
  const all = async (things) => {
    const list = [];
    for await (const thing of things) list.push(thing);
    return list;
  };
  let [running, most, taken] = [0, 0, 0];
  function* numbers(count) {
    for (; taken < count; taken++) yield taken;
  }
  const work = async (n) => {
    most = Math.max(most, ++running);
    await sleep((n * 7) % 5);
    running--;
    return n;
  };
  const hundred = Array.from({ length: 100 }, (_, i) => i);
  assert.deepEqual(await all(windowed(numbers(100), work, { size: 4 })), hundred);
  assert.equal(most, 4);
  const mixed = await all(windowed(hundred, work, { size: 8, unordered: true }));
  assert.notDeepEqual(mixed, hundred);
  assert.deepEqual(
    mixed.toSorted((a, b) => a - b),
    hundred,
  );
  assert.deepEqual(await all(windowed([], work, { size: 4 })), []);

  // A consumer that stops takes no more from the source, which is told.
  let ended = false;
  function* endless() {
    try {
      for (taken = 0; ; taken++) yield taken;
    } finally {
      ended = true;
    }
  }
  for await (const n of windowed(endless(), work, { size: 3 })) if (n === 5) break;
  assert.ok(ended && taken <= 5 + 3 + 1, `${taken} taken`);

  // What is finished comes while the source waits.
  async function* slow() {
    yield 1;
    await sleep(10_000, undefined, { ref: false });
  }
  const first = windowed(slow(), work, { size: 4 });
  assert.deepEqual(await first.next(), { value: 1, done: false });

  const failing = async (n) => {
    if (n === 3) throw new Error('three');
    return work(n);
  };
  await assert.rejects(all(windowed(hundred, failing, { size: 4 })), /three/);
  assert.equal(running, 0, 'all that had begun has ended');
});

async function fakePool(t, options) {
  const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
  await writeVariant(weightsDir, 'IMAGENET1K_V2');
  const { ResNet50 } = await importPackage(folder);
  const pool = await ResNet50.pool({ weightsDir, ...options });
  t.after(() => pool.dispose());
  return { pool, ResNet50, weightsDir, folder };
}

test('a pool answers as a model does, one picture or many', async (t) => {
  const { pool, ResNet50, weightsDir } = await fakePool(t, { jobs: 3 });
  const model = await ResNet50.load({ weightsDir });
  t.after(() => model.dispose());
  assert.equal(pool.jobs, 3);
  assert.equal(pool.info().threads, 1);
  assert.equal(pool.info().jobs, 3);
  assert.deepEqual(pool.weights, model.weights);
  const images = Array.from({ length: 20 }, (_, i) => fakeImage(i % 4));
  assert.deepEqual(await pool.classify(images), await model.classify(images));
  assert.deepEqual(await pool.classify(images[1]), await model.classify(images[1]));
  assert.deepEqual(await pool.logits(images, { rotate: 90 }), await model.logits(images, { rotate: 90 }));
  assert.deepEqual(await pool.features(images, 'layer3'), await model.features(images, 'layer3'));
  assert.deepEqual(await pool.embed(images[2]), await model.embed(images[2]));
  assert.deepEqual(await pool.classify([]), []);
  assert.equal(await best(pool, fakeImage(3)), 3);

  const bad = [images[0], new TextEncoder().encode('no picture'), images[2]];
  const outcomes = async (of) => {
    const settled = await of.classify(bad, { settled: true });
    return settled.map(({ status, value, reason }) => [status, value, reason?.code, reason?.message]);
  };
  assert.deepEqual(await outcomes(pool), await outcomes(model));
  await assert.rejects(pool.classify(bad), { code: 'NOT_AN_IMAGE', message: /image 1/ });
  for (const of of [pool, model]) {
    await assert.rejects(of.classify(images, { topk: 3 }), { message: /did you mean topK/ });
    await assert.rejects(of.classify([], { topK: 0 }), { subject: 'topK' });
  }
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await assert.rejects(pool.classify(images, { signal: controller.signal }), /enough/);
});

test('each: a stream, in order or as they come; a bad picture is a result', async (t) => {
  const { pool } = await fakePool(t, { jobs: 2 });
  async function* stream() {
    for (let i = 0; i < 50; i++) yield i === 7 ? Buffer.from('no picture') : fakeImage(i % 4);
  }
  for (const unordered of [false, true]) {
    const seen = [];
    const work = (model, image, index) => model.classify(image, { topK: 1 }).then(([top]) => [index, top.index]);
    for await (const { index, image, ...result } of pool.each(stream(), work, { unordered })) {
      assert.ok(Buffer.isBuffer(image));
      if (index === 7) assert.equal(result.reason.code, 'NOT_AN_IMAGE');
      else assert.deepEqual(result, { status: 'fulfilled', value: [index, index % 4] });
      seen.push(index);
    }
    if (!unordered)
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
    assert.equal(new Set(seen).size, 50);
  }
  assert.throws(() => pool.each([], async () => 0, { unorderd: true }), { message: /did you mean unordered/ });
  const controller = new AbortController();
  const working = pool.each(stream(), async () => controller.abort(new Error('enough')), { signal: controller.signal });
  await assert.rejects(working.next(), /enough/);
});

test('a pool that cannot be opened leaves nothing; options are checked', async (t) => {
  const { ResNet50, weightsDir } = await fakePool(t, { jobs: 1 });
  for (const jobs of [0, 1.5, 257, '2']) {
    await assert.rejects(ResNet50.pool({ jobs, weightsDir }), { code: 'INVALID_ARGUMENT', subject: 'jobs' });
  }
  await assert.rejects(ResNet50.pool({ jobs: 2, weights: 'NOT_THERE' }), { code: 'UNKNOWN_WEIGHTS' });
  const pool = await ResNet50.pool({ jobs: 2, weightsDir });
  await pool.dispose();
  await pool.dispose();
  await assert.rejects(pool.classify(fakeImage(1)), { code: 'DISPOSED' });
});

async function command(t) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeVariant(join(home, 'weights'), 'IMAGENET1K_V2');
  const env = { XDG_CACHE_HOME: join(home, 'cache'), RESNET50_WEIGHTS_DIR: join(home, 'weights') };
  const args = (more) => [join(folder, 'dist', 'cli.js'), ...more];
  const cli = (more, options) => run(process.execPath, args(more), { env, cwd: home, ...options });
  const start = (more) => spawn(process.execPath, args(more), { env: { ...process.env, ...env }, cwd: home });
  return { cli, start, home };
}

const linesOf = (text) => text.split('\n').filter(Boolean);

test('folders, patterns and lists of pictures; any number of jobs prints the same', async (t) => {
  const { cli, home } = await command(t);
  await mkdir(join(home, 'photos', 'deep'), { recursive: true });
  const names = Array.from({ length: 30 }, (_, i) => join('photos', `${String(i).padStart(2, '0')}.jpg`));
  for (const [i, name] of names.entries()) await writeFile(join(home, name), fakeImage(i % 4));
  await writeFile(join(home, 'photos', 'notes.txt'), 'not a picture');
  await writeFile(join(home, 'photos', 'deep', 'z.PNG'), fakeImage(1));
  const files = ({ stdout }) => linesOf(stdout).map((line) => JSON.parse(line).file);

  const one = await cli(['classify', 'photos', '--ndjson', '--jobs', '1']);
  assert.deepEqual([one.status, files(one)], [0, names]);
  for (const more of [[], ['--jobs', '3'], ['--threads', '1']]) {
    assert.equal((await cli(['classify', 'photos', '--ndjson', ...more])).stdout, one.stdout, more.join(' '));
  }
  assert.equal((await cli(['classify', '--ndjson'], { input: names.join('\n') })).stdout, one.stdout);
  assert.deepEqual(files(await cli(['classify', 'photos/', '-r', '--ndjson'])), [...names, 'photos/deep/z.PNG']);
  const mixed = await cli(['classify', 'photos', '--ndjson', '--jobs', '3', '--unordered']);
  assert.deepEqual(files(mixed).sort(), names);
  const pattern = await cli(['classify', 'photos/0*.jpg', '--ndjson']);
  if (Number(process.versions.node.split('.')[0]) < 22) assert.match(pattern.stderr, /need Node\.js 22/);
  else assert.deepEqual(files(pattern), names.slice(0, 10));
  await mkdir(join(home, 'empty'));
  assert.match((await cli(['classify', 'empty'])).stderr, /empty holds no picture .*--recursive/);

  const vectors = async (jobs) => {
    assert.equal((await cli(['embed', 'photos', '--out', 'v.npy', '--names', 'n.txt', '--jobs', jobs])).status, 0);
    return [await readFile(join(home, 'v.npy')), await readFile(join(home, 'n.txt'), 'utf8')];
  };
  const [vector, list] = await vectors('1');
  assert.equal(list, `${names.join('\n')}\n`);
  assert.deepEqual(await vectors('4'), [vector, list]);
});

test('csv: a row for each class, errors in their column', async (t) => {
  const { cli, home } = await command(t);
  await writeFile(join(home, 'a, "b".jpg'), fakeImage(1));
  await writeFile(join(home, 'bad.jpg'), 'no picture');
  const { stdout, status } = await cli(['classify', 'a, "b".jpg', 'bad.jpg', '--csv', '-k', '2']);
  assert.equal(status, 1);
  const rows = stdout.split('\n');
  assert.equal(rows[0], 'file,index,wnid,label,score,error');
  assert.match(rows[1], /^"a, ""b""\.jpg",1,n00000001,label 1,0\.979\d+,$/);
  assert.match(rows[3], /^bad\.jpg,,,,,.*signature/);
  assert.equal(rows.length, 5);
});

test('--resume: killed again and again, every picture has exactly one result', async (t) => {
  const { cli, start, home } = await command(t);
  const names = Array.from({ length: 300 }, (_, i) => `${i}.jpg`);
  for (const [i, name] of names.entries()) await writeFile(join(home, name), i === 5 ? 'bad' : fakeImage(i % 4));
  const out = join(home, 'results.ndjson');
  const resume = ['classify', '--resume', out, '--jobs', '2'];
  for (let round = 0; round < 50; round++) {
    const child = start(resume);
    child.stdin.on('error', () => undefined);
    child.stdin.end(names.join('\n'));
    const ended = once(child, 'close');
    // At some moment after it has begun to write, or, in the first rounds, before.
    await sleep(150 + round * 8);
    child.kill('SIGKILL');
    await ended;
  }
  const last = await cli(resume, { input: names.join('\n') });
  assert.ok([0, 1].includes(last.status), last.stderr);
  const lines = linesOf(await readFile(out, 'utf8')).map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ file }) => file).toSorted(), names.toSorted());
  assert.equal(lines.find(({ file }) => file === '5.jpg').error.code, 'NOT_AN_IMAGE');
  const again = await cli(resume, { input: names.join('\n') });
  assert.deepEqual([again.status, again.stderr], [0, '300 pictures had results already\n']);
  // A line that was cut off is done again.
  const text = await readFile(out, 'utf8');
  await writeFile(out, text.slice(0, -20));
  await cli(resume, { input: names.join('\n') });
  assert.equal((await readFile(out, 'utf8')).length, text.length);
  await writeFile(join(home, 'other.txt'), 'a diary\n');
  const other = await cli(['classify', '1.jpg', '--resume', 'other.txt']);
  assert.match(other.stderr, /other\.txt line 1 is no result/);
  assert.equal(await readFile(join(home, 'other.txt'), 'utf8'), 'a diary\n');
});

test('embed --resume: killed again and again, a row for every picture, in the order of their lines', async (t) => {
  const { cli, start, home } = await command(t);
  const names = Array.from({ length: 120 }, (_, i) => `${i}.jpg`);
  for (const [i, name] of names.entries()) await writeFile(join(home, name), i === 5 ? 'bad' : fakeImage(i % 4));
  const resume = ['embed', '--resume', 'v.npy', '--jobs', '2'];
  const input = names.join('\n');
  for (let round = 0; round < 12; round++) {
    const child = start(resume);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = once(child, 'close');
    await sleep(200 + round * 30);
    child.kill('SIGKILL');
    await ended;
  }
  const last = await cli(resume, { input });
  assert.ok([0, 1].includes(last.status), last.stderr);
  assert.equal((await cli(['embed', '--out', 'whole.npy', '--names', 'n.txt'], { input })).status, 1);
  assert.deepEqual(await readFile(join(home, 'v.npy')), await readFile(join(home, 'whole.npy')));
  const lines = linesOf(await readFile(join(home, 'v.npy.ndjson'), 'utf8')).map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ file }) => file),
    names,
  );
  assert.equal(lines[5].error.code, 'NOT_AN_IMAGE');
  const again = await cli(resume, { input });
  assert.deepEqual([again.status, again.stderr], [0, '120 pictures had results already\nv.npy: another 0 x 2048\n']);

  // A row without its line, as a kill leaves it, is written again; a line without its row is an error.
  const text = await readFile(join(home, 'v.npy.ndjson'), 'utf8');
  await writeFile(join(home, 'v.npy.ndjson'), text.slice(0, -10));
  assert.equal((await cli(resume, { input })).status, 0);
  assert.deepEqual(await readFile(join(home, 'v.npy')), await readFile(join(home, 'whole.npy')));
  await truncate(join(home, 'v.npy'), 128 + 8192 * 100);
  const short = await cli(resume, { input });
  assert.deepEqual(
    [short.status, /holds 100 rows, but .* the names of 119/.test(short.stderr)],
    [1, true],
    short.stderr,
  );
  const whole = await cli(['embed', '1.jpg', '--resume', 'whole.npy']);
  assert.match(whole.stderr, /whole\.npy holds 119 rows, but .* the names of 0/);
  const diary = await cli(['embed', '1.jpg', '--resume', 'n.txt']);
  assert.match(diary.stderr, /n\.txt was not written by embed/);
});

test('a command that fails does not wait for more names', async (t) => {
  const { start, home } = await command(t);
  await writeFile(join(home, '1.jpg'), fakeImage(1));
  const ends = async (args, names) => {
    const child = start(args);
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.write(names); // and then nothing, for ever
    const [status] = await Promise.race([once(child, 'close'), sleep(60_000, ['still there'], { ref: false })]);
    return [status, said];
  };
  const [status, said] = await ends(['classify', '--weights', 'NOT_THERE'], '1.jpg\n');
  assert.deepEqual([status, /NOT_THERE/.test(said)], [1, true], said);
  // The disk is full while names are waited for.
  const disk = join(home, 'disk');
  const mounted = await withDisk(disk, '16k', async () => {
    const many = '1.jpg\n'.repeat(500);
    const [full, why] = await ends(['classify', '--resume', join(disk, 'r.ndjson')], many);
    assert.deepEqual([full, /r\.ndjson: there is no room/.test(why)], [1, true], why);
  });
  if (!mounted) t.diagnostic('a full disk needs a mount: not tested');
});

test('progress: how many, how fast, how long still; a line that changes, or one a minute', async () => {
  const { Meter } = await importSource('cli/meter.ts');
  const run = async ({ live, count }) => {
    let [at, written, counted] = [0, '', 0];
    const stream = { write: (text) => (written += text) };
    const total = async () => {
      counted++;
      return count;
    };
    const meter = new Meter({ live, stream, now: () => at, count: count && total });
    for (let i = 0; i < 401; i++, at += 500) {
      meter.step();
      await undefined;
    }
    meter.clear();
    return { written, counted };
  };
  const log = await run({ live: false, count: 1000 });
  assert.equal(log.counted, 1);
  assert.deepEqual(log.written.split('\n'), [
    '121 pictures, 2.0/s',
    '241 of 1000 pictures, 2.0/s, 6:20 left',
    '361 of 1000 pictures, 2.0/s, 5:20 left',
    '',
  ]);
  const live = await run({ live: true });
  assert.ok(live.written.startsWith('\r\x1b[2K2 pictures, 2.0/s\r\x1b[2K3 pictures, 2.0/s'), live.written.slice(0, 90));
  assert.ok(live.written.endsWith('401 pictures, 2.0/s\r\x1b[2K'));
  const { leftText } = await importSource('cli/terminal.ts');
  assert.deepEqual([leftText(61.2), leftText(7384)], ['1:02', '2:03:04']);
});

test('Ctrl-C in the middle: every line is whole, in a pipe and in a file', async (t) => {
  const { start, home } = await command(t);
  const names = Array.from({ length: 2000 }, (_, i) => `${i % 4}.jpg`);
  for (let i = 0; i < 4; i++) await writeFile(join(home, `${i}.jpg`), fakeImage(i));
  const file = join(home, 'r.ndjson');
  for (const args of [['--ndjson'], ['--resume', file]]) {
    const child = start(['classify', '--jobs', '2', '--top-k', 'all', ...args]);
    child.stdin.on('error', () => undefined);
    child.stdin.end(names.map((name, i) => `./${'./'.repeat(i)}${name}`).join('\n')); // each a name of its own
    let said = '';
    child.stdout.on('data', (chunk) => (said += chunk));
    const ended = once(child, 'close');
    const written = async () => said || (await readFile(file, 'utf8').catch(() => ''));
    while ((await written()).length < 3000 && child.exitCode === null) await sleep(5);
    child.kill('SIGINT');
    const [, signal] = await ended;
    assert.equal(signal, 'SIGINT', 'it was in the middle');
    const text = await written();
    assert.ok(text.endsWith('\n'));
    for (const line of linesOf(text)) assert.ok(JSON.parse(line).classes.length > 0);
  }
});
