// How logits become scores, over a stand-in for the core: what is not finite is refused by name.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeImage, fakePackage, importPackage, scratch, writeVariant } from './helpers.mjs';

/** A loaded model of the stand-in. */
async function setUp(t) {
  const [folder, weightsDir] = [await fakePackage(t), await scratch(t)];
  await writeVariant(weightsDir, 'IMAGENET1K_V2');
  const { ResNet50 } = await importPackage(folder);
  const model = await ResNet50.load({ weightsDir });
  t.after(() => model.dispose());
  return { model, weightsDir };
}

test('logits that are not finite are an error that names the picture, and the next call works', async (t) => {
  const { model, weightsDir } = await setUp(t);
  const path = join(weightsDir, 'overflow.img');
  await writeFile(path, fakeImage(-1));
  const refused = { code: 'NOT_FINITE', subject: path, message: /overflow\.img: .*not a finite number/ };
  for (const crops of [1, 10]) await assert.rejects(model.classify(path, { crops }), refused);
  await assert.rejects(model.classify([fakeImage(2), path]), refused);
  await assert.rejects(model.explain(path), refused);
  await assert.rejects(model.explain(path, { index: 0 }), refused);
  assert.equal((await model.classify(fakeImage(2)))[0].index, 2);
});
