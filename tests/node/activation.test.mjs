// How logits become scores, over a stand-in for the core and (where it is built) over the core itself: softmax, sigmoid or
// none, by manifest, head and option; what is not finite is refused by name.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { coreMissing, fakeImage, fakePackage, importPackage, run, scratch, writeVariant } from './helpers.mjs';

/** The stand-in's package with a variant of these fields and so many classes. */
async function setUp(t, fields = {}, classes = 4) {
  const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
  const manifest = await writeVariant(weightsDir, 'IMAGENET1K_V2', { classes });
  await writeFile(join(weightsDir, 'IMAGENET1K_V2', 'manifest.json'), JSON.stringify({ ...manifest, ...fields }));
  const { ResNet50 } = await importPackage(folder);
  const model = await ResNet50.load({ weightsDir });
  t.after(() => model.dispose());
  const cli = (...args) =>
    run(process.execPath, [join(folder, 'dist', 'cli.js'), ...args, '--weights-dir', weightsDir]);
  return { model, weightsDir, cli };
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const scoresOf = (classes) => classes.map(({ score }) => score);
/** Equal but for the float32 that logits are kept in. */
function near(scores, expected) {
  assert.equal(scores.length, expected.length);
  for (const [i, score] of scores.entries())
    assert.ok(Math.abs(score - expected[i]) < 1e-6, `${scores}, not ${expected}`);
}
// Logits of the stand-in for pixel 2 and four classes, best first.
const LOGITS = [5, 0.03, 0.01, 0];

test('softmax unless told otherwise; sigmoid and none by option', async (t) => {
  const { model } = await setUp(t);
  const sum = LOGITS.reduce((total, x) => total + Math.exp(x), 0);
  const softmax = LOGITS.map((x) => Math.exp(x) / sum);
  assert.equal(model.info().activation, 'softmax');
  near(scoresOf(await model.classify(fakeImage(2))), softmax);
  near(scoresOf(await model.classify(fakeImage(2), { activation: 'softmax' })), softmax);
  near(scoresOf(await model.classify(fakeImage(2), { activation: 'sigmoid' })), LOGITS.map(sigmoid));
  near(scoresOf(await model.classify(fakeImage(2), { activation: 'none' })), LOGITS);
  near([(await model.explain(fakeImage(2))).score], [softmax[0]]);
  near([(await model.explain(fakeImage(2), { activation: 'sigmoid' })).score], [sigmoid(5)]);
  near([(await model.explain(fakeImage(2), { activation: 'none', index: 3 })).score], [0.03]);
});

test('the mean over crops is that of scores', async (t) => {
  const { model } = await setUp(t);
  // The second crop's best class is the next one.
  const mean = (sigmoid(5) + sigmoid(0.02)) / 2;
  const [first] = await model.classify(fakeImage(2), { activation: 'sigmoid', crops: 2 });
  assert.equal(first.index, 3);
  near([first.score], [(sigmoid(5) + sigmoid(0.03)) / 2]);
  const third = (await model.classify(fakeImage(2), { activation: 'sigmoid', crops: 2 })).find(
    ({ index }) => index === 2,
  );
  near([third.score], [mean]);
});

test('a multi-label network says so in its manifest; calls may say otherwise', async (t) => {
  const { model } = await setUp(t, { activation: 'sigmoid' });
  assert.equal(model.info().activation, 'sigmoid');
  near(scoresOf(await model.classify(fakeImage(2))), LOGITS.map(sigmoid));
  assert.equal((await model.classify(fakeImage(2), { threshold: 0.503 })).length, 2, 'a threshold by probability');
  near([(await model.explain(fakeImage(2))).score], [sigmoid(5)]);
  near(scoresOf(await model.classify(fakeImage(2), { activation: 'none' })), LOGITS);
});

test('a network of one logit is sigmoid unless told otherwise', async (t) => {
  const { model, cli, weightsDir } = await setUp(t, {}, 1);
  await writeFile(join(weightsDir, 'no.img'), fakeImage(1001));
  assert.equal(model.info().activation, 'sigmoid');
  near(scoresOf(await model.classify(fakeImage(0))), [sigmoid(5)]);
  near(scoresOf(await model.classify(fakeImage(1001))), [sigmoid(-5)]);
  assert.deepEqual(await model.classify(fakeImage(1001), { threshold: 0.5 }), []);
  assert.deepEqual(scoresOf(await model.classify(fakeImage(0), { activation: 'softmax' })), [1]);
  const { stdout } = await cli('classify', join(weightsDir, 'no.img'));
  assert.match(stdout, /label 0 {4}0\.7%\n$/);
  const told = await setUp(t, { activation: 'softmax' }, 1);
  assert.deepEqual(scoresOf(await told.model.classify(fakeImage(1001))), [1]);
});

test('with activation none scores are logits: negative ones are given, thresholds may be any number', async (t) => {
  const { model, cli, weightsDir } = await setUp(t, { activation: 'none' });
  const negative = fakeImage(1001); // class 1 has -5, the others what pixel 1 gives them, negated
  near(scoresOf(await model.classify(negative)), [0, -0.02, -0.03, -5]);
  near(scoresOf(await model.classify(negative, { threshold: -0.025 })), [0, -0.02]);
  near(scoresOf(await model.classify(fakeImage(2), { threshold: 3 })), [5]);
  near([(await model.explain(negative, { index: 1 })).score], [-5]);
  const refused = { code: 'INVALID_ARGUMENT', subject: 'threshold', message: /0 to 1/ };
  for (const activation of ['softmax', 'sigmoid']) {
    await assert.rejects(model.classify(negative, { activation, threshold: 3 }), refused);
  }
  await writeFile(join(weightsDir, 'negative.img'), negative);
  const own = await cli('classify', join(weightsDir, 'negative.img'));
  assert.match(own.stdout, /label 0 {3}0\.000\n[^%]*label 1 {2}-5\.000\n$/);
  const asked = await cli('classify', join(weightsDir, 'negative.img'), '--activation', 'sigmoid', '-k', '1');
  assert.match(asked.stdout, /50\.0%\n$/);
});

test('the command: --activation none takes thresholds that are logits; info and explain tell', async (t) => {
  const { cli, weightsDir } = await setUp(t, { activation: 'sigmoid' });
  const picture = join(weightsDir, 'p2.img');
  await writeFile(picture, fakeImage(2));
  const json = async (...args) => JSON.parse((await cli('classify', picture, '--json', ...args)).stdout)[0].classes;
  near(scoresOf(await json()), LOGITS.map(sigmoid));
  near(scoresOf(await json('--activation', 'none', '--threshold', '4.5')), [5]);
  const wrong = await cli('classify', picture, '--threshold', '4.5');
  assert.deepEqual([wrong.status, wrong.stdout], [2, '']);
  assert.equal((await cli('classify', picture, '--activation', 'relu')).status, 2);
  assert.match((await cli('info', '--weights', 'IMAGENET1K_V2')).stdout, /\nactivation +sigmoid\n/);
  const heat = ['explain', picture, '--out', join(weightsDir, 'heat.png')];
  assert.equal((await cli(...heat)).stdout, 'label 2  99.3%\n');
  assert.equal((await cli(...heat, '--activation', 'none')).stdout, 'label 2  5.000\n');
});

test('the core itself: one logit, several, and logits that overflow', { skip: coreMissing() }, async (t) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  t.mock.method(console, 'info', () => undefined);
  t.mock.method(console, 'warn', () => undefined);
  const picture = { data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) % 256), width: 64, height: 64 };
  const small = { resizeSize: 64, cropSize: 64 };
  for (const [classes, activation] of [
    [1, 'sigmoid'],
    [3, 'softmax'],
  ]) {
    const model = await ResNet50.load({ weights: null, classes, transforms: small, threads: 1 });
    try {
      assert.equal(model.info().activation, activation);
      const logits = await model.logits(picture);
      const byIndex = async (options) =>
        scoresOf((await model.classify(picture, options)).sort((a, b) => a.index - b.index));
      near(await byIndex({ activation: 'sigmoid' }), [...logits].map(sigmoid));
      near(await byIndex({ activation: 'none' }), [...logits]);
      if (classes === 1) near(await byIndex(), [sigmoid(logits[0])]);
    } finally {
      await model.dispose();
    }
  }
});

