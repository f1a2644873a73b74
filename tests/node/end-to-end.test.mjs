// The real thing: the compiled core, real checkpoints, photos. Skipped by name where the core is not built or the test
// material (RESNET50_TEST_MATERIAL) is absent.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import {
  calibrationPhotos,
  MATERIAL,
  resnet50,
  testWeights,
  unpackCheckpoint,
  weightsMissing,
} from '../test-weights.mjs';
import { coreMissing, FLAVOURS, ROOT, run, scratch } from './helpers.mjs';

const noCore = coreMissing();
const PICTURES = join(ROOT, 'tests', 'data', 'pictures');
const pictures = existsSync(PICTURES)
  ? readdirSync(PICTURES)
      .filter((n) => /\.(jpg|png|bmp)$/.test(n))
      .map((n) => join(PICTURES, n))
  : [];
const cli = (args, options) =>
  run(process.execPath, [join(ROOT, 'dist', 'cli.js'), ...args], { timeout: 300_000, ...options });
const load = async (options) => (await import('../../dist/index.node.js')).ResNet50.load(options);
const same = (a, b) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe('a randomly initialized network', { skip: noCore }, () => {
  test('has logits that depend on the seed and on nothing else', async () => {
    const image = { data: new Uint8Array(64 * 64 * 3).map((_, i) => (i * 7) & 255), width: 64, height: 64 };
    const logits = [];
    for (const seed of [1, 1, 2]) {
      const model = await load({ weights: null, seed, classes: 10, threads: 1 });
      assert.deepEqual([model.info().weights, model.info().precision, model.info().classes], [null, 'f32', 10]);
      logits.push(await model.logits(image));
      await model.dispose();
    }
    assert.equal(logits[0].length, 10);
    assert.ok(logits[0].every(Number.isFinite));
    assert.ok(same(logits[0], logits[1]));
    assert.ok(!same(logits[0], logits[2]));
  });
});

