// load({ revectorize: true }): V8 is asked where it can be, the reason is told, results are the same bits, and kernels
// that compute something else are found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { checkCore, revectorize } = await importSource('node/revectorize.ts');
const canBeAsked = Number.parseInt(process.versions.v8, 10) >= 14 && process.arch === 'x64';

test('kernels that are right all the time pass', async () => {
  let calls = 0;
  await checkCore({ kernelsCompute: () => ++calls > 0 });
  assert.ok(calls >= 8);
});

test('kernels that go wrong once they are optimized are an error that says what to do', async () => {
  let calls = 0;
  await assert.rejects(checkCore({ kernelsCompute: () => ++calls < 20 }), (error) => {
    assert.equal(error.code, 'INTERNAL');
    assert.match(error.message, /load without revectorize/);
    return true;
  });
});

test('logits are the same bits, and info() says whether V8 was asked', async () => {
  const { ResNet50 } = await import('../../dist/index.node.js');
  const load = (options) => ResNet50.load({ weights: 'CIFAR10_DEMO', threads: 1, ...options });
  const tensor = Float32Array.from({ length: 3 * 96 * 80 }, (_, i) => Math.sin(i / 11) + Math.cos(i / 301));
  const logits = async (model) =>
    (await model.logits({ tensor: tensor.slice(), shape: [1, 3, 96, 80] })).map((row) => [...row]);
  const plain = await load({});
  const want = await logits(plain);
  await plain.dispose();
  assert.ok(!plain.info().why.some((line) => line.includes('revectorized')));
  const wide = await load({ revectorize: true });
  try {
    // Enough of them that V8 has optimized the kernels.
    for (let i = 0; i < 30; i++) assert.deepEqual(await logits(wide), want);
    const asked = wide.info().why.filter((line) => line.includes('revectorized'));
    assert.equal(asked.length, 1);
    assert.equal(asked[0].startsWith('revectorized'), canBeAsked, asked[0]);
    assert.equal(revectorize().on, canBeAsked);
  } finally {
    await wide.dispose();
  }
  await assert.rejects(
    load({ revectorize: 'yes' }),
    (error) => error.code === 'INVALID_ARGUMENT' && error.subject === 'revectorize',
  );
});
