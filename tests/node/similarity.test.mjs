// Cosine similarity, on vectors whose angles are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { cosineSimilarity, rankBySimilarity } = await importSource('client/similarity.ts');

test('cosine: same direction 1, opposite -1, right angle 0, zero vectors 0; lengths must agree', () => {
  assert.equal(cosineSimilarity([1, 2, 2], [2, 4, 4]), 1);
  assert.equal(cosineSimilarity([1, -1], [-3, 3]), -1);
  assert.equal(cosineSimilarity(new Float32Array([1, 0]), [0, 5]), 0);
  assert.equal(cosineSimilarity([0, 0], [1, 1]), 0);
  assert.ok(Math.abs(cosineSimilarity([1, 0], [1, 1]) - Math.SQRT1_2) < 1e-15);
  assert.throws(() => cosineSimilarity([1], [1, 2]), { code: 'INVALID_ARGUMENT' });
});

test('cosine: numbers whose squares float64 cannot hold, and numbers that are none', () => {
  for (const size of [1e200, 1.7e308, 1e-200, 5e-324]) {
    assert.equal(cosineSimilarity([size, 0], [size, 0]), 1);
    assert.equal(cosineSimilarity([size, 0], [0, 1e-300]), 0);
    assert.equal(cosineSimilarity([size], [-3]), -1);
  }
  assert.ok(Math.abs(cosineSimilarity([1e200, 1e200], [1, 0]) - Math.SQRT1_2) < 1e-15);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, undefined, 'x'])
    assert.throws(() => cosineSimilarity([1, odd], [1, 2]), { code: 'INVALID_ARGUMENT' });
  for (const pair of [
    [null, [1]],
    [[1], undefined],
    [undefined, undefined],
  ])
    assert.throws(() => cosineSimilarity(...pair), { code: 'INVALID_ARGUMENT' });
});

test('ranking: the most similar first, equals in their order', () => {
  const ranked = rankBySimilarity(
    [1, 0],
    [
      [0, 1],
      [2, 0.1],
      [1, 0],
      [5, 0],
      [-1, 0],
    ],
  );
  assert.deepEqual(
    ranked.map(({ index }) => index),
    [2, 3, 1, 0, 4],
  );
  assert.equal(ranked[0].score, 1);
});
