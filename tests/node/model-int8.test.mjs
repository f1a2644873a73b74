// What the int8 network says of itself, beside the f32 network of the same checkpoint: features, maps, parameters; memory
// over many calls. Skipped by name where the core is not built or the test material is absent.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MATERIAL, testWeights, weightsMissing } from '../test-weights.mjs';
import { coreMissing } from './helpers.mjs';

describe('int8 beside f32', { skip: coreMissing() || weightsMissing() }, () => {
  let [int8, f32, cosine] = [];
  const folder = join(MATERIAL, 'images', 'imagenet-300');
  const photos = () => {
    const names = readdirSync(folder).filter((name) => name.endsWith('.JPEG'));
    return [3, 60, 130, 200, 270].map((i) => join(folder, names.sort()[i]));
  };

  before(async () => {
    const { ResNet50, cosineSimilarity } = await import('../../dist/index.node.js');
    cosine = cosineSimilarity;
    const weights = await testWeights();
    int8 = await ResNet50.load({ weights });
    f32 = await ResNet50.load({ weights, precision: 'f32' });
  });
  after(async () => {
    await int8?.dispose();
    await f32?.dispose();
  });

  test('stages and embeddings point the same way', async (t) => {
    // What rounding to seven bits does to activations adds up on the way; pooling averages it out.
    for (const [stage, least] of [
      ['relu', 0.998],
      ['layer1', 0.95],
      ['layer4', 0.85],
      ['avgpool', 0.96],
    ]) {
      const [a, b] = [await int8.features(photos(), stage), await f32.features(photos(), stage)];
      const worst = Math.min(...a.map(({ data }, i) => cosine(data, b[i].data)));
      t.diagnostic(`${stage}: cosine ${worst.toFixed(4)} at least`);
      assert.ok(worst >= least, `${stage}: ${worst}`);
    }
  });

  test('maps of a class look alike; their mean and the bias make the logit but for the rounding of the pool', async () => {
    for (const photo of photos()) {
      const [{ index }] = await f32.classify(photo, { topK: 1 });
      const [a, b] = [await int8.explain(photo, { index }), await f32.explain(photo, { index })];
      assert.deepEqual([a.index, a.width, a.height, a.box], [b.index, b.width, b.height, b.box]);
      const likeness = cosine(a.grid.data, b.grid.data);
      assert.ok(likeness >= 0.9, `${photo}: ${likeness}`);
      const logits = await int8.logits(photo);
      const bias = (await int8.parameter('fc.bias')).values[index];
      const mean = a.grid.data.reduce((sum, v) => sum + v, 0) / a.grid.data.length;
      assert.ok(
        Math.abs(mean + bias - logits[index]) <= 0.01 * Math.abs(logits[index]),
        `${mean + bias} ${logits[index]}`,
      );
    }
  });

  test('parameters: dequantized, equalization taken out, batch norm folded in, bias beside them', async () => {
    for (const [name, norm] of [
      ['conv1.weight', 'bn1'],
      ['layer1.0.conv3.weight', 'layer1.0.bn3'],
      ['layer2.1.conv1.weight', 'layer2.1.bn1'],
      ['layer3.0.downsample.0.weight', 'layer3.0.downsample.1'],
      ['layer3.5.conv2.weight', 'layer3.5.bn2'],
      ['layer4.0.conv1.weight', 'layer4.0.bn1'],
    ]) {
      const [a, b] = [await int8.parameter(name), await f32.parameter(name)];
      assert.deepEqual([a.folded, a.exact, b.folded, b.exact, a.shape], [true, false, false, false, b.shape]);
      const { values: gamma } = await f32.parameter(`${norm}.weight`);
      const { values: variance } = await f32.parameter(`${norm}.running_var`);
      assert.equal(a.bias.length, gamma.length);
      const row = b.values.length / gamma.length;
      const folded = b.values.map(
        (v, i) => (v * gamma[Math.floor(i / row)]) / Math.sqrt(variance[Math.floor(i / row)] + 1e-5),
      );
      const likeness = cosine(a.values, folded);
      assert.ok(likeness >= 0.99, `${name}: ${likeness}`);
    }
    await assert.rejects(int8.parameter('bn1.weight'), /folded into the convolution/);
    assert.ok(cosine((await int8.parameter('fc.weight')).values, (await f32.parameter('fc.weight')).values) >= 0.999);
  });

  test('memory stays where it is over 60 calls of every kind', async () => {
    const [photo] = photos();
    const all = async () => {
      await int8.explain(photo);
      await int8.features(photo, ['layer1', 'layer4']);
      await int8.preprocess(photo, { region: { left: 0.1, top: 0.1, right: 0.9, bottom: 0.9 }, rotate: 90 });
      await int8.features(photo, 'no stage').catch(() => undefined);
    };
    for (let i = 0; i < 3; i++) await all();
    await int8.classify(photo, { topK: 1 });
    const { memoryBytes } = int8.info();
    for (let i = 0; i < 15; i++) await all();
    await int8.classify(photo, { topK: 1 });
    assert.equal(int8.info().memoryBytes, memoryBytes);
  });
});
