// 300 labeled photos through decoder, transforms and network: f32 against torchvision's own logits (test material), int8
// against f32. The photos are for agreement, not for accuracy: the network has probably seen them.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { readNpy } from '../../bench/npy.mjs';
import { labeledPhotos, MATERIAL, testWeights, weightsMissing } from '../test-weights.mjs';
import { coreMissing } from './helpers.mjs';

const argmax = (row) => row.reduce((best, value, i) => (value > row[best] ? i : best), 0);

describe('300 photos', { skip: coreMissing() || weightsMissing() }, () => {
  let entries;
  let weights;
  const choices = {};
  const agreement = (a, b) => a.filter((index, i) => index === b[i]).length / a.length;
  const reference = (transforms) =>
    readNpy(join(MATERIAL, 'reference', `pqf_logits_${transforms}_transforms.npy`)).map(argmax);

  /** The best class of every photo; as Pillow reads it, without turning it. */
  async function best(precision, resizeSize) {
    const key = `${precision} ${resizeSize}`;
    if (choices[key] !== undefined) return choices[key];
    const { ResNet50 } = await import('../../dist/index.node.js');
    const model = await ResNet50.load({ weights, precision, transforms: { resizeSize } });
    const results = await model.classify(
      entries.map(({ path }) => path),
      { topK: 1, orientation: 'none' },
    );
    await model.dispose();
    choices[key] = results.map(([{ index }]) => index);
    return choices[key];
  }

  before(async () => {
    entries = labeledPhotos();
    weights = await testWeights();
  });

  for (const [transforms, resize] of [
    ['v1', 256],
    ['v2', 232],
  ]) {
    test(`f32 with ${transforms} transforms chooses what torchvision chooses, for 99.3 % at least`, async (t) => {
      const share = agreement(await best('f32', resize), reference(transforms));
      t.diagnostic(`agreement ${(100 * share).toFixed(2)} %`);
      assert.ok(share >= 0.993, String(share));
    });
  }

  // The other half calibrated these weights; bench/accuracy.mjs measures more.
  test('int8 agrees with f32 on photos that had no part in the calibration', async (t) => {
    const held = (choice) => choice.filter((_, i) => !entries[i].calibrated);
    const [int8, f32] = [held(await best('int8', 256)), held(await best('f32', 256))];
    const truth = held(entries.map(({ label }) => label));
    const [share, loss] = [agreement(int8, f32), agreement(f32, truth) - agreement(int8, truth)];
    t.diagnostic(
      `${truth.length} photos: agreement ${(100 * share).toFixed(2)} %, top-1 lower by ${(100 * loss).toFixed(2)} points`,
    );
    assert.ok(share >= 0.955, String(share));
    assert.ok(loss <= 0.03, String(loss));
  });
});
