// Chromium with V8's revectorization, which may one day be its default: the same bits, also after the kernels were optimized.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { browserMissing } from '../support/browsers.mjs';
import { ROOT } from '../support/prepare.mjs';
import { stage } from '../support/stage.mjs';
import { LIMIT } from '../support/wait.mjs';

const golden = JSON.parse(readFileSync(join(ROOT, 'tests', 'data', 'cifar10', 'logits.json'), 'utf8')).int8;
const ROUNDS = 40; // V8 optimizes what has run for a while

describe('chromium: revectorized', { skip: browserMissing('chromium') }, () => {
  const set = stage('chromium', {}, { flags: ['--js-flags=--wasm-revectorize'] });

  for (const flavour of ['relaxed', 'relaxed-threads', 'simd']) {
    test(`${flavour}: logits are the same bits`, LIMIT, async () => {
      const hashes = await set.open((page) =>
        page.evaluate(
          async (names, flavour, rounds) => {
            const { ResNet50 } = await import('/package/dist/index.js');
            const { hashOf } = await import('/tools/tools.mjs');
            const model = await ResNet50.load({ weights: 'CIFAR10_DEMO', flavour });
            const seen = {};
            for (let round = 0; round < rounds; round++) {
              const name = names[round % names.length];
              seen[name] = [...new Set([...(seen[name] ?? []), await hashOf(await model.logits(`/cifar10/${name}`))])];
            }
            await model.dispose();
            return seen;
          },
          Object.keys(golden),
          flavour,
          ROUNDS,
        ),
      );
      for (const [name, hash] of Object.entries(golden)) assert.deepEqual(hashes[name], [hash], name);
    });
  }
});
