// Heads of the user's own on a made-up network: fit, save, load, reset, what they answer and what they refuse. The core
// must be built; no test material is needed.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { coreMissing, scratch } from './helpers.mjs';

const SIZE = 32;
const small = { weights: null, classes: 10, threads: 1, transforms: { resizeSize: SIZE, cropSize: SIZE } };
const load = async (options) => (await import('../../dist/index.node.js')).ResNet50.load({ ...small, ...options });

/** A picture that is mostly of one color. */
function picture(color, i) {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let p = 0; p < data.length; p++) data[p] = Math.min(255, color[p % 3] + ((p * 31 * (i + 1)) % 40));
  return { data, width: SIZE, height: SIZE };
}
const COLORS = { blue: [10, 20, 200], green: [20, 190, 10], red: [200, 10, 20] };
const NAMES = ['blue', 'green', 'red'];
const examplesOf = (count, from = 0) =>
  Object.entries(COLORS).flatMap(([label, color]) =>
    Array.from({ length: count }, (_, i) => ({ label, image: picture(color, from + i) })),
  );
const refuses = (promise, code, subject, says) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.name, error.code, error.subject], ['ResNet50Error', code, subject], error.message);
    assert.match(error.message, says);
    return true;
  });

describe('a head of your own', { skip: coreMissing() }, () => {
  let model;
  before(async () => {
    model = await load();
  });
  after(() => model?.dispose());

  test('is trained on pictures and answers with their classes, until reset', async () => {
    const before = await model.logits(picture(COLORS.red, 50));
    const events = [];
    const report = await model.fit(examplesOf(8), { onProgress: (event) => events.push(event) });
    assert.deepEqual(report.classes, NAMES);
    assert.deepEqual(report.examples, { trained: 18, heldOut: 6 });
    assert.equal(report.heldOut.accuracy, 1);
    const embedding = events.filter(({ phase }) => phase === 'embedding');
    assert.deepEqual(embedding.at(-1), { phase: 'embedding', done: 24, total: 24 });
    const training = events.filter(({ phase }) => phase === 'training');
    assert.deepEqual(
      training.map(({ epoch }) => epoch),
      Array.from({ length: report.epochs }, (_, i) => i + 1),
    );
    assert.deepEqual(training[report.bestEpoch - 1].trained, report.trained);

    for (const [i, { label, image }] of examplesOf(2, 40).entries()) {
      const [best, ...others] = await model.classify(image);
      assert.deepEqual([best.label, NAMES[best.index]], [label, label], `picture ${i}`);
      assert.equal(others.length, 2);
    }
    const info = model.info();
    assert.deepEqual([info.head, info.classes, info.parameters], ['head', 3, 25_557_032 - 2049 * 997]);
    assert.deepEqual(
      model.weights.categories,
      NAMES.map((label) => ({ label })),
    );
    assert.deepEqual(model.parameters().at(-2).shape, [3, 2048]);
    const [green] = await model.classify(picture(COLORS.red, 1), { allow: ['green'] });
    assert.equal(green.label, 'green');

    await model.reset();
    assert.equal(model.info().head, null);
    assert.deepEqual(await model.logits(picture(COLORS.red, 50)), before);
    assert.equal((await model.classify(picture(COLORS.red, 50), { topK: 99 })).length, 10);
  });

  test('logits are fc.weight times the embedding plus fc.bias, of pictures, tensors and crops', async () => {
    await model.fit(examplesOf(5));
    const [weight, bias] = [await model.parameter('fc.weight'), await model.parameter('fc.bias')];
    assert.deepEqual([weight.shape, bias.shape], [[3, 2048], [3]]);
    const expected = (embedding) =>
      Float64Array.from(bias.values, (b, c) => embedding.reduce((s, x, k) => s + x * weight.values[c * 2048 + k], b));
    const near = (logits, embedding) => {
      for (const [c, e] of expected(embedding).entries())
        assert.ok(Math.abs(logits[c] - e) < 1e-4 * Math.max(1, Math.abs(e)));
    };
    const image = picture(COLORS.green, 9);
    near(await model.logits(image), await model.embed(image));
    const tensor = {
      tensor: Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => Math.sin(i)),
      shape: [2, 3, 32, 32],
    };
    const [rows, embeddings] = [await model.logits(tensor), await model.embed(tensor)];
    assert.equal(rows.length, 2);
    for (const [i, row] of rows.entries()) near(row, embeddings[i]);
    const { layer1, layer4 } = await model.features(image, ['layer1', 'layer4']);
    assert.deepEqual(
      [layer1.shape, layer4.shape],
      [
        [256, 8, 8],
        [2048, 1, 1],
      ],
    );
    const crops = await model.classify(image, { crops: 10, topK: 3 });
    assert.ok(Math.abs(crops.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-9);
    await model.reset();
  });

  test('explains its own classes: the mean of the map plus the bias is the logit', async () => {
    await model.fit(examplesOf(5));
    const large = { transforms: { resizeSize: 96, cropSize: 96 } };
    const image = picture(COLORS.red, 3);
    const { values } = await model.parameter('fc.bias');
    const logits = await model.logits(image, large);
    for (const [index, label] of NAMES.entries()) {
      const map = await model.explain(image, { index: label, ...large });
      assert.deepEqual([map.index, map.label, map.grid.data.length], [index, label, 9]);
      const mean = map.grid.data.reduce((a, b) => a + b, 0) / 9;
      assert.ok(Math.abs(mean + values[index] - logits[index]) < 1e-3 * Math.max(1, Math.abs(logits[index])));
    }
    await model.reset();
  });

  test('is saved as safetensors with fc.weight, fc.bias and what it was made on; load takes it back', async (t) => {
    await refuses(model.save(), 'NOT_READY', '', /call fit first/);
    await model.fit(examplesOf(5), { classes: ['red', 'green', 'blue'] });
    const bytes = await model.save();
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.equal((8 + length) % 8, 0);
    assert.deepEqual(header['fc.weight'], { dtype: 'F32', shape: [3, 2048], data_offsets: [0, 24576] });
    assert.deepEqual(header['fc.bias'], { dtype: 'F32', shape: [3], data_offsets: [24576, 24588] });
    const { classes, transforms, weights, precision, method } = header.__metadata__;
    assert.deepEqual([JSON.parse(classes), weights, precision, method], [['red', 'green', 'blue'], '', 'f32', 'head']);
    assert.deepEqual(JSON.parse(transforms), model.info().transforms);
    assert.equal(bytes.length, 8 + length + 24588);
    const { values } = await model.parameter('fc.weight');
    assert.deepEqual(new Float32Array(bytes.slice(8 + length, 8 + length + 24576).buffer), values);

    const image = picture(COLORS.blue, 70);
    const expected = await model.logits(image);
    const path = join(await scratch(t), 'head.safetensors');
    await writeFile(path, bytes);
    for (const head of [bytes, path, new Blob([bytes]), bytes.buffer]) {
      const again = await load({ head, transforms: undefined });
      assert.deepEqual(await again.logits(image), expected, 'with the transforms of the head');
      assert.deepEqual([again.info().head, again.weights.categories[2].label], ['head', 'blue']);
      assert.deepEqual(await again.save(), bytes);
      await again.dispose();
    }
    await model.reset();
  });

  test('knn: the nearest examples vote', async () => {
    const report = await model.fit(examplesOf(1), { method: 'knn' });
    assert.deepEqual([report.method, report.examples.trained, report.epochs], ['knn', 3, 0]);
    for (const { label, image } of examplesOf(2, 20)) {
      const [best] = await model.classify(image);
      assert.equal(best.label, label);
      assert.equal((await model.explain(image)).label, label);
    }
    assert.equal(model.info().head, 'knn');
    assert.ok(!model.parameters().some(({ name }) => name.startsWith('fc.')));
    await refuses(model.parameter('fc.bias'), 'INVALID_ARGUMENT', 'fc.bias', /knn/);
    const [bytes, logits] = [await model.save(), await model.logits(picture(COLORS.red, 9))];
    const again = await load({ head: bytes });
    assert.deepEqual(await again.logits(picture(COLORS.red, 9)), logits);
    await again.dispose();
    await model.reset();
  });

  test('takes embeddings in place of pictures: the same head, the same bytes', async () => {
    const examples = examplesOf(6);
    await model.fit(examples);
    const bytes = await model.save();
    const embedded = await Promise.all(
      examples.map(async ({ label, image }) => ({ label, embedding: await model.embed(image) })),
    );
    await model.fit(embedded);
    assert.deepEqual(await model.save(), bytes);
    await model.fit([...embedded.slice(0, 3), ...examples.slice(3)]);
    assert.deepEqual(await model.save(), bytes);
    await model.fit(embedded, { seed: 1 });
    assert.notDeepEqual(await model.save(), bytes);
    await model.reset();
  });

  test('calls around fit get the classes of their turn', async () => {
    const image = picture(COLORS.red, 2);
    const old = model.classify(image, { topK: Infinity });
    const fitting = model.fit(examplesOf(3));
    const now = model.classify(image, { topK: Infinity });
    const resetting = model.reset();
    const last = model.classify(image, { topK: Infinity });
    const counts = (await Promise.all([old, now, last])).map((list) => list.length);
    await Promise.all([fitting, resetting]);
    assert.deepEqual(counts, [10, 3, 10]);
  });

  test('aborts between pictures and between epochs; the model is as before', async () => {
    for (const phase of ['embedding', 'training']) {
      const abort = new AbortController();
      const fitting = model.fit(examplesOf(5), {
        signal: abort.signal,
        onProgress: (event) => event.phase === phase && abort.abort(new Error('enough')),
      });
      await assert.rejects(fitting, /enough/);
      assert.equal(model.info().head, null);
      assert.equal((await model.classify(picture(COLORS.red, 1), { topK: 99 })).length, 10);
    }
  });

  test('survives a crash of the core', async () => {
    const crashing = await load();
    await crashing.fit(examplesOf(3));
    const image = picture(COLORS.green, 4);
    const logits = await crashing.logits(image);
    // More than the wasm memory holds: the core is replaced, and the head with it.
    const shape = [40_000, 3, 32, 32];
    await crashing.logits({ tensor: new Float32Array(3 * 32 * 32 * shape[0]), shape }).catch(() => undefined);
    assert.deepEqual(await crashing.logits(image), logits);
    await crashing.dispose();
  });

  test('in place, without workers', async () => {
    const inPlace = await load({ worker: false });
    await inPlace.fit(examplesOf(3));
    assert.equal((await inPlace.classify(picture(COLORS.blue, 8)))[0].label, 'blue');
    await inPlace.dispose();
  });

  const embedding = new Float32Array(2048).fill(1);
  const two = [
    { label: 'a', embedding },
    { label: 'b', embedding },
  ];
  for (const [what, subject, says, examples, options] of [
    ['no list', 'examples', /list/, 'abc'],
    ['no examples', 'examples', /must not be empty/, []],
    ['one class', 'classes', /all of 'a'/, [two[0], two[0]]],
    ['no label', 'example 1', /label/, [two[0], { embedding }]],
    ['null', 'example 0', /label/, [null, two[0]]],
    ['neither image nor embedding', 'example 1', /2048 numbers/, [two[0], { label: 'b' }]],
    [
      'an embedding of another network',
      'example 1',
      /2048/,
      [two[0], { label: 'b', embedding: new Float32Array(512) }],
    ],
    ['NaN', 'example 1', /not finite/, [two[0], { label: 'b', embedding: new Float32Array(2048).fill(NaN) }]],
    ['a label out of the classes', 'example 1', /'b', which is not one of/, two, { classes: ['a', 'c'] }],
    ['a class without examples', 'classes', /'c' has no examples/, two, { classes: ['a', 'b', 'c'] }],
    ['a class twice', 'classes', /twice/, two, { classes: ['a', 'b', 'a'] }],
    ['too few to hold out', 'holdOut', /'a' has one example, too few/, two, { holdOut: 0.5 }],
    ['holdOut out of range', 'holdOut', /0 to 0.9/, two, { holdOut: 1 }],
    ['no penalty', 'l2', /greater than 0/, two, { l2: 0 }],
    ['no epochs', 'epochs', /whole number/, two, { epochs: 0 }],
    ['a bad seed', 'seed', /whole number/, two, { seed: -1 }],
    ['an unknown method', 'method', /'head' or 'knn'/, two, { method: 'svm' }],
    ['k without knn', 'k', /knn/, two, { k: 1 }],
    ['too many voters', 'k', /1 to 2/, two, { method: 'knn', k: 3 }],
    ['a penalty for knn', 'l2', /nothing is trained/, two, { method: 'knn', l2: 1 }],
    ['layers that do not exist', 'unfreeze', /fc/, two, { unfreeze: ['layer9'] }],
  ]) {
    test(`refuses ${what}`, async () => {
      await refuses(model.fit(examples, options), 'INVALID_ARGUMENT', subject, says);
      assert.equal(model.info().head, null);
    });
  }

  test('names the picture that cannot be read, and learns nothing', async () => {
    const examples = [...examplesOf(2), { label: 'red', image: new Uint8Array([1, 2, 3]) }];
    await refuses(model.fit(examples), 'NOT_AN_IMAGE', 'example 6', /example 6/);
    assert.equal(model.info().head, null);
  });

  test('without weights, load takes the variant that a head was trained on, by its name only', async () => {
    await model.fit(examplesOf(2));
    const bytes = await model.save();
    await model.reset();
    const { parseHead } = await (await import('./helpers.mjs')).importSource('training/head-file.ts');
    const { ResNet50 } = await import('../../dist/index.node.js');
    const trainedOn = (weights) => ({ ...parseHead(bytes, 'head'), weights });
    const warn = mock.method(console, 'warn', () => undefined);
    const loaded = await ResNet50.load({ head: trainedOn('CIFAR10_DEMO'), threads: 1 });
    assert.deepEqual([loaded.info().weights, loaded.info().head], ['CIFAR10_DEMO', 'head']);
    await loaded.dispose();
    warn.mock.restore();
    await assert.rejects(ResNet50.load({ head: trainedOn('flowers') }), {
      code: 'UNKNOWN_WEIGHTS',
      message: /flowers/,
    });
    // A file of somebody else's chooses no address: the default is sought, which is not there.
    const elsewhere = {
      head: trainedOn('http://localhost:1/'),
      weightsDir: '/nonexistent',
      weightsUrl: 'file:///nonexistent',
    };
    await assert.rejects(ResNet50.load(elsewhere), { code: 'WEIGHTS_NOT_FOUND', message: /IMAGENET1K_V2/ });
  });

  test('warns of a head of other weights by name, and refuses files that are none', async () => {
    await model.fit(examplesOf(2));
    const bytes = await model.save();
    await model.reset();
    const { parseHead } = await (await import('./helpers.mjs')).importSource('training/head-file.ts');
    const foreign = { ...parseHead(bytes, 'head'), weights: 'IMAGENET1K_V1' };
    const warn = mock.method(console, 'warn', () => undefined);
    const loaded = await load({ head: foreign });
    await loaded.dispose();
    warn.mock.restore();
    assert.match(warn.mock.calls[0].arguments[0], /features of IMAGENET1K_V1 in f32, not of null in f32/);
    await refuses(
      load({ head: new Uint8Array(100) }),
      'WEIGHTS_FORMAT',
      'the head',
      /no head that model\.save\(\) wrote/,
    );
    await refuses(load({ head: '/nonexistent/head' }), 'FILE_NOT_FOUND', '/nonexistent/head', /no such file/);
  });
});
