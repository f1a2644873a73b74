// `resnet50-wasm evaluate` over a stand-in for the core: figures, mapping of classes, bad pictures, and the report.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fakeImage, fakePackage, importSource, makeVariant, run, scratch, sha256 } from './helpers.mjs';

const { scoresOf, worstOf, agreementOf, ranked, twoClasses } = await importSource('convert/scores.ts');

/** A variant with these labels in these precisions. */
async function writeWeights(folder, labels, precisions = ['int8']) {
  const { manifest, files } = makeVariant('MINE', { classes: labels.length });
  const [[file, bytes]] = files;
  const shards = [{ file, bytes: bytes.length, sha256: sha256(bytes) }];
  const all = Object.fromEntries(precisions.map((precision) => [precision, { shards }]));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), bytes);
  const categories = labels.map((label) => ({ label }));
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, precisions: all, categories }));
}

/** The stand-in takes a picture for the class of its pixel. */
async function setUp(t, pictures, labels = ['ant', 'bee', 'cat'], precisions = ['int8']) {
  const [folder, home] = [await fakePackage(t), await scratch(t)];
  await writeWeights(join(home, 'mine'), labels, precisions);
  for (const [file, content] of Object.entries(pictures)) {
    await mkdir(dirname(join(home, 'photos', file)), { recursive: true });
    await writeFile(join(home, 'photos', file), typeof content === 'number' ? fakeImage(content) : content);
  }
  const evaluate = (...args) =>
    run(process.execPath, [
      join(folder, 'dist', 'cli.js'),
      ...['evaluate', join(home, 'photos'), '--weights', join(home, 'mine'), ...args],
    ]);
  return { evaluate, at: (name) => join(home, name) };
}

test('figures, confusions and mistakes, by name of class; int8 beside f32', async (t) => {
  const pictures = { 'Cat/1.jpg': 2, 'Cat/2.jpg': 2, 'Cat/3.jpg': 0, 'bee/1.jpg': 0 };
  const { evaluate } = await setUp(t, pictures, ['ant', 'bee', 'cat'], ['int8', 'f32']);
  const { status, stdout, stderr } = await evaluate('--json');
  assert.equal(status, 0, stderr);
  const { by, runs, agreement, failed, weights } = JSON.parse(stdout);
  assert.deepEqual([weights, by, agreement, failed, runs.length], ['MINE', 'name', 100, [], 2]);
  assert.deepEqual(
    runs.map(({ precision }) => precision),
    ['int8', 'f32'],
  );
  const [{ top1, pictures: count, balanced, classes, confusions, wrong }] = runs;
  assert.deepEqual([top1, count, balanced], [50, 4, 33.33]);
  assert.deepEqual(classes, [
    { index: 1, pictures: 1, right: 0, accuracy: 0, label: 'bee' },
    { index: 2, pictures: 3, right: 2, accuracy: 66.67, label: 'cat' },
  ]);
  assert.deepEqual(confusions, [
    { label: 'bee', taken: 'ant', pictures: 1 },
    { label: 'cat', taken: 'ant', pictures: 1 },
  ]);
  assert.deepEqual(wrong.map(({ file, taken }) => [file, taken]).sort(), [
    ['Cat/3.jpg', 'ant'],
    ['bee/1.jpg', 'ant'],
  ]);
  const table = (await evaluate()).stdout;
  assert.match(table, /top-1 +50\.00% +50\.00%/);
  assert.match(table, /1 {2}cat taken for ant/);
  assert.doesNotMatch((await evaluate('--precision', 'int8')).stdout, /f32/);
});

test('a bad picture is named and left out; status 1. Without a good one, an error', async (t) => {
  const { evaluate, at } = await setUp(t, {
    'ant/1.jpg': 0,
    'ant/2.jpg': 'text',
    'cat/3.webp': 'RIFF',
    'cat/4.jpg': 2,
  });
  const { status, stdout, stderr } = await evaluate('--json');
  assert.equal(status, 1, stderr);
  const { failed, runs } = JSON.parse(stdout);
  assert.deepEqual(
    failed.map(({ file, code }) => [file, code]),
    [
      ['ant/2.jpg', 'NOT_AN_IMAGE'],
      ['cat/3.webp', 'UNSUPPORTED_FORMAT'],
    ],
  );
  assert.deepEqual([runs[0].top1, runs[0].pictures], [100, 2]);
  for (const file of ['ant/1.jpg', 'cat/4.jpg']) await writeFile(at(`photos/${file}`), 'text');
  const none = await evaluate();
  assert.deepEqual([none.status, none.stdout], [1, '']);
  assert.match(none.stderr, /holds no picture that could be read/);
});

test('folders that do not fit the network stop it, with both sides named; leftovers are told in one line', async (t) => {
  const { evaluate, at } = await setUp(t, { 'x/1.jpg': 0, 'y/1.jpg': 1 });
  const { status, stdout, stderr } = await evaluate();
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /does not know: x, y \(it has 3: ant, bee, cat\).*there are 2/);
  for (const file of ['z/1.jpg', '.ipynb_checkpoints/1.jpg', 'x/._1.jpg']) {
    await mkdir(dirname(at(`photos/${file}`)), { recursive: true });
    await writeFile(at(`photos/${file}`), fakeImage(2));
  }
  const fits = await evaluate('--json');
  assert.deepEqual([fits.status, JSON.parse(fits.stdout).runs[0].top1], [0, 100], fits.stderr);
  assert.match(fits.stderr, /left out what programs left behind: \.ipynb_checkpoints, x\/\._1\.jpg/);
});