describe('a real checkpoint', { skip: noCore || weightsMissing() }, () => {
  let weights;
  const variant = () => weights;

  before(async () => {
    weights = await testWeights();
  });

  const photos = () => {
    const images = join(MATERIAL, 'images', 'imagenet-300');
    return readdirSync(images)
      .filter((n) => /\.JPEG$/.test(n))
      .sort()
      .slice(0, 12)
      .map((n) => join(images, n));
  };

  test('shards of at most 4 MiB, whose bytes do not depend on the run', {
    skip: process.env.RESNET50_CONVERTED_ONCE === '1' && 'another Node.js has converted again and compared',
  }, async (t) => {
    const manifest = JSON.parse(await readFile(join(variant(), 'manifest.json'), 'utf8'));
    assert.equal(manifest.parameters, 25557032);
    for (const { shards } of Object.values(manifest.precisions)) {
      for (const { file, bytes } of shards) assert.ok(bytes <= 4 * 2 ** 20, file);
    }
    const folder = await scratch(t);
    await unpackCheckpoint(join(folder, 'pqf.pth'));
    const args = ['convert', join(folder, 'pqf.pth'), '--name', 'pqf', '--out', join(folder, 'again')];
    await resnet50([...args, '--precision', 'both', '--resize', '256', '--calibrate', await calibrationPhotos(folder)]);
    const [again, before] = [join(folder, 'again'), variant()].map((f) =>
      JSON.parse(readFileSync(join(f, 'manifest.json'))),
    );
    assert.deepEqual(again, before);
  });

  test('int8 logits are the same bits over flavours, threads and places', async () => {
    const { probeEngine } = await import('../../dist/index.node.js');
    const flavours = FLAVOURS.filter((f) => f.startsWith('simd') || probeEngine().relaxedSimd);
    const settings = flavours.flatMap((flavour) =>
      (flavour.endsWith('threads') ? [1, 2] : [1]).map((threads) => ({ flavour, threads })),
    );
    settings.push({ worker: false });
    let expected;
    for (const setting of settings) {
      const model = await load({ weights: variant(), precision: 'int8', ...setting });
      const logits = await model.logits(photos().slice(0, 3));
      await model.dispose();
      expected ??= logits;
      for (const [i, row] of logits.entries())
        assert.ok(same(row, expected[i]), `${JSON.stringify(setting)}, photo ${i}`);
    }
  });

  test('int8 and f32 mostly agree on photos, and both are mostly right', async () => {
    const labels = JSON.parse(readFileSync(join(MATERIAL, 'images', 'imagenet-300', 'labels.json'), 'utf8'));
    const truth = (path) => labels.find(({ file }) => path.endsWith(`/${file}`)).class;
    const right = {};
    for (const precision of ['int8', 'f32']) {
      const model = await load({ weights: variant(), precision });
      const best = await model.classify(photos(), { topK: 1, orientation: 'none' });
      await model.dispose();
      right[precision] = photos().filter((path, i) => best[i][0].index === truth(path)).length;
    }
    assert.ok(right.f32 >= 8 && right.int8 >= 7, JSON.stringify(right));
  });

  test('after every kind of bad input the next photo has the same logits', async () => {
    const model = await load({ weights: variant() });
    const [photo] = photos();
    const expected = await model.logits(photo);
    const whole = await readFile(photo);
    const bad = [
      Buffer.alloc(0),
      Buffer.from('text'),
      whole.subarray(0, 20),
      Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
      Buffer.from('GIF89a'),
    ];
    for (const bytes of bad) {
      await assert.rejects(model.classify(bytes), { name: 'ResNet50Error' });
      assert.ok(same(await model.logits(photo), expected));
    }
    await assert.rejects(model.classify(photo, { transforms: { cropSize: 16 } }), { code: 'INVALID_ARGUMENT' });
    await model.dispose();
    const small = await load({ weights: variant(), maxPixels: 1000 });
    await assert.rejects(small.classify(photo), { code: 'IMAGE_TOO_LARGE' });
    await small.dispose();
  });

  test('the hostile files of the decoder collection: labels or a typed error, never a crash', async () => {
    const decoder = join(MATERIAL, 'images', 'decoder');
    const files = readdirSync(decoder, { recursive: true, withFileTypes: true }).filter(
      (e) => e.isFile() && e.name !== 'manifest.json',
    );
    const model = await load({ weights: variant() });
    for (const { parentPath, path, name } of files) {
      const file = join(parentPath ?? path, name);
      await model.classify(file, { topK: 1 }).catch((error) => {
        assert.equal(error.name, 'ResNet50Error', file);
        assert.ok(!['CORE_CRASHED', 'INTERNAL', 'OUT_OF_MEMORY'].includes(error.code), `${file}: ${error.message}`);
      });
    }
    await model.dispose();
  });

  test('memory stays where it is over 100 calls', async () => {
    const model = await load({ weights: variant() });
    const [photo] = photos();
    for (let i = 0; i < 5; i++) await model.classify(photo);
    const { memoryBytes } = model.info();
    for (let i = 0; i < 100; i++) await model.classify(photo);
    assert.equal(model.info().memoryBytes, memoryBytes);
    await model.dispose();
  });

  test('the command: pictures of ours, standard input, ndjson', {
    skip: pictures.length === 0 && 'tests/data/pictures is absent',
  }, async () => {
    const args = ['classify', '--weights', variant(), '--ndjson', '-k', '3'];
    const { status, stdout, stderr } = await cli([...args, ...pictures]);
    assert.equal(status, 0, stderr);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map((l) => l.file),
      pictures,
    );
    for (const { classes } of lines) assert.equal(classes.length, 3);
    const fromStdin = await cli([...args, '-'], { input: readFileSync(pictures[0]) });
    assert.deepEqual(JSON.parse(fromStdin.stdout).classes, lines[0].classes);
    const names = await cli(args, { input: `${pictures.join('\n')}\n` });
    assert.equal(names.stdout, stdout);
    const clock = lines.find((l) => /clock/.test(l.file));
    if (clock)
      assert.ok(
        clock.classes.some((c) => /clock/.test(c.label)),
        JSON.stringify(clock),
      );
  });
});
