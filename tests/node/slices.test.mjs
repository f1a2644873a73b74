// Pictures that keep the compiled core busy for longer than a slice: others get a turn meanwhile, an abort ends the work
// within the core, and the next answers are the same bits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { coreMissing, ROOT } from './helpers.mjs';

const picture = readFileSync(join(ROOT, 'tests', 'data', 'pictures', 'clock.jpg'));
const small = { weights: null, classes: 10, threads: 1, transforms: { resizeSize: 32, cropSize: 32 } };
/** 14 billion multiplications: more than one slice of 50 ms on any machine's one thread. */
const large = { transforms: { resizeSize: 416, cropSize: 416 } };
const load = async (options) => (await import('../../dist/index.node.js')).ResNet50.load({ ...small, ...options });

/** Calls that a model with a classifier answers, and how their answers look without typed arrays' buffers. */
const calls = {
  classify: (model, options) => model.classify(picture, options),
  logits: (model, options) => model.logits(picture, options),
  features: (model, options) => model.features(picture, 'layer4', options),
  explain: (model, options) => model.explain(picture, options),
};

describe('work in slices', { skip: coreMissing() }, () => {
  test('in place, others get a turn while a picture is computed', async (t) => {
    const model = await load({ worker: false });
    t.after(() => model.dispose());
    let turns = 0;
    const count = () => {
      turns++;
      timer = setTimeout(count, 0);
    };
    let timer = setTimeout(count, 0);
    await model.classify(picture, large);
    clearTimeout(timer);
    assert.ok(turns > 2, `${turns} turns`);
  });

  for (const worker of [false, true]) {
    for (const [name, call] of Object.entries(calls)) {
      test(`${name} ${worker ? 'in a worker' : 'in place'}: aborted in the middle, then the same bits as ever`, async (t) => {
        const model = await load({ worker });
        t.after(() => model.dispose());
        const expected = await call(model, {});
        const whole = await call(model, large);
        const { memoryBytes } = model.info();
        for (const delay of [0, 20, 40]) {
          const controller = new AbortController();
          const reason = new Error(`after ${delay} ms`);
          setTimeout(() => controller.abort(reason), delay);
          await assert.rejects(call(model, { ...large, signal: controller.signal }), (error) => error === reason);
          assert.deepEqual(await call(model, {}), expected);
        }
        assert.deepEqual(await call(model, large), whole);
        assert.equal(model.info().memoryBytes, memoryBytes);
      });
    }
  }

  test('disposed of in the middle: the call ends, the process goes on', async () => {
    for (const worker of [false, true]) {
      const model = await load({ worker });
      setTimeout(() => model.dispose(), 20);
      await assert.rejects(model.classify(picture, large), { code: 'DISPOSED' });
    }
  });

  test('a tensor in slices is answered as in one', async (t) => {
    const model = await load({ worker: false });
    t.after(() => model.dispose());
    const tensor = await model.preprocess(picture, large);
    const ofTensor = await model.logits(tensor);
    assert.deepEqual(ofTensor, await model.logits(picture, large));
  });
});
