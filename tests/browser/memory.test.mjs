// Rounds of load, classify and dispose in Chromium leave nothing behind: no workers, no wasm memory, no JavaScript heap.
// RESNET50_MEMORY_ROUNDS (20) says how many.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pageBytes, settled } from '../support/browser-memory.mjs';
import { browserMissing } from '../support/browsers.mjs';
import { prepared } from '../support/prepared.mjs';
import { stage } from '../support/stage.mjs';

const rounds = Number(process.env.RESNET50_MEMORY_ROUNDS ?? 20);
const { noWeights } = prepared;
const MB = 2 ** 20;

describe('chromium: memory', {
  skip: browserMissing('chromium') || noWeights || (process.platform !== 'linux' && '/proc is read'),
}, () => {
  const set = stage('chromium', {}, { flags: ['--js-flags=--expose-gc', '--enable-precise-memory-info'] });

  test(`${rounds} rounds of load, classify, dispose: no growth`, { timeout: 600_000 }, async (t) => {
    await set.open(async (page) => {
      const round = (count) =>
        page.evaluate(async (count) => {
          const { ResNet50 } = await import('/package/dist/index.js');
          for (let i = 0; i < count; i++) {
            const model = await ResNet50.load({ weights: 'pqf', threads: 2 });
            await model.classify('/pictures/clock.jpg');
            await model.dispose();
          }
        }, count);
      const heapBytes = () =>
        page.evaluate(() => {
          globalThis.gc();
          return performance.memory.usedJSHeapSize;
        });
      const bytes = async () => ({
        heap: await settled(heapBytes),
        resident: await settled(() => pageBytes(set.browser)),
      });
      await round(5);
      const before = await bytes();
      await round(rounds);
      const { heap, resident } = await bytes();
      const workers = page.workers().length;
      const growth = { heap: (heap - before.heap) / MB, resident: (resident - before.resident) / MB };
      t.diagnostic(
        `${rounds} rounds: heap ${growth.heap.toFixed(2)} MB, resident ${growth.resident.toFixed(1)} MB more than ${(before.resident / MB).toFixed(0)} MB, ${workers} workers`,
      );
      assert.equal(workers, 0);
      assert.ok(growth.heap < 1, `${growth.heap} MB of heap`);
      // One model is 60 MB: a leak of one in ten rounds would show.
      assert.ok(growth.resident < 40, `${growth.resident} MB of resident memory`);
    });
  });
});
