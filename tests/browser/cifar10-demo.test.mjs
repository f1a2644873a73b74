// The variant that is part of the package, in pages: found beside the package without any setting, and the same bits as on
// the machine where its hashes were written down. Needs no test material.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BROWSERS, browserMissing } from './browsers.mjs';
import { ROOT } from './prepare.mjs';
import { stage } from './stage.mjs';

const golden = JSON.parse(readFileSync(join(ROOT, 'tests', 'data', 'cifar10', 'logits.json'), 'utf8'));

for (const name of BROWSERS) {
  describe(`${name}: the packaged variant`, { skip: browserMissing(name) }, () => {
    for (const isolated of [true, false]) {
      const staged = stage(name, { isolated });
      test(isolated ? 'isolated: threads' : 'not isolated: one thread', async () => {
        await staged.open(async (page) => {
          const { hashes, labels } = await page.evaluate(async (names) => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const { hashOf } = await import('/tools/tools.mjs');
            const model = await ResNet50.load({ weights: 'CIFAR10_DEMO' });
            const hashes = {};
            for (const file of names) hashes[file] = await hashOf(await model.logits(`/cifar10/${file}`));
            const labels = model.weights.categories.map(({ label }) => label);
            await model.dispose();
            return { hashes, labels };
          }, Object.keys(golden.int8));
          assert.deepEqual(hashes, golden.int8);
          assert.deepEqual([labels.length, labels[9]], [10, 'truck']);
        });
      });
    }
  });
}