test('the core itself: logits that overflow are an error that names picture and class', {
  skip: coreMissing(),
}, async (t) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  for (const method of ['info', 'warn']) t.mock.method(console, method, () => undefined);
  const picture = { data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7) % 256), width: 64, height: 64 };
  // Features of some 1e15 by weights of nearly 1e30, the largest that a head may have.
  const transforms = {
    ...{ resizeSize: 64, cropSize: 64, interpolation: 'bilinear', antialias: true },
    ...{ mean: [0.485, 0.456, 0.406], std: [1e-15, 1e-15, 1e-15] },
  };
  const weight = new Float32Array(3 * 2048).fill(9e29, 2048, 4096); // of the second class
  const head = {
    ...{ method: 'head', classes: ['a', 'b', 'c'], weights: null, precision: 'f32', transforms },
    ...{ weight, bias: Float32Array.of(0, 0, 0) },
  };
  const model = await ResNet50.load({ weights: null, threads: 1, head });
  t.after(() => model.dispose());
  assert.equal((await model.logits(picture))[1], Number.POSITIVE_INFINITY);
  const refused = { code: 'NOT_FINITE', message: /^the image: the logit of class 1 is not a finite number/ };
  for (const activation of ['softmax', 'sigmoid', 'none'])
    await assert.rejects(model.classify(picture, { activation, crops: 2 }), refused);
  await assert.rejects(model.classify(picture, { allow: ['a'] }), refused);
  await assert.rejects(model.explain(picture), refused);
  await model.reset();
  assert.equal((await model.classify(picture)).length, 5);
});

test('logits that are not finite are an error that names the picture, and the next call works', async (t) => {
  const { model, weightsDir } = await setUp(t);
  const path = join(weightsDir, 'overflow.img');
  await writeFile(path, fakeImage(-1));
  const refused = { code: 'NOT_FINITE', subject: path, message: /overflow\.img: .*not a finite number/ };
  for (const crops of [1, 10]) await assert.rejects(model.classify(path, { crops }), refused);
  await assert.rejects(model.classify([fakeImage(2), path]), refused);
  await assert.rejects(model.explain(path), refused);
  await assert.rejects(model.explain(path, { index: 0 }), refused);
  await assert.rejects(model.classify(path, { activation: 'none' }), refused);
  assert.equal((await model.classify(fakeImage(2)))[0].index, 2);
});
