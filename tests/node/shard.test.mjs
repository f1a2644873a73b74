// The layout of weight shards on the side of TypeScript: both orders of weights, declared or told by the shape.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSource } from './helpers.mjs';

const { JoinedTensors, formatShard, parseShard } = await importSource('weights/shard.ts');
const { formatSafetensors } = await importSource('base/safetensors.ts');

const bytesOf = (values) => new Uint8Array(values.buffer.slice(0));

/** Output channels 2 x kernel 2 x 2 x input channels 3: the number of a weight says where it belongs. */
const OHWI = Int8Array.from({ length: 24 }, (_, i) => i);
const OIHW = Int8Array.from({ length: 24 }, (_, i) => {
  const [o, c, p] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
  return o * 12 + p * 3 + c;
});

const shardOf = (values, shape, metadata) =>
  formatSafetensors(
    [
      { name: 'conv1.weight', dtype: 'I8', shape, bytes: bytesOf(values) },
      { name: 'conv1.scale', dtype: 'F32', shape: [2], bytes: bytesOf(Float32Array.of(1, 10)) },
    ],
    metadata,
  );

function joined(...shards) {
  const tensors = new JoinedTensors();
  for (const bytes of shards) {
    for (const tensor of parseShard(bytes).tensors) tensors.add(tensor);
  }
  return tensors;
}

for (const [how, metadata] of [
  ['declared', true],
  ['told by the shape', false],
]) {
  test(`weights in either order give the same numbers, ${how}`, () => {
    const ohwi = joined(shardOf(OHWI, [2, 2, 2, 3], metadata ? { layout: 'OHWI' } : undefined));
    const oihw = joined(shardOf(OIHW, [2, 3, 2, 2], metadata ? { layout: 'OIHW' } : undefined));
    for (const order of ['OHWI', 'OIHW']) {
      const expected = Float32Array.from(order === 'OHWI' ? OHWI : OIHW, (code, i) => code * (i < 12 ? 1 : 10));
      assert.deepEqual(ohwi.weight('conv1', order), expected, `OHWI as ${order}`);
      assert.deepEqual(oihw.weight('conv1', order), expected, `OIHW as ${order}`);
    }
  });
}

test('pieces are joined by their first channel, in any order', () => {
  const piece = (first, values) =>
    formatSafetensors([
      { name: `fc.bias#${first}`, dtype: 'F32', shape: [2], bytes: bytesOf(Float32Array.from(values)) },
    ]);
  assert.deepEqual(joined(piece(2, [3, 4]), piece(0, [1, 2])).numbers('fc.bias'), Float32Array.of(1, 2, 3, 4));
});

test('a shard that loses tensors keeps its layout', () => {
  const shard = parseShard(shardOf(OIHW, [2, 3, 2, 2], { layout: 'OIHW' }));
  const rest = formatShard(
    shard.tensors.filter(({ base }) => base === 'conv1.weight'),
    shard.metadata,
  );
  assert.deepEqual(parseShard(rest).metadata, { layout: 'OIHW' });
  assert.deepEqual(joined(rest).weight('conv1', 'OHWI'), Float32Array.from(OHWI));
});