test('names cannot control the terminal', async (t) => {
  const { evaluate } = await setUp(t, { 'ant/\x1b]0;title\x07.jpg': 1, 'bee/\x1b[2J.jpg': 'text', 'ant/1\n.jpg': 0 });
  const { status, stdout, stderr } = await evaluate();
  assert.equal(status, 1);
  assert.doesNotMatch(stdout + stderr, /(?!\n)\p{Cc}/u);
  assert.match(stdout, /ant\/\\x1b\]0;title\\x07\.jpg +ant taken for bee/);
});

test('the report is one file with matrix and pictures; names cannot break out of it', async (t) => {
  const evil = '<img src=x onerror=alert(1)>';
  const pictures = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`ant/${i}.jpg`, 1]));
  pictures['ant/"><script>alert(1)<\u2215script>.jpg'] = 1;
  const { evaluate, at } = await setUp(t, { ...pictures, 'bee/1.jpg': 1, 'bee/bad<b>.jpg': 'text' }, [
    'ant',
    'bee',
    evil,
  ]);
  const { status, stderr } = await evaluate('--report', at('report.html'));
  assert.equal(status, 1, stderr);
  const html = await readFile(at('report.html'), 'utf8');
  assert.match(html, /^<!doctype html>/);
  assert.doesNotMatch(html, /<script|onerror|bad<b>|(?:src|href)="(?!data:image\/png;base64,)/);
  assert.equal(html.match(/<img /g).length, 60);
  assert.match(html, /the 60 surest mistakes of 71/);
  assert.match(html, /prefers-color-scheme: dark/);
  assert.match(html, /<td class="wrong"[^>]* title="ant taken for bee">71<\/td>/);
  assert.ok(html.length < 4e6);
  const missing = await evaluate('--report', at('none/report.html'));
  assert.deepEqual([missing.status, missing.stdout], [1, '']);
  assert.match(missing.stderr, /--report \S+none\/report\.html: its folder does not exist/);
});

test('a report that cannot be written is refused by the name of its option before the first picture', async (t) => {
  const { evaluate, at } = await setUp(t, { 'ant/1.jpg': 0, 'bee/bad.jpg': 'text' });
  await mkdir(at('there'));
  for (const [report, status, message] of [
    [at('there'), 1, /--report \S+there: is a folder, not a file\n$/],
    [`${at('there')}/x.html/`, 1, /--report \S+x\.html\/: is a folder, not a file\n$/],
    [at('photos/ant/1.jpg/x.html'), 1, /--report \S+x\.html: its folder is a file\n$/],
    ['', 2, /--report: an empty text names no file\n$/],
  ]) {
    const refused = await evaluate('--report', report);
    assert.deepEqual([refused.status, refused.stdout], [status, '']);
    assert.match(refused.stderr, message);
    assert.doesNotMatch(refused.stderr, /left out/);
  }
  const whole = await evaluate('--report', '/dev/stdout');
  assert.match(whole.stdout, /^<!doctype html>[\s\S]*<\/html>\n$/);
  assert.match(whole.stderr, /top-1 +100\.00%/);
});

test('names that mean one class count as one, and that is told', async (t) => {
  const { evaluate } = await setUp(t, { 'cat/1.jpg': 2, 'Cat/2.jpg': 2, 'ant/3.jpg': 0 });
  const { stderr, stdout } = await evaluate();
  assert.match(stderr, /names that mean the same class of the network count as one: Cat, cat \(cat\)/);
  assert.match(stdout, /3 pictures of 2 classes/);
});

test('a network with one logit has two classes: without it and with it', async (t) => {
  assert.deepEqual(twoClasses([{ label: 'rust' }]), [{ label: 'not rust' }, { label: 'rust' }]);
  assert.deepEqual(twoClasses(['a', 'b']), ['a', 'b']);
  const first = (score) => ranked([{ index: 0, score }], 1)[0];
  assert.deepEqual(
    [0, 0.25, 0.5, 1].map((score) => [first(score).index, first(score).score]),
    [
      [0, 1],
      [0, 0.75],
      [1, 0.5],
      [1, 1],
    ],
  );
  const { evaluate } = await setUp(t, { 'fine/1.jpg': 0, 'rust/1.jpg': 0 }, ['rust']);
  const { status, stdout, stderr } = await evaluate('--json');
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout).runs[0].top1, 50);
  assert.match(stderr, /order counts: fine is 0 \(not rust\), rust is 1 \(rust\)/);
});

test('scores: ranks count for top-5, mistakes are ordered by how sure they are', () => {
  const answer = (label, rank, top, score) => ({
    ...{ file: `${label} ${rank}`, path: '', label, rank, score },
    best: [{ index: rank === 0 ? label : 9, score: top }],
  });
  const answers = [answer(0, 0, 0.9, 0.9), answer(0, 4, 0.5, 0.1), answer(1, 5, 0.9, 0.01)];
  const { top1, top5, balanced } = scoresOf(answers);
  assert.deepEqual([top1, top5, balanced], [33.33, 66.67, 25]);
  assert.deepEqual(
    worstOf(answers).map(({ file }) => file),
    ['1 5', '0 4'],
  );
  assert.equal(agreementOf(answers, [answer(0, 0, 1, 1), answer(0, 0, 1, 1), answer(1, 5, 1, 0)]), 66.67);
});
