// Fine-tuning of layer4 through the built package, on real weights and made-up pictures: the result answers in place, is
// saved and loaded, differs from before only where it should, and what cannot be done is refused. Gradients are checked in
// tests/cpp/training_layer4_gradients_test.cc.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { testWeights, weightsMissing } from '../test-weights.mjs';
import { coreMissing, scratch } from './helpers.mjs';

const SIDE = 64;
const UNFREEZE = ['layer4', 'fc'];
const COLORS = { blue: [10, 20, 200], red: [200, 10, 20] };

/** A striped picture that is mostly of one color. */
function picture(color, i) {
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let p = 0; p < data.length; p++) data[p] = Math.min(255, color[p % 3] + ((p * 31 * (i + 1)) % 50));
  return { data, width: SIDE, height: SIDE };
}
const examplesOf = (count, from = 0) =>
  Object.entries(COLORS).flatMap(([label, color]) =>
    Array.from({ length: count }, (_, i) => ({ label, image: picture(color, from + i) })),
  );
const load = async (options = {}) => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  const transforms = { resizeSize: SIDE, cropSize: SIDE };
  return ResNet50.load({ weights: await testWeights(), threads: 2, transforms, ...options });
};
const refuses = (promise, code, subject, says) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.name, error.code, error.subject], ['ResNet50Error', code, subject], error.message);
    assert.match(error.message, says);
    return true;
  });

/** |a - b| / |b|, as norms. */
function distance(a, b) {
  const norm = (values) => Math.hypot(...values);
  return norm(a.map((v, i) => v - b[i])) / norm(b);
}

/** layer4 taken out, put back as it was, with a head that was trained before: nothing may change but rounding. */
async function staysWithoutSteps(precision, most) {
  const model = await load({ precision });
  const photo = picture(COLORS.red, 77);
  await model.fit(examplesOf(5));
  const before = await model.logits(photo);
  await model.fit(examplesOf(5), { unfreeze: UNFREEZE, epochs: 1, rate: 1e-12 });
  const after = await model.logits(photo);
  await model.dispose();
  const found = distance([...after], [...before]);
  assert.ok(found < most, `${precision}: logits moved by ${found}`);
}

describe('fine-tuning layer4', { skip: coreMissing() || weightsMissing() }, () => {
  test('with steps of nothing leaves the network as it is, in f32', () => staysWithoutSteps('f32', 1e-3));
  test('with steps of nothing leaves the network nearly as it is, in int8', () => staysWithoutSteps('int8', 0.1));

  test('answers in place, is saved as a variant, loaded and undone', async (t) => {
    const model = await load({ precision: 'int8' });
    const own = await model.logits(picture(COLORS.red, 50));
    const events = [];
    const options = { unfreeze: UNFREEZE, epochs: 2, batchSize: 8, onProgress: (event) => events.push(event) };
    const { finetuned, heldOut } = await model.fit(examplesOf(10), options);
    assert.equal(finetuned.epochs, 2);
    assert.equal(finetuned.steps, 4);
    assert.equal(finetuned.threads, 2);
    assert.ok(finetuned.heldOut.accuracy >= heldOut.accuracy);
    const epochs = events.filter(({ phase, epochDone }) => phase === 'finetuning' && epochDone);
    assert.deepEqual(
      epochs.map(({ epoch, batch, batches }) => [epoch, batch, batches]),
      [
        [1, 2, 2],
        [2, 2, 2],
      ],
    );
    for (const { label, image } of examplesOf(2, 40)) assert.equal((await model.classify(image))[0].label, label);
    const logits = await model.logits(picture(COLORS.blue, 60));
    assert.equal(model.info().head, null);
    assert.equal(model.info().classes, 2);

    const folder = join(await scratch(t), 'variant');
    await mkdir(folder);
    const files = await model.save({ what: 'all' });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    const back = await load({ weights: folder, transforms: undefined });
    assert.deepEqual(await back.logits(picture(COLORS.blue, 60)), logits);
    const weight = await back.parameter('layer4.0.conv1.weight');
    assert.deepEqual([weight.shape, weight.folded], [[512, 1024, 1, 1], true]);
    await back.dispose();

    await model.reset();
    assert.deepEqual(await model.logits(picture(COLORS.red, 50)), own);
    await refuses(model.save({ what: 'all' }), 'NOT_READY', '', /unfreeze/);
    await model.dispose();
  });

  test('stops when it is told to, and the model is as before', async () => {
    const model = await load({ precision: 'int8' });
    const own = await model.logits(picture(COLORS.red, 50));
    const abort = new AbortController();
    const onProgress = ({ phase }) => phase === 'finetuning' && abort.abort(new Error('enough'));
    await assert.rejects(model.fit(examplesOf(5), { unfreeze: UNFREEZE, onProgress, signal: abort.signal }), /enough/);
    assert.deepEqual(await model.logits(picture(COLORS.red, 50)), own);
    await model.dispose();
  });

  test('refuses what it cannot do, by name', async () => {
    const model = await load({ precision: 'int8' });
    const fit = (options, examples = examplesOf(2)) => model.fit(examples, { unfreeze: UNFREEZE, ...options });
    await refuses(fit({ unfreeze: ['layer3', 'fc'] }), 'INVALID_ARGUMENT', 'unfreeze', /layer4/);
    await refuses(fit({ unfreeze: ['layer4'] }), 'INVALID_ARGUMENT', 'unfreeze', /fc/);
    await refuses(fit({ batchSize: 0 }), 'INVALID_ARGUMENT', 'batchSize', /1 to 256/);
    await refuses(fit({ rate: 2 }), 'INVALID_ARGUMENT', 'rate', /at most 1/);
    await refuses(fit({ labelSmoothing: 0.9 }), 'INVALID_ARGUMENT', 'labelSmoothing', /0.5/);
    await refuses(fit({ method: 'knn' }), 'INVALID_ARGUMENT', 'unfreeze', /knn/);
    await refuses(model.fit(examplesOf(2), { batchSize: 4 }), 'INVALID_ARGUMENT', 'batchSize', /layer4/);
    const embedded = [...examplesOf(2), { label: 'red', embedding: new Float32Array(2048) }];
    await refuses(fit({}, embedded), 'INVALID_ARGUMENT', 'example 4', /image/);
    await model.dispose();

    const random = await load({ weights: null, classes: 2, precision: 'f32' });
    await refuses(random.fit(examplesOf(2), { unfreeze: UNFREEZE }), 'INVALID_ARGUMENT', 'weights', /real weights/);
    await random.dispose();
  });
});
